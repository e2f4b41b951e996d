//! The pool that keeps nothing: a connection per checkout.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::PoolOptions;
use super::record::Record;
use super::{Pool, PoolStatus};
use crate::driver::Connector;
use crate::error::Result;
use crate::process::Deadline;

/// Opens a connection for each checkout and closes it on return.
#[derive(Debug)]
pub(crate) struct NullPool {
    connector: Arc<dyn Connector>,
    options: PoolOptions,
    leased: AtomicUsize,
}

impl NullPool {
    pub(crate) fn new(connector: Arc<dyn Connector>, options: PoolOptions) -> Self {
        NullPool { connector, options, leased: AtomicUsize::new(0) }
    }
}

impl Pool for NullPool {
    fn checkout(&self) -> Result<Record> {
        let deadline = Deadline::after(self.options.connect_timeout);
        let connection = self.connector.connect(&self.connector.login(), deadline)?;
        self.leased.fetch_add(1, Ordering::Relaxed);
        Ok(Record::new(connection, 0, 0))
    }

    fn checkin(&self, record: Record) {
        self.leased.fetch_sub(1, Ordering::Relaxed);
        // No reset: the server rolls back what a closed connection leaves open.
        record.close();
    }

    fn replace(&self, broken: Record) -> Result<Record> {
        self.checkin(broken);
        self.checkout()
    }

    fn invalidate(&self) {}

    fn dispose(&self) {}

    fn status(&self) -> PoolStatus {
        PoolStatus {
            size: 0,
            overflow: None,
            leased: self.leased.load(Ordering::Relaxed),
            idle: 0,
            waiting: 0,
        }
    }
}
