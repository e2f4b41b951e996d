//! How a session behaves.

use rebis_core::engine::ExecutionOptions;

/// How a session behaves; the defaults are SQLAlchemy's.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionOptions {
    /// Whether changes are sent before each query, so that it sees them. Default yes.
    pub autoflush: bool,
    /// Whether objects are read again after a commit. Default yes.
    pub expire_on_commit: bool,
    /// What is done about relations that are loaded one object after the other. Default nothing.
    pub lazy_loads: LazyLoads,
    /// Whether a transaction begins when one is needed; without it, [`Session::begin`](crate::Session::begin) says when. Default yes.
    pub autobegin: bool,
    /// Whether a closed session can be used again. Default yes.
    pub close_resets_only: bool,
    /// How its statements are run, flushes included, instead of what the engine says; what a statement says itself counts before it.
    /// Default as the engine.
    pub execution_options: Option<ExecutionOptions>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            autoflush: true,
            expire_on_commit: true,
            lazy_loads: LazyLoads::Allow,
            autobegin: true,
            close_resets_only: true,
            execution_options: None,
        }
    }
}

/// What is done about lazy loads in a loop: the query for N objects that becomes N + 1.
///
/// Counted is how often one relation is loaded by SQL from one line of the program in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LazyLoads {
    /// Nothing.
    Allow,
    /// The one with this number is a warning in the log, with the line; those behind it say nothing.
    Warn(u32),
    /// The one with this number, and each behind it, is an error, with the line.
    Refuse(u32),
}
