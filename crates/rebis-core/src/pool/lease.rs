//! A connection in somebody's hands, on its way back from the first moment.

use std::sync::Arc;

use super::Pool;
use super::record::Record;
use crate::driver::Connection;
use crate::error::Result;
use crate::process::Owned;

/// Whoever has a pool to lend from: an engine, or the pool itself. The lease keeps it alive.
pub(crate) trait Lender {
    /// The pool of this process.
    fn pool(&self) -> &dyn Pool;
}

impl Lender for Arc<dyn Pool> {
    fn pool(&self) -> &dyn Pool {
        &**self
    }
}

/// A leased connection; dropping it returns it to its pool.
///
/// In a forked child the drop does nothing: the pool it came from is the parent's.
#[derive(Debug)]
pub(crate) struct Lease<L: Lender> {
    /// `None` only while it is being replaced or returned.
    record: Option<Record>,
    lender: Owned<L>,
}

impl<L: Lender> Lease<L> {
    pub(crate) fn checkout(lender: L) -> Result<Self> {
        let record = lender.pool().checkout()?;
        Ok(Lease { record: Some(record), lender: Owned::new(lender) })
    }

    /// Whether another process leased it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.lender.is_inherited()
    }

    pub(crate) fn lender(&self) -> &L {
        &self.lender
    }

    /// The driver's connection; `None` after a failed [`replace`](Lease::replace).
    pub(crate) fn connection(&self) -> Option<&dyn Connection> {
        self.record.as_ref().map(Record::connection)
    }

    /// The driver's connection, as long as its wire is whole.
    pub(crate) fn working(&self) -> Option<&dyn Connection> {
        self.connection().filter(|connection| !connection.is_broken())
    }

    /// The same, to be used.
    pub(crate) fn working_mut(&mut self) -> Option<&mut (dyn Connection + 'static)> {
        let connection = self.record.as_mut().map(Record::connection_mut);
        connection.filter(|connection| !connection.is_broken())
    }

    /// The connection and, beside it, the pool that hears of its loss.
    pub(crate) fn parts(&mut self) -> Option<(&mut (dyn Connection + 'static), &dyn Pool)> {
        let Lease { record, lender } = self;
        record.as_mut().map(|record| (record.connection_mut(), lender.pool()))
    }

    /// The connection was lost: those as old as it are not trusted any more.
    pub(crate) fn invalidate_pool(&self) {
        self.lender.pool().invalidate();
    }

    /// Opens another connection in its place, or a place anew when there is none.
    pub(crate) fn replace(&mut self) -> Result<()> {
        let pool = self.lender.pool();
        let record = match self.record.take() {
            Some(broken) => pool.replace(broken)?,
            None => pool.checkout()?,
        };
        self.record = Some(record);
        Ok(())
    }
}

impl<L: Lender> Drop for Lease<L> {
    fn drop(&mut self) {
        // Before anything else: in a child `lender` would name the child's own pool.
        if !self.is_inherited()
            && let Some(record) = self.record.take()
        {
            self.lender.pool().checkin(record);
        }
    }
}
