//! The bookkeeping of a queue pool: who has what, who waits, who is next. No clock, no I/O, no lock.

use std::collections::VecDeque;

use super::PoolStatus;

/// A pool's books. `C` is a connection, `W` a waiter's handle.
#[derive(Debug)]
pub(super) struct Ledger<C, W> {
    size: usize,
    overflow: Option<usize>,
    /// Free connections, longest idle first.
    idle: VecDeque<C>,
    /// Places taken by connections that are lent or being opened.
    leased: usize,
    /// Who waits, longest first.
    waiters: VecDeque<(u64, W)>,
    tickets: u64,
    /// How often everything was given up; what was lent before comes back to nothing.
    tenure: u64,
}

/// What a checkout gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant<C> {
    /// A free connection.
    Idle(C),
    /// A place: open a connection for it, or give the place back.
    Place,
    /// Nothing: stand in line.
    Nothing,
}

/// Who gets what came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<C, W> {
    /// A waiter gets the connection.
    Hand(W, C),
    /// A waiter gets the place, of this tenure.
    Place(W, u64),
    /// The pool keeps it, or there was nothing to keep.
    Kept,
    /// Nobody wants it and the pool is full: close it.
    Close(C),
}

impl<C, W> Ledger<C, W> {
    pub(super) fn new(size: usize, overflow: Option<usize>) -> Self {
        Ledger {
            size,
            overflow,
            idle: VecDeque::with_capacity(size.min(1024)),
            leased: 0,
            waiters: VecDeque::new(),
            tickets: 0,
            tenure: 0,
        }
    }

    pub(super) fn tenure(&self) -> u64 {
        self.tenure
    }

    /// A newcomer's turn. Whoever waits already comes first.
    pub(super) fn take(&mut self) -> Grant<C> {
        if !self.waiters.is_empty() {
            return Grant::Nothing;
        }
        if let Some(connection) = self.idle.pop_front() {
            self.leased += 1;
            return Grant::Idle(connection);
        }
        if self.has_room() {
            self.leased += 1;
            return Grant::Place;
        }
        Grant::Nothing
    }

    fn has_room(&self) -> bool {
        let most = self.overflow.map_or(usize::MAX, |overflow| self.size.saturating_add(overflow));
        self.leased + self.idle.len() < most
    }

    /// Stands in line; the ticket is for leaving it again.
    pub(super) fn wait(&mut self, waiter: W) -> u64 {
        self.tickets += 1;
        self.waiters.push_back((self.tickets, waiter));
        self.tickets
    }

    /// Leaves the line; false when it was that waiter's turn already and something is on its way.
    pub(super) fn leave(&mut self, ticket: u64) -> bool {
        let before = self.waiters.len();
        self.waiters.retain(|(other, _)| *other != ticket);
        self.waiters.len() < before
    }

    /// A connection of this tenure comes back.
    pub(super) fn give(&mut self, connection: C, tenure: u64) -> Next<C, W> {
        if tenure != self.tenure {
            return Next::Close(connection);
        }
        if let Some((_, waiter)) = self.waiters.pop_front() {
            return Next::Hand(waiter, connection);
        }
        self.leased -= 1;
        if self.idle.len() < self.size {
            self.idle.push_back(connection);
            Next::Kept
        } else {
            Next::Close(connection)
        }
    }

    /// A place of this tenure comes back without its connection.
    pub(super) fn give_place(&mut self, tenure: u64) -> Next<C, W> {
        if tenure != self.tenure {
            return Next::Kept;
        }
        match self.waiters.pop_front() {
            Some((_, waiter)) => Next::Place(waiter, tenure),
            None => {
                self.leased -= 1;
                Next::Kept
            }
        }
    }

    /// Begins anew, with all places free: returns what was idle, to be closed, and the waiters that may open now.
    pub(super) fn dispose(&mut self) -> (Vec<C>, Vec<W>) {
        self.tenure += 1;
        self.leased = 0;
        let idle = self.idle.drain(..).collect();
        let mut called = Vec::new();
        while self.has_room()
            && let Some((_, waiter)) = self.waiters.pop_front()
        {
            self.leased += 1;
            called.push(waiter);
        }
        (idle, called)
    }

    pub(super) fn status(&self) -> PoolStatus {
        PoolStatus {
            size: self.size,
            overflow: self.overflow,
            leased: self.leased,
            idle: self.idle.len(),
            waiting: self.waiters.len(),
        }
    }
}
