//! A leased connection: statements, and the transaction that begins by itself.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use super::Engine;
use super::cancel::Seat;
use super::gathered::Gathered;
use super::options::ExecutionOptions;
use super::transaction::Transaction;
use super::transaction_state::TransactionState;
use crate::dialect::Dialect;
use crate::driver::{self, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::{ConnectionRecord, Info, Lease};
use crate::process::{in_drop, quietly};

/// A connection leased from an engine's pool.
///
/// The first statement begins a transaction; [`commit`](Connection::commit) or [`rollback`](Connection::rollback) ends it,
/// and what was not committed when the connection is dropped is rolled back. A connection can be handed to another thread
/// but not shared: it is `Send`, not `Sync`. An answer borrows the connection, so two answers cannot get in each other's way.
///
/// In a forked child, a connection that was leased before the fork answers [`ErrorKind::Forked`].
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table t (i int)"))?;
/// conn.execute(text("insert into t values (:i)").bind("i", 7))?;
/// conn.commit()?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub struct Connection {
    // Before the lease: nobody stops anything on it once it is on its way back.
    pub(super) seat: Seat,
    pub(super) lease: Lease<Engine>,
    pub(super) transaction: TransactionState,
    /// Where they are not its engine's.
    pub(super) own_options: Option<Box<ExecutionOptions>>,
    pub(super) savepoints: u32,
    /// How many statements were sent on it.
    pub(super) statements: u64,
    /// The answer to several statements that were one for the program. Seldom there: a checkout makes none.
    pub(super) gathered: Option<Box<Gathered>>,
    _one_borrower: PhantomData<OneBorrowerPerWire>,
}

/// Makes a connection `!Sync`, under a name that explains itself in the compiler's message.
struct OneBorrowerPerWire(Cell<()>);

impl Connection {
    #[inline]
    pub(super) fn new(lease: Lease<Engine>) -> Self {
        Connection {
            seat: Seat::empty(),
            lease,
            transaction: TransactionState::None,
            own_options: None,
            savepoints: 0,
            statements: 0,
            gathered: None,
            _one_borrower: PhantomData,
        }
    }

    /// Begins a transaction whose guard commits or rolls back.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let mut tx = conn.begin()?;
    /// tx.execute(text("create table t (i int)"))?;
    /// tx.commit()?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when a transaction is under way already, and what the database says.
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        Transaction::on_borrowed(self)
    }

    /// Runs a closure in a transaction: commits when it returns `Ok`, rolls back when it returns an error or panics.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let count = conn.transaction(|tx| {
    ///     tx.execute(text("create table t (i int)"))?;
    ///     tx.scalar::<i64>(text("select count(*) from t"))
    /// })?;
    /// assert_eq!(count, 0);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's, and as [`begin`](Connection::begin) and [`Transaction::commit`].
    pub fn transaction<T>(&mut self, run: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.try_transaction(run)
    }

    /// [`transaction`](Connection::transaction) for a closure with an error type of its own.
    ///
    /// # Errors
    /// As [`transaction`](Connection::transaction), turned into the closure's error.
    pub fn try_transaction<T, E: From<Error>>(
        &mut self,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?.run(run)
    }

    /// Makes what was done since the first statement permanent. Nothing to do is no error.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;      // begins a transaction
    /// conn.commit()?;
    /// assert!(!conn.in_transaction());
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::CommitUnknown`] when the connection was lost before the answer came: the commit may have happened;
    /// [`ErrorKind::PendingRollback`] when the transaction had failed, and is rolled back now;
    /// [`ErrorKind::InvalidState`] while a [`Transaction`] guards it.
    pub fn commit(&mut self) -> Result<()> {
        self.check_unguarded()?;
        self.end_by_commit()
    }

    /// Undoes what was done since the first statement. Nothing to do is no error; after a lost connection this makes the
    /// next statement connect anew. A [`Transaction`] that was begun on it, forgotten say, is over then.
    ///
    /// ```
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;
    /// conn.rollback()?;
    /// let error = conn.execute(text("select i from t")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Statement);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the database says, [`ErrorKind::Forked`] in a child.
    pub fn rollback(&mut self) -> Result<()> {
        self.end_by_rollback()
    }

    /// Whether a transaction is under way: one of ours, or one that the program began in SQL.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// assert!(!conn.in_transaction());
    /// conn.execute(text("select 1"))?;
    /// assert!(conn.in_transaction(), "reading begins one as well");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn in_transaction(&self) -> bool {
        self.is_in_transaction(self.server_status())
    }

    /// The same, of what the server says.
    pub(super) fn is_in_transaction(&self, status: Option<TransactionStatus>) -> bool {
        self.transaction != TransactionState::None || !matches!(status, None | Some(TransactionStatus::Idle))
    }

    /// What the server says of its transaction; `None` without a connection, and in a child.
    pub(super) fn server_status(&self) -> Option<TransactionStatus> {
        if self.lease.is_inherited() {
            return None;
        }
        self.lease.working().map(driver::Connection::status)
    }

    // ---- the connection itself ----

    /// The program's facts about the connection, one value for each type; they go when it is closed.
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// struct Warm;
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.connect()?.info()?.insert(Warm);
    /// assert!(engine.connect()?.info()?.get::<Warm>().is_some(), "the same connection, leased again");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Disconnected`] when the connection was lost or given up, [`ErrorKind::Forked`] in a child.
    pub fn info(&mut self) -> Result<&mut Info> {
        self.check_process()?;
        self.lease.record().map(ConnectionRecord::info).ok_or_else(given_up)
    }

    /// The program's facts about the connection's place in the pool; they stay when the connection is replaced.
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// struct Reconnects(u32);
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.connect()?.record_info()?.insert(Reconnects(0));
    /// engine.connect()?.soft_invalidate();
    /// assert!(engine.connect()?.record_info()?.get::<Reconnects>().is_some(), "another connection in the same place");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`info`](Connection::info).
    pub fn record_info(&mut self) -> Result<&mut Info> {
        self.check_process()?;
        self.lease.record().map(ConnectionRecord::record_info).ok_or_else(given_up)
    }

    /// Gives the connection up and closes it, because it is not to be trusted. Outside a transaction the next statement leases
    /// another one; inside one [`rollback`](Connection::rollback) comes first. In a child it does nothing.
    ///
    /// ```
    /// use rebis_core::driver::scripted::Script;
    /// use rebis_core::{Dialect, Engine, text};
    ///
    /// let script = Script::new();
    /// let engine = Engine::builder_with_connector(script.connector(), Dialect::SQLITE).build()?;
    /// let mut conn = engine.connect()?;
    /// conn.invalidate();
    /// conn.execute(text("select 1"))?;
    /// assert_eq!((script.closed(), script.opened()), (1, 2));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn invalidate(&mut self) {
        if !self.lease.is_inherited() {
            self.turn_handles_away();
            self.lease.invalidate(None);
        }
    }

    /// Goes on with the connection, and has it replaced after its return.
    pub fn soft_invalidate(&mut self) {
        if !self.lease.is_inherited() {
            self.lease.soft_invalidate();
        }
    }

    /// Whether the connection was lost or given up; the next statement leases another one.
    pub fn is_invalidated(&self) -> bool {
        self.lease.is_inherited() || self.lease.working().is_none()
    }

    /// Takes the connection out of the pool for good: its place is free at once, and dropping this closes it.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("sqlite:///:memory:")?;
    /// let mut conn = engine.connect()?;
    /// conn.detach()?;
    /// assert_eq!(engine.pool().status().leased, 0);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Disconnected`] when it was lost or given up before: there is nothing to take. [`ErrorKind::Forked`] in a
    /// child.
    pub fn detach(&mut self) -> Result<()> {
        self.check_process()?;
        if self.lease.working().is_none() {
            let text = "the connection was lost or given up, so it cannot be detached";
            return Err(Error::new(ErrorKind::Disconnected, text));
        }
        self.lease.detach();
        Ok(())
    }

    /// Rolls back and gives the connection back while the thread's locals are being destroyed: no listener is called and nothing is
    /// logged, for both may use a thread-local that is gone, which aborts the process.
    #[doc(hidden)]
    pub fn return_quietly(mut self) {
        if self.lease.is_inherited() {
            return;
        }
        quietly(move || {
            self.turn_handles_away();
            self.transaction = TransactionState::None;
            self.lease.return_quietly();
        });
    }

    /// What the server said of itself; `None` when the connection was lost.
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// let conn = Engine::new("sqlite://")?.connect()?;
    /// let server = conn.server().expect("it is connected");
    /// assert_eq!(server.product, "SQLite");
    /// assert!(server.version.starts_with("3."));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn server(&self) -> Option<&Server> {
        self.lease.connection().map(driver::Connection::server)
    }

    /// The dialect of its server: of MySQL and MariaDB the one that was found, whichever the URL names.
    ///
    /// ```
    /// use rebis_core::{Dialect, Engine};
    ///
    /// assert_eq!(Engine::new("sqlite://")?.connect()?.dialect(), &Dialect::SQLITE);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn dialect(&self) -> &Dialect {
        self.engine().dialect().found(self.server())
    }

    pub(super) fn options(&self) -> &ExecutionOptions {
        self.own_options.as_deref().unwrap_or_else(|| self.engine().options())
    }

    /// The engine this connection is leased from.
    pub fn engine(&self) -> &Engine {
        self.lease.lender()
    }
}

pub(super) fn no_connection() -> Error {
    Error::new(ErrorKind::Disconnected, "the connection was lost and could not be replaced")
}

/// For what does not connect by itself. It says nothing of the pool's others.
pub(super) fn given_up() -> Error {
    let message =
        "the connection was lost or given up; the next statement outside a transaction leases another one";
    Error::new(ErrorKind::Disconnected, message).with_disconnect()
}

impl Drop for Connection {
    fn drop(&mut self) {
        // First: a cancel must not hit the rollback.
        self.turn_handles_away();
        // Ours to end, so that listeners hear of it; what the program began in SQL is the pool's reset's. A child does nothing.
        if self.transaction != TransactionState::None && !self.lease.is_inherited() {
            in_drop(|| {
                if self.end_by_rollback().is_ok() {
                    self.lease.transaction_was_reset();
                }
            });
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("engine", self.engine())
            .field("in_transaction", &self.in_transaction())
            .finish_non_exhaustive()
    }
}
