//! The SQL toolkit of Rebis: engine, pools, drivers and statements, for programs that thread and fork.
//!
//! The modules stand in the order of the path that a statement takes; each names only those above it.

// A build with fewer drivers uses less of what is shared.
#![cfg_attr(
    not(all(feature = "sqlite", feature = "mysql", feature = "postgres")),
    allow(dead_code, unused_imports)
)]

pub mod error;
pub mod process;
pub mod url;
pub mod value;

pub mod driver;

pub mod pool;

pub mod schema;

pub mod sql;

pub mod dialect;

mod compile;

pub mod rows;

pub mod engine;

pub mod inspect;

pub mod workers;

#[cfg(test)]
mod tests;

#[cfg(feature = "jiff")]
pub use jiff;
#[cfg(feature = "time")]
pub use time;
/// The crates whose types Rebis binds and decodes, so that a program names the same versions.
pub use {chrono, rust_decimal, serde_json, uuid};

pub use compile::CompiledStatement;
pub use dialect::{Dialect, IsolationLevel};
pub use driver::Notice;
pub use engine::{
    CancelHandle, Connection, Engine, EngineBuilder, Savepoint, Transaction, create_all, drop_all,
};
pub use error::{Error, ErrorKind, Result};
pub use inspect::Inspector;
pub use pool::{PoolKind, PoolStatus, ResetOnReturn};
pub use rows::{FromRow, Row, Rows};
pub use sql::{Expression, Text, alias, delete, insert, raw, select, text, update};
pub use url::{Backend, Url};
pub use value::{FromValue, Json, Value, ValueRef};
pub use workers::ProcessPool;
