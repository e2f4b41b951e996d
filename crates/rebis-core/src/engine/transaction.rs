//! Guards that commit or roll back: transactions and savepoints.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::connection::Connection;
use super::transaction_state::SavepointVerb;
use crate::error::{Error, ErrorKind, Result};
use crate::process::in_drop;

/// A transaction: [`commit`](Transaction::commit) keeps what was done in it, anything else undoes it.
///
/// It works like its connection: `execute`, `execute_many`, `fetch_all`, `scalar`.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let engine = Engine::new("sqlite://")?;
/// engine.transaction(|tx| { tx.execute(text("create table t (i int)"))?; Ok(()) })?;
/// {
///     let mut tx = engine.begin()?;
///     tx.execute(text("insert into t values (1)"))?;
/// }   // dropped: rolled back
/// assert_eq!(engine.connect()?.scalar::<i64>(text("select count(*) from t"))?, 0);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c> {
    connection: Held<'c>,
    guard: u64,
}

enum Held<'c> {
    Own(Box<Connection>),
    Borrowed(&'c mut Connection),
}

impl<'c> Transaction<'c> {
    /// The closure forms: commits when it returns `Ok`, and else is dropped.
    pub(super) fn run<T, E: From<Error>>(
        mut self,
        run: impl FnOnce(&mut Transaction<'c>) -> Result<T, E>,
    ) -> Result<T, E> {
        let value = run(&mut self)?;
        self.commit()?;
        Ok(value)
    }
}

impl Transaction<'_> {
    pub(super) fn on_own(mut connection: Connection) -> Result<Transaction<'static>> {
        let guard = connection.begin_guarded()?;
        Ok(Transaction { connection: Held::Own(Box::new(connection)), guard })
    }

    pub(super) fn on_borrowed(connection: &mut Connection) -> Result<Transaction<'_>> {
        let guard = connection.begin_guarded()?;
        Ok(Transaction { connection: Held::Borrowed(connection), guard })
    }

    /// Makes what was done permanent.
    ///
    /// # Errors
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown) when the connection was lost before the answer came;
    /// [`PendingRollback`](crate::ErrorKind::PendingRollback) when a statement in it had failed. Whatever the error, the
    /// transaction is over and what is not committed is rolled back.
    pub fn commit(mut self) -> Result<()> {
        self.check_guard()?;
        // On an error `drop` rolls back what may still be open.
        self.end_by_commit()
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// What the database says; the connection is then closed rather than lent again.
    pub fn rollback(mut self) -> Result<()> {
        self.check_guard()?;
        self.end_by_rollback()
    }

    fn check_guard(&self) -> Result<()> {
        self.check_process()?;
        if self.is_guarded_by(self.guard) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidState,
            "this transaction is over, or its connection was swapped for another one: nothing was done",
        ))
    }

    /// Begins a savepoint: a part that can be undone by itself.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let mut tx = engine.begin()?;
    /// tx.execute(text("create table t (i int)"))?;
    /// let mut savepoint = tx.begin_nested()?;
    /// savepoint.execute(text("insert into t values (1)"))?;
    /// savepoint.rollback()?;
    /// assert_eq!(tx.scalar::<i64>(text("select count(*) from t"))?, 0);
    /// tx.commit()?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the database says.
    pub fn begin_nested(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::on(self)
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.connection {
            Held::Own(connection) => connection,
            Held::Borrowed(connection) => connection,
        }
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        match &mut self.connection {
            Held::Own(connection) => connection,
            Held::Borrowed(connection) => connection,
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // In a child `end_by_rollback` refuses before it touches anything. An error leaves the connection dirty, and the
        // pool closes a dirty one.
        if self.is_guarded_by(self.guard) {
            in_drop(|| drop(self.end_by_rollback()));
        }
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("engine", self.engine()).finish_non_exhaustive()
    }
}

/// A part of a transaction that can be undone by itself; dropping it without [`commit`](Savepoint::commit) undoes it.
///
/// ```
/// use rebis_core::{Engine, ErrorKind, text};
///
/// let engine = Engine::new("sqlite://")?;
/// let mut tx = engine.begin()?;
/// tx.execute(text("create table users (name text unique)"))?;
/// tx.execute(text("insert into users values ('ed')"))?;
/// let mut savepoint = tx.begin_nested()?;
/// let error = savepoint.execute(text("insert into users values ('ed')")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UniqueViolation);
/// drop(savepoint);                                    // undone; the transaction goes on
/// tx.commit()?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[must_use = "a savepoint that is dropped is rolled back"]
pub struct Savepoint<'t> {
    connection: &'t mut Connection,
    number: u32,
    ended: bool,
}

/// For who keeps the scopes himself, a session say; [`Transaction::begin_nested`] has a guard.
impl Connection {
    /// Begins a savepoint and returns its number.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;
    /// let savepoint = conn.savepoint()?;
    /// conn.execute(text("insert into t values (1)"))?;
    /// conn.rollback_to_savepoint(savepoint)?;
    /// assert_eq!(conn.scalar::<i64>(text("select count(*) from t"))?, 0);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the database says.
    pub fn savepoint(&mut self) -> Result<u32> {
        let number = self.next_savepoint()?;
        self.savepoint_control(SavepointVerb::Begin, number)?;
        Ok(number)
    }

    /// Keeps what was done since a savepoint, and those inside it.
    ///
    /// # Errors
    /// What the database says: that there is no such savepoint, say.
    pub fn release_savepoint(&mut self, number: u32) -> Result<()> {
        self.savepoint_control(SavepointVerb::Release, number)
    }

    /// Undoes what was done since a savepoint, and those inside it.
    ///
    /// # Errors
    /// As [`release_savepoint`](Connection::release_savepoint).
    pub fn rollback_to_savepoint(&mut self, number: u32) -> Result<()> {
        self.savepoint_control(SavepointVerb::Rollback, number)
    }
}

impl Savepoint<'_> {
    fn on(connection: &mut Connection) -> Result<Savepoint<'_>> {
        let number = connection.savepoint()?;
        Ok(Savepoint { connection, number, ended: false })
    }

    /// Keeps what was done, as a part of the transaction around it.
    ///
    /// # Errors
    /// What the database says; the savepoint is then rolled back.
    pub fn commit(mut self) -> Result<()> {
        self.connection.savepoint_control(SavepointVerb::Release, self.number)?;
        self.ended = true;
        Ok(())
    }

    /// Undoes what was done since the savepoint; the transaction around it goes on.
    ///
    /// # Errors
    /// What the database says.
    pub fn rollback(mut self) -> Result<()> {
        self.ended = true;
        self.undo()
    }

    /// Begins a savepoint inside this one.
    ///
    /// # Errors
    /// What the database says.
    pub fn begin_nested(&mut self) -> Result<Savepoint<'_>> {
        Savepoint::on(self.connection)
    }

    fn undo(&mut self) -> Result<()> {
        self.connection.savepoint_control(SavepointVerb::Rollback, self.number)
    }
}

impl Deref for Savepoint<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        // Refused in a child; an error leaves the transaction around it failed.
        if !self.ended {
            in_drop(|| drop(self.undo()));
        }
    }
}

impl fmt::Debug for Savepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savepoint").field("number", &self.number).finish_non_exhaustive()
    }
}
