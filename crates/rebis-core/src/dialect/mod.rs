//! What differs between databases, as data. A dialect holds no connection and executes nothing.

use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::url::Backend;

/// The differences of one database, as far as text and transactions go.
///
/// ```
/// use rebis_core::{Dialect, Engine};
/// assert_eq!(Engine::new("sqlite://")?.dialect(), &Dialect::SQLITE);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialect {
    /// The name, as in URLs.
    pub name: &'static str,
    /// How a statement's text names a parameter.
    pub placeholder: Placeholder,
    /// Whether a backslash in a quoted text hides the next character.
    pub backslash_escapes: bool,
    /// Whether `$tag$ … $tag$` quotes.
    pub dollar_quotes: bool,
    /// Whether `#` begins a comment.
    pub hash_comments: bool,
    /// Whether `--` begins a comment only before white space.
    pub spaced_dash_comments: bool,
    /// Whether `[…]` quotes an identifier.
    pub bracket_quotes: bool,
    /// Whether one `/* … */` may stand inside another.
    pub nested_comments: bool,
    /// The character round quoted identifiers.
    pub identifier_quote: char,
    isolation: Isolation,
}

/// How a statement's text names a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placeholder {
    /// `?1`; a name that occurs twice is sent once.
    QuestionNumber,
    /// `?`; a name that occurs twice is sent twice.
    Question,
    /// `$1`; a name that occurs twice is sent once.
    DollarNumber,
}

/// How much a transaction sees of others; what each means is the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// READ UNCOMMITTED
    ReadUncommitted,
    /// READ COMMITTED
    ReadCommitted,
    /// REPEATABLE READ
    RepeatableRead,
    /// SERIALIZABLE
    Serializable,
    /// No transaction: each statement stands for itself.
    Autocommit,
}

impl FromStr for IsolationLevel {
    type Err = Error;

    /// A level by its name in SQL; `_` for the space and small letters are fine.
    ///
    /// ```
    /// use rebis_core::IsolationLevel;
    /// assert_eq!("repeatable_read".parse::<IsolationLevel>()?, IsolationLevel::RepeatableRead);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    fn from_str(name: &str) -> Result<Self> {
        match name.replace('_', " ").to_ascii_uppercase().as_str() {
            "READ UNCOMMITTED" => Ok(IsolationLevel::ReadUncommitted),
            "READ COMMITTED" => Ok(IsolationLevel::ReadCommitted),
            "REPEATABLE READ" => Ok(IsolationLevel::RepeatableRead),
            "SERIALIZABLE" => Ok(IsolationLevel::Serializable),
            "AUTOCOMMIT" => Ok(IsolationLevel::Autocommit),
            _ => Err(Error::new(ErrorKind::Configuration, UNKNOWN_LEVEL)),
        }
    }
}

/// Without the name that was given: whoever mixes up two settings has a password there.
const UNKNOWN_LEVEL: &str = "this isolation level is not known; there are READ UNCOMMITTED, READ COMMITTED, REPEATABLE READ, \
     SERIALIZABLE and AUTOCOMMIT";

/// How a transaction of a level is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isolation {
    /// One level only, and no words for it.
    SerializableOnly,
    /// `SET TRANSACTION ISOLATION LEVEL …` before `BEGIN`.
    SetBefore,
    /// `BEGIN ISOLATION LEVEL …`.
    WithBegin,
}

/// The statements that begin a transaction: what comes first, if anything, and the beginning itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) before: Option<&'static str>,
    pub(crate) begin: &'static str,
}

impl Dialect {
    /// SQLite.
    pub const SQLITE: Dialect = Dialect {
        name: "sqlite",
        placeholder: Placeholder::QuestionNumber,
        backslash_escapes: false,
        dollar_quotes: false,
        hash_comments: false,
        spaced_dash_comments: false,
        bracket_quotes: true,
        nested_comments: false,
        identifier_quote: '"',
        isolation: Isolation::SerializableOnly,
    };

    /// MySQL and MariaDB.
    pub const MYSQL: Dialect = Dialect {
        name: "mysql",
        placeholder: Placeholder::Question,
        backslash_escapes: true,
        dollar_quotes: false,
        hash_comments: true,
        spaced_dash_comments: true,
        bracket_quotes: false,
        nested_comments: false,
        identifier_quote: '`',
        isolation: Isolation::SetBefore,
    };

    /// PostgreSQL.
    pub const POSTGRESQL: Dialect = Dialect {
        name: "postgresql",
        placeholder: Placeholder::DollarNumber,
        backslash_escapes: false,
        dollar_quotes: true,
        hash_comments: false,
        spaced_dash_comments: false,
        bracket_quotes: false,
        nested_comments: true,
        identifier_quote: '"',
        isolation: Isolation::WithBegin,
    };

    /// The dialect of a URL's database.
    pub(crate) fn of(backend: Backend) -> Dialect {
        match backend {
            Backend::Sqlite => Dialect::SQLITE,
            Backend::Mysql => Dialect::MYSQL,
            Backend::Postgresql => Dialect::POSTGRESQL,
        }
    }

    /// How a transaction of this level begins; `None` for autocommit.
    pub(crate) fn begin(&self, level: Option<IsolationLevel>) -> Result<Option<Begin>> {
        use IsolationLevel::{Autocommit, ReadCommitted, ReadUncommitted, RepeatableRead, Serializable};
        let plain = Begin { before: None, begin: "BEGIN" };
        let Some(level) = level else { return Ok(Some(plain)) };
        let begin = match (self.isolation, level) {
            (_, Autocommit) => return Ok(None),
            (Isolation::SerializableOnly, Serializable) => plain,
            (Isolation::SerializableOnly, level) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "{} has no isolation level {level:?}; it has Serializable and Autocommit",
                        self.name
                    ),
                ));
            }
            (Isolation::SetBefore, level) => Begin {
                before: Some(match level {
                    ReadUncommitted => "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
                    ReadCommitted => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                    RepeatableRead => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                    Serializable | Autocommit => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                }),
                begin: "BEGIN",
            },
            (Isolation::WithBegin, level) => Begin {
                before: None,
                begin: match level {
                    ReadUncommitted => "BEGIN ISOLATION LEVEL READ UNCOMMITTED",
                    ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
                    RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    Serializable | Autocommit => "BEGIN ISOLATION LEVEL SERIALIZABLE",
                },
            },
        };
        Ok(Some(begin))
    }
}
