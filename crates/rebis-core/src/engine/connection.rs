//! A leased connection: statements, and the transaction that begins by itself.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Engine;
use super::cancel::Seat;
use super::limits::Limits;
use super::log::Log;
use super::transaction::Transaction;
use super::transaction_state::TransactionState;
use crate::compile::Compiled;
use crate::driver::{self, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::Lease;
use crate::process::Deadline;
use crate::rows::{FromRow, Rows, Watch};
use crate::sql::{ParameterSet, Statement};
use crate::value::{FromValue, Value, ValueRef};

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
    pub(super) limits: Limits,
    pub(super) savepoints: u32,
    _one_borrower: PhantomData<OneBorrowerPerWire>,
}

/// Makes a connection `!Sync`, under a name that explains itself in the compiler's message.
struct OneBorrowerPerWire(Cell<()>);

/// How many sets of parameters go to the driver at a time.
const SETS_AT_A_TIME: usize = 1000;

impl Connection {
    pub(super) fn new(lease: Lease<Engine>) -> Self {
        let limits = Limits::of(&lease.lender().0.options);
        Connection {
            seat: Seat::empty(),
            lease,
            transaction: TransactionState::None,
            limits,
            savepoints: 0,
            _one_borrower: PhantomData,
        }
    }

    /// Runs a statement; its answer borrows the connection until it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when names and values do not match; what the database says of the statement;
    /// [`ErrorKind::PendingRollback`] when the transaction failed before; [`ErrorKind::Forked`] in a child.
    pub fn execute(&mut self, statement: impl Into<Statement>) -> Result<Rows<'_>> {
        let Statement::Text(text) = statement.into();
        self.check_process()?;
        let compiled = self.engine().state().compiled.text(&text, self.engine().dialect())?;
        let values = text.values(&compiled.names)?;
        let parameters: Vec<ValueRef<'_>> =
            compiled.order.iter().map(|index| values[*index].as_ref()).collect();
        let deadline = self.limits.deadline(text.own_timeout());
        self.prepare_for_statement(deadline)?;
        let log = Log::start(self.engine());
        let (connection, pool) = self.lease.parts().ok_or_else(no_connection)?;
        connection.limit_statement(deadline)?;
        let answer = connection.execute(&compiled.sql, &parameters);
        log.end(&compiled.sql, parameters.len(), 1, answer.as_ref().err());
        let watch = Watch::new(Arc::clone(&compiled), pool);
        match answer {
            Ok(cursor) => Ok(Rows::new(cursor, watch)),
            Err(error) => Err(watch.failed(error)),
        }
    }

    /// Runs a statement once for each set of parameters, and returns how many rows it changed in all.
    ///
    /// Drivers send many sets at a time. The first error ends the run; in a transaction nothing is lost by rolling back.
    ///
    /// # Errors
    /// As [`execute`](Connection::execute).
    pub fn execute_many<S: ParameterSet>(
        &mut self,
        statement: impl Into<Statement>,
        sets: impl IntoIterator<Item = S>,
    ) -> Result<u64> {
        let Statement::Text(text) = statement.into();
        self.check_process()?;
        let compiled = self.engine().state().compiled.text(&text, self.engine().dialect())?;
        if compiled.names.is_empty() {
            return Err(Error::new(
                ErrorKind::Bind,
                "execute_many needs a statement with parameters (:name)",
            )
            .with_sql(&*compiled.sql));
        }
        let mut sets = sets.into_iter();
        let deadline = self.limits.deadline(text.own_timeout());
        let mut affected = 0;
        let mut values: Vec<Value> = Vec::new();
        loop {
            values.clear();
            for set in sets.by_ref().take(SETS_AT_A_TIME) {
                let before = values.len();
                set.append_to(&mut values, &compiled.names)?;
                // A set of the program's own that miscounts would shift all sets after it.
                check_width(values.len() - before, &compiled)?;
            }
            if values.is_empty() {
                return Ok(affected);
            }
            affected += self.execute_sets(&compiled, &values, deadline)?;
        }
    }

    fn execute_sets(
        &mut self,
        compiled: &Arc<Compiled>,
        values: &[Value],
        deadline: Deadline,
    ) -> Result<u64> {
        let sets = values.chunks_exact(compiled.names.len());
        let count = sets.len();
        let parameters: Vec<ValueRef<'_>> =
            sets.flat_map(|set| compiled.order.iter().map(|index| set[*index].as_ref())).collect();
        // An iterator of the caller's ran in between, and may have forked.
        self.check_process()?;
        self.prepare_for_statement(deadline)?;
        let log = Log::start(self.engine());
        let (connection, pool) = self.lease.parts().ok_or_else(no_connection)?;
        connection.limit_statement(deadline)?;
        let result = connection.execute_many(&compiled.sql, &parameters, compiled.order.len());
        log.end(&compiled.sql, parameters.len(), count, result.as_ref().err());
        result.map_err(|error| Watch::new(Arc::clone(compiled), pool).failed(error))
    }

    /// All rows of a statement as values of a type.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows: Vec<(i64, String)> = conn.fetch_all(text("select 1, 'ed'"))?;
    /// assert_eq!(rows, [(1, "ed".to_owned())]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute), and [`ErrorKind::Conversion`].
    pub fn fetch_all<T: FromRow>(&mut self, statement: impl Into<Statement>) -> Result<Vec<T>> {
        self.execute(statement)?.of().all()
    }

    /// The first column of a statement's first row.
    ///
    /// # Errors
    /// As [`execute`](Connection::execute), [`ErrorKind::NoRow`] and [`ErrorKind::Conversion`].
    pub fn scalar<T: FromValue>(&mut self, statement: impl Into<Statement>) -> Result<T> {
        self.execute(statement)?.scalar()
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
    /// # Errors
    /// What the database says, [`ErrorKind::Forked`] in a child.
    pub fn rollback(&mut self) -> Result<()> {
        self.end_by_rollback()
    }

    /// Whether a transaction is under way: one of ours, or one that the program began in SQL.
    pub fn in_transaction(&self) -> bool {
        self.transaction != TransactionState::None
            || !matches!(self.server_status(), None | Some(TransactionStatus::Idle))
    }

    /// What the server says of its transaction; `None` without a connection, and in a child.
    pub(super) fn server_status(&self) -> Option<TransactionStatus> {
        if self.lease.is_inherited() {
            return None;
        }
        self.lease.working().map(driver::Connection::status)
    }

    /// What the server said of itself; `None` when the connection was lost.
    pub fn server(&self) -> Option<&Server> {
        self.lease.connection().map(driver::Connection::server)
    }

    /// The engine this connection is leased from.
    pub fn engine(&self) -> &Engine {
        self.lease.lender()
    }
}

fn check_width(given: usize, compiled: &Compiled) -> Result<()> {
    let wanted = compiled.names.len();
    if given == wanted {
        return Ok(());
    }
    let message = format!("a set of parameters gave {given} values for {wanted} names");
    Err(Error::new(ErrorKind::Bind, message).with_sql(&*compiled.sql))
}

pub(super) fn no_connection() -> Error {
    Error::new(ErrorKind::Disconnected, "the connection was lost and could not be replaced")
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("engine", self.engine())
            .field("in_transaction", &self.in_transaction())
            .finish_non_exhaustive()
    }
}
