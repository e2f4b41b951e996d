//! The words in which a model describes itself: relation fields, relations as typed names, what the derive writes down.

mod criteria;
mod deferred;
mod fields;
mod key;
mod loading;
mod relation;

pub use criteria::{LoaderCriteria, with_loader_criteria};
pub use deferred::{Deferred, Undefer, undefer, undefer_group};
pub(crate) use fields::Item;
pub use fields::{Many, ObjectRef, One};
pub use key::Key;
pub(crate) use loading::LoadOptions;
pub use loading::{
    Load, LoadOption, Loading, RelationName, contains_eager, defaultload, immediateload, joinedload,
    lazyload, raiseload, raiseload_all, selectinload,
};
pub use relation::{Cascade, RelationKind, ToMany, ToOne};
