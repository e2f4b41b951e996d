//! How an error crosses from a worker to its parent: every fact of it, and its causes as text.

use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};

/// A cause that stayed behind in a worker process: its text, and what had caused it in turn.
///
/// An error that a job returns arrives whole but for the types of its causes, which cannot leave their process.
///
/// ```
/// use std::error::Error as _;
/// use rebis_core::{Error, workers::RemoteError};
///
/// fn worker_of(error: &Error) -> Option<i32> {
///     error.source()?.downcast_ref::<RemoteError>().map(RemoteError::worker)
/// }
/// assert_eq!(worker_of(&Error::other("not from a worker")), None);
/// ```
#[derive(Debug)]
pub struct RemoteError {
    text: String,
    worker: i32,
    cause: Option<Box<RemoteError>>,
}

impl RemoteError {
    /// The process id of the worker that it comes from.
    pub fn worker(&self) -> i32 {
        self.worker
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for RemoteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// An error as it travels. Kinds go by name: both sides are one program, but names are readable in a dump.
#[derive(Debug)]
pub(super) struct Packed {
    kind: String,
    message: String,
    causes: Vec<String>,
    sqlstate: Option<String>,
    code: Option<i64>,
    constraint: Option<String>,
    sql: Option<String>,
    disconnect: bool,
}

// By hand: serde's derive would be another crate to build for all who use Rebis, for this one struct.
impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Packed { kind, message, causes, sqlstate, code, constraint, sql, disconnect } = self;
        (kind, message, causes, sqlstate, code, constraint, sql, disconnect).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kind, message, causes, sqlstate, code, constraint, sql, disconnect) =
            Deserialize::deserialize(deserializer)?;
        Ok(Packed { kind, message, causes, sqlstate, code, constraint, sql, disconnect })
    }
}

/// More causes than this are a loop.
const DEEPEST: usize = 64;

impl Packed {
    pub(super) fn pack(error: &Error) -> Packed {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        Packed {
            kind: error.kind().name(),
            message: error.to_string(),
            causes: causes.take(DEEPEST).map(ToString::to_string).collect(),
            sqlstate: error.sqlstate().map(str::to_owned),
            code: error.code(),
            constraint: error.constraint().map(str::to_owned),
            sql: error.sql().map(str::to_owned),
            disconnect: error.is_disconnect(),
        }
    }

    pub(super) fn unpack(self, worker: i32) -> Error {
        let mut error = Error::new(ErrorKind::from_name(&self.kind), self.message);
        let innermost_first = self.causes.into_iter().rev();
        let cause = innermost_first
            .fold(None, |cause, text| Some(RemoteError { text, worker, cause: cause.map(Box::new) }));
        if let Some(cause) = cause {
            error = error.with_source(cause);
        }
        if let Some(sqlstate) = self.sqlstate {
            error = error.with_sqlstate(sqlstate);
        }
        if let Some(code) = self.code {
            error = error.with_code(code);
        }
        if let Some(constraint) = self.constraint {
            error = error.with_constraint(constraint);
        }
        if let Some(sql) = self.sql {
            error = error.with_sql(sql);
        }
        if self.disconnect { error.with_disconnect() } else { error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_and_cause_comes_back() {
        let inner =
            Error::new(ErrorKind::Disconnected, "gone").with_source(std::io::Error::other("reset by peer"));
        let error = Error::new(ErrorKind::UniqueViolation, "there is such a user")
            .with_sqlstate("23505")
            .with_code(1062)
            .with_constraint("users_name")
            .with_sql("insert into users values (?)")
            .with_disconnect()
            .with_source(inner);
        let bytes = rmp_serde::to_vec_named(&Packed::pack(&error)).unwrap();
        let back = rmp_serde::from_slice::<Packed>(&bytes).unwrap().unpack(7);
        assert_eq!(back.kind(), ErrorKind::UniqueViolation);
        assert_eq!(back.chain(), error.chain());
        assert_eq!(back.chain(), "there is such a user: gone: reset by peer");
        assert_eq!((back.sqlstate(), back.code()), (Some("23505"), Some(1062)));
        assert_eq!((back.constraint(), back.sql()), (Some("users_name"), error.sql()));
        assert!(back.is_disconnect());
        let cause = back.source().unwrap().downcast_ref::<RemoteError>().unwrap();
        assert_eq!(cause.worker(), 7);
    }

    #[test]
    fn a_bare_error_stays_bare() {
        let back = Packed::pack(&Error::new(ErrorKind::NoRow, "no such user")).unpack(7);
        assert_eq!(back.kind(), ErrorKind::NoRow);
        assert!(back.source().is_none() && !back.is_disconnect() && back.code().is_none());
    }
}
