//! What differs between databases, as data. A dialect holds no connection and executes nothing.

mod isolation;
mod transactions;

pub use isolation::IsolationLevel;
pub(crate) use transactions::{Begin, TransactionOptions};

use self::transactions::Transactions;
use crate::error::Result;
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
    transactions: Transactions,
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
        transactions: Transactions::Sqlite,
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
        transactions: Transactions::Mysql,
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
        transactions: Transactions::Postgresql,
    };

    /// The dialect of a URL's database.
    pub(crate) fn of(backend: Backend) -> Dialect {
        match backend {
            Backend::Sqlite => Dialect::SQLITE,
            Backend::Mysql => Dialect::MYSQL,
            Backend::Postgresql => Dialect::POSTGRESQL,
        }
    }

    /// How a transaction with these options begins; `None` for autocommit.
    pub(crate) fn begin(&self, options: TransactionOptions) -> Result<Option<Begin>> {
        self.transactions.begin(self.name, options)
    }
}
