//! A pooled connection with what the pool remembers of it.

use std::fmt;
use std::time::Instant;

use crate::driver::Connection;
use crate::process::Owned;

/// One driver connection, and when and under which circumstances it was opened.
pub(crate) struct Record {
    connection: Owned<Box<dyn Connection>>,
    pub(super) opened: Instant,
    /// The pool's count of lost connections when this one was opened.
    pub(super) epoch: u64,
    /// The pool's count of disposals when this one took its place.
    pub(super) tenure: u64,
}

impl Record {
    pub(super) fn new(connection: Box<dyn Connection>, epoch: u64, tenure: u64) -> Self {
        Record { connection: Owned::new(connection), opened: Instant::now(), epoch, tenure }
    }

    pub(crate) fn connection(&self) -> &dyn Connection {
        &**self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut (dyn Connection + 'static) {
        &mut **self.connection
    }

    /// Whether another process opened it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.connection.is_inherited()
    }

    /// Says goodbye where that makes sense, and closes.
    pub(super) fn close(mut self) {
        if !self.is_inherited() && !self.connection.is_broken() {
            self.connection.close();
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
