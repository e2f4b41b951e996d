//! A pooled connection with what the pool remembers of it.

use std::fmt;
use std::time::Instant;

use crate::driver::Connection;
use crate::process::Owned;

/// One driver connection, and when and under which circumstances it was opened. Boxed: it moves often.
pub(crate) struct Record(Owned<Box<Contents>>);

struct Contents {
    connection: Box<dyn Connection>,
    opened: Instant,
    epoch: u64,
    tenure: u64,
}

impl Record {
    pub(super) fn new(connection: Box<dyn Connection>, epoch: u64, tenure: u64) -> Self {
        Record(Owned::new(Box::new(Contents { connection, opened: Instant::now(), epoch, tenure })))
    }

    pub(super) fn opened(&self) -> Instant {
        self.0.opened
    }

    /// The pool's count of lost connections when this one was opened.
    pub(super) fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// The pool's count of disposals when this one took its place.
    pub(super) fn tenure(&self) -> u64 {
        self.0.tenure
    }

    pub(crate) fn connection(&self) -> &dyn Connection {
        &*self.0.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut (dyn Connection + 'static) {
        &mut *self.0.connection
    }

    /// Says goodbye where that makes sense, and closes.
    pub(super) fn close(mut self) {
        if !self.0.is_inherited() && !self.connection().is_broken() {
            self.connection_mut().close();
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}
