//! Stopping a lease's statement from another thread.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::Connection;
use crate::driver::{self, Cancel};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Generation, Owned, forked, generation};

/// Stops what a connection runs, from any thread; made by [`Connection::cancel_handle`].
///
/// It belongs to the lease. When the connection has gone back to its pool, `cancel` does nothing: whoever has it next is
/// never hit. It may outlive the connection and be cloned.
#[derive(Clone)]
pub struct CancelHandle {
    shared: Arc<Owned<Shared>>,
    timeout: Duration,
}

struct Shared {
    /// `None` for a handle of a connection that was inherited already.
    generation: Option<Generation>,
    /// Locked while the database is told, so that a lease that ends waits for that.
    target: Mutex<Target>,
}

/// Whom `cancel` turns to.
enum Target {
    Driver(Arc<dyn Cancel>),
    /// The driver cannot stop anything.
    Unsupported,
    /// The lease is over, or its connection was lost.
    Nobody,
}

impl Shared {
    fn target(&self) -> MutexGuard<'_, Target> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long telling the database may take.
const TIMEOUT: Duration = Duration::from_secs(5);

impl CancelHandle {
    /// The same handle with another limit for telling the database. Default 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Stops the statement that runs on the lease at this moment, and returns whether there was one. The stopped one
    /// answers [`ErrorKind::Cancelled`]. A statement that is begun after the return is not hit.
    ///
    /// True says that the database was told. The statement may have ended by itself just then; and a server that has not
    /// begun it yet forgets what it was told: who must be sure looks whether it ends, and calls again.
    ///
    /// COMMIT and ROLLBACK are let end; PostgreSQL alone may stop a COMMIT, before it has happened.
    ///
    /// On a server this takes a connection of its own: on MySQL and MariaDB a second login. Both are made to the address
    /// that the connection is on; where a balancer stands there and hands each connection to another server, do not use
    /// this on MySQL, whose session numbers another server has as well. An answer that is not read to its end counts as
    /// running.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] or another error of the second connection: when nobody knows whether the request still
    /// arrives, the connection is not used any more. [`ErrorKind::Unsupported`] for a driver without it,
    /// [`ErrorKind::Forked`] in a child, before anything is touched.
    pub fn cancel(&self) -> Result<bool> {
        if self.shared.generation != Some(generation()) {
            return Err(forked("cancel handle"));
        }
        match &*self.shared.target() {
            Target::Driver(driver) => driver.cancel(Deadline::after(self.timeout)),
            Target::Unsupported => Err(Error::new(
                ErrorKind::Unsupported,
                "this driver cannot stop a statement from another thread",
            )),
            Target::Nobody => Ok(false),
        }
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Where a connection's handles sit; empty until the first one is asked for.
pub(super) struct Seat(Option<Arc<Owned<Shared>>>);

impl Seat {
    pub(super) fn empty() -> Self {
        Seat(None)
    }

    /// Waits for a cancel that is under way, and turns all later ones elsewhere.
    fn turn_to(&self, target: Target) {
        if let Some(shared) = &self.0
            && shared.generation == Some(generation())
        {
            *shared.target() = target;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.turn_to(Target::Nobody);
    }
}

impl Connection {
    /// A handle by which other threads stop what runs on this lease.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let handle = conn.cancel_handle();
    /// assert!(!handle.cancel()?, "nothing runs");
    /// let other = std::thread::spawn(move || {
    ///     while !handle.cancel()? { std::thread::sleep(Duration::from_millis(1)); }
    ///     Ok::<(), rebis_core::Error>(())
    /// });
    /// let endless = "with recursive c(i) as (select 1 union all select i + 1 from c) select count(*) from c";
    /// let error = conn.execute(text(endless)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// # other.join().unwrap()?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn cancel_handle(&mut self) -> CancelHandle {
        let inherited = self.lease.is_inherited();
        let fresh = |target| {
            let generation = (!inherited).then(generation);
            Arc::new(Owned::new(Shared { generation, target: Mutex::new(target) }))
        };
        let shared = match &self.seat.0 {
            Some(shared) => Arc::clone(shared),
            None if inherited => fresh(Target::Nobody),
            None => {
                let shared = fresh(self.cancel_target());
                self.seat.0 = Some(Arc::clone(&shared));
                shared
            }
        };
        CancelHandle { shared, timeout: TIMEOUT }
    }

    fn cancel_target(&self) -> Target {
        match self.lease.working().map(driver::Connection::canceller) {
            Some(Some(driver)) => Target::Driver(driver),
            Some(None) => Target::Unsupported,
            None => Target::Nobody,
        }
    }

    /// Nobody stops anything through this lease's handles, until it has a connection again.
    pub(super) fn turn_handles_away(&self) {
        self.seat.turn_to(Target::Nobody);
    }

    /// Opens another connection in place of one that was lost; the handles turn to that one.
    pub(super) fn replace_connection(&mut self) -> Result<()> {
        self.turn_handles_away();
        self.lease.replace()?;
        self.seat.turn_to(self.cancel_target());
        Ok(())
    }
}
