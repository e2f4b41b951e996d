//! What a database driver is: text and values in; rows and a classified error out.
//!
//! A driver never sees a statement tree, a table or a pool. Four object-safe traits are all there is; a driver of one's
//! own implements them and goes into [`Engine::builder_with_connector`](crate::Engine::builder_with_connector).
//!
//! What a driver owes beside the traits:
//!
//! - **Fork**: what it opened belongs to the process that opened it. Before each write and in every `Drop` it compares
//!   [`generation`](crate::process::generation) with the one it was opened in. In another process it answers
//!   [`ErrorKind::Forked`] and its `Drop` does nothing. [`Socket`](crate::process::Socket)
//!   does this for network drivers.
//! - **Deadlines**: no call waits for ever.
//! - **Truth**: [`Connection::status`] is what the server said last, not what the client counted.
//! - **Errors**: classified by [`ErrorKind`]; an error that cost the wire is marked
//!   [`is_disconnect`](crate::Error::is_disconnect).

#[cfg(test)]
mod contract;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod interrupt;
mod login;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
mod notice;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub mod scripted;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod transport;

use std::fmt;
use std::sync::Arc;

pub use login::{Login, Password};
pub use notice::Notice;
#[cfg(feature = "postgres")]
use notice::Notices;

use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::value::ValueRef;

/// Knows how to reach one database, and opens connections to it.
///
/// It is shared by all threads and survives a fork, so it holds nothing that a lock guards.
pub trait Connector: fmt::Debug + Send + Sync {
    /// The user and the password that the connector has itself: the URL's. Nobody for a database that asks for none.
    fn login(&self) -> Login {
        Login::default()
    }

    /// Opens a connection for this login, by the connector's own user where it names none: resolve, connect, handshake, session settings.
    ///
    /// # Errors
    /// [`Connect`](crate::ErrorKind::Connect) when nobody answers in time,
    /// [`Authentication`](crate::ErrorKind::Authentication) when the server refuses.
    fn connect(&self, login: &Login, deadline: Deadline) -> Result<Box<dyn Connection>>;
}

/// One connection to a database, in the hands of one thread at a time.
///
/// An answer that was not read to its end is the connection's concern: the next call reads past it.
pub trait Connection: fmt::Debug + Send {
    /// Runs one statement with its parameters and returns its answer, not yet read. What the database says before the first
    /// row comes from here, not from the cursor.
    ///
    /// # Errors
    /// What the database says of the statement; a disconnect or [`Timeout`](crate::ErrorKind::Timeout) leaves the
    /// connection broken.
    fn execute(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<&mut dyn Cursor>;

    /// Runs one statement and shows each row of its answer. It is over when this returns: until then a driver may read the
    /// parameters where they lie.
    ///
    /// # Errors
    /// As [`execute`](Connection::execute), the rows', and what `show` answers; the first one ends it.
    fn execute_to_end(
        &mut self,
        sql: &str,
        parameters: &[ValueRef<'_>],
        show: &mut dyn FnMut(&dyn Cursor) -> Result<()>,
    ) -> Result<()> {
        let cursor = self.execute(sql, parameters)?;
        while cursor.advance()? {
            show(&*cursor)?;
        }
        Ok(())
    }

    /// The answer to the last [`execute`](Connection::execute), to be read on; one that something else was sent after has no more
    /// rows. `None` of a driver that cannot do this.
    fn cursor(&mut self) -> Option<&mut dyn Cursor> {
        None
    }

    /// Runs one statement once for every `width` of the parameters, in order, and returns how many rows it changed in all.
    /// `width` is at least 1 and divides the number of parameters.
    ///
    /// # Errors
    /// The first error ends the run. What ran before it may stay (one by one) or be undone with it (as one request): in a
    /// transaction a rollback settles it, without one it is the database's.
    fn execute_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64>;

    /// Starts a transaction by this statement. A driver may send it together with the next statement, and report its
    /// error there; [`status`](Connection::status) says `Active` from now on.
    ///
    /// # Errors
    /// As for [`control`](Connection::control).
    fn begin(&mut self, sql: &str) -> Result<()> {
        self.control(sql)
    }

    /// Runs a statement that has neither parameters nor rows: COMMIT, SAVEPOINT, SET.
    ///
    /// # Errors
    /// As for [`execute`](Connection::execute).
    fn control(&mut self, sql: &str) -> Result<()>;

    /// The moment at which the next [`execute`](Connection::execute) or [`execute_many`](Connection::execute_many) must be
    /// over, with the reading of its rows and with a [`begin`](Connection::begin) before it. It counts for one statement.
    ///
    /// When it passes, the driver asks the database to stop the statement and reads its answer. The statement's error is
    /// then [`Timeout`](ErrorKind::Timeout) and the connection can be used; when the database does not answer soon, it is
    /// broken. A statement that ended before it could be stopped has ended well.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for any deadline but [`Deadline::NEVER`], of a driver that cannot do this.
    fn limit_statement(&mut self, deadline: Deadline) -> Result<()> {
        if deadline == Deadline::NEVER {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "this driver cannot stop a statement, so it has no statement timeout",
        ))
    }

    /// What stops this connection's statements from other threads; `None` of a driver that has no such thing. It is the
    /// connection's, not a lease's: kept beyond one it hits the next user.
    fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        None
    }

    /// What the server said beside its answers since the last call. A driver keeps a bounded number.
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Asks for the warnings about the last statement.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where the database does not keep them.
    fn warnings(&mut self) -> Result<Vec<Notice>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "this database keeps no list of warnings; what it has to say comes as notices",
        ))
    }

    /// Whether a transaction is open, by what the server said last.
    fn status(&self) -> TransactionStatus;

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// A disconnect when there is none before the driver's deadline.
    fn ping(&mut self) -> Result<()>;

    /// Makes the connection fit for another user: reads past an unfinished answer, rolls back an open transaction.
    ///
    /// # Errors
    /// Any error means that the connection is not clean and must be closed.
    fn reset(&mut self) -> Result<()>;

    /// [`reset`](Connection::reset), and undoes what was set on the session by SQL as far as the database can: settings,
    /// temporary tables, locks.
    ///
    /// # Errors
    /// As [`reset`](Connection::reset).
    fn reset_session(&mut self) -> Result<()> {
        self.reset()
    }

    /// Whether the wire is lost or in a state that nobody knows.
    fn is_broken(&self) -> bool;

    /// What the server said of itself when the connection was made.
    fn server(&self) -> &Server;

    /// Says goodbye, as the protocol wants it, within a second. Dropping without it closes silently.
    fn close(&mut self);
}

/// Stops what runs on one connection, from any thread, without touching the connection.
pub trait Cancel: fmt::Debug + Send + Sync {
    /// Asks the database to stop what runs at this moment; false when nothing does. When it has returned `Ok`, a statement
    /// that is begun afterwards is not hit.
    ///
    /// # Errors
    /// [`Forked`](ErrorKind::Forked) in a child, before anything is touched. A failure to reach the server; when nobody
    /// knows whether the request still arrives, the connection is broken from then on, so that it hits nobody else.
    fn cancel(&self, deadline: Deadline) -> Result<bool>;
}

/// The answer to one statement, a part of its connection. A driver keeps its state and lends it out: nothing has to be dropped,
/// so that a program may forget it, drop it in a forked child, or run the next statement while it is still in scope.
pub trait Cursor {
    /// The columns of the answer; empty when the statement returns no rows.
    fn columns(&self) -> &Arc<[Column]>;

    /// Goes to the next row; false at the end.
    ///
    /// # Errors
    /// What the database or the wire says while it computes the row.
    fn advance(&mut self) -> Result<bool>;

    /// One cell of the current row, borrowed from the driver's buffer.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) when the cell cannot be read, or
    /// [`Conversion`](crate::ErrorKind::Conversion) when its type cannot hold what the server sent.
    fn cell(&self, index: usize) -> Result<ValueRef<'_>>;

    /// How many rows the statement changed; known once the answer is read to its end.
    fn rows_affected(&self) -> u64;

    /// The key that the database made for the last inserted row, on databases that tell without RETURNING.
    fn last_insert_id(&self) -> Option<i64>;
}

/// One column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The name or alias in the statement.
    pub name: String,
    /// The database's own name of the type, as far as it is known.
    pub sql_type: String,
}

impl Column {
    /// A column of that name and type.
    pub fn new(name: impl Into<String>, sql_type: impl Into<String>) -> Self {
        Column { name: name.into(), sql_type: sql_type.into() }
    }
}

/// Whether a transaction is open on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    /// None is open.
    Idle,
    /// One is open.
    Active,
    /// It has failed: the server takes only a rollback, or has rolled back already and nobody has acknowledged it.
    Failed,
}

/// A connected server, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// `SQLite`, `MariaDB`, `MySQL`, `PostgreSQL`.
    pub product: String,
    /// Its version, as it prints it.
    pub version: String,
    /// Its number for this connection: PostgreSQL's backend pid, MySQL's connection id.
    pub session_id: Option<u64>,
}

impl Server {
    /// A server of that product and version.
    pub fn new(product: impl Into<String>, version: impl Into<String>, session_id: Option<u64>) -> Self {
        Server { product: product.into(), version: version.into(), session_id }
    }
}
