//! The SQL toolkit of Rebis: engine, pools, drivers and statements, for programs that thread and fork.
//!
//! The modules stand in the order of the path that a statement takes; each names only those above it.

pub mod error;
pub mod process;
pub mod url;
pub mod value;

pub mod driver;

pub use error::{Error, ErrorKind, Result};
pub use url::{Backend, Url};
pub use value::{FromValue, Value, ValueRef};
