//! Stopping what runs on a server: at a statement's deadline, or when another thread asks. The server is told on a
//! connection of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Cancel;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Generation, forked, generation};

/// The way to tell a server that what runs on one of its sessions is to stop.
pub(super) trait SideDoor: fmt::Debug + Send + Sync {
    /// Tells it, and waits until it has done what it does about it: when this returns `Ok`, nothing that begins on the
    /// session afterwards is hit.
    ///
    /// # Errors
    /// A disconnect when the request may still arrive; anything else when it was not sent.
    fn stop(&self, deadline: Deadline) -> Result<()>;
}

/// Whether a request is under way on a connection, shared by the connection and those who may stop it.
///
/// In a child nothing of it is touched: the lock may be held by a thread that is not there.
#[derive(Debug)]
pub(super) struct Interrupter {
    generation: Generation,
    door: Box<dyn SideDoor>,
    /// Held while the server is told: no request begins meanwhile, so that none is hit that nobody meant.
    running: Mutex<bool>,
    asked: AtomicU64,
    /// A request to stop is somewhere on its way: the session can hit it at any time.
    abandoned: AtomicBool,
}

impl Interrupter {
    pub(super) fn new(door: impl SideDoor + 'static) -> Self {
        Interrupter {
            generation: generation(),
            door: Box::new(door),
            running: Mutex::new(false),
            asked: AtomicU64::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    /// A request goes out, or its answer is over. Called by the process of the connection only.
    pub(super) fn set_running(&self, running: bool) {
        *self.lock() = running;
    }

    /// How often somebody has asked: tells whose doing an error is.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Acquire)
    }

    /// Whether the connection must not be used any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the server, for the connection itself, which runs a statement.
    fn stop(&self, deadline: Deadline) -> Result<()> {
        let _running = self.lock();
        self.door.stop(deadline)
    }
}

impl Cancel for Interrupter {
    fn cancel(&self, deadline: Deadline) -> Result<bool> {
        if self.generation != generation() {
            return Err(forked("connection"));
        }
        let running = self.lock();
        if !*running {
            return Ok(false);
        }
        // Before it is sent: whoever meets the error finds who asked.
        self.asked.fetch_add(1, Ordering::AcqRel);
        self.door.stop(deadline).map(|()| true).map_err(|error| {
            if error.is_disconnect() {
                self.abandoned.store(true, Ordering::Release);
            }
            error.wrap(ErrorKind::Connect, "the server could not be told to stop the statement")
        })
    }
}

/// How long a server may take to hear of a passed deadline and to answer it.
const GRACE: Duration = Duration::from_secs(5);

/// After how long it is told again: one that had not yet begun the statement has forgotten what it was told.
const AGAIN: Duration = Duration::from_millis(300);

/// The time limit of a connection's statements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// Of the next statement.
    next: Deadline,
    /// Of the statement that runs.
    deadline: Deadline,
    /// The statement was stopped, and its answer is awaited.
    stopped: Option<Stopped>,
}

#[derive(Debug, Clone, Copy)]
struct Stopped {
    until: Deadline,
    again: Deadline,
}

impl Limit {
    pub(super) fn none() -> Self {
        Limit { next: Deadline::NEVER, deadline: Deadline::NEVER, stopped: None }
    }

    pub(super) fn set_next(&mut self, deadline: Deadline) {
        self.next = deadline;
    }

    /// The next statement has to wait for the rest of the one before it: from here on its deadline counts too.
    pub(super) fn approach(&mut self) {
        self.deadline = self.deadline.min(self.next);
    }

    /// The next statement begins.
    pub(super) fn start(&mut self) {
        *self = Limit { next: Deadline::NEVER, deadline: self.next, stopped: None };
    }

    /// What comes now has no limit.
    pub(super) fn lift(&mut self) {
        *self = Limit::none();
    }

    /// Whether the statement's time was up and the server was told.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// When to stop waiting for the server.
    pub(super) fn deadline(&self) -> Deadline {
        self.stopped.map_or(self.deadline, |stopped| stopped.again.min(stopped.until))
    }

    /// A wait has ended without the server's word. When the deadline was the statement's, the server is told to stop it, and
    /// the wait goes on.
    ///
    /// # Errors
    /// The statement's, which has cost the connection.
    pub(super) fn pass(&mut self, interrupter: &Interrupter, waited: Error) -> Result<()> {
        if waited.kind() != ErrorKind::Timeout {
            return Err(waited);
        }
        if self.stopped.is_some_and(|stopped| stopped.until.has_passed()) {
            return Err(Error::new(
                ErrorKind::Timeout,
                "the statement did not end before its timeout, and the server did not stop it in time; \
                 the connection is closed",
            )
            .with_disconnect());
        }
        if !self.deadline().has_passed() {
            return Err(waited);
        }
        let until = self.stopped.map_or_else(|| Deadline::after(GRACE), |stopped| stopped.until);
        interrupter.stop(until).map_err(|error| {
            Error::new(
                ErrorKind::Timeout,
                "the statement did not end before its timeout, and the server could not be told to stop it; \
                 the connection is closed",
            )
            .with_disconnect()
            .with_source(error)
        })?;
        self.stopped = Some(Stopped { until, again: Deadline::after(AGAIN) });
        Ok(())
    }

    /// The error of a statement whose time was up.
    pub(super) fn error() -> Error {
        Error::new(ErrorKind::Timeout, STOPPED)
    }
}

const STOPPED: &str = "the statement did not end before its timeout, and was stopped";
const CANCELLED: &str = "the statement was cancelled";

/// What a connection knows of the statement that runs: its limit, and those who may stop it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) limit: Limit,
    /// `None` until the login is over, and where the server gave no key to stop anything.
    interrupter: Option<Arc<Interrupter>>,
    /// How often somebody had asked when the statement began.
    asked: u64,
    /// What runs is not for others to stop.
    quiet: bool,
}

impl Run {
    pub(super) fn new() -> Self {
        Run { limit: Limit::none(), interrupter: None, asked: 0, quiet: false }
    }

    pub(super) fn set_door(&mut self, door: impl SideDoor + 'static) {
        self.interrupter = Some(Arc::new(Interrupter::new(door)));
    }

    pub(super) fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        self.interrupter.clone().map(|interrupter| interrupter as _)
    }

    /// Sets the deadline of the next statement.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when nothing can be stopped.
    pub(super) fn set_next_limit(&mut self, deadline: Deadline) -> Result<()> {
        if self.interrupter.is_none() && deadline != Deadline::NEVER {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the server gave no key to stop a statement with, so there is no statement timeout",
            ));
        }
        self.limit.set_next(deadline);
        Ok(())
    }

    /// A statement begins, with the limit that was set for it.
    pub(super) fn start(&mut self) {
        self.limit.start();
        self.look();
    }

    /// A call begins that has no limit.
    pub(super) fn start_unlimited(&mut self) {
        self.limit.lift();
        self.look();
    }

    /// A call begins that has no limit and that nobody stops: an error would be the answer to something that has happened.
    pub(super) fn start_quiet(&mut self) {
        self.set_running(false);
        self.start_unlimited();
        self.quiet = true;
    }

    fn look(&mut self) {
        self.quiet = false;
        self.asked = self.interrupter.as_ref().map_or(0, |interrupter| interrupter.asked());
    }

    fn is_cancelled(&self) -> bool {
        self.interrupter.as_ref().is_some_and(|interrupter| interrupter.asked() != self.asked)
    }

    /// Whether the statement may go on with another request: a server forgets what it is asked between two of them.
    ///
    /// # Errors
    /// The statement's, which was stopped.
    pub(super) fn check(&self) -> Result<()> {
        if self.limit.is_stopped() || self.limit.deadline.has_passed() {
            return Err(Limit::error());
        }
        if self.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, CANCELLED)) } else { Ok(()) }
    }

    /// A request goes out, or its answer is over.
    pub(super) fn set_running(&self, running: bool) {
        if let Some(interrupter) = &self.interrupter {
            interrupter.set_running(running && !self.quiet);
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.interrupter.as_ref().is_some_and(|interrupter| interrupter.is_abandoned())
    }

    /// See [`Limit::pass`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn pass(&mut self, waited: Error) -> Result<()> {
        match &self.interrupter {
            Some(interrupter) => self.limit.pass(interrupter, waited),
            None => Err(waited),
        }
    }

    /// What the server says of a statement that it stopped: whose doing it was. `asked` is what the server itself says.
    pub(super) fn explain(&self, error: Error, asked: bool) -> Error {
        if self.limit.is_stopped() {
            error.wrap(ErrorKind::Timeout, STOPPED)
        } else if asked || self.is_cancelled() {
            error.wrap(ErrorKind::Cancelled, CANCELLED)
        } else {
            error
        }
    }
}
