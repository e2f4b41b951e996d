//! What a pool has done so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a pool has done since it was made in this process: only ever growing, ready for a metrics exporter.
///
/// ```
/// let engine = rebis_core::Engine::new("sqlite://")?;
/// drop(engine.connect()?);
/// drop(engine.connect()?);
/// let counters = engine.pool().counters();
/// assert_eq!((counters.checkouts, counters.opened, counters.closed), (2, 1, 0));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PoolCounters {
    /// Connections lent.
    pub checkouts: u64,
    /// Connections opened.
    pub opened: u64,
    /// Connections closed.
    pub closed: u64,
    /// Attempts to open a connection that failed.
    pub connect_failures: u64,
    /// Checkouts that gave up waiting; not nested ones, which are told at once.
    pub timeouts: u64,
    /// Signs of life asked for.
    pub pings: u64,
    /// Connections found dead by that.
    pub ping_failures: u64,
    /// Connections given up because they were lost, refused by a listener, or invalidated by the program.
    pub invalidated: u64,
    /// Connections replaced for their age, or because one as old as they was lost.
    pub recycled: u64,
    /// Leases reported for being out too long.
    pub leaks: u64,
}

/// The counters behind a snapshot with fields of the same names.
macro_rules! counters {
    ($counters:ident => $snapshot:ident: $($name:ident)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct $counters { $(pub(crate) $name: $crate::pool::Counter,)* }

        impl $counters {
            pub(crate) fn snapshot(&self) -> $snapshot {
                $snapshot { $($name: self.$name.get(),)* }
            }
        }
    };
}
pub(crate) use counters;

counters! { Counters => PoolCounters:
    checkouts opened closed connect_failures timeouts pings ping_failures invalidated recycled leaks
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Relaxed: each counter stands for itself.
    #[inline]
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
