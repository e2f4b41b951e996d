//! A session on a connection that somebody else has, in a transaction that may be somebody else's.

use std::cell::Cell;

use rebis_core::{Connection, Result};

use super::Session;
use super::core::Core;
use super::options::SessionOptions;

/// What the ends of a joined session's transactions do to the connection: [`Session::join`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinMode {
    /// They end a savepoint; the transaction around it survives in any case.
    CreateSavepoint,
    /// A rollback rolls everything back; a commit and a close leave the transaction as it is.
    RollbackOnly,
    /// A commit commits everything; a rollback and a close roll everything back.
    ControlFully,
}

/// How a session shares its connection.
pub(super) struct Joined {
    mode: JoinMode,
    /// Of the session's transaction, in [`JoinMode::CreateSavepoint`].
    savepoint: Cell<Option<u32>>,
    under_way: Cell<bool>,
}

impl Session {
    /// A session on this connection, which keeps it until [`leave`](Session::leave): a test does everything in one transaction, say,
    /// and undoes it at the end.
    ///
    /// ```
    /// use rebis::{Engine, JoinMode, Session, SessionOptions, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let mut conn = engine.connect()?;
    /// conn.execute(text("create table things (name text)"))?;
    /// let session = Session::join(conn, JoinMode::CreateSavepoint, SessionOptions::default());
    /// session.execute_write(text("insert into things values ('kept')"))?;
    /// session.commit()?;
    /// session.execute_write(text("insert into things values ('lost')"))?;
    /// session.rollback()?;
    /// let mut conn = session.leave()?.expect("the connection");
    /// assert_eq!(conn.scalar::<String>(text("select name from things"))?, "kept");
    /// conn.rollback()?; // what the session has committed as well
    /// # Ok::<(), rebis::Error>(())
    /// ```
    pub fn join(conn: Connection, mode: JoinMode, options: SessionOptions) -> Session {
        let mut core = Core::new(conn.engine().clone(), options, None);
        core.joined = Some(Joined { mode, savepoint: Cell::new(None), under_way: Cell::new(false) });
        core.connection.replace(Some(conn));
        Session::of(core)
    }

    /// Closes the session for good, and gives back the connection that it has [joined](Session::join); none for other sessions.
    ///
    /// # Errors
    /// [`Forked`](rebis_core::ErrorKind::Forked), [`Busy`](rebis_core::ErrorKind::Busy).
    pub fn leave(self) -> Result<Option<Connection>> {
        self.core.check_process()?;
        self.core.check_not_flushing()?;
        self.core.close();
        self.core.unit.close();
        match self.core.connection.try_borrow_mut() {
            Ok(mut place) if self.core.joined.is_some() => Ok(place.take()),
            Ok(_) => Ok(None),
            Err(_) => Err(super::core::busy()),
        }
    }
}

impl Joined {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.get()
    }

    /// Before something is sent.
    pub(super) fn begin(&self, conn: &mut Connection) -> Result<()> {
        if self.mode == JoinMode::CreateSavepoint && self.savepoint.get().is_none() {
            self.savepoint.set(Some(conn.savepoint()?));
        }
        self.under_way.set(true);
        Ok(())
    }

    /// Undoes the session's transaction, where that is not all of the connection's.
    pub(super) fn undo(&self, conn: &mut Connection) -> bool {
        self.savepoint.get().is_some_and(|savepoint| conn.rollback_to_savepoint(savepoint).is_ok())
    }

    pub(super) fn end(&self, conn: &mut Connection, commit: bool) -> Result<()> {
        self.under_way.set(false);
        match (self.mode, self.savepoint.take(), commit) {
            // What could not be kept is undone, in the database as well as in memory.
            (JoinMode::CreateSavepoint, Some(savepoint), true) => conn
                .release_savepoint(savepoint)
                .or_else(|error| conn.rollback_to_savepoint(savepoint).and(Err(error))),
            (JoinMode::CreateSavepoint, Some(savepoint), false) => conn.rollback_to_savepoint(savepoint),
            (JoinMode::CreateSavepoint, None, _) | (JoinMode::RollbackOnly, _, true) => Ok(()),
            (JoinMode::ControlFully, _, true) => conn.commit().inspect_err(|_| drop(conn.rollback())),
            (JoinMode::RollbackOnly | JoinMode::ControlFully, _, false) => conn.rollback(),
        }
    }

    /// The session is closed.
    pub(super) fn close(&self, conn: &mut Connection) {
        if self.mode == JoinMode::RollbackOnly {
            self.under_way.set(false);
        } else {
            let _ = self.end(conn, false);
        }
    }
}
