//! The ends of transactions and savepoints, and what a session begins with.

use std::fmt;
use std::rc::Rc;

use rebis_core::process::in_drop;
use rebis_core::{Connection, Error, ErrorKind, Result};

use super::Session;
use super::core::{Core, MOST_FLUSHES, busy};
use super::tell::Phase;
use crate::unit::Kind;

/// An open savepoint of a session.
#[derive(Clone, Copy)]
pub(super) struct Savepoint {
    /// No two of one session have the same.
    number: u64,
    /// That of the connection.
    on_wire: u32,
}

impl Session {
    /// Sends what has changed; nothing is sent, and no transaction begins, when nothing has.
    ///
    /// # Errors
    /// What the database says; the transaction is rolled back then, and the session wants a [`rollback`](Session::rollback).
    /// [`ErrorKind::StaleData`] when a row is not as it was; [`ErrorKind::Conflict`], before anything is sent, when a changed object
    /// is borrowed.
    #[track_caller]
    pub fn flush(&self) -> Result<()> {
        self.core.flush()
    }

    /// Sends what has changed, and makes it permanent; open savepoints with it.
    ///
    /// # Errors
    /// As [`flush`](Session::flush), and [`ErrorKind::CommitUnknown`] when the answer was lost.
    #[track_caller]
    pub fn commit(&self) -> Result<()> {
        self.core.commit()
    }

    /// Undoes everything since the last commit, in memory as well: new objects leave, changed ones are as they were, deleted ones
    /// come back. Open savepoints are over.
    ///
    /// # Errors
    /// What the database says.
    #[track_caller]
    pub fn rollback(&self) -> Result<()> {
        self.core.rollback()
    }

    /// Begins a transaction, for sessions that are made with [`autobegin`](crate::SessionOptions::autobegin) off, or to say where it
    /// begins. Nothing is sent yet.
    ///
    /// ```
    /// use rebis::{Engine, ErrorKind, SessionMaker, text};
    ///
    /// let maker = SessionMaker::new(&Engine::new("sqlite://")?).with(|options| options.autobegin = false);
    /// let session = maker.session();
    /// assert_eq!(session.scalar::<i64>(text("select 1")).unwrap_err().kind(), ErrorKind::InvalidState);
    /// session.begin()?;
    /// assert_eq!(session.scalar::<i64>(text("select 1"))?, 1);
    /// session.commit()?;
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when one is under way.
    #[track_caller]
    pub fn begin(&self) -> Result<()> {
        self.core.check()?;
        if self.in_transaction() {
            let text = "a transaction is under way; begin_nested() makes a savepoint in it";
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
        self.core.begun.set(true);
        Ok(())
    }

    /// Begins a savepoint: a part that can be undone by itself. What has changed is flushed first.
    ///
    /// # Errors
    /// As [`flush`](Session::flush).
    #[track_caller]
    pub fn begin_nested(&self) -> Result<Nested> {
        Ok(Nested { core: Rc::clone(&self.core), number: self.core.begin_nested()?, ended: false })
    }

    /// Whether a transaction is under way: something was sent or changed since the last commit.
    pub fn in_transaction(&self) -> bool {
        self.core.in_transaction()
    }

    /// Whether statements can be sent: not after a flush that failed, until the rollback, and not when it is closed for good.
    pub fn is_active(&self) -> bool {
        self.core.check().is_ok()
    }

    /// Rolls back, lets all objects go and gives the connection back. The session can be used again, unless it is made with
    /// [`close_resets_only`](crate::SessionOptions::close_resets_only) off.
    pub fn close(&self) {
        self.core.close();
        if !self.core.options.close_resets_only && !self.core.is_inherited() {
            self.core.unit.close();
        }
    }

    /// As [`close`](Session::close), and the session can be used again in any case.
    pub fn reset(&self) {
        self.core.close();
    }
}

impl Core {
    /// Refuses what needs a transaction while none has begun and none begins by itself.
    pub(super) fn check_begun(&self) -> Result<()> {
        if self.options.autobegin || self.begun.get() {
            return Ok(());
        }
        let text = "the session begins no transaction by itself (autobegin is off): call begin() first";
        Err(Error::new(ErrorKind::InvalidState, text))
    }

    /// Refuses what an ended session cannot do.
    pub(super) fn check_open(&self) -> Result<()> {
        if self.unit.is_open() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidState, "the session is closed for good"))
    }

    #[track_caller]
    pub(super) fn commit(&self) -> Result<()> {
        self.check()?;
        self.check_not_flushing()?;
        self.check_begun()?;
        self.tell_session(Kind::BeforeCommit)?;
        for round in 0.. {
            if !self.unit.is_changed() {
                break;
            }
            if round == MOST_FLUSHES {
                let text =
                    "listeners change the session after each flush, and a commit has flushed a hundred times";
                return Err(Error::new(ErrorKind::InvalidState, text));
            }
            self.flush()?;
        }
        self.check_wire()?;
        let ended = self.end_on_wire(true)?;
        self.forget_transaction();
        match &ended {
            Ok(()) => {
                self.unit.committed(false);
                // Its listeners still see what was read.
                self.tell_ended(Phase::Committed, Kind::AfterCommit);
                if self.options.expire_on_commit {
                    self.unit.expire_all();
                }
            }
            // What is there is asked of the database.
            Err(error) if error.kind() == ErrorKind::CommitUnknown => self.unit.committed(true),
            Err(_) => {
                self.unit.rolled_back();
                self.tell_ended(Phase::RolledBack, Kind::AfterRollback);
            }
        }
        self.tell_happenings();
        ended
    }

    #[track_caller]
    pub(super) fn rollback(&self) -> Result<()> {
        self.check_process()?;
        self.check_open()?;
        self.check_not_flushing()?;
        let under_way = self.in_transaction();
        self.streaming.set(0);
        let ended = self.end_on_wire(false)?;
        self.forget_transaction();
        self.unit.rolled_back();
        if under_way {
            self.tell_ended(Phase::RolledBack, Kind::AfterRollback);
        }
        self.tell_happenings();
        ended
    }

    /// What belonged to the transaction that has ended.
    fn forget_transaction(&self) {
        self.savepoints.borrow_mut().clear();
        self.lazy_loads.borrow_mut().clear();
        self.begun.set(false);
        self.failed.replace(None);
    }

    /// Ends the transaction on the connection, and gives that back. The outer error is that nothing was done.
    #[track_caller]
    fn end_on_wire(&self, commit: bool) -> Result<Result<()>> {
        let Ok(mut place) = self.connection.try_borrow_mut() else { return Err(busy()) };
        if let Some(joined) = &self.joined {
            return Ok(place.as_mut().map_or(Ok(()), |conn| joined.end(conn, commit)));
        }
        let conn = place.take();
        drop(place);
        Ok(conn.map_or(Ok(()), |mut conn| if commit { conn.commit() } else { conn.rollback() }))
    }

    #[track_caller]
    fn begin_nested(&self) -> Result<u64> {
        self.check()?;
        self.check_not_flushing()?;
        self.flush()?;
        let on_wire = self.on_connection(Connection::savepoint)?;
        let number = self.savepoint_count.get() + 1;
        self.savepoint_count.set(number);
        self.savepoints.borrow_mut().push(Savepoint { number, on_wire });
        self.unit.begin_nested();
        Ok(number)
    }

    /// Undoes the innermost savepoint on the connection; false when there is none, or it cannot be undone.
    pub(super) fn undo_savepoint(&self, conn: &mut Connection) -> bool {
        let innermost = self.savepoints.borrow().last().copied();
        innermost.is_some_and(|savepoint| conn.rollback_to_savepoint(savepoint.on_wire).is_ok())
    }

    /// Ends a savepoint, and those inside it.
    #[track_caller]
    fn end_nested(&self, number: u64, keep: bool) -> Result<()> {
        self.check_process()?;
        self.check_not_flushing()?;
        if keep {
            self.check()?;
            self.flush()?;
        }
        let found =
            self.savepoints.borrow().iter().copied().enumerate().find(|(_, open)| open.number == number);
        let Some((index, Savepoint { on_wire, .. })) = found else {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "the savepoint is over: what was around it has ended",
            ));
        };
        // Levels count from one.
        let level = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        if keep {
            self.on_connection(|conn| conn.release_savepoint(on_wire))?;
            self.savepoints.borrow_mut().truncate(index);
            self.unit.release(level);
            return Ok(());
        }
        self.savepoints.borrow_mut().truncate(index);
        // A stream ends with it: memory must not be undone alone.
        self.streaming.set(0);
        self.failed.replace(None);
        let undone = self.on_connection(|conn| conn.rollback_to_savepoint(on_wire));
        if let Err(error) = &undone {
            // More than the savepoint may be gone: only a rollback brings memory and database together.
            self.failed.replace(Some(error.to_string()));
        }
        self.unit.rolled_back_to(level);
        let told = self.tell_session(Kind::AfterSoftRollback);
        self.tell_happenings();
        undone.and(told)
    }

    /// The end of the session; nothing that goes wrong on the way is told.
    pub(super) fn close(&self) {
        self.end(true);
    }

    /// The same; whether the program may hold instances.
    pub(super) fn end(&self, may_be_held: bool) {
        if self.is_inherited() {
            // The parent's connection, its objects and their locks are left alone.
            return;
        }
        if self.flushing.get() {
            // A listener; the flush is not done with the objects.
            return;
        }
        self.streaming.set(0);
        if let Ok(mut place) = self.connection.try_borrow_mut() {
            match (&self.joined, &mut *place) {
                (Some(joined), Some(conn)) => joined.close(conn),
                // Dropped, it is rolled back and goes to the pool.
                _ => drop(place.take()),
            }
        }
        self.forget_transaction();
        self.unit.clear(may_be_held);
        self.tell_happenings();
    }

    /// The end of the session while the locals of its thread are being destroyed.
    pub(super) fn end_quietly(&self) {
        if self.is_inherited() {
            return;
        }
        let conn = self.connection.try_borrow_mut().ok().and_then(|mut place| place.take());
        if let Some(conn) = conn {
            conn.return_quietly();
        }
        self.unit.close();
    }
}

/// A savepoint of a session; made by [`Session::begin_nested`]. Dropped, it is rolled back.
#[must_use = "a savepoint that is dropped is rolled back"]
pub struct Nested {
    core: Rc<Core>,
    number: u64,
    ended: bool,
}

impl Nested {
    /// Keeps what was done, as a part of the transaction around it.
    ///
    /// # Errors
    /// As [`Session::flush`].
    #[track_caller]
    pub fn commit(mut self) -> Result<()> {
        self.core.end_nested(self.number, true)?;
        self.ended = true;
        Ok(())
    }

    /// Undoes what was done since, in memory as well.
    ///
    /// # Errors
    /// What the database says.
    #[track_caller]
    pub fn rollback(mut self) -> Result<()> {
        self.ended = true;
        self.core.end_nested(self.number, false)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        if !self.ended {
            in_drop(|| drop(self.core.end_nested(self.number, false)));
        }
    }
}

impl fmt::Debug for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nested(number {})", self.number)
    }
}
