//! The words in which a model describes itself: relation fields, relations as typed names, what the derive writes down.

mod fields;
mod key;
mod relation;

pub(crate) use fields::Item;
pub use fields::{Many, ObjectRef, One};
pub use key::Key;
pub use relation::{Cascade, RelationKind, ToMany, ToOne};
