//! What differs between databases, as data. A dialect holds no connection and executes nothing.

mod isolation;
mod known;
mod tables;
mod transactions;
mod types;
mod words;
mod writes;

pub use isolation::IsolationLevel;
pub(crate) use known::Writing;
pub(crate) use tables::{Comments, Identity, IndexSchema, Literals, Sequences};
pub(crate) use transactions::{Begin, TransactionOptions};
pub(crate) use types::{Enums, Name, Word};
pub(crate) use words::{Concatenation, DeleteUsing, JoinTexts, NullSafe, Rollup, Upsert, ValuesIn};
pub(crate) use writes::{ManyRows, Truncation};

use self::tables::{MARIADB_TABLES, MYSQL_TABLES, POSTGRESQL_TABLES, SQLITE_TABLES, TableWords};
use self::transactions::Transactions;
use self::types::{MYSQL_TYPES, POSTGRESQL_TYPES, SQLITE_TYPES, TypeNames};
use self::words::{
    MARIADB_SELECT, MYSQL_SELECT, POSTGRESQL_SELECT, Returning, RowLocks, SQLITE_SELECT, SelectWords,
};
use self::writes::{MARIADB_WRITES, MYSQL_WRITES, POSTGRESQL_WRITES, SQLITE_WRITES, Writes};
use crate::driver::Server;
use crate::error::Result;
use crate::url::{Backend, Url};

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
    pub(crate) backend: Backend,
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
    pub(crate) concatenation: Concatenation,
    pub(crate) null_safe: NullSafe,
    pub(crate) upsert: Upsert,
    /// The words that lock rows; `None` where rows are not locked one by one.
    pub(crate) row_locks: Option<RowLocks>,
    pub(crate) select: SelectWords,
    pub(crate) returning: Returning,
    pub(crate) types: TypeNames,
    pub(crate) tables: TableWords,
    /// Whether `NULLS FIRST` can be said.
    pub(crate) orders_nulls: bool,
    /// Whether an aggregate can have a FILTER.
    pub(crate) filter_clause: bool,
    pub(crate) full_join: bool,
    pub(crate) lateral: bool,
    /// What stands before rows in the list of an IN.
    pub(crate) rows_in_list: &'static str,
    pub(crate) joins_texts: JoinTexts,
    /// Whether UPDATE has a FROM; else it names several tables.
    pub(crate) update_from: bool,
    pub(crate) delete_using: DeleteUsing,
    pub(crate) writes: Writes,
    pub(crate) distinct_on: bool,
    /// What stands before OFFSET when there is no LIMIT.
    pub(crate) no_limit: &'static str,
    /// What inserts a row of defaults.
    pub(crate) default_row: &'static str,
    pub(crate) writing: Writing,
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
        backend: Backend::Sqlite,
        placeholder: Placeholder::QuestionNumber,
        backslash_escapes: false,
        dollar_quotes: false,
        hash_comments: false,
        spaced_dash_comments: false,
        bracket_quotes: true,
        nested_comments: false,
        identifier_quote: '"',
        concatenation: Concatenation::Pipes,
        null_safe: NullSafe::Is,
        upsert: Upsert::OnConflict,
        row_locks: None,
        returning: Returning { insert: true, update: true, delete: true },
        select: SQLITE_SELECT,
        types: SQLITE_TYPES,
        tables: SQLITE_TABLES,
        orders_nulls: true,
        filter_clause: true,
        full_join: true,
        update_from: true,
        delete_using: DeleteUsing::None,
        writes: SQLITE_WRITES,
        rows_in_list: "VALUES ",
        joins_texts: JoinTexts::GroupConcat,
        lateral: false,
        distinct_on: false,
        no_limit: " LIMIT -1",
        default_row: " DEFAULT VALUES",
        writing: Writing::Sqlite,
        transactions: Transactions::Sqlite,
    };

    /// MySQL.
    pub const MYSQL: Dialect = Dialect {
        name: "mysql",
        backend: Backend::Mysql,
        placeholder: Placeholder::Question,
        backslash_escapes: true,
        dollar_quotes: false,
        hash_comments: true,
        spaced_dash_comments: true,
        bracket_quotes: false,
        nested_comments: false,
        identifier_quote: '`',
        concatenation: Concatenation::Function,
        null_safe: NullSafe::Arrow,
        upsert: Upsert::OnDuplicateKey,
        row_locks: Some(RowLocks {
            update: " FOR UPDATE",
            no_key_update: " FOR UPDATE",
            share: " FOR SHARE",
            key_share: " FOR SHARE",
            of: true,
        }),
        returning: Returning { insert: false, update: false, delete: false },
        select: MYSQL_SELECT,
        types: MYSQL_TYPES,
        tables: MYSQL_TABLES,
        orders_nulls: false,
        filter_clause: false,
        full_join: false,
        update_from: false,
        delete_using: DeleteUsing::All,
        writes: MYSQL_WRITES,
        rows_in_list: "",
        joins_texts: JoinTexts::GroupConcatSeparator,
        lateral: true,
        distinct_on: false,
        no_limit: " LIMIT 18446744073709551615",
        default_row: " () VALUES ()",
        writing: Writing::Mysql,
        transactions: Transactions::Mysql,
    };

    /// MariaDB: MySQL's words, and what only one of the two has.
    ///
    /// An engine has the one that its URL names; what a connection runs is written for the server that it found
    /// ([`Connection::dialect`](crate::Connection::dialect)).
    ///
    /// ```
    /// use rebis_core::schema::Sequence;
    /// use rebis_core::sql::create_sequence;
    /// use rebis_core::{Dialect, ErrorKind};
    ///
    /// let numbers = create_sequence(&Sequence::new("numbers"));
    /// assert_eq!(numbers.to_sql(Dialect::MARIADB)?, "CREATE SEQUENCE `numbers`");
    /// assert_eq!(numbers.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub const MARIADB: Dialect = Dialect {
        name: "mariadb",
        row_locks: match Dialect::MYSQL.row_locks {
            Some(words) => Some(RowLocks {
                share: " LOCK IN SHARE MODE",
                key_share: " LOCK IN SHARE MODE",
                of: false,
                ..words
            }),
            None => None,
        },
        returning: Returning { insert: true, update: false, delete: true },
        select: MARIADB_SELECT,
        tables: MARIADB_TABLES,
        writes: MARIADB_WRITES,
        lateral: false,
        ..Dialect::MYSQL
    };

    /// PostgreSQL.
    pub const POSTGRESQL: Dialect = Dialect {
        name: "postgresql",
        backend: Backend::Postgresql,
        placeholder: Placeholder::DollarNumber,
        backslash_escapes: false,
        dollar_quotes: true,
        hash_comments: false,
        spaced_dash_comments: false,
        bracket_quotes: false,
        nested_comments: true,
        identifier_quote: '"',
        concatenation: Concatenation::Pipes,
        null_safe: NullSafe::Distinct,
        upsert: Upsert::OnConflict,
        row_locks: Some(RowLocks {
            update: " FOR UPDATE",
            no_key_update: " FOR NO KEY UPDATE",
            share: " FOR SHARE",
            key_share: " FOR KEY SHARE",
            of: true,
        }),
        returning: Returning { insert: true, update: true, delete: true },
        select: POSTGRESQL_SELECT,
        types: POSTGRESQL_TYPES,
        tables: POSTGRESQL_TABLES,
        orders_nulls: true,
        filter_clause: true,
        full_join: true,
        update_from: true,
        delete_using: DeleteUsing::Others,
        writes: POSTGRESQL_WRITES,
        rows_in_list: "",
        joins_texts: JoinTexts::StringAgg,
        lateral: true,
        distinct_on: true,
        no_limit: "",
        default_row: " DEFAULT VALUES",
        writing: Writing::Postgresql,
        transactions: Transactions::Postgresql,
    };

    /// Whether it is that database's.
    pub(crate) fn is(&self, backend: Backend) -> bool {
        self.backend == backend
    }

    /// The dialect of a URL's database.
    pub(crate) fn of(url: &Url) -> Dialect {
        match url.backend() {
            Backend::Sqlite => Dialect::SQLITE,
            Backend::Mysql if url.is_mariadb() => Dialect::MARIADB,
            Backend::Mysql => Dialect::MYSQL,
            Backend::Postgresql => Dialect::POSTGRESQL,
        }
    }

    /// The dialect of the server that was found, which may be the other one of MySQL and MariaDB.
    pub(crate) fn found(&self, server: Option<&Server>) -> &Dialect {
        match (self.backend, server.map(|server| &*server.product)) {
            (Backend::Mysql, Some("MariaDB")) => &Dialect::MARIADB,
            (Backend::Mysql, Some("MySQL")) => &Dialect::MYSQL,
            _ => self,
        }
    }

    /// How a transaction with these options begins; `None` for autocommit.
    pub(crate) fn begin(&self, options: TransactionOptions) -> Result<Option<Begin>> {
        self.transactions.begin(self.name, options)
    }
}
