//! JSON: any type that serde knows, as a value.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::decode::{FromValue, Mismatch, other};
use super::{Value, ValueRef};

/// A Rust value as JSON: binds what serde can serialize, decodes what it can deserialize.
///
/// `Json(None::<T>)` is JSON's `null`; `None::<Json<T>>` is NULL.
///
/// ```
/// use rebis_core::{Engine, Json, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table users (tags text)"))?;
/// conn.execute(text("insert into users values (:tags)").bind("tags", Json(["admin", "staff"])))?;
/// let Json(tags): Json<Vec<String>> = conn.scalar(text("select tags from users"))?;
/// assert_eq!(tags, ["admin", "staff"]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Json<T>(pub T);

impl<T: Serialize> From<Json<T>> for Value {
    fn from(json: Json<T>) -> Self {
        match serde_json::to_string(&json.0) {
            Ok(text) => Value::Json(text),
            // serde's own message may tell the value.
            Err(_) => {
                let rust = std::any::type_name::<T>();
                Value::Refused(format!("the {rust} cannot be written as JSON").into())
            }
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        Json(json).into()
    }
}

impl<T: DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let (ValueRef::Json(text) | ValueRef::Text(text)) = value else { return other(&value) };
        // serde's own message may tell the value: only its place is passed on.
        serde_json::from_str(text).map(Json).map_err(|error| {
            let what = match error.classify() {
                Category::Data => "the JSON does not fit the type",
                Category::Eof => "the JSON breaks off",
                Category::Syntax | Category::Io => "the text is no JSON that can be read",
            };
            Mismatch::Value(format!("{what}, at line {} column {}", error.line(), error.column()).into())
        })
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        Json::from_value(value).map(|Json(json)| json)
    }
}
