//! SQLite: pragmas as tables, and the text of CREATE TABLE for what they do not tell.

use std::borrow::Cow;

use super::catalog::{Catalog, Found, Kind, firsts, grouped, index_of, non_empty};
use super::facts::{
    Action, CheckInfo, ColumnInfo, Computed, ForeignKeyInfo, IndexInfo, KeyInfo, PrimaryKeyInfo, TableName,
    TableOptions, UniqueInfo,
};
use super::sqlite_text::{Written, read, read_index};
use super::types;
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::{ColumnDef, SqlType, SqliteOptions, Table};
use crate::sql::{Expression, select, text};

pub(super) struct Sqlite;

/// `pragma_table_xinfo` calls an ordinary column 0, a virtual computed one 2, a stored one 3.
const HIDDEN: i64 = 1;
const STORED: i64 = 3;

impl Catalog for Sqlite {
    fn schema_names(&self, conn: &mut Connection) -> Result<Vec<String>> {
        Ok(firsts(conn.fetch_all(text("select name from pragma_database_list order by seq"))?))
    }

    fn default_schema(&self, _: &mut Connection) -> Result<Option<String>> {
        Ok(Some("main".to_owned()))
    }

    fn names(&self, conn: &mut Connection, schema: Option<&str>, kind: Kind) -> Result<Vec<String>> {
        let sql = match kind {
            Kind::Table => {
                "select name from pragma_table_list where schema = :schema collate nocase and type in ('table', 'virtual') \
                 and name not like 'sqlite\\_%' escape '\\' order by name"
            }
            Kind::View => {
                "select name from pragma_table_list where schema = :schema collate nocase and type = 'view' order by name"
            }
            Kind::Sequence => return Ok(Vec::new()),
        };
        Ok(firsts(conn.fetch_all(text(sql).bind("schema", schema.unwrap_or("main")))?))
    }

    fn find(&self, conn: &mut Connection, table: &TableName) -> Result<Option<Found>> {
        let sql = "select t.schema, t.name, t.type = 'table' from pragma_table_list t \
                   join pragma_database_list d on d.name = t.schema \
                   where t.name = :name collate nocase and (:schema is null or t.schema = :schema collate nocase) \
                   order by t.schema = 'temp' desc, d.seq";
        let statement = text(sql).bind("name", &table.name).bind("schema", table.schema.clone());
        let found: Vec<(String, String, bool)> = conn.fetch_all(statement)?;
        let found = found.into_iter().next();
        Ok(found.map(|(schema, name, is_plain)| Found { schema, name, id: 0, is_plain }))
    }

    fn columns(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ColumnInfo>> {
        type Row = (String, String, bool, Option<String>, i64, i64);
        let sql = "select name, type, \"notnull\", dflt_value, pk, hidden \
                   from pragma_table_xinfo(:name, :schema) where hidden <> :hidden order by cid";
        let statement = text(sql).bind("hidden", HIDDEN);
        let rows: Vec<Row> =
            conn.fetch_all(statement.bind("name", &table.name).bind("schema", &table.schema))?;
        let written = written(conn, table)?;
        let row_id = row_id(conn, table)?;
        let column = |(name, type_name, not_null, default, _, hidden): Row| {
            let is_row_id = row_id.as_ref() == Some(&name);
            let computed = written.computed_from(&name);
            ColumnInfo {
                // The row id has 64 bits, whatever INTEGER means elsewhere, and is never NULL.
                sql_type: if is_row_id { Some(SqlType::BigInteger) } else { types::sqlite(&type_name) },
                nullable: !not_null && !is_row_id,
                default,
                autoincrement: is_row_id,
                identity: None,
                computed: computed
                    .filter(|_| hidden != 0)
                    .map(|text| Computed { text, stored: hidden == STORED }),
                collation: written.collation(&name),
                comment: None,
                name,
                type_name,
            }
        };
        Ok(rows.into_iter().map(column).collect())
    }

    fn primary_key(&self, conn: &mut Connection, table: &Found) -> Result<Option<PrimaryKeyInfo>> {
        let columns = key_columns(conn, &table.schema, &table.name)?;
        if columns.is_empty() {
            return Ok(None);
        }
        Ok(Some(PrimaryKeyInfo { name: written(conn, table)?.primary_key, columns }))
    }

    fn foreign_keys(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ForeignKeyInfo>> {
        type Row = (i64, String, String, Option<String>, String, String);
        // The last one declared has the number 0.
        let sql = "select id, \"table\", \"from\", \"to\", on_delete, on_update \
                   from pragma_foreign_key_list(:name, :schema) order by id desc, seq";
        let rows: Vec<Row> = conn.fetch_all(of(table, sql))?;
        let rows = rows.into_iter().map(|(id, there, from, to, on_delete, on_update)| {
            ((id, there, on_delete, on_update), (from, to))
        });
        let mut written = written(conn, table)?;
        let mut keys = Vec::new();
        for ((_, referred_table, on_delete, on_update), pairs) in grouped(rows) {
            let (columns, referred): (Vec<String>, Vec<Option<String>>) = pairs.into_iter().unzip();
            // What names no columns means the primary key.
            let referred_columns = match referred.into_iter().collect::<Option<Vec<String>>>() {
                Some(referred) => referred,
                None => key_columns(conn, &table.schema, &referred_table)?,
            };
            let (name, deferral) = written.take_foreign_key(&columns);
            keys.push(ForeignKeyInfo {
                name,
                deferral,
                match_full: false,
                columns,
                referred_schema: table.schema.clone(),
                referred_table,
                referred_columns,
                on_delete: Action::of_words(&on_delete),
                on_update: Action::of_words(&on_update),
            });
        }
        Ok(keys)
    }

    fn unique_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<UniqueInfo>> {
        // The last one declared has the number 0.
        let sql = "select i.name, c.name from pragma_index_list(:name, :schema) i, \
                   pragma_index_info(i.name, :schema) c where i.origin = 'u' order by i.seq desc, c.seqno";
        let rows: Vec<(String, String)> = conn.fetch_all(of(table, sql))?;
        let written = written(conn, table)?;
        let unique = |(_, columns): (String, Vec<String>)| UniqueInfo {
            name: written.unique_name(&columns),
            columns,
            deferral: None,
        };
        Ok(grouped(rows).into_iter().map(unique).collect())
    }

    fn indexes(&self, conn: &mut Connection, table: &Found) -> Result<Vec<IndexInfo>> {
        type Row = (String, bool, bool, Option<String>, bool);
        let sql = "select i.name, i.\"unique\", i.partial, c.name, c.\"desc\" from pragma_index_list(:name, :schema) i, \
                   pragma_index_xinfo(i.name, :schema) c where i.origin = 'c' and c.key = 1 order by i.name, c.seqno";
        let rows: Vec<Row> = conn.fetch_all(of(table, sql))?;
        let rows = rows.into_iter().map(|(name, unique, partial, column, descending)| {
            ((name, unique, partial), (column, KeyInfo { expression: None, descending, prefix: None }))
        });
        let mut indexes = Vec::new();
        for ((name, unique, partial), mut keys) in grouped(rows) {
            let mut condition = None;
            if partial || keys.iter().any(|(column, _)| column.is_none()) {
                let (texts, found) = read_index(&made_by(conn, &table.schema, "index", &name)?);
                for ((column, key), text) in keys.iter_mut().zip(texts) {
                    key.expression = column.is_none().then_some(text);
                }
                condition = found;
            }
            let index = index_of(name, unique, "btree".to_owned(), keys);
            indexes.push(IndexInfo { partial, condition, ..index });
        }
        Ok(indexes)
    }

    fn check_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<CheckInfo>> {
        Ok(written(conn, table)?.checks)
    }

    fn comment(&self, _: &mut Connection, _: &Found) -> Result<Option<String>> {
        Ok(None)
    }

    fn options(&self, conn: &mut Connection, table: &Found) -> Result<TableOptions> {
        let sql = "select strict, wr from pragma_table_list where name = :name and schema = :schema";
        let rows: Vec<(bool, bool)> = conn.fetch_all(of(table, sql))?;
        let (strict, without_row_id) = rows.into_iter().next().unwrap_or_default();
        let temporary = table.schema == "temp";
        let sqlite = SqliteOptions { strict, without_row_id };
        Ok(TableOptions { sqlite, temporary, ..TableOptions::default() })
    }

    fn native(&self, type_name: String) -> Cow<'static, str> {
        types::sqlite_native(type_name)
    }
}

fn of(table: &Found, sql: &'static str) -> crate::sql::Text {
    text(sql).bind("name", &table.name).bind("schema", &table.schema)
}

fn key_columns(conn: &mut Connection, schema: &str, table: &str) -> Result<Vec<String>> {
    let sql = "select name from pragma_table_xinfo(:name, :schema) where pk > 0 order by pk";
    Ok(firsts(conn.fetch_all(text(sql).bind("name", table).bind("schema", schema))?))
}

/// The column that is the row's number: the only one of the key, an INTEGER, and without an index of its own.
fn row_id(conn: &mut Connection, table: &Found) -> Result<Option<String>> {
    let sql = "select name from pragma_table_xinfo(:name, :schema) where pk = 1 and upper(type) = 'INTEGER' \
               and 1 = (select count(*) from pragma_table_xinfo(:name, :schema) where pk > 0) \
               and not exists (select 1 from pragma_index_list(:name, :schema) where origin = 'pk')";
    Ok(firsts(conn.fetch_all(of(table, sql))?).into_iter().next())
}

/// What the text says that made the table.
fn written(conn: &mut Connection, table: &Found) -> Result<Written> {
    if !table.is_plain {
        return Ok(Written::default());
    }
    let sql = made_by(conn, &table.schema, "table", &table.name)?;
    Ok(if sql.is_empty() { Written::default() } else { read(&sql) })
}

/// The text that made something; none is empty. The schema's name cannot be bound here; it is one that SQLite gave, and quoted.
fn made_by(conn: &mut Connection, schema: &str, kind: &'static str, name: &str) -> Result<String> {
    let master = Table::build("sqlite_master")
        .schema(schema)
        .column(ColumnDef::new("type", SqlType::Text))
        .column(ColumnDef::new("name", SqlType::Text))
        .column(ColumnDef::new("sql", SqlType::Text))
        .finish()?
        // By another name: that of `temp` is in truth `sqlite_temp_master`.
        .alias("master");
    let statement = select(master.c("sql"))
        .filter(master.c("type").eq(kind))
        .filter(master.c("name").eq(name.to_owned()));
    let sql: Vec<(Option<String>,)> = conn.execute(statement)?.of().all()?;
    Ok(non_empty(sql.into_iter().next().and_then(|(sql,)| sql)).unwrap_or_default())
}
