//! Primary keys, as the identity map knows objects by them.

use std::fmt;

use rebis_core::{Error, ErrorKind, Result, Value};

/// A primary key: equal keys are one row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A whole number.
    Integer(i64),
    /// Text, and whatever has a text of its own: a date, a decimal.
    Text(Box<str>),
    /// Bytes, and UUIDs.
    Bytes(Box<[u8]>),
    /// Of several columns, in their order.
    Composite(Box<[Key]>),
}

impl Key {
    /// The key of these values; `None` when one of them is NULL.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] for values that are no keys: JSON, arrays.
    pub fn of(values: impl IntoIterator<Item = Value>) -> Result<Option<Key>> {
        Key::try_of(values.into_iter().map(Ok))
    }

    /// The same of values that have to be read first.
    #[inline]
    pub(crate) fn try_of(values: impl IntoIterator<Item = Result<Value>>) -> Result<Option<Key>> {
        let mut values = values.into_iter();
        let (first, second) = match (values.next(), values.next()) {
            // A key of one column is no list, and most often a number: one is read for each row.
            (Some(Ok(Value::Int(only))), None) => return Ok(Some(Key::Integer(only))),
            (Some(only), None) => return part(only?),
            both => both,
        };
        let mut parts = Vec::new();
        let mut all = first.into_iter().chain(second).chain(values);
        while let Some(value) = all.next() {
            match part(value?)? {
                Some(part) => parts.push(part),
                // What cannot be read is an error all the same.
                None => return all.try_for_each(|value| value.map(drop)).map(|()| None),
            }
        }
        Ok(Some(Key::Composite(parts.into())))
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        match self {
            Key::Composite(parts) => parts.len(),
            _ => 1,
        }
    }
}

/// Texts and bytes by their length, as values are shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Integer(value) => write!(f, "Integer({value})"),
            Key::Text(value) => write!(f, "Text({} bytes)", value.len()),
            Key::Bytes(value) => write!(f, "Bytes({} bytes)", value.len()),
            Key::Composite(parts) => f.debug_tuple("Composite").field(parts).finish(),
        }
    }
}

fn part(value: Value) -> Result<Option<Key>> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(value) => Key::Integer(value.into()),
        Value::Int(value) => Key::Integer(value),
        Value::UInt(value) => match i64::try_from(value) {
            Ok(value) => Key::Integer(value),
            Err(_) => Key::Text(value.to_string().into()),
        },
        Value::Text(value) => Key::Text(value.into()),
        Value::Bytes(value) => Key::Bytes(value.into()),
        Value::Uuid(value) => Key::Bytes(value.into_bytes().into()),
        Value::Date(value) => Key::Text(value.to_string().into()),
        Value::Time(value) => Key::Text(value.to_string().into()),
        Value::DateTime(value) => Key::Text(value.to_string().into()),
        Value::Timestamp(value) => Key::Text(value.to_rfc3339().into()),
        Value::Decimal(value) => Key::Text(value.normalize().to_string().into()),
        other => {
            let text = format!("a primary key cannot be of this kind: {}", other.as_ref().type_name());
            return Err(Error::new(ErrorKind::Bind, text));
        }
    }))
}
