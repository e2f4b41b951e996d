//! The clock of ages and idle times, and the numbers of threads.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment on a clock that never goes backwards, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Where pools take the time from: the kernel's coarse monotonic clock (a few milliseconds fine, a few nanoseconds a look; the
/// wall clock may jump and would age all connections at once), or a number that moves when a test says so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    pub(crate) fn scripted(nanoseconds: Arc<AtomicU64>) -> Self {
        Clock(Some(nanoseconds))
    }

    #[inline]
    pub(crate) fn now(&self) -> Moment {
        match &self.0 {
            None => {
                let now = clock_gettime(ClockId::MonotonicCoarse);
                let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
                Moment(seconds * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0))
            }
            Some(scripted) => Moment(scripted.load(Ordering::Acquire)),
        }
    }
}

thread_local! {
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// A number that no other living thread of this process has; 0 while a thread's locals are being destroyed.
#[inline]
pub(crate) fn thread_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    NUMBER
        .try_with(|number| {
            if number.get() == 0 {
                number.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
            }
            number.get()
        })
        .unwrap_or(0)
}
