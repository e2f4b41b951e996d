//! The sorts of error, for programs that decide by them.

/// What sort of error an [`Error`](crate::Error) is.
///
/// ```
/// use rebis_core::{Engine, ErrorKind, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table users (name text unique)"))?;
/// conn.execute(text("insert into users values ('ed')"))?;
/// let error = conn.execute(text("insert into users values ('ed')")).unwrap_err();
/// match error.kind() {
///     ErrorKind::UniqueViolation => println!("there is one already"),
///     _ => return Err(error),
/// }
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database URL cannot be read, or names a database or an option that is not known.
    Url,
    /// An option has a value that makes no sense.
    Configuration,
    /// No connection could be made: refused, not resolved, timed out.
    Connect,
    /// The server refused the user, the password or the database.
    Authentication,
    /// No connection of the pool became free within the pool's timeout.
    PoolTimeout,
    /// A checkout that can never be served: every connection is held by a thread that waits for one itself.
    NestedCheckout,
    /// Opened by another process: the program forked since, and only the process that opened it may use it.
    Forked,
    /// The connection is gone; what was not committed is rolled back by the server.
    Disconnected,
    /// The connection was lost while a COMMIT was under way: it may have happened or not.
    CommitUnknown,
    /// A statement, read or write did not end before its deadline. When the wire had to be given up as well,
    /// [`is_disconnect`](crate::Error::is_disconnect) says so.
    Timeout,
    /// Somebody stopped the statement: a [`CancelHandle`](crate::CancelHandle), or the server's administrator.
    Cancelled,
    /// The connection is in use by something that has not ended.
    Busy,
    /// This database cannot do that; nothing was sent.
    Unsupported,
    /// A unique or primary key already holds that value.
    UniqueViolation,
    /// A row that a foreign key names does not exist, or is still named by one.
    ForeignKeyViolation,
    /// NULL in a column that does not allow it.
    NotNullViolation,
    /// A check constraint, or another rule of the table, is broken.
    CheckViolation,
    /// The description of a table contradicts itself.
    Schema,
    /// The database does not understand the statement: syntax, unknown table or column, missing rights.
    Statement,
    /// A value does not fit what the database expects there.
    Data,
    /// Deadlock or serialization failure: run the transaction again.
    Serialization,
    /// A lock was not had in time: run the transaction again.
    Locked,
    /// The transaction failed before and must be rolled back first.
    PendingRollback,
    /// A call that does not fit the state: a second begin, a commit of a finished transaction.
    InvalidState,
    /// The database failed for a reason of its own: disk full, shutdown, out of memory.
    Operational,
    /// Named parameters of the statement and bound values do not match.
    Bind,
    /// A value cannot be represented in the Rust type asked for.
    Conversion,
    /// A row was asked for and there is none.
    NoRow,
    /// One row was asked for and there are more.
    MultipleRows,
    /// An object of a session is being read or written elsewhere in the program; the message names the place.
    Conflict,
    /// An object is in no session any more, and what was asked for would have to be loaded.
    Detached,
    /// The row of an object is gone.
    ObjectDeleted,
    /// A row that a session has changed or deleted was changed or deleted by somebody else meanwhile.
    StaleData,
    /// The server said something that its protocol does not allow.
    Protocol,
    /// A worker process died before its job was done.
    WorkerDied,
    /// A defect of Rebis: please report it.
    Internal,
    /// An error that is not ours, let in by [`Error::other`](crate::Error::other).
    Other,
}

impl ErrorKind {
    const ALL: &[ErrorKind] = &[
        ErrorKind::Url,
        ErrorKind::Configuration,
        ErrorKind::Connect,
        ErrorKind::Authentication,
        ErrorKind::PoolTimeout,
        ErrorKind::NestedCheckout,
        ErrorKind::Forked,
        ErrorKind::Disconnected,
        ErrorKind::CommitUnknown,
        ErrorKind::Timeout,
        ErrorKind::Cancelled,
        ErrorKind::Busy,
        ErrorKind::Unsupported,
        ErrorKind::UniqueViolation,
        ErrorKind::ForeignKeyViolation,
        ErrorKind::NotNullViolation,
        ErrorKind::CheckViolation,
        ErrorKind::Schema,
        ErrorKind::Statement,
        ErrorKind::Data,
        ErrorKind::Serialization,
        ErrorKind::Locked,
        ErrorKind::PendingRollback,
        ErrorKind::InvalidState,
        ErrorKind::Operational,
        ErrorKind::Bind,
        ErrorKind::Conversion,
        ErrorKind::NoRow,
        ErrorKind::MultipleRows,
        ErrorKind::Protocol,
        ErrorKind::WorkerDied,
        ErrorKind::Internal,
        ErrorKind::Other,
    ];

    /// The kind's name as written in Rust, for logs and for the way from a worker process.
    ///
    /// ```
    /// assert_eq!(rebis_core::ErrorKind::Forked.name(), "Forked");
    /// ```
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The kind of that name; `Other` for a name that this version does not know.
    pub(crate) fn from_name(name: &str) -> ErrorKind {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).unwrap_or(ErrorKind::Other)
    }
}
