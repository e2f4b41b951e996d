//! The pools with little to decide: none kept, one per thread, one at all.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::marks::nested_checkout;
use super::record::Record;
use super::{Checkout, Pool, PoolStatus, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::process::thread_number;

/// Opens a connection for each checkout and closes it on return.
#[derive(Debug, Default)]
pub(super) struct NullPool {
    leased: AtomicUsize,
}

impl Pool for NullPool {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        self.leased.fetch_add(1, Ordering::Relaxed);
        Ok(checkout.new_record())
    }

    fn give(&self, record: Record) -> Option<Record> {
        self.leased.fetch_sub(1, Ordering::Relaxed);
        Some(record)
    }

    fn drain(&self) -> Vec<Record> {
        Vec::new()
    }

    fn status(&self) -> PoolStatus {
        PoolStatus { leased: self.leased.load(Ordering::Relaxed), ..PoolStatus::default() }
    }
}

/// Keeps a connection for each thread, for the `size` threads that used theirs last.
#[derive(Debug)]
pub(super) struct SingletonThreadPool {
    size: usize,
    threads: Mutex<VecDeque<ThreadPlace>>,
    tickets: AtomicU64,
}

/// A thread's place; `None` while it is lent. Those used longest ago stand first.
#[derive(Debug)]
struct ThreadPlace {
    thread: u64,
    /// What its record carries, wherever it is dropped: what was lent before a disposal has no place to come back to.
    ticket: u64,
    place: Option<Record>,
    site: &'static std::panic::Location<'static>,
}

impl SingletonThreadPool {
    pub(super) fn new(size: usize) -> Self {
        let (size, threads) = (size.max(1), Mutex::new(VecDeque::new()));
        SingletonThreadPool { size, threads, tickets: AtomicU64::new(0) }
    }
}

impl Pool for SingletonThreadPool {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        let thread = thread_number();
        let mut threads = lock(&self.threads);
        let index = threads.iter().position(|entry| entry.thread == thread);
        let site = checkout.site();
        let Some(entry) = index.and_then(|index| threads.remove(index)) else {
            let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
            threads.push_back(ThreadPlace { thread, ticket, place: None, site });
            drop(threads);
            let mut record = checkout.new_record();
            record.place().tenure = ticket;
            return Ok(record);
        };
        let (held_at, ticket) = (entry.site, entry.ticket);
        match entry.place {
            Some(record) => {
                threads.push_back(ThreadPlace { thread, ticket, place: None, site });
                Ok(record)
            }
            None => {
                threads.push_back(entry);
                Err(nested_checkout(site, &[held_at.to_string()]))
            }
        }
    }

    fn give(&self, record: Record) -> Option<Record> {
        // Wherever it was dropped, it goes back to the thread that took it.
        let ticket = record.tenure();
        let mut threads = lock(&self.threads);
        let Some(index) = threads.iter().position(|entry| entry.ticket == ticket) else {
            return Some(record);
        };
        if !record.is_open() {
            threads.remove(index);
            return Some(record);
        }
        threads[index].place = Some(record);
        if threads.len() <= self.size {
            return None;
        }
        // One too many: threads end without a word, so the one that was away longest gives up its connection.
        let oldest = threads.iter().position(|entry| entry.place.is_some())?;
        threads.remove(oldest).and_then(|entry| entry.place)
    }

    fn drain(&self) -> Vec<Record> {
        lock(&self.threads).drain(..).filter_map(|entry| entry.place).collect()
    }

    fn status(&self) -> PoolStatus {
        let threads = lock(&self.threads);
        let idle = threads.iter().filter(|entry| entry.place.is_some()).count();
        PoolStatus { size: self.size, leased: threads.len() - idle, idle, ..PoolStatus::default() }
    }
}

/// Lends one connection, and calls a second checkout meanwhile an error.
#[derive(Debug, Default)]
pub(super) struct AssertionPool(Mutex<OnePlace>);

#[derive(Debug, Default)]
struct OnePlace {
    kept: Option<Record>,
    lent_at: Option<&'static std::panic::Location<'static>>,
    /// How often everything was given up; what was lent before comes back to nothing.
    tenure: u64,
}

impl Pool for AssertionPool {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        let mut place = lock(&self.0);
        if let Some(site) = place.lent_at {
            return Err(Error::new(
                ErrorKind::InvalidState,
                format!(
                    "the assertion pool's connection is out: checked out at {site}, and asked for again at {}",
                    checkout.site()
                ),
            ));
        }
        place.lent_at = Some(checkout.site());
        let (kept, tenure) = (place.kept.take(), place.tenure);
        drop(place);
        let mut record = kept.unwrap_or_else(|| checkout.new_record());
        record.place().tenure = tenure;
        Ok(record)
    }

    fn give(&self, record: Record) -> Option<Record> {
        let mut place = lock(&self.0);
        if record.tenure() != place.tenure {
            return Some(record);
        }
        place.lent_at = None;
        place.kept.replace(record)
    }

    fn drain(&self) -> Vec<Record> {
        let mut place = lock(&self.0);
        place.lent_at = None;
        place.tenure += 1;
        place.kept.take().into_iter().collect()
    }

    fn status(&self) -> PoolStatus {
        let place = lock(&self.0);
        let idle = place.kept.as_ref().is_some_and(Record::is_open);
        PoolStatus {
            size: 1,
            overflow: Some(0),
            leased: place.lent_at.is_some().into(),
            idle: idle.into(),
            waiting: 0,
        }
    }
}
