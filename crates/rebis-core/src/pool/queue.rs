//! The queue pool: the books under a lock, waiters served in their order.
//!
//! A place that is always handed to the first in line makes every return a switch of threads; connections that are held for a
//! moment go round at a twentieth of the speed then. So a waiter may be overtaken for a moment by those who run, and is
//! handed the next place after that: see [`Books::is_due`].

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
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    ledger: Ledger<Record, Arc<Waiter>>,
    /// When a place was handed over last.
    handed: Option<Instant>,
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

/// How long a waiter may be overtaken: much more than waking a thread takes, and less than statements take.
const PATIENCE: Duration = Duration::from_micros(200);

/// A place that is held for less than this is back before a thread that waits for it has woken up.
const MOMENT: Duration = Duration::from_micros(20);

/// How far apart such places are handed over.
const APART: Duration = Duration::from_millis(1);

/// How long a wait that looks vain is waited all the same, where other threads are: a connection may be on its way to one
/// that has not used it yet.
const HAND_OVER: Duration = Duration::from_millis(100);

impl Waiter {
    fn new() -> Self {
        let (thread, number) = (thread::current(), thread_number());
        Waiter { thread, number, since: Instant::now(), handed: Mutex::new(None) }
    }

    fn hand(&self, handed: Handed) {
        *lock(&self.handed) = Some(handed);
        self.thread.unpark();
    }

    fn take(&self) -> Option<Handed> {
        lock(&self.handed).take()
    }
}

impl Books {
    /// Whether the first in line is handed the place that comes back, instead of being called to look for it among the others.
    ///
    /// Where connections are held for statements, as soon as its patience is at an end: the line is served in its order. Where they
    /// are held for a moment, the places lie free nearly always and whoever is called finds one; a place that is handed over lies
    /// still until its new holder runs. So that is done once in a while only, for the sake of who was not lucky.
    fn is_due(first: &Waiter, taken: Option<Instant>, handed: &mut Option<Instant>) -> bool {
        let now = Instant::now();
        if now.saturating_duration_since(first.since) < PATIENCE {
            return false;
        }
        let since = |earlier: Instant| now.saturating_duration_since(earlier);
        let for_a_moment = taken.is_some_and(|taken| since(taken) < MOMENT);
        if for_a_moment && handed.is_some_and(|handed| since(handed) < APART) {
            return false;
        }
        *handed = Some(now);
        true
    }
}

impl QueuePool {
    pub(super) fn new(options: &PoolOptions, size: usize, overflow: Option<usize>) -> Self {
        let ledger = Ledger::new(size, overflow, options.order);
        QueuePool { timeout: options.timeout, books: Mutex::new(Books { ledger, handed: None }) }
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
        let mut books = lock(&self.books);
        let place = books.ledger.look(ticket)?;
        let next = books.ledger.call();
        drop(books);
        wake(next);
        Some(Handed::Place(place))
    }

    /// Whether all places are held by threads that wait here, this one among them: it is the one that closed the circle.
    fn nested(&self, checkout: &Checkout<'_>) -> Option<Error> {
        if !checkout.holds_one() {
            return None;
        }
        let books = lock(&self.books);
        let status = books.ledger.status();
        if status.idle > 0 {
            return None;
        }
        let waiting: Vec<u64> = books.ledger.waiters().map(|waiter| waiter.number).collect();
        checkout.nested(&waiting, status.leased)
    }

    /// Leaves the line with an error; `None` when something is on its way.
    fn leave(&self, checkout: &Checkout<'_>, ticket: u64, nested: Option<Error>) -> Option<Error> {
        let mut books = lock(&self.books);
        let ledger = &mut books.ledger;
        if !ledger.leave(ticket) {
            return None;
        }
        let status = ledger.status();
        let next = ledger.call();
        drop(books);
        wake(next);
        Some(nested.unwrap_or_else(|| checkout.timed_out(&status)))
    }
}

impl Pool for QueuePool {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        let mut books = lock(&self.books);
        let ledger = &mut books.ledger;
        let handed = match ledger.take() {
            Grant::Lend(mut record) => {
                // The clock costs as much as all the rest, and matters only when somebody waits.
                record.place().taken = ledger.has_waiters().then(Instant::now);
                return Ok(record);
            }
            Grant::Make => Handed::Make(ledger.tenure()),
            Grant::Wait => {
                let waiter = Arc::new(Waiter::new());
                let ticket = ledger.wait(Arc::clone(&waiter));
                drop(books);
                let handed = self.wait(checkout, &waiter, ticket)?;
                return Ok(taken(checkout, handed, Some(Instant::now())));
            }
        };
        drop(books);
        Ok(taken(checkout, handed, None))
    }

    fn give(&self, record: Record) -> Option<Record> {
        let (tenure, is_open, taken) = (record.tenure(), record.is_open(), record.taken());
        let mut books = lock(&self.books);
        let Books { ledger, handed } = &mut *books;
        let next = ledger.give(record, tenure, is_open, |first| Books::is_due(first, taken, handed));
        let called = ledger.call();
        drop(books);
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
            let mut books = lock(&self.books);
            let (kept, called) = books.ledger.dispose();
            (kept, called, books.ledger.tenure())
        };
        for waiter in called {
            waiter.hand(Handed::Make(tenure));
        }
        kept
    }

    fn status(&self) -> PoolStatus {
        lock(&self.books).ledger.status()
    }
}

fn taken(checkout: &Checkout<'_>, handed: Handed, at: Option<Instant>) -> Record {
    let mut record = match handed {
        Handed::Place(record) => record,
        Handed::Make(tenure) => {
            let mut record = checkout.new_record();
            record.place().tenure = tenure;
            record
        }
    };
    record.place().taken = at;
    record
}

/// After the lock is given back: a thread that wakes up needs it.
fn wake(waiter: Option<Arc<Waiter>>) {
    if let Some(waiter) = waiter {
        waiter.thread.unpark();
    }
}
