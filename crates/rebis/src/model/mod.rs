//! The words in which a model describes itself: relation fields, relations as typed names, what the derive writes down.

mod fields;
mod key;
mod loading;
mod relation;

pub(crate) use fields::Item;
pub use fields::{Many, ObjectRef, One};
pub use key::Key;
pub(crate) use loading::LoadOptions;
pub use loading::{
    Load, Loading, RelationName, contains_eager, defaultload, immediateload, joinedload, lazyload, raiseload,
    raiseload_all, selectinload,
};
pub use relation::{Cascade, RelationKind, ToMany, ToOne};
