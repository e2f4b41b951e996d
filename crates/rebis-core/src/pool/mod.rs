//! Pools: connections kept open and lent out.
//!
//! [`QueuePool`](PoolKind::Queue) keeps up to `size` connections and opens up to `overflow` more under load; who comes when
//! all are lent waits in line, first come first served. A connection comes back clean or not at all: it is dirty until its
//! server says that no transaction is open. No thread runs in the background, so that a pool works in a forked child.

mod lease;
mod ledger;
mod null;
mod options;
mod queue;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use lease::{Lease, Lender};
pub(crate) use null::NullPool;
pub use options::{PoolKind, PoolOptions};
pub(crate) use queue::QueuePool;
pub(crate) use record::Record;

use crate::driver::Connector;
use crate::error::Result;

/// What every pool does. It knows the driver's traits and nothing of engines.
pub(crate) trait Pool: fmt::Debug + Send + Sync {
    /// Lends a connection that works as far as the pool's options make sure.
    fn checkout(&self) -> Result<Record>;

    /// Takes a connection back, whatever state it is in.
    fn checkin(&self, record: Record);

    /// Opens another connection in place of one that is broken, without giving up its place.
    fn replace(&self, broken: Record) -> Result<Record>;

    /// A connection was lost: those opened before now are replaced when they are asked for next.
    fn invalidate(&self);

    /// Closes what is idle; what is lent is closed when it comes back.
    fn dispose(&self);

    fn status(&self) -> PoolStatus;
}

/// A pool of the kind that the options name.
pub(crate) fn build(connector: Arc<dyn Connector>, options: &PoolOptions) -> Arc<dyn Pool> {
    match options.kind {
        PoolKind::Queue => Arc::new(QueuePool::new(connector, options.clone())),
        PoolKind::Null => Arc::new(NullPool::new(connector, options.clone())),
    }
}

/// How a pool stands at one moment.
///
/// ```
/// let engine = rebis_core::Engine::new("sqlite://")?;
/// let held = engine.connect()?;
/// assert_eq!(engine.pool().status().to_string(), "size 1, overflow 0, leased 1, idle 0, waiting 0");
/// # drop(held);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// How many connections are kept open at most.
    pub size: usize,
    /// How many more may be lent at one time; `None` for no limit.
    pub overflow: Option<usize>,
    /// How many are lent or being opened.
    pub leased: usize,
    /// How many are open and free.
    pub idle: usize,
    /// How many threads wait for one.
    pub waiting: usize,
}

impl fmt::Display for PoolStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolStatus { size, leased, idle, waiting, .. } = self;
        write!(f, "size {size}, overflow ")?;
        match self.overflow {
            Some(overflow) => write!(f, "{overflow}")?,
            None => f.write_str("unlimited")?,
        }
        write!(f, ", leased {leased}, idle {idle}, waiting {waiting}")
    }
}
