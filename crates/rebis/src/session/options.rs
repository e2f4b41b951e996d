//! How a session behaves.

/// How a session behaves; the defaults are SQLAlchemy's.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionOptions {
    /// Whether changes are sent before each query, so that it sees them. Default yes.
    pub autoflush: bool,
    /// Whether objects are read again after a commit. Default yes.
    pub expire_on_commit: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions { autoflush: true, expire_on_commit: true }
    }
}
