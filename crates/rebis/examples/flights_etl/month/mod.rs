//! One month of flights: what a worker does. Two ways to the same rows.

pub(crate) mod core;
pub(crate) mod orm;

use serde::{Deserialize, Serialize};

/// What came of a month; it goes from the worker to the parent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct MonthCounts {
    pub(crate) read: u64,
    pub(crate) loaded: u64,
    pub(crate) rejects: u64,
}
