//! Rust values → [`Value`].

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::decode::exact_decimal;
use super::{Value, ValueRef};

/// A Rust value that a statement can bind: whatever has a `From` into [`Value`].
///
/// It is the same as `Into<Value>`, and there so that the compiler can say what to do for a type that is not one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound to a statement",
    label = "not a value",
    note = "for a type of your own, write `impl From<{Self}> for rebis::Value`; for its elements in a `Vec`, \
            `impl rebis::value::Element` as well",
    note = "to bind anything that serde can serialize, wrap it as JSON: `rebis::Json(value)`"
)]
pub trait IntoValue {
    /// The value.
    fn into_value(self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Value>> IntoValue for T {
    fn into_value(self) -> Value {
        self.into()
    }
}

macro_rules! bind_into {
    ($($rust:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$rust> for Value {
            fn from($value: $rust) -> Self {
                $made
            }
        }
    )*};
}

bind_into! {
    bool => |value| Value::Bool(value);
    i8 => |value| Value::Int(value.into());
    i16 => |value| Value::Int(value.into());
    i32 => |value| Value::Int(value.into());
    i64 => |value| Value::Int(value);
    isize => |value| Value::Int(value as i64);
    i128 => |value| match i64::try_from(value) {
        Ok(value) => Value::Int(value),
        Err(_) => u64::try_from(value).map_or_else(|_| Value::Digits(value.to_string()), Value::UInt),
    };
    u8 => |value| Value::Int(value.into());
    u16 => |value| Value::Int(value.into());
    u32 => |value| Value::Int(value.into());
    u64 => |value| i64::try_from(value).map_or(Value::UInt(value), Value::Int);
    usize => |value| Value::from(value as u64);
    u128 => |value| u64::try_from(value).map_or_else(|_| Value::Digits(value.to_string()), Value::from);
    f32 => |value| Value::Float(value.into());
    f64 => |value| Value::Float(value);
    char => |value| Value::Text(value.into());
    &str => |value| Value::Text(value.to_owned());
    String => |value| Value::Text(value);
    Box<str> => |value| Value::Text(value.into());
    Arc<str> => |value| Value::Text((*value).to_owned());
    Cow<'_, str> => |value| Value::Text(value.into_owned());
    &[u8] => |value| Value::Bytes(value.to_vec());
    Vec<u8> => |value| Value::Bytes(value);
    Box<[u8]> => |value| Value::Bytes(value.into());
    Arc<[u8]> => |value| Value::Bytes(value.to_vec());
    Cow<'_, [u8]> => |value| Value::Bytes(value.into_owned());
    NaiveDate => |value| Value::Date(value);
    NaiveTime => |value| Value::Time(value);
    NaiveDateTime => |value| Value::DateTime(value);
    TimeDelta => |value| Value::Interval(value);
    Decimal => |value| Value::Decimal(value);
    Uuid => |value| Value::Uuid(value);
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl<Zone: TimeZone> From<DateTime<Zone>> for Value {
    fn from(value: DateTime<Zone>) -> Self {
        Value::Timestamp(value.with_timezone(&Utc))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Clone + Into<Value>> From<&T> for Value {
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(value) => Value::Bool(value),
            ValueRef::Int(value) => Value::Int(value),
            ValueRef::UInt(value) => Value::UInt(value),
            ValueRef::Float(value) => Value::Float(value),
            ValueRef::Text(value) => Value::Text(value.to_owned()),
            ValueRef::Bytes(value) => Value::Bytes(value.to_vec()),
            ValueRef::Date(value) => Value::Date(value),
            ValueRef::Time(value) => Value::Time(value),
            ValueRef::DateTime(value) => Value::DateTime(value),
            ValueRef::Timestamp(value) => Value::Timestamp(value),
            ValueRef::Interval(value) => Value::Interval(value),
            // More digits than `Decimal` has stay exact.
            ValueRef::Decimal(digits) => {
                exact_decimal(&digits).map_or_else(|| Value::Digits(digits.into_owned()), Value::Decimal)
            }
            ValueRef::Digits(digits) => Value::Digits(digits.to_owned()),
            ValueRef::Uuid(value) => Value::Uuid(value),
            ValueRef::Json(text) => Value::Json(text.to_owned()),
            ValueRef::Array(elements) => Value::Array(elements.into_owned()),
            ValueRef::Refused(why) => Value::Refused(why.to_owned().into()),
        }
    }
}
