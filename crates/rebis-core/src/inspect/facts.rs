//! What a database tells of its tables.

use crate::schema::{Deferral, Identity, MysqlOptions, OnChange, PostgresqlOptions, SqlType, SqliteOptions};

/// A table's name, and its schema where it is not found without.
///
/// ```
/// use rebis_core::inspect::TableName;
///
/// assert_eq!(TableName::from(("stock", "parts")), TableName::new("parts").in_schema("stock"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableName {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

impl TableName {
    /// A table that the connection finds by its name alone.
    pub fn new(name: impl Into<String>) -> Self {
        TableName { schema: None, name: name.into() }
    }

    /// The same in a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }
}

impl From<&str> for TableName {
    fn from(name: &str) -> Self {
        TableName::new(name)
    }
}

impl From<&String> for TableName {
    fn from(name: &String) -> Self {
        TableName::new(name)
    }
}

impl From<(&str, &str)> for TableName {
    fn from((schema, name): (&str, &str)) -> Self {
        TableName::new(name).in_schema(schema)
    }
}

impl From<&crate::schema::Table> for TableName {
    fn from(table: &crate::schema::Table) -> Self {
        TableName { schema: table.schema().map(Into::into), name: table.name().into() }
    }
}

/// A column of a table or a view.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// The database's own name for its type, as it prints it; empty where SQLite's column has none.
    pub type_name: String,
    /// The portable type, where the column holds all of its values.
    pub sql_type: Option<SqlType>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What the database puts in, as SQL in its own words.
    pub default: Option<String>,
    /// Whether the database counts it: AUTO_INCREMENT, identity, serial, SQLite's row id.
    pub autoincrement: bool,
    /// How it is counted, where the database tells: PostgreSQL's identity columns.
    pub identity: Option<Identity>,
    /// What it is computed from.
    pub computed: Option<Computed>,
    /// How its texts are compared, where that is not the rule of its type or table.
    pub collation: Option<String>,
    /// What was said of it.
    pub comment: Option<String>,
}

/// The expression of a computed column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Computed {
    /// SQL in the database's own words.
    pub text: String,
    /// Whether the value is stored; otherwise it is computed when it is read.
    pub stored: bool,
}

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrimaryKeyInfo {
    /// Its name; MySQL and MariaDB have none.
    pub name: Option<String>,
    /// Its columns, in the key's order.
    pub columns: Vec<String>,
}

/// A reference to another table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKeyInfo {
    /// Its name; on SQLite only where it was given one.
    pub name: Option<String>,
    /// The columns here.
    pub columns: Vec<String>,
    /// The schema of the table there.
    pub referred_schema: String,
    /// The table there.
    pub referred_table: String,
    /// The columns there. Empty when SQLite was told none and the table is not there either.
    pub referred_columns: Vec<String>,
    /// What becomes of the rows when what they refer to is deleted.
    pub on_delete: Action,
    /// What becomes of the rows when the key they refer to changes.
    pub on_update: Action,
    /// When it is looked at, where it can wait.
    pub deferral: Option<Deferral>,
    /// Whether all of its columns are NULL or none: `MATCH FULL`.
    pub match_full: bool,
}

/// What a foreign key does when the row that is referred to goes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Refused, at the end of the statement or of the transaction.
    NoAction,
    /// Refused at once. MariaDB says so where nothing was said; there it means the same.
    Restrict,
    /// The rows go or change with it.
    Cascade,
    /// Their columns become NULL.
    SetNull,
    /// Their columns take their default.
    SetDefault,
}

/// When something that can wait is looked at: `d` at the end, `i` at once.
pub(super) fn deferral(letters: &str) -> Option<Deferral> {
    let deferred = letters.contains('d').then_some(Deferral::Deferred);
    deferred.or_else(|| letters.contains('i').then_some(Deferral::Immediate))
}

impl Action {
    /// By the words of SQL.
    pub(super) fn of_words(words: &str) -> Action {
        match words {
            "CASCADE" => Action::Cascade,
            "SET NULL" => Action::SetNull,
            "SET DEFAULT" => Action::SetDefault,
            "RESTRICT" => Action::Restrict,
            _ => Action::NoAction,
        }
    }

    /// As a table's description says it.
    pub(super) fn on_change(self) -> OnChange {
        match self {
            Action::NoAction => OnChange::NoAction,
            Action::Restrict => OnChange::Restrict,
            Action::Cascade => OnChange::Cascade,
            Action::SetNull => OnChange::SetNull,
            Action::SetDefault => OnChange::SetDefault,
        }
    }
}

/// Columns whose combination does not occur twice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UniqueInfo {
    /// Its name; on SQLite only where it was given one.
    pub name: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// When it is looked at, where it can wait.
    pub deferral: Option<Deferral>,
}

/// What only one database knows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TableOptions {
    /// Of MySQL and MariaDB.
    pub mysql: MysqlOptions,
    /// Of PostgreSQL.
    pub postgresql: PostgresqlOptions,
    /// Of SQLite.
    pub sqlite: SqliteOptions,
    /// Whether only its own connection sees it.
    pub temporary: bool,
}

/// More of one key of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The expression, where it is no column; MySQL tells none.
    pub expression: Option<String>,
    /// Whether it sorts from the last to the first.
    pub descending: bool,
    /// Of how many characters it is, where it is not of all.
    pub prefix: Option<u32>,
}

/// An index that no constraint made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexInfo {
    /// Its name.
    pub name: String,
    /// What it is sorted by: a column, or `None` for an expression.
    pub columns: Vec<Option<String>>,
    /// More of each of them.
    pub keys: Vec<KeyInfo>,
    /// The columns that it carries along: PostgreSQL's INCLUDE.
    pub include: Vec<String>,
    /// The condition of a partial one, as SQL in the database's own words.
    pub condition: Option<String>,
    /// Whether no combination occurs twice.
    pub unique: bool,
    /// Whether it has only the rows of a condition.
    pub partial: bool,
    /// Whether it has only the beginnings of some column's texts: MySQL's `name(10)`.
    pub prefix: bool,
    /// How it finds: `btree`, `fulltext`, `gin`, …
    pub method: String,
}

impl IndexInfo {
    /// Whether it is sorted by an expression.
    pub fn has_expressions(&self) -> bool {
        self.columns.iter().any(Option::is_none)
    }
}

/// A rule that each row of a table keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckInfo {
    /// Its name; on SQLite only where it was given one.
    pub name: Option<String>,
    /// The condition, as SQL in the database's own words, without the word CHECK.
    pub text: String,
}
