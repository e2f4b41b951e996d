//! How a connection's transaction begins and ends. What the server says decides; the client's own state says who ends it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::connection::{Connection, no_connection};
use crate::driver::TransactionStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, forked};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionState {
    None,
    /// Begun by the first statement.
    Begun,
    /// Begun by `begin`; the guard of this number ends it.
    Guarded(u64),
}

/// Tells guards apart, also those of connections that a program has swapped underneath them.
static GUARDS: AtomicU64 = AtomicU64::new(0);

impl Connection {
    pub(super) fn check_unguarded(&self) -> Result<()> {
        if matches!(self.transaction, TransactionState::Guarded(_)) {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "a Transaction is open on this connection: commit that instead",
            ));
        }
        Ok(())
    }

    pub(super) fn check_process(&self) -> Result<()> {
        if self.lease.is_inherited() { Err(forked("connection")) } else { Ok(()) }
    }

    /// Sees to it that there is a working connection and a transaction on it.
    pub(super) fn prepare_for_statement(&mut self, deadline: Deadline) -> Result<()> {
        if self.lease.working().is_none() {
            if self.in_transaction() {
                return Err(Error::new(
                    ErrorKind::PendingRollback,
                    "the connection was lost in the middle of a transaction; call rollback() before the next statement",
                ));
            }
            self.replace_connection()?;
        }
        if self.server_status() == Some(TransactionStatus::Failed) {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "an earlier statement failed and the server takes only a rollback; \
                 call rollback(), or use a savepoint round statements that may fail",
            ));
        }
        if !self.in_transaction() {
            self.begin_as(TransactionState::Begun, deadline)?;
        } else if self.server_status() == Some(TransactionStatus::Idle) {
            // MySQL commits around each CREATE, and a program may say COMMIT in SQL. What comes now must not stand alone.
            self.begin_as(self.transaction, deadline)?;
        }
        Ok(())
    }

    fn begin_as(&mut self, state: TransactionState, deadline: Deadline) -> Result<()> {
        if let Some(begin) = self.engine().dialect().begin(self.limits.transaction)? {
            let connection = self.lease.working_mut().ok_or_else(no_connection)?;
            connection.limit_statement(deadline)?;
            if let Some(before) = begin.before {
                connection.control(before)?;
            }
            connection.begin(begin.begin)?;
            self.transaction = state;
        } else if matches!(state, TransactionState::Guarded(_)) {
            // Autocommit: a guard that would promise a rollback must not exist.
            return Err(Error::new(
                ErrorKind::InvalidState,
                "at isolation level Autocommit there is no transaction to begin",
            ));
        }
        Ok(())
    }

    /// Begins a transaction and returns the number of its guard.
    pub(super) fn begin_guarded(&mut self) -> Result<u64> {
        self.check_process()?;
        if self.in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "a transaction is under way on this connection; commit or roll back first, or use begin_nested",
            ));
        }
        if self.lease.working().is_none() {
            self.replace_connection()?;
        }
        let guard = GUARDS.fetch_add(1, Ordering::Relaxed);
        let deadline = self.limits.deadline(None);
        self.begin_as(TransactionState::Guarded(guard), deadline)?;
        Ok(guard)
    }

    /// Whether the transaction under way is this guard's.
    pub(super) fn is_guarded_by(&self, guard: u64) -> bool {
        self.transaction == TransactionState::Guarded(guard)
    }

    pub(super) fn end_by_commit(&mut self) -> Result<()> {
        self.check_process()?;
        if !self.in_transaction() {
            return Ok(());
        }
        let connection = self.lease.working_mut();
        let Some(connection) = connection else {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "the connection was lost before the commit: nothing was committed; call rollback() and run it again",
            ));
        };
        if connection.status() == TransactionStatus::Idle {
            // Ended already, by MySQL around a CREATE or by the program in SQL.
            self.transaction = TransactionState::None;
            return Ok(());
        }
        if connection.status() == TransactionStatus::Failed {
            // PostgreSQL would answer COMMIT with a rollback and no error.
            self.end_by_rollback()?;
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "the transaction could not be committed, because an earlier statement in it failed; it is rolled back",
            ));
        }
        let result = connection.control("COMMIT");
        let open = connection.status() != TransactionStatus::Idle;
        match result {
            Ok(()) => {
                self.transaction = TransactionState::None;
                Ok(())
            }
            Err(error) if error.is_disconnect() => {
                self.lease.invalidate_pool();
                Err(error.with_sql("COMMIT").wrap(
                    ErrorKind::CommitUnknown,
                    "the connection was lost while the commit was under way: it may have happened or not; \
                     look before running the transaction again",
                ))
            }
            Err(error) => {
                // A deferred constraint: the server has rolled back. A lock (SQLite): the commit can be tried again.
                if !open {
                    self.transaction = TransactionState::None;
                }
                Err(error.with_sql("COMMIT"))
            }
        }
    }

    pub(super) fn end_by_rollback(&mut self) -> Result<()> {
        self.check_process()?;
        if !self.in_transaction() {
            return Ok(());
        }
        let connection = self.lease.working_mut();
        // Idle: there is nothing left to roll back, and the database would call it an error.
        if let Some(connection) =
            connection.filter(|connection| connection.status() != TransactionStatus::Idle)
        {
            match connection.control("ROLLBACK") {
                // Gone with the connection is rolled back as well.
                Err(error) if !error.is_disconnect() => return Err(error.with_sql("ROLLBACK")),
                _ => {}
            }
        }
        self.transaction = TransactionState::None;
        Ok(())
    }

    // ---- savepoints ----

    /// The number for a new one, in a transaction that is open.
    pub(super) fn next_savepoint(&mut self) -> Result<u32> {
        self.check_process()?;
        let deadline = self.limits.deadline(None);
        self.prepare_for_statement(deadline)?;
        self.savepoints += 1;
        Ok(self.savepoints)
    }

    pub(super) fn savepoint_control(&mut self, sql: &str) -> Result<()> {
        self.check_process()?;
        if self.server_status() == Some(TransactionStatus::Failed) && !sql.starts_with("ROLLBACK TO") {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "an earlier statement in the savepoint failed; roll the savepoint back",
            ));
        }
        let connection = self.lease.working_mut();
        let connection = connection.ok_or_else(|| {
            Error::new(ErrorKind::PendingRollback, "the connection was lost; roll the transaction back")
        })?;
        connection.control(sql).map_err(|error| error.with_sql(sql))
    }
}
