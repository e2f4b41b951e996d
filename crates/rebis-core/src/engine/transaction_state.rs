//! How a connection's transaction begins and ends. What the server says decides; the client's own state says who ends it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::connection::{Connection, no_connection};
use super::events::{EngineListeners, OnTransaction, TransactionEvent, tell};
use super::log;
use crate::driver::TransactionStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{AppendList, Deadline, forked};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionState {
    None,
    /// Begun by the first statement.
    Begun,
    /// Begun by `begin`; the guard of this number ends it.
    Guarded(u64),
    /// Its connection was lost while its COMMIT was under way; a rollback acknowledges that.
    Unknown,
}

const COMMIT_UNKNOWN: &str = "the connection was lost while the commit was under way: it may have happened or not; \
                              look before running the transaction again";

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
        self.lease.touch();
        if self.lease.working().is_none() {
            if self.in_transaction() {
                return Err(Error::new(
                    ErrorKind::PendingRollback,
                    "the connection was lost in the middle of a transaction; call rollback() before the next statement",
                ));
            }
            self.replace_connection()?;
        }
        let status = self.server_status();
        if status == Some(TransactionStatus::Failed) {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "an earlier statement failed and the server takes only a rollback; \
                 call rollback(), or use a savepoint round statements that may fail",
            ));
        }
        if !self.is_in_transaction(status) {
            self.begin_as(TransactionState::Begun, deadline)?;
        } else if status == Some(TransactionStatus::Idle) {
            // MySQL commits around each CREATE, and a program may say COMMIT in SQL. What comes now must not stand alone.
            self.begin_as(self.transaction, deadline)?;
        }
        Ok(())
    }

    fn begin_as(&mut self, state: TransactionState, deadline: Deadline) -> Result<()> {
        if let Some(begin) = self.dialect().begin(self.options().transaction())? {
            self.tell(|listeners| &listeners.begin, None)?;
            let implicit = state == TransactionState::Begun;
            log::transaction(self.options(), if implicit { "BEGIN (implicit)" } else { "BEGIN" });
            let (connection, mut loss, engine) = self.lease.parts().ok_or_else(no_connection)?;
            let begun = connection.limit_statement(deadline);
            let begun = begun.and_then(|()| begin.before.map_or(Ok(()), |before| connection.control(before)));
            let begun = begun.and_then(|()| connection.begin(begin.begin));
            begun.map_err(|error| loss.handle(error, begin.begin))?;
            engine.state().counters.begins.count();
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

    /// Tells the listeners of what begins or ends now. One of them may fork.
    fn tell(
        &self,
        listeners: impl FnOnce(&EngineListeners) -> &AppendList<Box<OnTransaction>>,
        savepoint: Option<&str>,
    ) -> Result<()> {
        let engine = self.engine();
        let listeners = listeners(&engine.core().listeners);
        if listeners.is_empty() {
            return Ok(());
        }
        let session_id = self.server().and_then(|server| server.session_id);
        tell(listeners, TransactionEvent { engine, session_id, savepoint });
        self.check_process()
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
        let deadline = self.options().deadline(None);
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
        match self.server_status() {
            // Not "nothing was committed": who reads that runs it twice.
            None if self.transaction == TransactionState::Unknown => {
                return Err(Error::new(ErrorKind::CommitUnknown, COMMIT_UNKNOWN));
            }
            None => {
                return Err(Error::new(
                    ErrorKind::PendingRollback,
                    "the connection was lost before the commit: nothing was committed; call rollback() and run it again",
                ));
            }
            Some(TransactionStatus::Idle) => {
                // Ended already, by MySQL around a CREATE or by the program in SQL.
                self.transaction = TransactionState::None;
                return Ok(());
            }
            Some(TransactionStatus::Failed) => {
                // PostgreSQL would answer COMMIT with a rollback and no error.
                self.end_by_rollback()?;
                return Err(Error::new(
                    ErrorKind::PendingRollback,
                    "the transaction could not be committed, because an earlier statement in it failed; it is rolled back",
                ));
            }
            Some(TransactionStatus::Active) => {}
        }
        self.tell(|listeners| &listeners.commit, None)?;
        self.note_control("COMMIT");
        let (connection, mut loss, engine) = self.lease.parts().ok_or_else(no_connection)?;
        let result = connection.control("COMMIT");
        let (open, lost) = (connection.status() != TransactionStatus::Idle, connection.is_broken());
        match result.map_err(|error| loss.handle(error, "COMMIT")) {
            Ok(()) => {
                engine.state().counters.commits.count();
                self.transaction = TransactionState::None;
                Ok(())
            }
            Err(error) if lost || error.is_disconnect() => {
                if !matches!(self.transaction, TransactionState::Guarded(_)) {
                    self.transaction = TransactionState::Unknown;
                }
                Err(error.wrap(ErrorKind::CommitUnknown, COMMIT_UNKNOWN))
            }
            Err(error) => {
                // A deferred constraint: the server has rolled back. A lock (SQLite): the commit can be tried again.
                if !open {
                    self.transaction = TransactionState::None;
                }
                Err(error)
            }
        }
    }

    pub(super) fn end_by_rollback(&mut self) -> Result<()> {
        self.check_process()?;
        if !self.in_transaction() {
            return Ok(());
        }
        self.tell(|listeners| &listeners.rollback, None)?;
        self.note_control("ROLLBACK");
        self.engine().state().counters.rollbacks.count();
        // Idle: there is nothing left to roll back, and the database would call it an error.
        if !matches!(self.server_status(), None | Some(TransactionStatus::Idle))
            && let Some((connection, mut loss, _)) = self.lease.parts()
        {
            match connection.control("ROLLBACK").map_err(|error| loss.handle(error, "ROLLBACK")) {
                // Gone with the connection is rolled back as well.
                Err(error) if !error.is_disconnect() => return Err(error),
                _ => {}
            }
        }
        self.transaction = TransactionState::None;
        Ok(())
    }

    /// Logs what is sent about a transaction that is open. An answer that is paused ends with it.
    fn note_control(&mut self, sql: &str) {
        log::transaction(self.options(), sql);
        self.statements = self.statements.wrapping_add(1);
    }

    // ---- savepoints ----

    /// The number for a new one, in a transaction that is open.
    pub(super) fn next_savepoint(&mut self) -> Result<u32> {
        self.check_process()?;
        let deadline = self.options().deadline(None);
        self.prepare_for_statement(deadline)?;
        self.savepoints += 1;
        Ok(self.savepoints)
    }

    /// Begins a savepoint, keeps it or rolls it back.
    pub(super) fn savepoint_control(&mut self, verb: SavepointVerb, number: u32) -> Result<()> {
        self.check_process()?;
        if self.server_status() == Some(TransactionStatus::Failed) && verb != SavepointVerb::Rollback {
            return Err(Error::new(
                ErrorKind::PendingRollback,
                "an earlier statement in the savepoint failed; roll the savepoint back",
            ));
        }
        let name = format!("rebis_{number}");
        match verb {
            SavepointVerb::Begin => {
                self.engine().state().counters.savepoints.count();
                self.tell(|listeners| &listeners.savepoint, Some(&name))?;
            }
            SavepointVerb::Release => self.tell(|listeners| &listeners.release_savepoint, Some(&name))?,
            SavepointVerb::Rollback => self.tell(|listeners| &listeners.rollback_savepoint, Some(&name))?,
        }
        let sql = match verb {
            SavepointVerb::Begin => format!("SAVEPOINT {name}"),
            SavepointVerb::Release => format!("RELEASE SAVEPOINT {name}"),
            SavepointVerb::Rollback => format!("ROLLBACK TO SAVEPOINT {name}"),
        };
        self.note_control(&sql);
        let lost =
            || Error::new(ErrorKind::PendingRollback, "the connection was lost; roll the transaction back");
        if self.is_invalidated() {
            return Err(lost());
        }
        let (connection, mut loss, _) = self.lease.parts().ok_or_else(lost)?;
        connection.control(&sql).map_err(|error| loss.handle(error, &sql))
    }
}

/// What can be done with a savepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SavepointVerb {
    Begin,
    Release,
    Rollback,
}
