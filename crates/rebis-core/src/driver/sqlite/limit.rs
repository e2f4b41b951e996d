//! When a statement has to stop: at its deadline, or when another thread asks.
//!
//! `sqlite3_interrupt` is not used: it needs a handle that nobody closes meanwhile. The progress handler looks here instead.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::driver::Cancel;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Generation, forked, generation};

/// The limit of the statement under way.
#[derive(Debug)]
pub(super) struct Limit {
    deadline: Cell<Deadline>,
    run: Arc<Run>,
}

/// Whether a statement runs, for this thread and for those that may stop it.
#[derive(Debug)]
pub(super) struct Run {
    generation: Generation,
    state: AtomicU8,
}

const IDLE: u8 = 0;
const RUNNING: u8 = 1;
const CANCELLED: u8 = 2;

impl Limit {
    pub(super) fn new() -> Self {
        let run = Run { generation: generation(), state: AtomicU8::new(IDLE) };
        Limit { deadline: Cell::new(Deadline::NEVER), run: Arc::new(run) }
    }

    pub(super) fn run(&self) -> Arc<Run> {
        Arc::clone(&self.run)
    }

    /// A statement begins. What was asked before does not concern it.
    pub(super) fn start(&self, deadline: Deadline) {
        self.deadline.set(deadline);
        // Relaxed, here and below: the state orders no other memory.
        self.run.state.store(RUNNING, Ordering::Relaxed);
    }

    /// Something begins that does not count as a statement, such as BEGIN, unless it has to wait.
    pub(super) fn start_quiet(&self, deadline: Deadline) {
        self.deadline.set(deadline);
        self.run.state.store(IDLE, Ordering::Relaxed);
    }

    /// It has to wait: from here on it can be cancelled.
    pub(super) fn set_waiting(&self) {
        let _ = self.run.state.compare_exchange(IDLE, RUNNING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// It is over.
    pub(super) fn end(&self) {
        self.deadline.set(Deadline::NEVER);
        self.run.state.store(IDLE, Ordering::Relaxed);
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline.get()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.run.state.load(Ordering::Relaxed) == CANCELLED
    }

    pub(super) fn must_stop(&self) -> bool {
        self.is_cancelled() || self.deadline.get().has_passed()
    }

    /// Why the statement was stopped.
    pub(super) fn error(&self) -> Error {
        if self.is_cancelled() {
            Error::new(ErrorKind::Cancelled, "the statement was cancelled")
        } else {
            Error::new(ErrorKind::Timeout, "the statement did not end before its timeout, and was stopped")
        }
    }
}

impl Cancel for Run {
    fn cancel(&self, _deadline: Deadline) -> Result<bool> {
        if self.generation != generation() {
            return Err(forked("connection"));
        }
        let state = &self.state;
        let found = state.compare_exchange(RUNNING, CANCELLED, Ordering::Relaxed, Ordering::Relaxed);
        Ok(found != Err(IDLE))
    }
}
