//! A connection in somebody's hands, on its way back from the first moment.

use std::panic::Location;
use std::sync::Arc;

use super::lending::Lending;
use super::record::{ConnectionRecord, Record};
use crate::driver::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Owned, in_drop, thread_number};

/// Whoever has a pool to lend from: an engine, or the pool itself. The lease keeps it alive.
pub(crate) trait Lender {
    /// The pool of this process.
    fn lending(&self) -> &Lending;
}

impl Lender for Arc<Lending> {
    fn lending(&self) -> &Lending {
        self
    }
}

/// A leased connection; dropping it returns it to its pool.
///
/// In a forked child the drop does nothing: the pool it came from is the parent's.
#[derive(Debug)]
pub(crate) struct Lease<L: Lender> {
    /// `None` only while it is being returned, and after a replacement that failed.
    record: Option<Record>,
    site: &'static Location<'static>,
    detached: bool,
    transaction_was_reset: bool,
    lender: Owned<L>,
}

impl<L: Lender> Lease<L> {
    #[inline]
    #[track_caller]
    pub(crate) fn checkout(lender: L) -> Result<Self> {
        let site = Location::caller();
        let record = lender.lending().checkout(site)?;
        let (detached, transaction_was_reset) = (false, false);
        Ok(Lease { record: Some(record), site, detached, transaction_was_reset, lender: Owned::new(lender) })
    }

    /// Whether another process leased it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.lender.is_inherited()
    }

    pub(crate) fn lender(&self) -> &L {
        &self.lender
    }

    /// The driver's connection; `None` after it was invalidated, or could not be replaced.
    pub(crate) fn connection(&self) -> Option<&dyn Connection> {
        self.record.as_ref().and_then(Record::connection)
    }

    /// The driver's connection, as long as its wire is whole.
    pub(crate) fn working(&self) -> Option<&dyn Connection> {
        let record = self.record.as_ref()?;
        record.connection().filter(|connection| !connection.is_broken() && !record.facts().invalidated)
    }

    /// The same, to be used.
    pub(crate) fn working_mut(&mut self) -> Option<&mut (dyn Connection + 'static)> {
        let (connection, record) = self.record.as_mut()?.parts();
        connection.filter(|connection| !connection.is_broken() && !record.invalidated)
    }

    /// The connection and, beside it, what it takes to tell the pool of its loss, and the lender.
    pub(crate) fn parts(&mut self) -> Option<(&mut (dyn Connection + 'static), Loss<'_>, &L)> {
        let Lease { record, lender, .. } = self;
        let (connection, record) = record.as_mut()?.parts();
        Some((connection?, Loss { lending: lender.lending(), record }, lender))
    }

    /// What the pool remembers of the connection.
    pub(crate) fn record(&mut self) -> Option<&mut ConnectionRecord> {
        self.record.as_mut().map(|record| record.parts().1)
    }

    /// This thread uses the connection now.
    #[inline]
    pub(crate) fn touch(&self) {
        if let Some(record) = &self.record {
            record.mark().touch(thread_number());
        }
    }

    /// The engine ended the transaction itself, just before the return.
    pub(crate) fn transaction_was_reset(&mut self) {
        self.transaction_was_reset = true;
    }

    /// Gives the connection up. Its place is free at once; the next use takes one anew.
    pub(crate) fn invalidate(&mut self, error: Option<&Error>) {
        let lending = self.lender.lending();
        if let Some(record) = &mut self.record {
            lending.invalidate_record(record, error);
        }
        if !self.detached
            && let Some(record) = self.record.take()
        {
            lending.checkin(record, false);
        }
    }

    /// Returns the connection at the end of a thread: rolled back, without listeners, nothing logged.
    pub(crate) fn return_quietly(&mut self) {
        if !self.is_inherited()
            && let Some(mut record) = self.record.take()
        {
            let lending = self.lender.lending();
            if self.detached { lending.close_quietly(&mut record) } else { lending.checkin_quietly(record) }
        }
    }

    /// Has the connection replaced after its return.
    pub(crate) fn soft_invalidate(&mut self) {
        if let Some(record) = &mut self.record {
            self.lender.lending().soft_invalidate(record);
        }
    }

    /// Takes the connection out of the pool for good.
    pub(crate) fn detach(&mut self) {
        if !self.detached
            && let Some(record) = self.record.take()
        {
            self.record = Some(self.lender.lending().detach(record));
            self.detached = true;
        }
    }

    /// Returns a connection that is lost, and checks another one out.
    pub(crate) fn replace(&mut self) -> Result<()> {
        if self.detached {
            return Err(Error::new(
                ErrorKind::Disconnected,
                "the connection was lost; it was detached from its pool, so nothing replaces it",
            ));
        }
        let lending = self.lender.lending();
        if let Some(lost) = self.record.take() {
            lending.checkin(lost, false);
        }
        self.record = Some(lending.checkout(self.site)?);
        Ok(())
    }
}

/// What tells a pool that a connection was lost, while somebody still borrows the connection.
pub(crate) struct Loss<'c> {
    lending: &'c Lending,
    record: &'c mut ConnectionRecord,
}

impl Loss<'_> {
    /// Lets the program's error handlers see an error, and tells the pool when it cost the connection.
    pub(crate) fn handle(&mut self, error: Error, sql: &str) -> Error {
        let error = self.lending.handle_error(error.with_sql(sql), false);
        if error.invalidates_pool() {
            self.lending.invalidate();
        }
        if error.is_disconnect() {
            self.lending.announce_loss(self.record, Some(&error));
        }
        error
    }
}

impl<L: Lender> Drop for Lease<L> {
    fn drop(&mut self) {
        // Before anything else: in a child `lender` would name the child's own pool.
        if !self.is_inherited()
            && let Some(record) = self.record.take()
        {
            let lending = self.lender.lending();
            in_drop(|| {
                if self.detached {
                    lending.close_detached(record, self.transaction_was_reset);
                } else {
                    lending.checkin(record, self.transaction_was_reset);
                }
            });
        }
    }
}
