//! The bookkeeping of a queue pool: who has what, who waits, who is next. No clock, no I/O, no lock.

use std::collections::VecDeque;

use super::PoolStatus;

/// A pool's books. `C` is a place, with a connection or without; `W` a waiter's handle.
#[derive(Debug)]
pub(super) struct Ledger<C, W> {
    size: usize,
    overflow: Option<usize>,
    order: Order,
    /// Places with a free connection, longest idle first.
    idle: VecDeque<C>,
    /// Places whose connection was closed; used before new ones, for what is remembered of them.
    vacant: Vec<C>,
    /// Places that are lent, their connections open or being opened.
    leased: usize,
    /// Who waits, longest first.
    waiters: VecDeque<(u64, W)>,
    /// The first in line was told to look and has not looked yet. While somebody waits and something is free, it is so: nobody
    /// sleeps beside a free place.
    called: bool,
    tickets: u64,
    /// How often everything was given up; what was lent before comes back to nothing.
    tenure: u64,
}

/// Which of the free connections is lent.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::pool::Order;
///
/// let engine = Engine::builder("sqlite:///shop.db")?.pool_order(Order::LastInFirstOut).build()?;
/// # let _ = engine;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// The one that idles longest: all stay in use.
    #[default]
    FirstInFirstOut,
    /// The one that came back last: what a quiet time does not need ages out.
    LastInFirstOut,
}

/// What a checkout gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant<C> {
    /// A place that was there.
    Lend(C),
    /// Leave to make a new place.
    Make,
    /// Nothing: stand in line.
    Wait,
}

/// What becomes of a place that came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<C, W> {
    /// A waiter gets it.
    Hand(W, C),
    /// The pool keeps it.
    Kept,
    /// Nobody wants it and the pool is full: close it.
    Close(C),
}

impl<C, W> Ledger<C, W> {
    pub(super) fn new(size: usize, overflow: Option<usize>, order: Order) -> Self {
        Ledger {
            size,
            overflow,
            order,
            idle: VecDeque::with_capacity(size.min(1024)),
            vacant: Vec::new(),
            leased: 0,
            waiters: VecDeque::new(),
            called: false,
            tickets: 0,
            tenure: 0,
        }
    }

    pub(super) fn tenure(&self) -> u64 {
        self.tenure
    }

    /// A newcomer's turn: what is free, though the first in line may be on its way to it; else whoever waits comes first.
    pub(super) fn take(&mut self) -> Grant<C> {
        if let Some(place) = self.lend() {
            return Grant::Lend(place);
        }
        if !self.waiters.is_empty() || !self.has_room() {
            return Grant::Wait;
        }
        self.leased += 1;
        self.vacant.pop().map_or(Grant::Make, Grant::Lend)
    }

    fn lend(&mut self) -> Option<C> {
        let place = match self.order {
            Order::FirstInFirstOut => self.idle.pop_front(),
            Order::LastInFirstOut => self.idle.pop_back(),
        }?;
        self.leased += 1;
        Some(place)
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

    /// Whom to wake so that it looks: the first in line, when something is free and it has not been called yet.
    pub(super) fn call(&mut self) -> Option<W>
    where
        W: Clone,
    {
        if self.called || self.idle.is_empty() {
            return None;
        }
        let (_, first) = self.waiters.front()?;
        self.called = true;
        Some(first.clone())
    }

    /// A waiter looks. It gets what is free when it is the first in line, and keeps its place there when nothing is.
    pub(super) fn look(&mut self, ticket: u64) -> Option<C> {
        if !self.is_first(ticket) {
            return None;
        }
        self.called = false;
        let place = self.lend()?;
        self.waiters.pop_front();
        Some(place)
    }

    fn is_first(&self, ticket: u64) -> bool {
        self.waiters.front().is_some_and(|(first, _)| *first == ticket)
    }

    /// Leaves the line; false when it was that waiter's turn already and something is on its way.
    pub(super) fn leave(&mut self, ticket: u64) -> bool {
        if self.is_first(ticket) {
            self.called = false;
        }
        let before = self.waiters.len();
        self.waiters.retain(|(other, _)| *other != ticket);
        self.waiters.len() < before
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Who waits, longest first.
    pub(super) fn waiters(&self) -> impl Iterator<Item = &W> {
        self.waiters.iter().map(|(_, waiter)| waiter)
    }

    /// A place of this tenure comes back, with its connection open or not. A waiter who is due gets it in hand; while the
    /// first in line is not, the place is free for whoever is running.
    pub(super) fn give(
        &mut self,
        place: C,
        tenure: u64,
        is_open: bool,
        is_due: impl FnOnce(&W) -> bool,
    ) -> Next<C, W> {
        if tenure != self.tenure {
            return Next::Close(place);
        }
        let may_idle = is_open && self.idle.len() < self.size;
        if let Some((_, first)) = self.waiters.front()
            && (!may_idle || is_due(first))
            && let Some((_, waiter)) = self.waiters.pop_front()
        {
            self.called = false;
            return Next::Hand(waiter, place);
        }
        self.leased -= 1;
        if may_idle {
            self.idle.push_back(place);
            Next::Kept
        } else if !is_open && self.vacant.len() < self.size {
            self.vacant.push(place);
            Next::Kept
        } else {
            Next::Close(place)
        }
    }

    /// Begins anew, with all places free: returns what was kept, to be closed, and the waiters that may make places now.
    pub(super) fn dispose(&mut self) -> (Vec<C>, Vec<W>) {
        self.tenure += 1;
        self.leased = 0;
        self.called = false;
        let kept = self.idle.drain(..).chain(self.vacant.drain(..)).collect();
        let mut called = Vec::new();
        while self.has_room()
            && let Some((_, waiter)) = self.waiters.pop_front()
        {
            self.leased += 1;
            called.push(waiter);
        }
        (kept, called)
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
