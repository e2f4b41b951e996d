//! A connection in somebody's hands, on its way back from the first moment.

use std::sync::Arc;

use super::Pool;
use super::record::Record;
use crate::driver::Connection;
use crate::error::Result;
use crate::process::Owned;

/// A leased connection; dropping it returns it to its pool.
///
/// In a forked child the drop does nothing: the pool it came from is the parent's.
#[derive(Debug)]
pub(crate) struct Lease {
    /// `None` only while it is being replaced or returned.
    record: Option<Record>,
    pool: Owned<Arc<dyn Pool>>,
}

impl Lease {
    pub(crate) fn checkout(pool: &Arc<dyn Pool>) -> Result<Lease> {
        Ok(Lease { record: Some(pool.checkout()?), pool: Owned::new(Arc::clone(pool)) })
    }

    /// Whether another process leased it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.pool.is_inherited()
    }

    /// The driver's connection; `None` after a failed [`replace`](Lease::replace).
    pub(crate) fn connection(&self) -> Option<&dyn Connection> {
        self.record.as_ref().map(Record::connection)
    }

    pub(crate) fn connection_mut(&mut self) -> Option<&mut (dyn Connection + 'static)> {
        match &mut self.record {
            Some(record) => Some(record.connection_mut()),
            None => None,
        }
    }

    /// The connection and, beside it, the pool that hears of its loss.
    pub(crate) fn parts(&mut self) -> Option<(&mut (dyn Connection + 'static), &dyn Pool)> {
        let Lease { record, pool } = self;
        record.as_mut().map(|record| (record.connection_mut(), &***pool))
    }

    /// The connection was lost: those as old as it are not trusted any more.
    pub(crate) fn invalidate_pool(&self) {
        self.pool.invalidate();
    }

    /// Opens another connection in its place, or a place anew when there is none.
    pub(crate) fn replace(&mut self) -> Result<()> {
        let record = match self.record.take() {
            Some(broken) => self.pool.replace(broken)?,
            None => self.pool.checkout()?,
        };
        self.record = Some(record);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(record) = self.record.take()
            && !self.is_inherited()
        {
            self.pool.checkin(record);
        }
    }
}
