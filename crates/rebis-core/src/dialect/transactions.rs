//! How each database begins a transaction.

use super::IsolationLevel;
use crate::error::{Error, ErrorKind, Result};

/// What a transaction is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TransactionOptions {
    /// `None`: the database's own default.
    pub(crate) isolation_level: Option<IsolationLevel>,
    pub(crate) read_only: bool,
    /// May wait at its begin until it can run without being disturbed.
    pub(crate) deferrable: bool,
}

/// The statements that begin a transaction: what comes first, if anything, and the beginning itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) before: Option<&'static str>,
    pub(crate) begin: &'static str,
}

/// Whose words begin a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transactions {
    /// One level only, and no words for it. `BEGIN READ ONLY` is a word between us and the driver.
    Sqlite,
    /// `SET TRANSACTION ISOLATION LEVEL …` before the beginning.
    Mysql,
    /// All in one statement.
    Postgresql,
}

impl Transactions {
    pub(super) fn begin(self, name: &str, options: TransactionOptions) -> Result<Option<Begin>> {
        let TransactionOptions { isolation_level: level, read_only, deferrable } = options;
        if deferrable && self != Transactions::Postgresql {
            return Err(unsupported(format!("{name} has no deferrable transactions; PostgreSQL has")));
        }
        if level == Some(IsolationLevel::Autocommit) {
            if read_only || deferrable {
                return Err(unsupported("at AUTOCOMMIT there is no transaction that could be read-only"));
            }
            return Ok(None);
        }
        let (before, begin) = match (self, level) {
            (Transactions::Sqlite, None | Some(IsolationLevel::Serializable)) => {
                (None, if read_only { "BEGIN READ ONLY" } else { "BEGIN" })
            }
            (Transactions::Sqlite, Some(level)) => {
                let message =
                    format!("{name} has no isolation level {level}; it has SERIALIZABLE and AUTOCOMMIT");
                return Err(unsupported(message));
            }
            (Transactions::Mysql, level) => {
                let begin = if read_only { "START TRANSACTION READ ONLY" } else { "BEGIN" };
                (level.and_then(mysql_level), begin)
            }
            (Transactions::Postgresql, level) => {
                let [plain, only_reads, waits, both] = postgresql(level);
                let begin = match (read_only, deferrable) {
                    (false, false) => plain,
                    (true, false) => only_reads,
                    (false, true) => waits,
                    (true, true) => both,
                };
                (None, begin)
            }
        };
        Ok(Some(Begin { before, begin }))
    }
}

fn unsupported(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

fn mysql_level(level: IsolationLevel) -> Option<&'static str> {
    match level {
        IsolationLevel::ReadUncommitted => Some("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"),
        IsolationLevel::ReadCommitted => Some("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"),
        IsolationLevel::RepeatableRead => Some("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
        IsolationLevel::Serializable => Some("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
        IsolationLevel::Autocommit => None,
    }
}

/// Plain, only reading, deferrable, both.
fn postgresql(level: Option<IsolationLevel>) -> [&'static str; 4] {
    match level {
        None | Some(IsolationLevel::Autocommit) => {
            ["BEGIN", "BEGIN READ ONLY", "BEGIN DEFERRABLE", "BEGIN READ ONLY, DEFERRABLE"]
        }
        Some(IsolationLevel::ReadUncommitted) => [
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED",
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED, READ ONLY",
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED, DEFERRABLE",
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED, READ ONLY, DEFERRABLE",
        ],
        Some(IsolationLevel::ReadCommitted) => [
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY",
            "BEGIN ISOLATION LEVEL READ COMMITTED, DEFERRABLE",
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, DEFERRABLE",
        ],
        Some(IsolationLevel::RepeatableRead) => [
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            "BEGIN ISOLATION LEVEL REPEATABLE READ, DEFERRABLE",
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE",
        ],
        Some(IsolationLevel::Serializable) => [
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY",
            "BEGIN ISOLATION LEVEL SERIALIZABLE, DEFERRABLE",
            "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
        ],
    }
}
