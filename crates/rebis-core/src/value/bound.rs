//! Values that are bound where they lie.

use super::{Value, ValueRef};

/// A value that a statement binds: made for it, or a text or bytes that are somebody else's and stay where they lie.
///
/// ```
/// use rebis_core::value::BoundValue;
/// use rebis_core::{Value, ValueRef};
///
/// let name = "ed".to_owned();
/// assert_eq!(BoundValue::Text(&name).as_ref(), ValueRef::Text("ed"));
/// assert_eq!(BoundValue::from(Value::from(7)).into_value(), 7.into());
/// ```
#[derive(Debug, Clone)]
pub enum BoundValue<'v> {
    /// Made for it.
    Value(Value),
    /// A text.
    Text(&'v str),
    /// Bytes.
    Bytes(&'v [u8]),
}

const TEXT: &Value = &Value::Text(String::new());
const BYTES: &Value = &Value::Bytes(Vec::new());

impl BoundValue<'_> {
    /// NULL.
    pub const NULL: Self = BoundValue::Value(Value::Null);

    /// What a driver sends.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            BoundValue::Value(value) => value.as_ref(),
            BoundValue::Text(text) => ValueRef::Text(text),
            BoundValue::Bytes(bytes) => ValueRef::Bytes(bytes),
        }
    }

    /// The value, copied where it is somebody else's.
    pub fn into_value(self) -> Value {
        match self {
            BoundValue::Value(value) => value,
            BoundValue::Text(text) => Value::Text(text.to_owned()),
            BoundValue::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        }
    }

    /// The value, or an empty one of the same kind.
    pub(crate) fn kind(&self) -> &Value {
        match self {
            BoundValue::Value(value) => value,
            BoundValue::Text(_) => TEXT,
            BoundValue::Bytes(_) => BYTES,
        }
    }
}

impl From<Value> for BoundValue<'_> {
    fn from(value: Value) -> Self {
        BoundValue::Value(value)
    }
}

impl<'v> From<&'v Value> for BoundValue<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Text(text) => BoundValue::Text(text),
            Value::Bytes(bytes) => BoundValue::Bytes(bytes),
            other => BoundValue::Value(other.clone()),
        }
    }
}

/// Whose they are makes no difference.
impl PartialEq for BoundValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}
