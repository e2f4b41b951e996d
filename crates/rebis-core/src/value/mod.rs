//! Values on their way to a database and back.
//!
//! [`Value`] owns what a statement binds; [`ValueRef`] borrows one cell of an answer straight from the driver's buffer,
//! so that decoding a row allocates only what the Rust type needs.
//!
//! A type of one's own becomes a value by `From` and comes back by [`FromValue`]:
//!
//! ```
//! use rebis_core::value::Mismatch;
//! use rebis_core::{Engine, FromValue, Value, ValueRef, text};
//!
//! #[derive(Debug, Clone, PartialEq)]
//! struct Email(String);
//!
//! impl From<Email> for Value {
//!     fn from(email: Email) -> Value {
//!         email.0.into()
//!     }
//! }
//!
//! impl FromValue for Email {
//!     fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
//!         let address = String::from_value(value)?;
//!         // The message says what is wrong, not what the cell holds.
//!         if address.contains('@') { Ok(Email(address)) } else { Err(Mismatch::Value("there is no @ in it".into())) }
//!     }
//! }
//!
//! let mut conn = Engine::new("sqlite://")?.connect()?;
//! let ed = Email("ed@example.com".into());
//! let back: Email = conn.scalar(text("select :email").bind("email", &ed))?;
//! assert_eq!(back, ed);
//! let error = conn.scalar::<Email>(text("select 'ed' as email")).unwrap_err();
//! assert!(error.to_string().ends_with("Email: there is no @ in it"), "{error}");
//! # Ok::<(), rebis_core::Error>(())
//! ```

mod array;
mod bind;
mod bound;
mod decode;
#[cfg(feature = "jiff")]
mod jiff_crate;
mod json;
mod moments;
mod network;
mod range;
#[cfg(test)]
mod tests;
pub(crate) mod text;
#[cfg(feature = "time")]
mod time_crate;

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

pub use array::Element;
pub use bind::IntoValue;
pub use bound::BoundValue;
pub use decode::{FromValue, Mismatch};
pub use json::Json;
pub use range::{Range, RangeBound};

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
    /// A length of time, to the microsecond. SQLite has no type for it.
    Interval(TimeDelta),
    /// An exact decimal number.
    Decimal(Decimal),
    /// An exact number of more digits than the other variants hold, in digits: from `i128`, `u128`, or a wide column.
    Digits(String),
    /// A UUID; hyphenated text where the database has no type for it.
    Uuid(Uuid),
    /// A JSON text.
    Json(String),
    /// An array, on PostgreSQL only.
    Array(Vec<Value>),
    /// What could not become a value, and why. To bind it is an error that says so: a `From` cannot fail, a statement can.
    /// The reason must not tell the value.
    Refused(Cow<'static, str>),
}

/// One cell of an answer, borrowed from the driver; also what a driver sends.
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
    /// A length of time.
    Interval(TimeDelta),
    /// An exact decimal number, in digits.
    Decimal(Cow<'a, str>),
    /// As [`Value::Digits`]; a cell is a [`Decimal`](ValueRef::Decimal) however many digits it has.
    Digits(&'a str),
    /// A UUID, where the database has the type.
    Uuid(Uuid),
    /// A JSON text, where the database has the type.
    Json(&'a str),
    /// An array.
    Array(Cow<'a, [Value]>),
    /// As [`Value::Refused`]: a driver answers [`ErrorKind::Data`](crate::ErrorKind::Data) with this reason.
    Refused(&'a str),
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
            Value::Interval(value) => ValueRef::Interval(*value),
            Value::Decimal(value) => ValueRef::Decimal(Cow::Owned(value.to_string())),
            Value::Digits(digits) => ValueRef::Digits(digits),
            Value::Uuid(value) => ValueRef::Uuid(*value),
            Value::Json(text) => ValueRef::Json(text),
            Value::Array(elements) => ValueRef::Array(Cow::Borrowed(elements)),
            Value::Refused(why) => ValueRef::Refused(why),
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
            ValueRef::Interval(_) => "interval",
            ValueRef::Decimal(_) | ValueRef::Digits(_) => "decimal",
            ValueRef::Uuid(_) => "uuid",
            ValueRef::Json(_) => "json",
            ValueRef::Array(_) => "array",
            ValueRef::Refused(_) => "no value",
        }
    }
}

/// Values are data of the program's users: `Debug` shows numbers and dates, but what may name somebody only by its length.
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
            ValueRef::Interval(value) => write!(f, "Interval({value})"),
            ValueRef::Decimal(value) => write!(f, "Decimal({value})"),
            ValueRef::Digits(value) => write!(f, "Digits({value})"),
            ValueRef::Uuid(_) => f.write_str("Uuid(16 bytes)"),
            ValueRef::Json(text) => write!(f, "Json({} bytes)", text.len()),
            ValueRef::Array(elements) => write!(f, "Array({} elements)", elements.len()),
            ValueRef::Refused(why) => write!(f, "Refused({why})"),
        }
    }
}
