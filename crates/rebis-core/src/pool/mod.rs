//! Pools: connections kept open and lent out.
//!
//! [`QueuePool`](PoolKind::Queue) keeps up to `size` connections and opens up to `overflow` more under load; who comes when
//! all are lent waits in line, first come first served; only in the first 200 µs of a wait may others be faster. A connection
//! comes back clean or not at all: it is dirty until its server says that no transaction is open. No thread runs in the
//! background, so that a pool works in a forked child.
//!
//! What all pools share is in one place: opening and closing, freshness, reset, [listeners](crate::engine::EnginePool),
//! counters. A [`Pool`] only says which place is lent next; one of your own goes into
//! [`EngineBuilder::pool`](crate::EngineBuilder::pool).

mod counters;
mod info;
mod lease;
mod ledger;
mod lending;
mod listeners;
mod marks;
mod opening;
mod options;
mod queue;
mod record;
mod report;
mod simple;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use counters::PoolCounters;
pub(crate) use counters::{Counter, counters};
pub use info::Info;
pub(crate) use lease::{Lease, Lender, Loss};
pub use ledger::Order;
pub(crate) use lending::Lending;
pub(crate) use listeners::PoolListeners;
pub use listeners::{ConnectRequest, Disconnection, ErrorContext, Listener, ResetState};
pub use marks::LeaseInfo;
pub use options::{PoolFactory, PoolKind, PoolOptions, ResetOnReturn};
pub use record::{ConnectionRecord, Record};

use crate::error::{Error, Result};
use crate::process::thread_number;

/// Which place of a pool is lent next, and what becomes of one that comes back: all that tells one pool from another.
///
/// A pool neither opens connections nor closes them. It makes places by [`Checkout::new_record`] and hands them out with
/// their connection or without; what it does not keep it gives back to be closed. It is made anew in each process.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use rebis_core::pool::{Checkout, Pool, PoolKind, PoolStatus, Record};
/// use rebis_core::Engine;
///
/// /// Lends as many as are asked for, and keeps all of them.
/// #[derive(Debug, Default)]
/// struct Unbounded(Mutex<Vec<Record>>);
///
/// impl Pool for Unbounded {
///     fn take(&self, checkout: &Checkout<'_>) -> rebis_core::Result<Record> {
///         let kept = self.0.lock().unwrap().pop();
///         Ok(kept.unwrap_or_else(|| checkout.new_record()))
///     }
///     fn give(&self, record: Record) -> Option<Record> {
///         self.0.lock().unwrap().push(record);
///         None
///     }
///     fn drain(&self) -> Vec<Record> {
///         std::mem::take(&mut self.0.lock().unwrap())
///     }
///     fn status(&self) -> PoolStatus {
///         let mut status = PoolStatus::new(0, None);
///         status.idle = self.0.lock().unwrap().len();
///         status
///     }
/// }
///
/// let engine = Engine::builder("sqlite:///shop.db")?
///     .pool(PoolKind::Own(Arc::new(|_| Box::new(Unbounded::default()))))
///     .build()?;
/// assert_eq!(engine.pool().status().idle, 0);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub trait Pool: fmt::Debug + Send + Sync {
    /// Takes a place out, with its connection open or without; waits for one no longer than the pool's timeout.
    ///
    /// # Errors
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout) when none comes free: [`Checkout::timed_out`].
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record>;

    /// Takes a place back. Its connection is clean, or closed. What the pool does not keep is closed by the caller.
    fn give(&self, record: Record) -> Option<Record>;

    /// Gives up all places that are not lent.
    fn drain(&self) -> Vec<Record>;

    /// How the pool stands now.
    fn status(&self) -> PoolStatus;
}

/// A thread's wish for a connection, as a [`Pool`] sees it.
#[derive(Debug)]
pub struct Checkout<'p> {
    lending: &'p Lending,
    site: &'static Location<'static>,
}

impl Checkout<'_> {
    /// A new place, without a connection.
    pub fn new_record(&self) -> Record {
        self.lending.new_record()
    }

    /// Where in the program the connection is asked for.
    pub fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// The error of a wait that was in vain: how the pool stands, who holds its connections, what went wrong last.
    pub fn timed_out(&self, status: &PoolStatus) -> Error {
        self.lending.timed_out(status)
    }

    /// Whether this thread used one of the pool's connections last.
    fn holds_one(&self) -> bool {
        self.lending.holds_one(thread_number())
    }

    /// The error of a wait that can only be in vain, when each of the `leased` connections was last used by one of these
    /// threads, which all wait.
    fn nested(&self, waiting: &[u64], leased: usize) -> Option<Error> {
        self.lending.nested(waiting, leased, self.site)
    }
}

/// No code of the program's runs under the pools' locks, so a poisoned one is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

impl PoolStatus {
    /// Of a pool of this size in which nothing is open or lent; a [`Pool`] of one's own sets the counts.
    ///
    /// ```
    /// let mut status = rebis_core::PoolStatus::new(5, 10);
    /// status.idle = 2;
    /// assert_eq!(status.to_string(), "size 5, overflow 10, leased 0, idle 2, waiting 0");
    /// ```
    pub fn new(size: usize, overflow: impl Into<Option<usize>>) -> Self {
        PoolStatus { size, overflow: overflow.into(), leased: 0, idle: 0, waiting: 0 }
    }
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
