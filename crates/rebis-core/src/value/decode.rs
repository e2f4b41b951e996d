//! [`ValueRef`] → Rust values, checked: a value that does not fit is an error, never cut.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Value, ValueRef};

/// Why a cell did not become the Rust type asked for. Whoever knows the column adds its name. It never tells the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The cell is NULL and the type is not an `Option`.
    Null,
    /// The cell holds another type.
    Type(&'static str),
    /// The type fits, the value does not; the text says how, without the value.
    Value(Cow<'static, str>),
}

impl Mismatch {
    /// The same of an array's element.
    pub(super) fn of_element(self, index: usize, rust: &str) -> Mismatch {
        let why = match self {
            Mismatch::Null => format!("element {index} is NULL; read it as Vec<Option<{rust}>>").into(),
            Mismatch::Type(found) => format!("element {index} is {found}").into(),
            Mismatch::Value(how) => format!("element {index}: {how}").into(),
        };
        Mismatch::Value(why)
    }
}

/// A Rust type that a cell can become.
///
/// Implemented for `bool`, integers, floats, text, bytes, `chrono`'s dates and times, `Decimal`, `Uuid`, [`Json`](super::Json),
/// `serde_json::Value`, [`Value`], `Option` of each, and `Vec` of each but `u8` from an array. An integer converts to any
/// width it fits, a whole decimal to an integer, an exact integer to a float; text becomes a date, a time, a decimal, a UUID
/// or JSON where it reads as one (SQLite stores them so). Nothing else converts. How a type of one's own implements it
/// stands [at the top](super).
#[diagnostic::on_unimplemented(
    message = "a cell cannot be read as `{Self}`",
    label = "not a type that a cell can become",
    note = "for a type of your own, write `impl rebis::FromValue for {Self}`",
    note = "to read anything that serde can deserialize from JSON, ask for `rebis::Json<{Self}>`",
    note = "where nothing says which type is wanted, say it: `scalar::<i64>(…)`"
)]
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

pub(super) fn other<T>(value: &ValueRef<'_>) -> Result<T, Mismatch> {
    Err(match value {
        ValueRef::Null => Mismatch::Null,
        value => Mismatch::Type(value.type_name()),
    })
}

pub(super) fn wrong<T>(text: impl Into<Cow<'static, str>>) -> Result<T, Mismatch> {
    Err(Mismatch::Value(text.into()))
}

/// The digits before the point, where those behind it say nothing.
fn whole(digits: &str) -> Result<&str, Mismatch> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.bytes().any(|digit| digit != b'0') {
        return wrong("the number is not whole");
    }
    Ok(if whole == "-0" { "0" } else { whole })
}

macro_rules! decode_integer {
    ($($rust:ty)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
                let fitting = match &value {
                    ValueRef::Int(value) => (*value).try_into().ok(),
                    ValueRef::UInt(value) => (*value).try_into().ok(),
                    ValueRef::Decimal(digits) => whole(digits)?.parse().ok(),
                    ValueRef::Digits(digits) => whole(digits)?.parse().ok(),
                    value => return other(value),
                };
                fitting.map_or_else(|| wrong("the number is out of its range"), Ok)
            }
        }
    )*};
}

decode_integer! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            ValueRef::Int(0) => Ok(false),
            ValueRef::Int(1) => Ok(true),
            ValueRef::Int(_) | ValueRef::UInt(_) => wrong("the number is neither 0 nor 1"),
            value => other(&value),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let whole: i128 = match value {
            ValueRef::Float(value) => return Ok(value),
            // The nearest float: what reading a decimal as f64 asks for (AVG is decimal on MySQL and PostgreSQL).
            ValueRef::Decimal(digits) => {
                return digits.parse().or_else(|_| wrong("the decimal does not read as a number"));
            }
            ValueRef::Int(value) => value.into(),
            ValueRef::UInt(value) => value.into(),
            value => return other(&value),
        };
        let float = whole as f64;
        if float as i128 == whole { Ok(float) } else { wrong("the integer has no exact float") }
    }
}

impl FromValue for f32 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let wide = f64::from_value(value)?;
        let narrow = wide as f32;
        if f64::from(narrow) == wide || wide.is_nan() { Ok(narrow) } else { wrong("the float needs 64 bits") }
    }
}

/// Text, and what is text by nature: the digits of a decimal, a UUID, JSON.
fn text(value: ValueRef<'_>) -> Result<Cow<'_, str>, Mismatch> {
    match value {
        ValueRef::Text(text) | ValueRef::Json(text) => Ok(text.into()),
        ValueRef::Decimal(digits) => Ok(digits),
        ValueRef::Digits(digits) => Ok(digits.into()),
        ValueRef::Uuid(value) => Ok(value.to_string().into()),
        value => other(&value),
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        text(value).map(Cow::into_owned)
    }
}

impl FromValue for Box<str> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        text(value).map(Into::into)
    }
}

impl FromValue for Arc<str> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        text(value).map(Into::into)
    }
}

impl FromValue for Cow<'static, str> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        text(value).map(|text| text.into_owned().into())
    }
}

impl FromValue for char {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let ValueRef::Text(text) = value else { return other(&value) };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => wrong("the text is not one character"),
        }
    }
}

fn bytes<'a>(value: &ValueRef<'a>) -> Result<&'a [u8], Mismatch> {
    match value {
        ValueRef::Bytes(value) => Ok(value),
        value => other(value),
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        bytes(&value).map(<[u8]>::to_vec)
    }
}

impl FromValue for Box<[u8]> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        bytes(&value).map(Into::into)
    }
}

impl FromValue for Arc<[u8]> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        bytes(&value).map(Into::into)
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let bytes = bytes(&value)?;
        bytes.try_into().or_else(|_| wrong(format!("it has another length than {N} bytes")))
    }
}

impl FromValue for Uuid {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let found = match value {
            ValueRef::Uuid(value) => Some(value),
            ValueRef::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
            // The parser takes other forms as well, of other lengths.
            ValueRef::Text(text) if text.len() == 36 => Uuid::try_parse(text).ok(),
            ValueRef::Text(_) => None,
            value => return other(&value),
        };
        found.map_or_else(|| wrong("it is neither 16 bytes nor a UUID in 36 characters"), Ok)
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
            ValueRef::Digits(text) | ValueRef::Text(text) => exact(text),
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
