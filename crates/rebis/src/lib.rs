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
mod unit;

pub use model::{Many, One};
pub use rebis_core::*;
// By name too: through the glob, the compiler does not see which feature is missing.
#[cfg(feature = "jiff")]
pub use rebis_core::jiff;
#[cfg(feature = "time")]
pub use rebis_core::time;

/// What most programs import: `use rebis::prelude::*;`.
pub mod prelude {
    pub use rebis_core::sql::{Expression, MoreExpression, count};
    pub use rebis_core::{
        Connection, Engine, Error, ErrorKind, Result, Transaction, Value, alias, delete, insert, raw, select,
        text, update,
    };
}

#[cfg(doctest)]
mod guide;
