//! The queue pool: the books under a lock, waiters served in their order.
//!
//! A place that is always handed to the first in line makes every return a switch of threads, and connections that are held for
//! a moment are handed round at a twentieth of the speed. So a waiter may be overtaken for a moment by those who run,
//! and is handed the next place after that: see [`PATIENCE`].

use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::ledger::{Grant, Ledger, Next};
use super::options::PoolOptions;
use super::record::Record;
use super::{Checkout, Pool, PoolStatus, lock};
use crate::error::{Error, Result};
use crate::process::{Deadline, thread_count, thread_number};

/// Keeps connections and lends them first come, first served.
#[derive(Debug)]
pub(super) struct QueuePool {
    timeout: Duration,
    ledger: Mutex<Ledger<Record, Arc<Waiter>>>,
}

/// A thread in line. When it is due, whoever returns a place puts it here and wakes the thread: nobody can take it in between.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    number: u64,
    since: Instant,
    handed: Mutex<Option<Handed>>,
}

#[derive(Debug)]
enum Handed {
    Place(Record),
    /// Leave to make a place of this tenure.
    Make(u64),
}

/// How long a waiter may be overtaken. Less than a statement takes with all that is round it, so that where connections are
/// held for statements the line is served in its order; much more than waking a thread takes.
const PATIENCE: Duration = Duration::from_micros(200);

/// How long a wait that looks vain is waited all the same, where other threads are: a connection may be on its way to one
/// that has not used it yet.
const HAND_OVER: Duration = Duration::from_millis(100);

impl Waiter {
    fn new() -> Self {
        let (thread, number) = (thread::current(), thread_number());
        Waiter { thread, number, since: Instant::now(), handed: Mutex::new(None) }
    }

    fn is_due(&self) -> bool {
        self.since.elapsed() >= PATIENCE
    }

    fn hand(&self, handed: Handed) {
        *lock(&self.handed) = Some(handed);
        self.thread.unpark();
    }

    fn take(&self) -> Option<Handed> {
        lock(&self.handed).take()
    }
}

impl QueuePool {
    pub(super) fn new(options: &PoolOptions, size: usize, overflow: Option<usize>) -> Self {
        QueuePool { timeout: options.timeout, ledger: Mutex::new(Ledger::new(size, overflow, options.order)) }
    }

    fn wait(&self, checkout: &Checkout<'_>, waiter: &Waiter, ticket: u64) -> Result<Handed> {
        let deadline = Deadline::after(self.timeout);
        let mut vain_until = None;
        loop {
            if let Some(handed) = waiter.take().or_else(|| self.look(ticket)) {
                return Ok(handed);
            }
            let left = deadline.remaining().unwrap_or(HAND_OVER);
            let nested = self.nested(checkout);
            let vain_until = match &nested {
                // With one thread there is nobody whom a connection could be on its way to.
                Some(_) if thread_count().is_ok_and(|count| count == 1) => Deadline::after(Duration::ZERO),
                Some(_) => *vain_until.get_or_insert_with(|| Deadline::after(HAND_OVER)),
                None => {
                    vain_until = None;
                    Deadline::NEVER
                }
            };
            if !left.is_zero() && !vain_until.has_passed() {
                thread::park_timeout(vain_until.min(deadline).remaining().unwrap_or(HAND_OVER));
                continue;
            }
            match self.leave(checkout, ticket, nested) {
                Some(error) => return Err(error),
                // It was our turn in the last moment: what was handed arrives now, without another wait.
                None => thread::yield_now(),
            }
        }
    }

    /// Something may be free, for the first in line was woken to look.
    fn look(&self, ticket: u64) -> Option<Handed> {
        let mut ledger = lock(&self.ledger);
        let place = ledger.look(ticket)?;
        let next = ledger.call();
        drop(ledger);
        wake(next);
        Some(Handed::Place(place))
    }

    /// Whether all places are held by threads that wait here, this one among them: it is the one that closed the circle.
    fn nested(&self, checkout: &Checkout<'_>) -> Option<Error> {
        if !checkout.holds_one() {
            return None;
        }
        let ledger = lock(&self.ledger);
        let status = ledger.status();
        if status.idle > 0 {
            return None;
        }
        let waiting: Vec<u64> = ledger.waiters().map(|waiter| waiter.number).collect();
        checkout.nested(&waiting, status.leased)
    }

    /// Leaves the line with an error; `None` when something is on its way.
    fn leave(&self, checkout: &Checkout<'_>, ticket: u64, nested: Option<Error>) -> Option<Error> {
        let mut ledger = lock(&self.ledger);
        if !ledger.leave(ticket) {
            return None;
        }
        let status = ledger.status();
        let next = ledger.call();
        drop(ledger);
        wake(next);
        Some(nested.unwrap_or_else(|| checkout.timed_out(&status)))
    }
}

impl Pool for QueuePool {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        let mut ledger = lock(&self.ledger);
        let handed = match ledger.take() {
            Grant::Lend(record) => return Ok(record),
            Grant::Make => Handed::Make(ledger.tenure()),
            Grant::Wait => {
                let waiter = Arc::new(Waiter::new());
                let ticket = ledger.wait(Arc::clone(&waiter));
                drop(ledger);
                return match self.wait(checkout, &waiter, ticket)? {
                    Handed::Place(record) => Ok(record),
                    Handed::Make(tenure) => Ok(made(checkout, tenure)),
                };
            }
        };
        drop(ledger);
        match handed {
            Handed::Place(record) => Ok(record),
            Handed::Make(tenure) => Ok(made(checkout, tenure)),
        }
    }

    fn give(&self, record: Record) -> Option<Record> {
        let (tenure, is_open) = (record.tenure(), record.is_open());
        let mut ledger = lock(&self.ledger);
        let next = ledger.give(record, tenure, is_open, |first| first.is_due());
        let called = ledger.call();
        drop(ledger);
        wake(called);
        match next {
            Next::Hand(waiter, record) => waiter.hand(Handed::Place(record)),
            Next::Kept => {}
            Next::Close(record) => return Some(record),
        }
        None
    }

    fn drain(&self) -> Vec<Record> {
        let (kept, called, tenure) = {
            let mut ledger = lock(&self.ledger);
            let (kept, called) = ledger.dispose();
            (kept, called, ledger.tenure())
        };
        for waiter in called {
            waiter.hand(Handed::Make(tenure));
        }
        kept
    }

    fn status(&self) -> PoolStatus {
        lock(&self.ledger).status()
    }
}

fn made(checkout: &Checkout<'_>, tenure: u64) -> Record {
    let mut record = checkout.new_record();
    record.place().tenure = tenure;
    record
}

/// After the lock is given back: a thread that wakes up needs it.
fn wake(waiter: Option<Arc<Waiter>>) {
    if let Some(waiter) = waiter {
        waiter.thread.unpark();
    }
}
