//! [`ValueRef`] → Rust values, checked: a value that does not fit is an error, never cut.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;

use super::{Value, ValueRef};

/// Why a cell did not become the Rust type asked for. Whoever knows the column adds its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The cell is NULL and the type is not an `Option`.
    Null,
    /// The cell holds another type.
    Type(&'static str),
    /// The type fits, the value does not; the text says how.
    Value(Cow<'static, str>),
}

/// A Rust type that a cell can become.
///
/// Implemented for `bool`, integers, floats, `String`, `Vec<u8>`, `chrono`'s dates and times, `Decimal`, [`Value`], and
/// `Option` of each. An integer converts to any width it fits, a whole decimal to an integer, an exact integer to a
/// float; text becomes a date, a time or a decimal where it reads as one (SQLite stores them so). Nothing else converts.
pub trait FromValue: Sized {
    /// How the type is called in messages.
    fn name() -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Takes the cell.
    ///
    /// # Errors
    /// [`Mismatch`] when the cell is of another type, NULL, or out of range.
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch>;
}

fn other<T>(value: &ValueRef<'_>) -> Result<T, Mismatch> {
    Err(match value {
        ValueRef::Null => Mismatch::Null,
        value => Mismatch::Type(value.type_name()),
    })
}

fn wrong<T>(text: impl Into<Cow<'static, str>>) -> Result<T, Mismatch> {
    Err(Mismatch::Value(text.into()))
}

fn integer(value: &ValueRef<'_>) -> Result<i128, Mismatch> {
    match value {
        ValueRef::Int(value) => Ok((*value).into()),
        ValueRef::UInt(value) => Ok((*value).into()),
        ValueRef::Decimal(digits) => {
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            match whole.parse() {
                Ok(whole) if fraction.bytes().all(|digit| digit == b'0') => Ok(whole),
                _ => wrong("the decimal is not a whole number of that size"),
            }
        }
        value => other(value),
    }
}

macro_rules! decode_integer {
    ($($rust:ty)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
                // The common case first, without the detour over 128 bits.
                if let ValueRef::Int(value) = value
                    && let Ok(value) = value.try_into()
                {
                    return Ok(value);
                }
                let wide = integer(&value)?;
                wide.try_into().or_else(|_| wrong(format!("{wide} is out of its range")))
            }
        }
    )*};
}

decode_integer! { i8 i16 i32 i64 u8 u16 u32 u64 usize isize }

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            ValueRef::Int(0) | ValueRef::UInt(0) => Ok(false),
            ValueRef::Int(1) | ValueRef::UInt(1) => Ok(true),
            ValueRef::Int(value) => wrong(format!("{value} is neither 0 nor 1")),
            value => other(&value),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Float(value) => Ok(value),
            // The nearest float: what reading a decimal as f64 asks for (AVG is decimal on MySQL and PostgreSQL).
            ValueRef::Decimal(digits) => {
                digits.parse().or_else(|_| wrong("the decimal does not read as a number"))
            }
            value => {
                let whole = integer(&value)?;
                let float = whole as f64;
                if float as i128 == whole { Ok(float) } else { wrong(format!("{whole} has no exact float")) }
            }
        }
    }
}

impl FromValue for f32 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let wide = f64::from_value(value)?;
        let narrow = wide as f32;
        if f64::from(narrow) == wide || wide.is_nan() { Ok(narrow) } else { wrong("the float needs 64 bits") }
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Text(value) => Ok(value.to_owned()),
            ValueRef::Decimal(digits) => Ok(digits.into_owned()),
            value => other(&value),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Bytes(value) => Ok(value.to_vec()),
            value => other(&value),
        }
    }
}

impl FromValue for NaiveDate {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Date(value) => Ok(value),
            ValueRef::Text(text) => text.parse().or_else(|_| wrong("the text is no date like 2013-01-31")),
            value => other(&value),
        }
    }
}

impl FromValue for NaiveTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Time(value) => Ok(value),
            ValueRef::Text(text) => text.parse().or_else(|_| wrong("the text is no time like 23:59:59.5")),
            value => other(&value),
        }
    }
}

fn parse_date_time(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

impl FromValue for NaiveDateTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::DateTime(value) => Ok(value),
            ValueRef::Text(text) => match parse_date_time(text) {
                Some(value) => Ok(value),
                None => wrong("the text is no date and time like 2013-01-31 23:59:59.5"),
            },
            value => other(&value),
        }
    }
}

/// A column without a zone is taken as UTC: that is how Rebis writes a `DateTime` into one.
impl FromValue for DateTime<Utc> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Timestamp(value) => Ok(value),
            ValueRef::DateTime(value) => Ok(value.and_utc()),
            ValueRef::Text(text) => {
                let zoned = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%#z"]
                    .iter()
                    .find_map(|format| DateTime::parse_from_str(text, format).ok())
                    .map(|zoned| zoned.to_utc());
                let utc = zoned
                    .or_else(|| parse_date_time(text.trim_end_matches('Z')).map(|naive| naive.and_utc()));
                match utc {
                    Some(value) => Ok(value),
                    None => wrong("the text is no timestamp like 2013-01-31 23:59:59.5+00:00"),
                }
            }
            value => other(&value),
        }
    }
}

/// All digits, or nothing. Zeros behind the point that are too many say nothing: a column with 30 places has them in
/// every number.
pub(super) fn exact_decimal(digits: &str) -> Option<Decimal> {
    Decimal::from_str_exact(digits)
        .or_else(|error| {
            let (whole, fraction) = digits.split_once('.').ok_or(error)?;
            Decimal::from_str_exact(&format!("{whole}.{}", fraction.trim_end_matches('0')))
        })
        .ok()
}

impl FromValue for Decimal {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let exact = |digits: &str| match exact_decimal(digits) {
            Some(value) => Ok(value),
            None => wrong("it does not fit Decimal, which has 28 digits; String takes it whole"),
        };
        match value {
            ValueRef::Decimal(digits) => exact(&digits),
            ValueRef::Text(text) => exact(text),
            ValueRef::Int(value) => Ok(value.into()),
            ValueRef::UInt(value) => Ok(value.into()),
            // SQLite turns the decimals of a NUMERIC column into floats, but only where 15 digits say it all.
            ValueRef::Float(value) => {
                let digits = value.to_string();
                if digits.bytes().filter(u8::is_ascii_digit).count() <= 16 {
                    exact(&digits)
                } else {
                    wrong("the float has no exact decimal; keep decimals in a TEXT column")
                }
            }
            value => other(&value),
        }
    }
}

impl FromValue for Value {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        Ok(value.into())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn name() -> &'static str {
        T::name()
    }

    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}
