//! Who holds which lease: for errors that name call sites, for nested checkouts and leaks.
//!
//! Each place of a pool has a mark that is written without a lock whenever its connection is lent, used and returned. The
//! marks outlive the leases, so that lending allocates nothing.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::lock;
use crate::error::{Error, ErrorKind};
use crate::process::{AtomicRef, Moment};

/// One lease, as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseInfo {
    /// Where in the program the connection was checked out.
    pub checked_out_at: &'static Location<'static>,
    /// For how long it has been out.
    pub held_for: Duration,
}

/// The mark of one place.
#[derive(Debug)]
pub(super) struct Mark {
    /// The thread that used the connection last; 0 while nobody has it.
    holder: AtomicU64,
    since: AtomicU64,
    site: AtomicRef<Location<'static>>,
    reported: AtomicBool,
}

impl Mark {
    pub(super) fn lend(&self, thread: u64, site: &'static Location<'static>, now: Moment) {
        self.site.set(site);
        self.since.store(now.0, Ordering::Relaxed);
        self.reported.store(false, Ordering::Relaxed);
        // Release: who sees the holder sees the rest.
        self.holder.store(thread, Ordering::Release);
    }

    /// The thread that uses the connection now.
    #[inline]
    pub(super) fn touch(&self, thread: u64) {
        self.holder.store(thread, Ordering::Release);
    }

    pub(super) fn clear(&self) {
        self.holder.store(0, Ordering::Release);
    }

    /// The lease and its holder; `None` while nobody has it.
    pub(super) fn lease(&self, now: Moment) -> Option<(u64, LeaseInfo)> {
        let holder = self.holder.load(Ordering::Acquire);
        let site = self.site.get().filter(|_| holder != 0)?;
        let held_for = now.since(Moment(self.since.load(Ordering::Relaxed)));
        Some((holder, LeaseInfo { checked_out_at: site, held_for }))
    }

    /// True once per lease.
    pub(super) fn report(&self) -> bool {
        !self.reported.swap(true, Ordering::Relaxed)
    }
}

/// The marks of a pool's places.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Vec<Weak<Mark>>>);

impl Marks {
    /// A mark for a new place; it goes with the place.
    pub(super) fn add(&self) -> Arc<Mark> {
        let mark = Arc::new(Mark {
            holder: AtomicU64::new(0),
            since: AtomicU64::new(0),
            site: AtomicRef::empty(),
            reported: AtomicBool::new(false),
        });
        let mut marks = lock(&self.0);
        if marks.len() == marks.capacity() {
            marks.retain(|mark| mark.strong_count() > 0);
        }
        marks.push(Arc::downgrade(&mark));
        mark
    }

    /// Every mark that is lent now, with its holder.
    pub(super) fn leases(&self, now: Moment) -> Vec<(Arc<Mark>, u64, LeaseInfo)> {
        let marks: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        let lease = |mark: Arc<Mark>| mark.lease(now).map(|(holder, lease)| (mark, holder, lease));
        marks.into_iter().filter_map(lease).collect()
    }

    /// Whether this thread used one of the leases last. Cheap: asked by each thread that has to wait.
    pub(super) fn any_held_by(&self, thread: u64) -> bool {
        let holds = |mark: &Weak<Mark>| {
            mark.upgrade().is_some_and(|mark| mark.holder.load(Ordering::Acquire) == thread)
        };
        lock(&self.0).iter().any(holds)
    }

    /// Where the leases were checked out, when there are `leased` of them and each was last used by one of these threads.
    pub(super) fn all_held_by(
        &self,
        threads: &[u64],
        leased: usize,
    ) -> Option<Vec<&'static Location<'static>>> {
        let leases = self.leases(Moment::default());
        // Fewer marks than leases: one is on its way from hand to hand, and somebody will run.
        let all = leases.len() == leased && leases.iter().all(|(_, holder, _)| threads.contains(holder));
        all.then(|| leases.iter().map(|(_, _, lease)| lease.checked_out_at).collect())
    }
}

/// A checkout inside another one that holds all there is.
pub(super) fn nested_checkout(site: &Location<'_>, held: &[String]) -> Error {
    let who = match held {
        [place] => {
            format!(
                "the pool's one connection is held by a thread that waits here itself, checked out at {place}"
            )
        }
        _ => format!(
            "all {} connections of the pool are held by threads that wait here themselves, checked out at {}",
            held.len(),
            held.join(", ")
        ),
    };
    Error::new(
        ErrorKind::NestedCheckout,
        format!(
            "the checkout at {site} can never be served: {who}; return it before asking for the next, pass it on, or let the \
             pool open more"
        ),
    )
}
