//! Rebis: the SQL toolkit and unit-of-work ORM for Rust, for programs that thread and fork.
//!
//! Two promises that no peer makes: wrong use across threads does not compile, and a fork never breaks anybody.
//!
//! ```
//! use rebis::{Engine, text};
//!
//! let engine = Engine::new("sqlite://")?;
//! let mut conn = engine.connect()?;
//! conn.execute(text("create table users (id integer primary key, name text)"))?;
//! conn.execute(text("insert into users (name) values (:name)").bind("name", "ed"))?;
//! conn.commit()?;
//! for user in conn.execute(text("select id, name from users"))?.of::<(i64, String)>() {
//!     let (id, name) = user?;
//!     assert_eq!((id, name.as_str()), (1, "ed"));
//! }
//! # Ok::<(), rebis::Error>(())
//! ```
//!
//! So far this crate is the toolkit of `rebis-core` under the name that programs use; the ORM comes on top of it.

mod flush;
mod load;
pub mod mapper;
pub mod model;
mod session;
mod unit;

pub use mapper::{Model, State};
pub use model::{
    Load, Many, One, ToMany, ToOne, contains_eager, defaultload, immediateload, joinedload, lazyload,
    raiseload, raiseload_all, selectinload,
};
pub use rebis_core::*;
/// Reads a row into a struct: each field from the column of its name.
///
/// ```
/// use rebis::{Engine, FromRow, text};
///
/// #[derive(Debug, PartialEq, FromRow)]
/// struct User {
///     id: i64,
///     #[rebis(column = "full_name")]
///     name: Option<String>,
///     #[rebis(default)]
///     age: u8,
///     #[rebis(flatten)]
///     place: Place,
///     #[rebis(skip)]
///     seen: bool,
/// }
///
/// #[derive(Debug, PartialEq, FromRow)]
/// struct Place {
///     city: String,
/// }
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let users: Vec<User> = conn.fetch_all(text("select 'Rome' as city, null as full_name, 7 as id"))?;
/// assert_eq!(users, [User { id: 7, name: None, age: 0, place: Place { city: "Rome".into() }, seen: false }]);
/// # Ok::<(), rebis::Error>(())
/// ```
///
/// | on a field | |
/// |---|---|
/// | `#[rebis(column = "name")]` | from the column of that name |
/// | `#[rebis(flatten)]` | its type is a `FromRow` of its own that takes cells of the same row; an `Option` of one is `None` where all of them are NULL |
/// | `#[rebis(default)]` | `Default::default()` where the answer has no such column |
/// | `#[rebis(skip)]` | `Default::default()` always |
///
/// A tuple struct is read by position. Columns are looked up once for an answer, not for each row. On the struct
/// `#[rebis(crate = "rebis_core")]` names another crate that has the trait.
pub use rebis_derive::FromRow;
pub use session::{
    Answer, Attribute, Child, Collection, EntityColumns, GetOptions, Instance, IntoKey, JoinRelated,
    LazyLoads, Nested, NullableEntity, Query, ReadGuard, Related, RowPart, RowParts, RowQuery, Session,
    SessionOptions, Stream, WriteGuard, entity,
};
// By name too: through the glob, the compiler does not see which feature is missing.
#[cfg(feature = "jiff")]
pub use rebis_core::jiff;
#[cfg(feature = "time")]
pub use rebis_core::time;

/// What most programs import: `use rebis::prelude::*;`.
pub mod prelude {
    pub use rebis_core::sql::{Expression, MoreExpression, count};
    pub use rebis_core::{
        Connection, Engine, Error, ErrorKind, FromRow, Result, Transaction, Value, alias, delete, insert,
        raw, select, text, update,
    };
    pub use rebis_derive::FromRow;
}

#[cfg(doctest)]
mod guide;
