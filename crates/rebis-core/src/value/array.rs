//! Arrays: `Vec<T>` of everything but bytes.

use super::decode::{FromValue, Mismatch, other};
use super::{Json, Value, ValueRef};

/// A type that can be the element of an array: `Vec<T>`, `&[T]` and `[T; N]` bind as one, `Vec<T>` decodes from one.
///
/// Elements that may be NULL are `Option<T>`. `u8` is no element: `Vec<u8>` are bytes. A `Vec` of a `Vec` does not
/// compile: what PostgreSQL calls a dimension is unnested in SQL. For a type of one's own it is an empty `impl` beside the
/// conversions.
///
/// ```
/// use rebis_core::{Engine, ErrorKind, Value, text, value::Element};
///
/// #[derive(Clone)]
/// struct UserId(i64);
///
/// impl From<UserId> for Value {
///     fn from(id: UserId) -> Value {
///         id.0.into()
///     }
/// }
/// impl Element for UserId {}
///
/// let statement = text("select name from users where id = any(:ids)").bind("ids", vec![UserId(1), UserId(2)]);
/// // PostgreSQL takes it; elsewhere nothing is sent.
/// let error = Engine::new("sqlite://")?.connect()?.execute(text("select :ids").bind("ids", [1, 2])).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unsupported);
/// # drop(statement);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array",
    label = "not an element",
    note = "for a type of your own, write `impl rebis::value::Element for {Self} {{}}`"
)]
pub trait Element {}

macro_rules! elements {
    ($($rust:ty)*) => {$(impl Element for $rust {})*};
}

elements! {
    bool i8 i16 i32 i64 isize i128 u16 u32 u64 usize u128 f32 f64
    char &str String Box<str> std::sync::Arc<str> std::borrow::Cow<'_, str>
    Vec<u8> Box<[u8]> std::sync::Arc<[u8]> &[u8]
    chrono::NaiveDate chrono::NaiveTime chrono::NaiveDateTime chrono::TimeDelta
    rust_decimal::Decimal uuid::Uuid serde_json::Value
}

impl<Zone: chrono::TimeZone> Element for chrono::DateTime<Zone> {}
impl<T> Element for Json<T> {}
impl<T: Element> Element for Option<T> {}

impl<T: Element + Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        array(elements.into_iter())
    }
}

impl<T: Element + Into<Value> + Clone> From<&[T]> for Value {
    fn from(elements: &[T]) -> Self {
        array(elements.iter().cloned())
    }
}

impl<T: Element + Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(elements: [T; N]) -> Self {
        array(elements.into_iter())
    }
}

fn array<T: Into<Value>>(elements: impl Iterator<Item = T>) -> Value {
    Value::Array(elements.map(Into::into).collect())
}

impl<T: Element + FromValue> FromValue for Vec<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let ValueRef::Array(elements) = value else { return other(&value) };
        let element = |(index, element): (usize, &Value)| {
            T::from_value(element.as_ref()).map_err(|mismatch| mismatch.of_element(index, T::name()))
        };
        elements.iter().enumerate().map(element).collect()
    }
}
