//! A pool's place: its connection, while one is open, and what is remembered of both.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::info::Info;
use super::marks::Mark;
use crate::driver::Connection;
use crate::process::{Moment, OwnedBox};

/// A place in a pool, with an open connection or without: what pools keep and hand out. Boxed: it moves often.
///
/// In a forked child it is inert: its drop does nothing.
pub struct Record(OwnedBox<Place>);

pub(super) struct Place {
    pub(super) connection: Option<Box<dyn Connection>>,
    pub(super) facts: ConnectionRecord,
    pub(super) mark: Arc<Mark>,
    /// Of a queue pool: its count of disposals when the place was taken.
    pub(super) tenure: u64,
    /// Of a queue pool: when the place was taken, if somebody waited then.
    pub(super) taken: Option<Instant>,
}

/// What a pool remembers of a connection and of the place it has: what listeners see.
#[derive(Debug)]
pub struct ConnectionRecord {
    info: Info,
    record_info: Info,
    pub(super) opened: Moment,
    pub(super) returned: Moment,
    /// The age at which it is replaced.
    pub(super) longest: Option<Duration>,
    /// The pool's count of lost connections when this one was opened.
    pub(super) epoch: u64,
    /// To be replaced after its return.
    pub(super) soft_invalidated: bool,
    /// Listeners have heard that it is lost.
    pub(super) invalidated: bool,
}

impl ConnectionRecord {
    /// The program's facts about the connection; gone when it is closed.
    pub fn info(&mut self) -> &mut Info {
        &mut self.info
    }

    /// The program's facts about the place in the pool; they stay when its connection is replaced.
    pub fn record_info(&mut self) -> &mut Info {
        &mut self.record_info
    }
}

impl Record {
    pub(super) fn new(mark: Arc<Mark>) -> Self {
        let facts = ConnectionRecord {
            info: Info::default(),
            record_info: Info::default(),
            opened: Moment::default(),
            returned: Moment::default(),
            longest: None,
            epoch: 0,
            soft_invalidated: false,
            invalidated: false,
        };
        Record(OwnedBox::new(Place { connection: None, facts, mark, tenure: 0, taken: None }))
    }

    /// Whether a connection is open.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.0.connection.is_some()
    }

    /// Whether another process made it: then nothing of it is touched, and its drop does nothing. A pool that shares its
    /// places across a fork leaves such a one alone.
    #[inline]
    pub fn is_inherited(&self) -> bool {
        self.0.is_inherited()
    }

    pub(super) fn place(&mut self) -> &mut Place {
        &mut self.0
    }

    pub(super) fn facts(&self) -> &ConnectionRecord {
        &self.0.facts
    }

    pub(super) fn mark(&self) -> &Mark {
        &self.0.mark
    }

    pub(super) fn tenure(&self) -> u64 {
        self.0.tenure
    }

    pub(super) fn taken(&self) -> Option<Instant> {
        self.0.taken
    }

    pub(super) fn connection(&self) -> Option<&dyn Connection> {
        self.0.connection.as_deref()
    }

    /// The connection and, beside it, what listeners may see of the place.
    pub(super) fn parts(&mut self) -> (Option<&mut (dyn Connection + 'static)>, &mut ConnectionRecord) {
        let place = &mut *self.0;
        (place.connection.as_deref_mut(), &mut place.facts)
    }
}

impl Place {
    pub(super) fn opened(
        &mut self,
        connection: Box<dyn Connection>,
        epoch: u64,
        now: Moment,
        longest: Option<Duration>,
    ) {
        self.connection = Some(connection);
        self.facts.info.clear();
        self.facts.opened = now;
        self.facts.returned = now;
        self.facts.longest = longest;
        self.facts.epoch = epoch;
        self.facts.soft_invalidated = false;
        self.facts.invalidated = false;
    }

    /// Takes the connection out; its facts go with it.
    pub(super) fn vacate(&mut self) -> Option<Box<dyn Connection>> {
        self.facts.info.clear();
        self.connection.take()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
