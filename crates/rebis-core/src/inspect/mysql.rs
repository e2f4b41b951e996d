//! MySQL and MariaDB: `information_schema`. Temporary tables do not stand there (MariaDB before 11.2, MySQL), and are not seen.
//!
//! Names are compared twice: as they are, which the server answers from that table's file alone, and byte by byte, because
//! `information_schema` takes `Odd` and `odd` for the same.

use super::catalog::{Catalog, Found, Kind, firsts, foreign_keys, grouped, index_of, non_empty};
use super::facts::{
    Action, CheckInfo, ColumnInfo, Computed, ForeignKeyInfo, IndexInfo, KeyInfo, PrimaryKeyInfo, TableName,
    TableOptions, UniqueInfo,
};
use super::normal::unescaped;
use super::types;
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::{MysqlOptions, SqlType};
use crate::sql::{Text, text};

pub(super) struct Mysql;

impl Catalog for Mysql {
    fn schema_names(&self, conn: &mut Connection) -> Result<Vec<String>> {
        let sql = "select schema_name from information_schema.schemata order by schema_name";
        Ok(firsts(conn.fetch_all(text(sql))?))
    }

    fn default_schema(&self, conn: &mut Connection) -> Result<Option<String>> {
        conn.scalar(text("select database()"))
    }

    fn names(&self, conn: &mut Connection, schema: Option<&str>, kind: Kind) -> Result<Vec<String>> {
        let kinds = match kind {
            Kind::Table => "BASE TABLE,SYSTEM VERSIONED",
            Kind::View => "VIEW,SYSTEM VIEW",
            Kind::Sequence => "SEQUENCE",
        };
        let sql = "select table_name from information_schema.tables \
                   where table_schema = coalesce(:schema, database()) and find_in_set(table_type, :kinds) \
                   order by table_name";
        Ok(firsts(conn.fetch_all(text(sql).bind("kinds", kinds).bind("schema", schema.map(str::to_owned)))?))
    }

    fn find(&self, conn: &mut Connection, table: &TableName) -> Result<Option<Found>> {
        let sql = "select table_schema, table_name, table_type not in ('VIEW', 'SYSTEM VIEW') from information_schema.tables \
                   where table_schema = coalesce(:schema, database()) and table_name = :name \
                   and (@@lower_case_table_names > 0 or binary table_name = :name) and table_type <> 'SEQUENCE'";
        let statement = text(sql).bind("name", &table.name).bind("schema", table.schema.clone());
        let found: Vec<(String, String, bool)> = conn.fetch_all(statement)?;
        let found = found.into_iter().next();
        Ok(found.map(|(schema, name, is_plain)| Found { schema, name, id: 0, is_plain }))
    }

    fn columns(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ColumnInfo>> {
        let mariadb = is_mariadb(conn);
        let rows: Vec<ColumnRow> = conn.fetch_all(of(table, COLUMNS))?;
        let checks = self.check_constraints(conn, table)?;
        Ok(rows.into_iter().map(|row| column(row, &checks, mariadb)).collect())
    }

    fn primary_key(&self, conn: &mut Connection, table: &Found) -> Result<Option<PrimaryKeyInfo>> {
        let key = keys(conn, table)?.into_iter().find(|key| key.name == PRIMARY);
        Ok(key.map(|key| PrimaryKeyInfo { name: None, columns: key.columns.into_iter().flatten().collect() }))
    }

    fn foreign_keys(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ForeignKeyInfo>> {
        Ok(foreign_keys(conn.fetch_all(of(table, FOREIGN_KEYS))?, Action::of_words))
    }

    fn unique_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<UniqueInfo>> {
        let keys = keys(conn, table)?.into_iter().filter(|key| key.name != PRIMARY && is_constraint(key));
        Ok(keys
            .map(|key| UniqueInfo {
                name: Some(key.name),
                columns: key.columns.into_iter().flatten().collect(),
                deferral: None,
            })
            .collect())
    }

    fn indexes(&self, conn: &mut Connection, table: &Found) -> Result<Vec<IndexInfo>> {
        Ok(keys(conn, table)?.into_iter().filter(|key| key.name != PRIMARY && !is_constraint(key)).collect())
    }

    fn check_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<CheckInfo>> {
        // MariaDB's names are unique in a table only, and its view says which; MySQL's are unique in a schema.
        let sql = if is_mariadb(conn) {
            "select constraint_name, check_clause from information_schema.check_constraints \
             where constraint_schema = :schema and table_name = :name and binary table_name = :name \
             order by constraint_name"
        } else {
            "select c.constraint_name, c.check_clause from information_schema.check_constraints c \
             join information_schema.table_constraints t on t.constraint_schema = c.constraint_schema \
             and t.constraint_name = c.constraint_name and t.constraint_type = 'CHECK' \
             where t.table_schema = :schema and t.table_name = :name and binary t.table_name = :name \
             order by c.constraint_name"
        };
        let rows: Vec<(String, String)> = conn.fetch_all(of(table, sql))?;
        let mariadb = is_mariadb(conn);
        let check = |(name, text)| CheckInfo { name: Some(name), text: printed(text, mariadb) };
        Ok(rows.into_iter().map(check).collect())
    }

    fn comment(&self, conn: &mut Connection, table: &Found) -> Result<Option<String>> {
        // A view's comment is the word VIEW.
        if !table.is_plain {
            return Ok(None);
        }
        let sql = "select table_comment from information_schema.tables \
                   where table_schema = :schema and table_name = :name and binary table_name = :name";
        let comments: Vec<(Option<String>,)> = conn.fetch_all(of(table, sql))?;
        Ok(non_empty(comments.into_iter().next().and_then(|(comment,)| comment)))
    }

    fn options(&self, conn: &mut Connection, table: &Found) -> Result<TableOptions> {
        let sql = "select engine, table_collation from information_schema.tables \
                   where table_schema = :schema and table_name = :name and binary table_name = :name";
        let rows: Vec<(Option<String>, Option<String>)> = conn.fetch_all(of(table, sql))?;
        let (engine, collation) = rows.into_iter().next().unwrap_or_default();
        let mysql = MysqlOptions { engine, charset: None, collation };
        Ok(TableOptions { mysql, ..TableOptions::default() })
    }

    fn makes_indexes_for_keys(&self) -> bool {
        true
    }
}

const PRIMARY: &str = "PRIMARY";

/// Name, type, NULL-able, default, extra, expression, collation, comment.
type ColumnRow =
    (String, String, bool, Option<String>, String, Option<String>, Option<String>, Option<String>);

const COLUMNS: &str = "\
    select c.column_name, c.column_type, c.is_nullable = 'YES', c.column_default, lower(c.extra), \
    c.generation_expression, case when c.collation_name <> t.table_collation then c.collation_name end, c.column_comment \
    from information_schema.columns c \
    join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name \
    where c.table_schema = :schema and c.table_name = :name and binary c.table_name = :name \
    and t.table_schema = :schema and t.table_name = :name and binary t.table_name = :name \
    order by c.ordinal_position";

const FOREIGN_KEYS: &str = "\
    select k.constraint_name, k.referenced_table_schema, k.referenced_table_name, r.delete_rule, r.update_rule, \
    k.column_name, k.referenced_column_name, '' \
    from information_schema.key_column_usage k \
    join information_schema.referential_constraints r on r.constraint_schema = k.constraint_schema \
    and r.constraint_name = k.constraint_name and r.table_name = k.table_name \
    where k.table_schema = :schema and k.table_name = :name and binary k.table_name = :name \
    and k.referenced_table_name is not null order by k.constraint_name, k.ordinal_position";

fn of(table: &Found, sql: &'static str) -> Text {
    text(sql).bind("name", &table.name).bind("schema", &table.schema)
}

fn is_mariadb(conn: &Connection) -> bool {
    conn.server().is_some_and(|server| server.product == "MariaDB")
}

fn column(row: ColumnRow, checks: &[CheckInfo], mariadb: bool) -> ColumnInfo {
    let (name, type_name, nullable, default, extra, expression, collation, comment) = row;
    // MariaDB's JSON is a longtext with a check of its own.
    let valid = format!("json_valid(`{}`)", name.replace('`', "``"));
    let is_json = type_name == "longtext" && checks.iter().any(|check| check.text == valid);
    let computed = non_empty(expression).map(|text| printed(text, mariadb));
    let computed = computed
        .map(|text| Computed { text, stored: extra.contains("stored") || extra.contains("persistent") });
    ColumnInfo {
        sql_type: if is_json { Some(SqlType::Json) } else { types::mysql(&type_name) },
        default: default.and_then(|default| default_text(default, &type_name, &extra, mariadb)),
        autoincrement: extra.contains("auto_increment"),
        identity: None,
        comment: non_empty(comment),
        name,
        type_name,
        nullable,
        computed,
        collation,
    }
}

/// An expression of the catalogue. MySQL escapes it once more there, as if it stood in quotes: ``(`name` <> _utf8mb4\'x\')``.
pub(super) fn printed(text: String, mariadb: bool) -> String {
    if mariadb || !text.contains('\\') {
        return text;
    }
    let mut letters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next().map(unescaped) } else { Some(letter) });
    }
    plain
}

/// MariaDB gives SQL, and `NULL` where there is none; MySQL gives texts without their quotes.
pub(super) fn default_text(default: String, type_name: &str, extra: &str, mariadb: bool) -> Option<String> {
    if mariadb {
        return (default != "NULL").then_some(default);
    }
    if extra.contains("default_generated") {
        return Some(printed(default, mariadb));
    }
    let is_expression = default.starts_with("CURRENT_TIMESTAMP");
    let letters = ["char", "text", "enum", "set", "date", "time", "year"];
    if is_expression || !letters.iter().any(|word| type_name.contains(word)) {
        return Some(default);
    }
    Some(format!("'{}'", default.replace('\'', "''")))
}

/// Every key of a table, the primary one too.
fn keys(conn: &mut Connection, table: &Found) -> Result<Vec<IndexInfo>> {
    type Row = (String, bool, String, Option<String>, Option<i64>, bool);
    // Of an expression MySQL tells no column.
    let sql = "select index_name, non_unique = 0, lower(index_type), column_name, sub_part, collation <=> 'D' \
               from information_schema.statistics \
               where table_schema = :schema and table_name = :name and binary table_name = :name \
               order by index_name, seq_in_index";
    let rows: Vec<Row> = conn.fetch_all(of(table, sql))?;
    let rows = rows.into_iter().map(|(name, unique, method, column, length, descending)| {
        // FULLTEXT and SPATIAL indexes have lengths that mean nothing.
        let length = length.filter(|_| method == "btree" || method == "hash");
        let prefix = length.and_then(|length| u32::try_from(length).ok());
        ((name, unique, method), (column, KeyInfo { expression: None, descending, prefix }))
    });
    let index = |((name, unique, method), keys)| index_of(name, unique, method, keys);
    Ok(grouped(rows).into_iter().map(index).collect())
}

/// A unique index over whole columns and a unique constraint are the same here.
fn is_constraint(key: &IndexInfo) -> bool {
    key.unique && !key.prefix && !key.has_expressions() && !key.keys.iter().any(|key| key.descending)
}
