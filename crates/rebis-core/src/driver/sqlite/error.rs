//! SQLite's result codes → [`ErrorKind`].

use std::ffi::c_int;

use libsqlite3_sys as ffi;

use crate::error::{Error, ErrorKind};

/// The error of a statement that runs. What its functions say may quote their arguments, which may be bound values:
/// "bad JSON path: '…'", "fts5: syntax error near "…"".
pub(super) fn classify_running(code: c_int, message: String) -> Error {
    // A table that is gone since the statement was prepared is no value.
    if code & 0xff != ffi::SQLITE_ERROR || message.starts_with("no such table: ") {
        return classify(code, message);
    }
    let quoted = message.find(['\'', '"', '[']).zip(message.rfind(['\'', '"', ']']));
    let cut = match (quoted, message.split_once(": ")) {
        (Some((first, last)), _) if first < last => {
            format!("{}…{}", &message[..first], &message[last + 1..])
        }
        (_, Some((what, _))) => what.to_owned(),
        _ => message,
    };
    classify(code, cut)
}

pub(super) fn classify(code: c_int, message: String) -> Error {
    let kind = match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            ErrorKind::UniqueViolation
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ErrorKind::ForeignKeyViolation,
        ffi::SQLITE_CONSTRAINT_NOTNULL => ErrorKind::NotNullViolation,
        // Another connection wrote since this transaction began to read: only a new transaction helps.
        ffi::SQLITE_BUSY_SNAPSHOT => ErrorKind::Serialization,
        _ => match code & 0xff {
            ffi::SQLITE_CONSTRAINT => ErrorKind::CheckViolation,
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => ErrorKind::Locked,
            ffi::SQLITE_ERROR | ffi::SQLITE_RANGE | ffi::SQLITE_AUTH => ErrorKind::Statement,
            ffi::SQLITE_MISMATCH | ffi::SQLITE_TOOBIG => ErrorKind::Data,
            ffi::SQLITE_CANTOPEN | ffi::SQLITE_NOTADB => ErrorKind::Connect,
            ffi::SQLITE_INTERRUPT => ErrorKind::Cancelled,
            ffi::SQLITE_MISUSE => ErrorKind::Internal,
            _ => ErrorKind::Operational,
        },
    };
    // "UNIQUE constraint failed: users.name", "CHECK constraint failed: age_positive"
    let constraint = match kind {
        ErrorKind::UniqueViolation | ErrorKind::CheckViolation | ErrorKind::NotNullViolation => {
            message.split_once("constraint failed: ").map(|(_, name)| name.to_owned())
        }
        _ => None,
    };
    let error = Error::new(kind, message).with_code(code);
    match constraint {
        Some(name) => error.with_constraint(name),
        None => error,
    }
}
