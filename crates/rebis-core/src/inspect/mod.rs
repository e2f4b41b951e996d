//! A live database's tables: what there is, and how it was made. [`Inspector`] tells everything in the database's own terms;
//! [`Table::reflect`](crate::schema::Table::reflect) makes of it a table for statements.

mod catalog;
mod compare;
mod defaults;
mod facts;
mod mysql;
mod normal;
mod postgres;
mod reflect;
mod reflection;
mod sqlite;
mod sqlite_text;
#[cfg(test)]
mod tests;
mod types;

pub use facts::{
    Action, CheckInfo, ColumnInfo, Computed, ForeignKeyInfo, IndexInfo, KeyInfo, PrimaryKeyInfo, TableName,
    TableOptions, UniqueInfo,
};

pub use reflection::Reflection;

use self::catalog::{Catalog, Found, Kind, catalog};
use crate::engine::Connection;
use crate::error::{Error, ErrorKind, Result};

/// Reads what a database tells of its tables. It asks each time; nothing is kept.
///
/// A table is named by itself, where the connection finds it (`"users"`), or with its schema (`("stock", "parts")`); on SQLite
/// schemas are `main`, `temp` and what was attached. Where a schema is `None` it is the connection's own.
///
/// The questions are statements of the connection's: they begin a transaction as others do. Each method's errors are what the
/// database says, [`ErrorKind::Forked`] in a child, and [`ErrorKind::Schema`] where a table is asked for that is not there.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table users (id integer primary key, name varchar(50) not null default 'ed')"))?;
/// let mut inspector = conn.inspect();
/// assert_eq!(inspector.table_names(None)?, ["users"]);
/// let columns = inspector.columns("users")?;
/// assert_eq!((columns[1].name.as_str(), columns[1].type_name.as_str()), ("name", "varchar(50)"));
/// assert_eq!(columns[1].default.as_deref(), Some("'ed'"));
/// assert_eq!(inspector.primary_key("users")?.unwrap().columns, ["id"]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Inspector<'c> {
    conn: &'c mut Connection,
}

impl Connection {
    /// What reads the database's tables over this connection.
    pub fn inspect(&mut self) -> Inspector<'_> {
        Inspector::new(self)
    }
}

impl<'c> Inspector<'c> {
    /// Over this connection.
    pub fn new(conn: &'c mut Connection) -> Self {
        Inspector { conn }
    }

    fn catalog(&self) -> &'static dyn Catalog {
        catalog(self.conn)
    }

    fn find(&mut self, table: &TableName) -> Result<Found> {
        self.catalog().find(self.conn, table)?.ok_or_else(|| no_table(table))
    }

    /// The schemas (MySQL's databases), without PostgreSQL's own `pg_…`.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn schema_names(&mut self) -> Result<Vec<String>> {
        self.catalog().schema_names(self.conn)
    }

    /// The schema that a table is made in when none is named; `None` when there is none.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn default_schema(&mut self) -> Result<Option<String>> {
        self.catalog().default_schema(self.conn)
    }

    /// The tables of a schema, by name; none for a schema that is not there. Temporary ones stand in `temp` on SQLite, in
    /// `pg_temp` on PostgreSQL, and nowhere on MySQL and MariaDB.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn table_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.catalog().names(self.conn, schema, Kind::Table)
    }

    /// The views of a schema, by name, PostgreSQL's materialized ones too.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn view_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.catalog().names(self.conn, schema, Kind::View)
    }

    /// The sequences of a schema, by name: PostgreSQL's, with those that count columns, and MariaDB's.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn sequence_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.catalog().names(self.conn, schema, Kind::Sequence)
    }

    /// Whether there is a table or a view of that name.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn has_table(&mut self, table: impl Into<TableName>) -> Result<bool> {
        Ok(self.catalog().find(self.conn, &table.into())?.is_some())
    }

    /// Whether there is a schema of that name.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn has_schema(&mut self, name: &str) -> Result<bool> {
        Ok(self.schema_names()?.iter().any(|known| known == name))
    }

    /// Whether there is a sequence of that name.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn has_sequence(&mut self, sequence: impl Into<TableName>) -> Result<bool> {
        let TableName { schema, name } = sequence.into();
        Ok(self.sequence_names(schema.as_deref())?.contains(&name))
    }

    /// Whether a table has an index of that name; that of a constraint does not count.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn has_index(&mut self, table: impl Into<TableName>, name: &str) -> Result<bool> {
        Ok(self.indexes(table)?.iter().any(|index| index.name == name))
    }

    /// Whether a table or a view has a column of that name.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn has_column(&mut self, table: impl Into<TableName>, name: &str) -> Result<bool> {
        Ok(self.columns(table)?.iter().any(|column| column.name == name))
    }

    /// What only one database knows of a table: its engine, whether it is strict, …
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn table_options(&mut self, table: impl Into<TableName>) -> Result<TableOptions> {
        let found = self.find(&table.into())?;
        self.catalog().options(self.conn, &found)
    }

    /// The columns of a table or a view, in order.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn columns(&mut self, table: impl Into<TableName>) -> Result<Vec<ColumnInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().columns(self.conn, &found)
    }

    /// The primary key, where there is one.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn primary_key(&mut self, table: impl Into<TableName>) -> Result<Option<PrimaryKeyInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().primary_key(self.conn, &found)
    }

    /// The references to other tables: by name, on SQLite as they were declared.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn foreign_keys(&mut self, table: impl Into<TableName>) -> Result<Vec<ForeignKeyInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().foreign_keys(self.conn, &found)
    }

    /// The unique constraints: by name, on SQLite as they were declared. On MySQL and MariaDB a unique index is one.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn unique_constraints(&mut self, table: impl Into<TableName>) -> Result<Vec<UniqueInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().unique_constraints(self.conn, &found)
    }

    /// The indexes that no constraint made, by name. Those that MySQL and MariaDB make for foreign keys are among them.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn indexes(&mut self, table: impl Into<TableName>) -> Result<Vec<IndexInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().indexes(self.conn, &found)
    }

    /// The checks: by name, on SQLite as they were declared. MySQL has them since 8.0.16.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn check_constraints(&mut self, table: impl Into<TableName>) -> Result<Vec<CheckInfo>> {
        let found = self.find(&table.into())?;
        self.catalog().check_constraints(self.conn, &found)
    }

    /// What was said of a table; never anything on SQLite.
    ///
    /// # Errors
    /// As said of [`Inspector`].
    pub fn table_comment(&mut self, table: impl Into<TableName>) -> Result<Option<String>> {
        let found = self.find(&table.into())?;
        self.catalog().comment(self.conn, &found)
    }
}

fn no_table(table: &TableName) -> Error {
    let place = match &table.schema {
        Some(schema) => format!("in the schema '{schema}'"),
        None => "where the connection looks for tables; name its schema if it is in another".to_owned(),
    };
    Error::new(ErrorKind::Schema, format!("there is no table '{}' {place}", table.name))
}
