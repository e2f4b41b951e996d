//! What a pool can be told.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::process::connection_limit;

/// Which pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PoolKind {
    /// Keeps connections and lends them first come, first served.
    #[default]
    Queue,
    /// Keeps none: each checkout opens a connection, each return closes it.
    Null,
}

/// The settings of a pool, with SQLAlchemy's defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolOptions {
    /// Which pool. Default [`PoolKind::Queue`].
    pub kind: PoolKind,
    /// How many connections are kept open. Default 5.
    pub size: usize,
    /// How many more may be open at a time; `None` for no limit. Default 10.
    pub overflow: Option<usize>,
    /// How long a checkout waits for a free connection. Default 30 s.
    pub timeout: Duration,
    /// The age at which a connection is replaced when it is next asked for. Default never.
    pub recycle: Option<Duration>,
    /// Whether an idle connection is asked for a sign of life before it is lent. Default no.
    pub pre_ping: bool,
    /// How long opening a connection may take. Default 10 s.
    pub connect_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions {
            kind: PoolKind::Queue,
            size: 5,
            overflow: Some(10),
            timeout: Duration::from_secs(30),
            recycle: None,
            pre_ping: false,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl PoolOptions {
    pub(crate) fn check(&self) -> Result<()> {
        if self.size == 0 && self.overflow == Some(0) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a pool of size 0 with overflow 0 can lend nothing; use PoolKind::Null for a pool that keeps nothing",
            ));
        }
        Ok(())
    }

    /// The same, within what a worker process may open.
    pub(super) fn within_budget(mut self) -> Self {
        if let Some(limit) = connection_limit() {
            self.size = self.size.min(limit);
            let rest = limit - self.size;
            self.overflow = Some(self.overflow.map_or(rest, |overflow| overflow.min(rest)));
        }
        self
    }
}
