//! Rust values → [`Value`].

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use rust_decimal::Decimal;

use super::decode::exact_decimal;
use super::{Value, ValueRef};

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
    u8 => |value| Value::Int(value.into());
    u16 => |value| Value::Int(value.into());
    u32 => |value| Value::Int(value.into());
    u64 => |value| i64::try_from(value).map_or(Value::UInt(value), Value::Int);
    usize => |value| Value::from(value as u64);
    f32 => |value| Value::Float(value.into());
    f64 => |value| Value::Float(value);
    &str => |value| Value::Text(value.to_owned());
    String => |value| Value::Text(value);
    &String => |value| Value::Text(value.clone());
    char => |value| Value::Text(value.into());
    &[u8] => |value| Value::Bytes(value.to_vec());
    Vec<u8> => |value| Value::Bytes(value);
    NaiveDate => |value| Value::Date(value);
    NaiveTime => |value| Value::Time(value);
    NaiveDateTime => |value| Value::DateTime(value);
    Decimal => |value| Value::Decimal(value);
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
            // More digits than `Decimal` has stay exact as text.
            ValueRef::Decimal(digits) => {
                exact_decimal(&digits).map_or_else(|| Value::Text(digits.into_owned()), Value::Decimal)
            }
        }
    }
}
