//! What is inside JSON.

use std::borrow::Cow;
use std::sync::Arc;

use super::expression::{Expr, Expression};
use super::known::Known;
use super::node::Node;
use super::typed::family;

/// A step into JSON.
#[derive(Debug, Clone, Hash)]
#[doc(hidden)]
pub enum JsonStep {
    Key(Cow<'static, str>),
    Index(u32),
}

/// A place in JSON; made by [`json`].
#[derive(Debug, Clone)]
#[must_use = "a place is an expression after `as_text` or another `as_…`"]
pub struct JsonPlace {
    item: Arc<Node>,
    path: Vec<JsonStep>,
}

/// A place in a JSON column, to be read as a value: `json(User::data).key("tags").index(0).as_text()`.
///
/// Each database writes it with its own functions; the path is a value beside the text. What is not there is NULL, and so is
/// JSON's null.
///
/// ```
/// use rebis_core::sql::{json, literal, select};
/// use rebis_core::{Engine, serde_json};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let data = || literal(serde_json::json!({"tags": ["a", "b"], "n": 7}));
/// let found = select((json(data()).key("tags").index(1).as_text(), json(data()).key("n").as_integer()));
/// assert_eq!(conn.fetch_all(found)?, [(Some("b".to_owned()), Some(7))]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn json<E: Expression<Family = family::Json>>(of: E) -> JsonPlace {
    JsonPlace { item: of.into_node(), path: Vec::new() }
}

impl JsonPlace {
    /// The value under a key of an object.
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.path.push(JsonStep::Key(key.into()));
        self
    }

    /// An element of an array; the first one is 0.
    pub fn index(mut self, index: u32) -> Self {
        self.path.push(JsonStep::Index(index));
        self
    }

    fn read<T>(self, known: Known) -> Expr<T> {
        let path = Arc::new(Node::JsonPath(self.path));
        Expr::new(Node::Known { known, arguments: vec![self.item, path] })
    }

    /// A text, a number or a truth value as a text; an object or an array as its JSON, whose spaces differ by database.
    pub fn as_text(self) -> Expr<Option<String>> {
        self.read(Known::JsonText)
    }

    /// A whole number.
    pub fn as_integer(self) -> Expr<Option<i64>> {
        self.read(Known::JsonInteger)
    }

    /// A number.
    pub fn as_float(self) -> Expr<Option<f64>> {
        self.read(Known::JsonFloat)
    }

    /// True or false.
    pub fn as_bool(self) -> Expr<Option<bool>> {
        self.read(Known::JsonBoolean)
    }
}
