//! What an engine has done so far, in numbers.

use crate::pool::counters;

/// What an engine has done in this process: only ever growing, ready for a metrics exporter.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let engine = Engine::new("sqlite://")?;
/// engine.transaction(|tx| { tx.execute(text("select 1"))?; Ok(()) })?;
/// let counters = engine.counters();
/// assert_eq!((counters.statements, counters.commits, counters.rollbacks), (1, 1, 0));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EngineCounters {
    /// Statements sent, each run of `execute_many` counted once for every thousand sets.
    pub statements: u64,
    /// Statements that failed.
    pub errors: u64,
    /// Transactions begun.
    pub begins: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back by the program or for it.
    pub rollbacks: u64,
    /// Savepoints begun.
    pub savepoints: u64,
}

counters! { Counters => EngineCounters: statements errors begins commits rollbacks savepoints }
