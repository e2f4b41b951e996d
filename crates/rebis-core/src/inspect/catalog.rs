//! What each database is asked, behind one interface.

use std::borrow::Cow;

use super::facts::{
    Action, CheckInfo, ColumnInfo, ForeignKeyInfo, IndexInfo, KeyInfo, PrimaryKeyInfo, TableName,
    TableOptions, UniqueInfo, deferral,
};
use super::{mysql, postgres, sqlite};
use crate::engine::Connection;
use crate::error::Result;
use crate::url::Backend;

/// What has a name in a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    View,
    Sequence,
}

/// A table or a view that is there, by the names that the database has for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) schema: String,
    pub(super) name: String,
    /// PostgreSQL's oid.
    pub(super) id: i64,
    /// Neither a view nor a virtual table: what it was made by can be read.
    pub(super) is_plain: bool,
}

/// The questions. Names are bound, or, where SQLite takes none, quoted names that it has given itself.
pub(super) trait Catalog {
    fn schema_names(&self, conn: &mut Connection) -> Result<Vec<String>>;
    fn default_schema(&self, conn: &mut Connection) -> Result<Option<String>>;
    fn names(&self, conn: &mut Connection, schema: Option<&str>, kind: Kind) -> Result<Vec<String>>;
    fn find(&self, conn: &mut Connection, table: &TableName) -> Result<Option<Found>>;
    fn columns(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ColumnInfo>>;
    fn primary_key(&self, conn: &mut Connection, table: &Found) -> Result<Option<PrimaryKeyInfo>>;
    fn foreign_keys(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ForeignKeyInfo>>;
    fn unique_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<UniqueInfo>>;
    fn indexes(&self, conn: &mut Connection, table: &Found) -> Result<Vec<IndexInfo>>;
    fn check_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<CheckInfo>>;
    fn comment(&self, conn: &mut Connection, table: &Found) -> Result<Option<String>>;
    fn options(&self, conn: &mut Connection, table: &Found) -> Result<TableOptions>;

    /// Whether the database makes an index for a foreign key that has none.
    fn makes_indexes_for_keys(&self) -> bool {
        false
    }

    /// A type's name as a statement can have it. The servers print names with the quotes that they need.
    fn native(&self, type_name: String) -> Cow<'static, str> {
        Cow::Owned(type_name)
    }
}

/// The one place that asks which database it is.
pub(super) fn catalog(conn: &Connection) -> &'static dyn Catalog {
    match conn.dialect().backend {
        Backend::Sqlite => &sqlite::Sqlite,
        Backend::Mysql => &mysql::Mysql,
        Backend::Postgresql => &postgres::Postgres,
    }
}

/// One column of an answer.
pub(super) fn firsts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(first,)| first).collect()
}

/// Rows that follow one another with the same key, as one entry.
pub(super) fn grouped<K: PartialEq, V>(rows: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in rows {
        match groups.last_mut() {
            Some((known, values)) if *known == key => values.push(value),
            _ => groups.push((key, vec![value])),
        }
    }
    groups
}

/// No text is no comment.
pub(super) fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Name, schema and table there, what a deletion and a change do, a column here and the one there, letters of when and how it is
/// looked at.
pub(super) type ForeignKeyRow = (String, String, String, String, String, String, String, String);

/// Rows in the order of the keys and of their columns.
pub(super) fn foreign_keys(rows: Vec<ForeignKeyRow>, action: fn(&str) -> Action) -> Vec<ForeignKeyInfo> {
    let rows =
        rows.into_iter().map(|(name, schema, there, on_delete, on_update, column, referred, letters)| {
            ((name, schema, there, on_delete, on_update, letters), (column, referred))
        });
    let mut keys = Vec::new();
    for ((name, referred_schema, referred_table, on_delete, on_update, letters), pairs) in grouped(rows) {
        let (columns, referred_columns) = pairs.into_iter().unzip();
        let (on_delete, on_update) = (action(&on_delete), action(&on_update));
        keys.push(ForeignKeyInfo {
            name: Some(name),
            columns,
            referred_schema,
            referred_table,
            referred_columns,
            on_delete,
            on_update,
            deferral: deferral(&letters),
            match_full: letters.contains('f'),
        });
    }
    keys
}

/// An index's keys: each a column or nothing, and more of it.
pub(super) fn index_of(
    name: String,
    unique: bool,
    method: String,
    keys: Vec<(Option<String>, KeyInfo)>,
) -> IndexInfo {
    let (columns, keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let prefix = keys.iter().any(|key| key.prefix.is_some());
    IndexInfo {
        name,
        columns,
        keys,
        include: Vec::new(),
        condition: None,
        unique,
        partial: false,
        prefix,
        method,
    }
}
