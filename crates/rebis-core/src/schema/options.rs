//! What only one database knows of tables. The others make the table without it.

use super::table::TableBuilder;

/// How MySQL and MariaDB keep a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MysqlOptions {
    pub(crate) engine: Option<String>,
    pub(crate) charset: Option<String>,
    pub(crate) collation: Option<String>,
}

impl MysqlOptions {
    /// By this storage engine: `InnoDB`, `MEMORY`, `Aria`.
    #[must_use]
    pub fn engine(mut self, name: impl Into<String>) -> Self {
        self.engine = Some(name.into());
        self
    }

    /// Texts in this character set, as `utf8mb4`.
    #[must_use]
    pub fn charset(mut self, name: impl Into<String>) -> Self {
        self.charset = Some(name.into());
        self
    }

    /// Texts compared by this collation, as `utf8mb4_bin`.
    #[must_use]
    pub fn collation(mut self, name: impl Into<String>) -> Self {
        self.collation = Some(name.into());
        self
    }
}

/// How PostgreSQL keeps a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostgresqlOptions {
    pub(crate) unlogged: bool,
    pub(crate) fill_factor: Option<u8>,
    pub(crate) tablespace: Option<String>,
}

impl PostgresqlOptions {
    /// Without the log that makes it safe: faster, and empty after a crash of the server.
    #[must_use]
    pub fn unlogged(mut self) -> Self {
        self.unlogged = true;
        self
    }

    /// Pages filled up to so many percent, from 10 to 100, so that changed rows stay on their page.
    #[must_use]
    pub fn fill_factor(mut self, percent: u8) -> Self {
        self.fill_factor = Some(percent);
        self
    }

    /// In this tablespace.
    #[must_use]
    pub fn tablespace(mut self, name: impl Into<String>) -> Self {
        self.tablespace = Some(name.into());
        self
    }
}

/// How SQLite keeps a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SqliteOptions {
    pub(crate) strict: bool,
    pub(crate) without_row_id: bool,
}

impl SqliteOptions {
    /// A column holds what its type says. Its types are SQLite's own five, so that each of the portable ones becomes the one
    /// whose rules it has there, and those with rules of numbers and texts `ANY`.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Kept in the order of its primary key, which nothing counts then.
    #[must_use]
    pub fn without_row_id(mut self) -> Self {
        self.without_row_id = true;
        self
    }
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    pub(crate) temporary: bool,
    pub(crate) mysql: MysqlOptions,
    pub(crate) postgresql: PostgresqlOptions,
    pub(crate) sqlite: SqliteOptions,
}

impl TableBuilder {
    /// Seen by its own connection only, and gone with it.
    pub fn temporary(mut self) -> Self {
        self.options().temporary = true;
        self
    }

    /// On MySQL and MariaDB with these options.
    ///
    /// ```
    /// use rebis_core::Dialect;
    /// use rebis_core::schema::{ColumnDef, MysqlOptions, PostgresqlOptions, SqliteOptions, SqlType, Table};
    ///
    /// let words = Table::build("words")
    ///     .column(ColumnDef::new("word", SqlType::Text).primary_key())
    ///     .mysql(MysqlOptions::default().engine("InnoDB").collation("utf8mb4_bin"))
    ///     .postgresql(PostgresqlOptions::default().unlogged().fill_factor(70))
    ///     .sqlite(SqliteOptions::default().strict().without_row_id())
    ///     .finish()?;
    /// assert!(words.create_sql(Dialect::MYSQL)?[0].ends_with(") ENGINE=`InnoDB` COLLATE=`utf8mb4_bin`"));
    /// assert!(words.create_sql(Dialect::SQLITE)?[0].ends_with(") STRICT, WITHOUT ROWID"));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn mysql(mut self, options: MysqlOptions) -> Self {
        self.options().mysql = options;
        self
    }

    /// On PostgreSQL with these options.
    pub fn postgresql(mut self, options: PostgresqlOptions) -> Self {
        self.options().postgresql = options;
        self
    }

    /// On SQLite with these options.
    pub fn sqlite(mut self, options: SqliteOptions) -> Self {
        self.options().sqlite = options;
        self
    }
}
