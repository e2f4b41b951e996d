//! The one error type: what failed, on what, and what to do.

mod kind;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

pub use kind::ErrorKind;

/// A result whose error is a Rebis [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// What went wrong, as one opaque value: a [`kind`](Error::kind) to match on, a message to read, and facts by method.
///
/// `Display` prints this error's own line only; the cause is under [`source`](StdError::source). No message, cause or
/// `Debug` text holds a password or a bound value.
///
/// ```
/// use rebis_core::{Engine, ErrorKind};
///
/// let error = Engine::new("oracle://scott@db/orcl").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Url);
/// assert!(error.to_string().contains("oracle"));
/// ```
pub struct Error(Box<Facts>);

struct Facts {
    kind: ErrorKind,
    message: Cow<'static, str>,
    cause: Option<Cause>,
    sqlstate: Option<String>,
    code: Option<i64>,
    constraint: Option<String>,
    sql: Option<String>,
    disconnect: Disconnect,
}

/// What an error costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disconnect {
    Nothing,
    /// This connection.
    Connection,
    /// This connection, and the trust in those that are as old as it.
    Pool,
}

impl Error {
    /// An error of this kind with its own line.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Error(Box::new(Facts {
            kind,
            message: message.into(),
            cause: None,
            sqlstate: None,
            code: None,
            constraint: None,
            sql: None,
            disconnect: if kind == ErrorKind::Disconnected { Disconnect::Pool } else { Disconnect::Nothing },
        }))
    }

    /// Lets an error that is not ours through a function that returns [`Result`].
    ///
    /// ```
    /// let number = "x".parse::<i64>().map_err(rebis_core::Error::other);
    /// assert_eq!(number.unwrap_err().kind(), rebis_core::ErrorKind::Other);
    /// ```
    pub fn other(cause: impl Into<Box<dyn StdError + Send + Sync + 'static>>) -> Self {
        let cause = cause.into();
        Error::new(ErrorKind::Other, cause.to_string()).with_source(cause)
    }

    /// What sort of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The five characters that SQL databases agree on, where the server sent them.
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate.as_deref()
    }

    /// The database's own error number (SQLite's extended result code, MySQL's errno).
    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// The name of the constraint that a statement broke, where the database tells.
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// The statement that failed, without its values.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let error = conn.execute(text("select nonsense from nowhere where i = :i").bind("i", 7)).unwrap_err();
    /// assert_eq!(error.sql(), Some("select nonsense from nowhere where i = ?1"));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn sql(&self) -> Option<&str> {
        self.0.sql.as_deref()
    }

    /// Whether the connection is gone: it is not put back into its pool.
    pub fn is_disconnect(&self) -> bool {
        self.0.disconnect != Disconnect::Nothing
    }

    /// Whether the connections of the pool that are as old as the lost one are replaced as well: after what a server did, but
    /// not after a deadline that passed on one wire.
    pub fn invalidates_pool(&self) -> bool {
        self.0.disconnect == Disconnect::Pool
    }

    /// Whether the same transaction, run again from its start, may succeed: deadlock, serialization failure, busy
    /// database, lost connection, exhausted pool. Never true for [`ErrorKind::CommitUnknown`].
    ///
    /// ```
    /// use rebis_core::{Error, ErrorKind};
    ///
    /// assert!(Error::new(ErrorKind::Serialization, "could not serialize access").is_retryable());
    /// assert!(!Error::new(ErrorKind::CommitUnknown, "the connection was lost").is_retryable());
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Serialization
                | ErrorKind::Locked
                | ErrorKind::Disconnected
                | ErrorKind::Connect
                | ErrorKind::PoolTimeout
        )
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn with_source(mut self, cause: impl Into<Box<dyn StdError + Send + Sync + 'static>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same error with the statement it came from.
    #[must_use]
    pub fn with_sql(mut self, sql: impl Into<String>) -> Self {
        self.0.sql.get_or_insert_with(|| sql.into());
        self
    }

    /// The same error with the server's SQLSTATE.
    #[must_use]
    pub fn with_sqlstate(mut self, sqlstate: impl Into<String>) -> Self {
        self.0.sqlstate = Some(sqlstate.into());
        self
    }

    /// The same error with the database's own number.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<i64>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The same error with the name of the broken constraint.
    #[must_use]
    pub fn with_constraint(mut self, constraint: impl Into<String>) -> Self {
        self.0.constraint = Some(constraint.into());
        self
    }

    /// The same error, marked as having cost the connection.
    #[must_use]
    pub fn with_disconnect(self) -> Self {
        self.with_disconnect_of_pool(false)
    }

    /// The same error, marked as having cost the connection and, with `true`, the trust in those as old as it.
    #[must_use]
    pub fn with_disconnect_of_pool(mut self, pool: bool) -> Self {
        self.0.disconnect = if pool { Disconnect::Pool } else { Disconnect::Connection };
        self
    }

    /// The same error, marked as not having cost the connection.
    #[must_use]
    pub fn without_disconnect(mut self) -> Self {
        self.0.disconnect = Disconnect::Nothing;
        self
    }

    /// The same facts under another kind and message; the error as it was becomes the cause.
    ///
    /// ```
    /// use rebis_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Statement, "no such table").with_code(1).wrap(ErrorKind::Other, "the report failed");
    /// assert_eq!((error.code(), error.chain().as_str()), (Some(1), "the report failed: no such table"));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn wrap(self, kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let mut outer = Error::new(kind, message);
        outer.0.sqlstate.clone_from(&self.0.sqlstate);
        outer.0.code = self.0.code;
        outer.0.sql.clone_from(&self.0.sql);
        outer.0.constraint.clone_from(&self.0.constraint);
        outer.0.disconnect = self.0.disconnect;
        outer.with_source(self)
    }

    /// The message, then every cause after it, one line.
    ///
    /// ```
    /// let error = rebis_core::Error::other("disk full");
    /// assert_eq!(error.chain(), "disk full");
    /// ```
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A foreign error let in by `other` has the same words as its cause.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &facts.kind).field("message", &facts.message);
        if let Some(sqlstate) = &facts.sqlstate {
            debug.field("sqlstate", sqlstate);
        }
        if let Some(code) = &facts.code {
            debug.field("code", code);
        }
        if let Some(constraint) = &facts.constraint {
            debug.field("constraint", constraint);
        }
        if let Some(sql) = &facts.sql {
            debug.field("sql", sql);
        }
        if let Some(cause) = &facts.cause {
            debug.field("source", cause);
        }
        debug.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}
