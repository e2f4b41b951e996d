//! The queue pool: the books under a lock, connections opened outside it, waiters served in their order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

use super::ledger::{Grant, Ledger, Next};
use super::options::PoolOptions;
use super::record::Record;
use super::{Pool, PoolStatus};
use crate::driver::{Connector, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;

/// Keeps connections and lends them first come, first served.
#[derive(Debug)]
pub(crate) struct QueuePool {
    connector: Arc<dyn Connector>,
    options: PoolOptions,
    ledger: Mutex<Ledger<Record, Arc<Waiter>>>,
    /// Counts lost connections: a record of an earlier count is not trusted any more.
    epoch: AtomicU64,
    /// When the last attempt to connect failed, and how.
    last_connect_error: Mutex<Option<(Instant, String)>>,
}

/// A thread in line. Whoever returns a connection puts it here and wakes the thread: nobody can take it in between.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    handed: Mutex<Option<Handed>>,
}

#[derive(Debug)]
enum Handed {
    Connection(Record),
    /// A place of this tenure.
    Place(u64),
}

impl Waiter {
    fn hand(&self, handed: Handed) {
        *lock(&self.handed) = Some(handed);
        self.thread.unpark();
    }

    fn take(&self) -> Option<Handed> {
        lock(&self.handed).take()
    }
}

/// No code that can panic runs under these locks, so a poisoned one is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the books without a connection yet: goes back on drop, on whatever path.
struct Place<'p> {
    pool: &'p QueuePool,
    tenure: u64,
}

impl Place<'_> {
    fn fill(self) -> u64 {
        let tenure = self.tenure;
        std::mem::forget(self);
        tenure
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.settle(|ledger| ledger.give_place(self.tenure));
    }
}

impl QueuePool {
    pub(crate) fn new(connector: Arc<dyn Connector>, options: PoolOptions) -> Self {
        let options = options.within_budget();
        QueuePool {
            connector,
            ledger: Mutex::new(Ledger::new(options.size, options.overflow)),
            options,
            epoch: AtomicU64::new(0),
            last_connect_error: Mutex::new(None),
        }
    }

    /// Changes the books, then hands on what they say, outside the lock.
    fn settle(&self, change: impl FnOnce(&mut Ledger<Record, Arc<Waiter>>) -> Next<Record, Arc<Waiter>>) {
        let next = change(&mut lock(&self.ledger));
        match next {
            Next::Hand(waiter, record) => waiter.hand(Handed::Connection(record)),
            Next::Place(waiter, tenure) => waiter.hand(Handed::Place(tenure)),
            Next::Kept => {}
            Next::Close(record) => record.close(),
        }
    }

    /// The pool's turn for this thread: a connection, or a place for one.
    fn acquire(&self) -> Result<(Option<Record>, u64)> {
        let (waiter, ticket) = {
            let mut ledger = lock(&self.ledger);
            match ledger.take() {
                Grant::Idle(record) => return Ok((Some(record), ledger.tenure())),
                Grant::Place => return Ok((None, ledger.tenure())),
                Grant::Nothing => {}
            }
            let waiter = Arc::new(Waiter { thread: thread::current(), handed: Mutex::new(None) });
            let ticket = ledger.wait(waiter.clone());
            (waiter, ticket)
        };
        self.wait(&waiter, ticket)
    }

    fn wait(&self, waiter: &Waiter, ticket: u64) -> Result<(Option<Record>, u64)> {
        let deadline = Deadline::after(self.options.timeout);
        loop {
            let handed = waiter.take();
            let handed = match (handed, deadline.remaining().unwrap_or(self.options.timeout)) {
                (None, left) if !left.is_zero() => {
                    thread::park_timeout(left);
                    continue;
                }
                (None, _) => {
                    let mut ledger = lock(&self.ledger);
                    if ledger.leave(ticket) {
                        let status = ledger.status();
                        drop(ledger);
                        return Err(self.timed_out(&status));
                    }
                    drop(ledger);
                    // It was our turn in the last moment: what was handed arrives now, without another wait.
                    thread::yield_now();
                    waiter.take()
                }
                (handed, _) => handed,
            };
            match handed {
                Some(Handed::Connection(record)) => {
                    let tenure = record.tenure();
                    return Ok((Some(record), tenure));
                }
                Some(Handed::Place(tenure)) => return Ok((None, tenure)),
                None => {}
            }
        }
    }

    fn timed_out(&self, status: &PoolStatus) -> Error {
        let mut message = format!("no connection came free within {:?} ({status})", self.options.timeout);
        if let Some((when, error)) = &*lock(&self.last_connect_error) {
            let ago = when.elapsed().as_secs();
            message.push_str(&format!("; an attempt to connect failed {ago} s ago: {error}"));
        }
        message.push_str("; return connections sooner, or raise the pool's size, overflow or timeout");
        Error::new(ErrorKind::PoolTimeout, message)
    }

    fn open(&self, tenure: u64) -> Result<Record> {
        // Before the connect: a connection lost meanwhile makes this one suspect too.
        let epoch = self.epoch.load(Ordering::Acquire);
        let deadline = Deadline::after(self.options.connect_timeout);
        match self.connector.connect(&self.connector.login(), deadline) {
            Ok(connection) => Ok(Record::new(connection, epoch, tenure)),
            Err(error) => {
                *lock(&self.last_connect_error) = Some((Instant::now(), error.chain()));
                Err(error)
            }
        }
    }

    /// Whether an idle connection may be lent as it is.
    fn is_fresh(&self, record: &mut Record) -> Result<bool> {
        let too_old = self.options.recycle.is_some_and(|age| record.opened().elapsed() > age);
        if too_old || record.epoch() != self.epoch.load(Ordering::Acquire) {
            return Ok(false);
        }
        if !self.options.pre_ping {
            return Ok(true);
        }
        match record.connection_mut().ping() {
            Ok(()) => Ok(true),
            Err(error) if error.is_disconnect() => {
                // What the server did to this one it did to the others that idled beside it.
                self.invalidate();
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl Pool for QueuePool {
    fn checkout(&self) -> Result<Record> {
        let (idle, tenure) = self.acquire()?;
        let place = Place { pool: self, tenure };
        if let Some(mut record) = idle {
            if self.is_fresh(&mut record)? {
                place.fill();
                return Ok(record);
            }
            record.close();
        }
        let record = self.open(tenure)?;
        place.fill();
        Ok(record)
    }

    fn checkin(&self, mut record: Record) {
        let tenure = record.tenure();
        // A driver of somebody else's may panic in its reset.
        let place = Place { pool: self, tenure };
        let clean = !record.connection().is_broken()
            && record.connection_mut().reset().is_ok()
            && record.connection().status() == TransactionStatus::Idle;
        if clean {
            place.fill();
            self.settle(|ledger| ledger.give(record, tenure));
        } else {
            record.close();
        }
    }

    fn replace(&self, broken: Record) -> Result<Record> {
        let tenure = broken.tenure();
        let place = Place { pool: self, tenure };
        broken.close();
        let record = self.open(tenure)?;
        place.fill();
        Ok(record)
    }

    fn invalidate(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn dispose(&self) {
        let (idle, called, tenure) = {
            let mut ledger = lock(&self.ledger);
            let (idle, called) = ledger.dispose();
            (idle, called, ledger.tenure())
        };
        for waiter in called {
            waiter.hand(Handed::Place(tenure));
        }
        for record in idle {
            record.close();
        }
    }

    fn status(&self) -> PoolStatus {
        lock(&self.ledger).status()
    }
}

/// A pool that nobody uses any more says goodbye on its idle connections.
impl Drop for QueuePool {
    fn drop(&mut self) {
        self.dispose();
    }
}
