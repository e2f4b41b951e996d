//! Error packets → classified errors.

use super::packet::Reader;
use crate::error::{Error, ErrorKind};

/// Reads an error packet; `None` when it is malformed.
pub(super) fn from_packet(payload: &[u8]) -> Option<Error> {
    let mut reader = Reader(payload);
    if reader.u8()? != 0xff {
        return None;
    }
    let code = reader.u16()?;
    // An error before the handshake has no state.
    let state = match reader.0.first() {
        Some(b'#') => reader.bytes(6).map(|state| String::from_utf8_lossy(&state[1..]).into_owned()),
        _ => None,
    };
    let text = String::from_utf8_lossy(reader.0);
    let kind = kind(code, state.as_deref().unwrap_or(""));
    let constraint = constraint(kind, &text);
    let mut error = Error::new(kind, message(kind, code, &text, constraint)).with_code(code);
    if let Some(state) = state {
        error = error.with_sqlstate(state);
    }
    if let Some(constraint) = constraint {
        error = error.with_constraint(constraint);
    }
    // A packet that is too large is refused by closing.
    Some(if code == TOO_LARGE { error.with_disconnect() } else { error })
}

const TOO_LARGE: u16 = 1153;

/// Whether the server has rolled back the whole transaction on its own: deadlock, lock table full, changed record.
pub(super) fn ended_transaction(error: &Error) -> bool {
    matches!(error.code(), Some(1213 | 1206 | 1020))
}

/// Whether the statement was stopped by a KILL QUERY.
pub(super) fn is_interrupted(error: &Error) -> bool {
    error.code() == Some(1317)
}

/// Whether there is no such session.
pub(super) fn is_unknown_session(error: &Error) -> bool {
    error.code() == Some(1094)
}

/// Whether the statement cannot be prepared, or not be run in bulk.
pub(super) fn is_not_preparable(error: &Error) -> bool {
    matches!(error.code(), Some(1295 | 1235))
}

/// Whether the server no longer has the prepared statement, or wants it prepared anew.
pub(super) fn is_lost_statement(error: &Error) -> bool {
    matches!(error.code(), Some(1243 | 1615))
}

/// Whether the server holds as many prepared statements as it may.
pub(super) fn is_too_many_statements(error: &Error) -> bool {
    error.code() == Some(1461)
}

/// The server has stopped taking writes. A server that has become another's replica stays so: the connection is of no use
/// to a program that asked for one that writes, and a new one may lead elsewhere.
pub(super) fn lost_if_read_only(error: Error) -> Error {
    let read_only = match error.code() {
        // Of several options that keep a statement from running.
        Some(1290) => error.to_string().to_ascii_lowercase().replace('_', "-").contains("read-only"),
        Some(1792 | 1836) => true,
        _ => false,
    };
    if !read_only {
        return error;
    }
    error
        .wrap(ErrorKind::Disconnected, "the server has become read-only; the connection is closed")
        .with_disconnect()
}

fn kind(code: u16, state: &str) -> ErrorKind {
    match code {
        1022 | 1062 | 1557 | 1586 | 1761 | 1762 => ErrorKind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 => ErrorKind::ForeignKeyViolation,
        1048 | 1364 => ErrorKind::NotNullViolation,
        1369 | 3819 | 4025 => ErrorKind::CheckViolation,
        1020 | 1206 | 1213 => ErrorKind::Serialization,
        1205 | 3572 => ErrorKind::Locked,
        1044 | 1045 | 1049 | 1130 | 1251 | 1698 | 1820 | 1862 | 3118 | 4151 => ErrorKind::Authentication,
        1040 | 1129 | 1203 | 1226 | 3159 => ErrorKind::Connect,
        1264 | 1265 | 1292 | 1366 | 1367 | 1406 | 1411 | 1690 | TOO_LARGE => ErrorKind::Data,
        1053 | 1080 | 1152 | 1158..=1161 | 1927 | 2006 | 2013 | 4031 => ErrorKind::Disconnected,
        1317 => ErrorKind::Cancelled,
        1969 | 3024 => ErrorKind::Timeout,
        1290 | 1836 => ErrorKind::Operational,
        1235 | 1295 => ErrorKind::Unsupported,
        // 1052: an ambiguous name, which has the state of a broken constraint; 1792: the transaction only reads.
        1052 | 1210 | 1221 | 1792 => ErrorKind::Statement,
        _ => match state.get(..2) {
            // 45: SIGNAL, by which triggers refuse.
            Some("23" | "44" | "45") => ErrorKind::CheckViolation,
            Some("21" | "3D" | "42") => ErrorKind::Statement,
            Some("22") => ErrorKind::Data,
            Some("25") => ErrorKind::InvalidState,
            Some("28") => ErrorKind::Authentication,
            Some("40") => ErrorKind::Serialization,
            Some("0A") => ErrorKind::Unsupported,
            _ => ErrorKind::Operational,
        },
    }
}

fn constraint(kind: ErrorKind, text: &str) -> Option<&str> {
    match kind {
        // Duplicate entry 'ed' for key 'users.name'
        ErrorKind::UniqueViolation => text.rsplit_once("for key '")?.1.strip_suffix('\''),
        // ... (`shop`.`orders`, CONSTRAINT `orders_user` FOREIGN KEY ...
        ErrorKind::ForeignKeyViolation => quoted(text.split_once("CONSTRAINT ")?.1),
        // MariaDB: CONSTRAINT `positive` failed for `shop`.`orders`. MySQL: Check constraint 'positive' is violated.
        ErrorKind::CheckViolation => {
            let (_, rest) = text.split_once("CONSTRAINT ").or_else(|| text.split_once("constraint "))?;
            quoted(rest)
        }
        _ => None,
    }
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| matches!(first, '`' | '\''))?;
    text[1..].split_once(quote).map(|(name, _)| name)
}

/// The server's words, without the values that it repeats: they are data of the program's users.
fn message(kind: ErrorKind, code: u16, text: &str, constraint: Option<&str>) -> String {
    match (kind, code) {
        (ErrorKind::UniqueViolation, _) => match constraint {
            Some(name) => format!("a row with that value is already there (unique key '{name}')"),
            None => "a row with that value is already there".to_owned(),
        },
        // BIGINT value is out of range in '(`count` + 7)'
        (ErrorKind::Data, 1690) => text.split(" in '").next().unwrap_or(text).to_owned(),
        // Incorrect integer value: 'x' for column `shop`.`orders`.`count` at row 1
        // XPATH syntax error: 'x'. Variable 'sql_mode' can't be set to the value of 'x'.
        (ErrorKind::Data, _) | (_, 1105 | 1231 | 1298 | 1525) => {
            let start = [": '", " of '"].iter().filter_map(|before| text.find(before)).min();
            match (start, text.rfind("' for ")) {
                (Some(start), Some(end)) if start < end => format!("{}{}", &text[..start], &text[end + 1..]),
                (Some(start), _) => text[..start].to_owned(),
                _ => text.to_owned(),
            }
        }
        _ => text.to_owned(),
    }
}
