//! Options of execution: an engine's, a connection's.

use std::sync::Arc;

use crate::dialect::IsolationLevel;

/// How statements are run: set on an engine, on a view of one ([`Engine::execution_options`](crate::Engine::execution_options)),
/// or on one connection; the nearest counts.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ExecutionOptions {
    /// The isolation level of transactions. Default: the database's own.
    pub isolation_level: Option<IsolationLevel>,
    /// Whether statements are logged as `tracing` events of level INFO, with their values, instead of DEBUG. Default no.
    pub echo: bool,
    /// Whether `echo` leaves the values out. Default no.
    pub hide_parameters: bool,
    /// A word that stands in each line of the log, to tell connections apart.
    pub logging_token: Option<Arc<str>>,
}
