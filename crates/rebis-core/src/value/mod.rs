//! Values on their way to a database and back.
//!
//! [`Value`] owns what a statement binds; [`ValueRef`] borrows one cell of an answer straight from the driver's buffer,
//! so that decoding a row allocates only what the Rust type needs.

mod bind;
mod decode;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;

pub use decode::{FromValue, Mismatch};

/// A value that a statement binds.
///
/// Made by `into()` from Rust's own types; `None` is NULL.
///
/// ```
/// use rebis_core::Value;
///
/// assert_eq!(Value::from(7_i32), Value::Int(7));
/// assert_eq!(Value::from(None::<String>), Value::Null);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// NULL.
    Null,
    /// True or false; 1 or 0 where the database has no boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A calendar date.
    Date(NaiveDate),
    /// A time of day, to the microsecond.
    Time(NaiveTime),
    /// A date and time without a zone, to the microsecond.
    DateTime(NaiveDateTime),
    /// A moment in time, in UTC, to the microsecond.
    Timestamp(DateTime<Utc>),
    /// An exact decimal number.
    Decimal(Decimal),
}

/// One cell of an answer, borrowed from the driver.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// A boolean, where the database has the type.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A floating point number.
    Float(f64),
    /// Text, and every type that has no variant of its own, as the database prints it.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A calendar date.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A date and time without a zone.
    DateTime(NaiveDateTime),
    /// A moment in time.
    Timestamp(DateTime<Utc>),
    /// An exact decimal number, in digits.
    Decimal(Cow<'a, str>),
}

impl Value {
    /// The same value, borrowed: what a driver sends.
    ///
    /// ```
    /// use rebis_core::{Value, ValueRef};
    /// assert_eq!(Value::from("e%").as_ref(), ValueRef::Text("e%"));
    /// ```
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Bool(*value),
            Value::Int(value) => ValueRef::Int(*value),
            Value::UInt(value) => ValueRef::UInt(*value),
            Value::Float(value) => ValueRef::Float(*value),
            Value::Text(value) => ValueRef::Text(value),
            Value::Bytes(value) => ValueRef::Bytes(value),
            Value::Date(value) => ValueRef::Date(*value),
            Value::Time(value) => ValueRef::Time(*value),
            Value::DateTime(value) => ValueRef::DateTime(*value),
            Value::Timestamp(value) => ValueRef::Timestamp(*value),
            Value::Decimal(value) => ValueRef::Decimal(Cow::Owned(value.to_string())),
        }
    }
}

impl ValueRef<'_> {
    /// The name of the variant, for messages: it tells the type without telling the value.
    pub fn type_name(&self) -> &'static str {
        match self {
            ValueRef::Null => "NULL",
            ValueRef::Bool(_) => "boolean",
            ValueRef::Int(_) | ValueRef::UInt(_) => "integer",
            ValueRef::Float(_) => "float",
            ValueRef::Text(_) => "text",
            ValueRef::Bytes(_) => "bytes",
            ValueRef::Date(_) => "date",
            ValueRef::Time(_) => "time",
            ValueRef::DateTime(_) => "date and time",
            ValueRef::Timestamp(_) => "timestamp",
            ValueRef::Decimal(_) => "decimal",
        }
    }
}

/// How the temporal types are written where a database takes them as text; SQLite stores them so.
///
/// Always six digits after the second: the text then sorts like the moment, and SQLite's `strftime` reads it. Written by
/// hand, because a format string is parsed anew for each value.
pub(crate) mod text {
    use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

    pub(crate) fn date(value: NaiveDate) -> String {
        format!("{:04}-{:02}-{:02}", value.year(), value.month(), value.day())
    }

    pub(crate) fn time(value: NaiveTime) -> String {
        // chrono counts a leap second in the fraction; as text it is second 60, and reads back as such.
        let leap = value.nanosecond() / 1_000_000_000;
        let micros = value.nanosecond() % 1_000_000_000 / 1000;
        format!("{:02}:{:02}:{:02}.{micros:06}", value.hour(), value.minute(), value.second() + leap)
    }

    pub(crate) fn date_time(value: NaiveDateTime) -> String {
        let mut text = date(value.date());
        text.push(' ');
        text.push_str(&time(value.time()));
        text
    }

    pub(crate) fn timestamp(value: DateTime<Utc>) -> String {
        let mut text = date_time(value.naive_utc());
        text.push_str("+00:00");
        text
    }
}

/// Values are data of the program's users: `Debug` shows numbers and dates, but text and bytes only by their length.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueRef::Null => f.write_str("Null"),
            ValueRef::Bool(value) => write!(f, "Bool({value})"),
            ValueRef::Int(value) => write!(f, "Int({value})"),
            ValueRef::UInt(value) => write!(f, "UInt({value})"),
            ValueRef::Float(value) => write!(f, "Float({value:?})"),
            ValueRef::Text(value) => write!(f, "Text({} bytes)", value.len()),
            ValueRef::Bytes(value) => write!(f, "Bytes({} bytes)", value.len()),
            ValueRef::Date(value) => write!(f, "Date({value})"),
            ValueRef::Time(value) => write!(f, "Time({value})"),
            ValueRef::DateTime(value) => write!(f, "DateTime({value})"),
            ValueRef::Timestamp(value) => write!(f, "Timestamp({value})"),
            ValueRef::Decimal(value) => write!(f, "Decimal({value})"),
        }
    }
}
