//! Options of execution: an engine's, a connection's.

use std::sync::Arc;
use std::time::Duration;

use crate::dialect::{IsolationLevel, TransactionOptions};
use crate::process::Deadline;
use crate::schema::SchemaTranslateMap;

/// How statements are run: set on an engine, on a view of one ([`Engine::execution_options`](crate::Engine::execution_options)),
/// or on one connection; the nearest counts.
///
/// ```
/// use std::time::Duration;
/// use rebis_core::Engine;
///
/// let engine = Engine::new("sqlite:///shop.db")?;
/// let reports = engine.execution_options(|options| {
///     options.read_only = true;
///     options.statement_timeout = Some(Duration::from_secs(60));
/// })?;
/// # let _ = reports;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ExecutionOptions {
    /// The isolation level of transactions. Default: the database's own.
    pub isolation_level: Option<IsolationLevel>,
    /// Whether transactions only read. Default no.
    pub read_only: bool,
    /// Whether transactions may wait at their beginning until nothing can disturb them; PostgreSQL's only. Default no.
    pub deferrable: bool,
    /// How long each statement may run, with the reading of its rows. Default no limit but the driver's read timeout.
    pub statement_timeout: Option<Duration>,
    /// Which schemas stand for others, in composed statements and in those that make and drop tables, indexes and views; sequences
    /// and types of enums are where they say, and [`text`](crate::text) is left alone. Default none.
    pub schema_translate_map: SchemaTranslateMap,
    /// Whether statements are logged as `tracing` events of level INFO, with their values, instead of DEBUG. Default no.
    pub echo: bool,
    /// Whether `echo` leaves the values out. Default no.
    pub hide_parameters: bool,
    /// A word that stands in each line of the log, to tell connections apart.
    pub logging_token: Option<Arc<str>>,
}

impl ExecutionOptions {
    /// What a transaction is.
    pub(super) fn transaction(&self) -> TransactionOptions {
        let ExecutionOptions { isolation_level, read_only, deferrable, .. } = *self;
        TransactionOptions { isolation_level, read_only, deferrable }
    }

    /// When a statement that begins now must be over; its own timeout counts before these options'.
    pub(super) fn deadline(&self, own: Option<Duration>) -> Deadline {
        own.or(self.statement_timeout).map_or(Deadline::NEVER, Deadline::after)
    }
}
