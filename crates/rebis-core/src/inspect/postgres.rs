//! PostgreSQL: `pg_catalog`, by the table's oid.

use super::catalog::{Catalog, Found, Kind, firsts, foreign_keys, grouped, index_of, non_empty};
use super::facts::{
    Action, CheckInfo, ColumnInfo, Computed, ForeignKeyInfo, IndexInfo, KeyInfo, PrimaryKeyInfo, TableName,
    TableOptions, UniqueInfo, deferral,
};
use super::types;
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::{Identity, PostgresqlOptions};
use crate::sql::{Text, text};

pub(super) struct Postgres;

impl Catalog for Postgres {
    fn schema_names(&self, conn: &mut Connection) -> Result<Vec<String>> {
        let sql = "select cast(nspname as text) from pg_catalog.pg_namespace where not starts_with(nspname, 'pg_') \
                   order by nspname";
        Ok(firsts(conn.fetch_all(text(sql))?))
    }

    fn default_schema(&self, conn: &mut Connection) -> Result<Option<String>> {
        conn.scalar(text("select cast(pg_catalog.current_schema() as text)"))
    }

    fn names(&self, conn: &mut Connection, schema: Option<&str>, kind: Kind) -> Result<Vec<String>> {
        // r table, p partitioned, f foreign; v view, m materialized; S sequence. Partitions are parts, not tables.
        let kinds = match kind {
            Kind::Table => "rpf",
            Kind::View => "vm",
            Kind::Sequence => "S",
        };
        let sql = "select cast(c.relname as text) from pg_catalog.pg_class c \
                   join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
                   where strpos(cast(:kinds as text), cast(c.relkind as text)) > 0 and not c.relispartition \
                   and case cast(:schema as text) when 'pg_temp' then n.oid = pg_catalog.pg_my_temp_schema() \
                   else cast(n.nspname as text) = coalesce(cast(:schema as text), pg_catalog.current_schema()) end \
                   order by c.relname";
        Ok(firsts(conn.fetch_all(text(sql).bind("kinds", kinds).bind("schema", schema.map(str::to_owned)))?))
    }

    fn find(&self, conn: &mut Connection, table: &TableName) -> Result<Option<Found>> {
        // Compared as text: a parameter of the type `name` is cut after 63 bytes.
        let sql = "select cast(c.oid as bigint), cast(n.nspname as text), cast(c.relname as text), c.relkind in ('r', 'p') \
                   from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
                   where cast(c.relname as text) = cast(:name as text) and c.relkind in ('r', 'p', 'f', 'v', 'm') \
                   and case when cast(:schema as text) is null then pg_catalog.pg_table_is_visible(c.oid) \
                   when cast(:schema as text) = 'pg_temp' then n.oid = pg_catalog.pg_my_temp_schema() \
                   else cast(n.nspname as text) = cast(:schema as text) end";
        let statement = text(sql).bind("name", &table.name).bind("schema", table.schema.clone());
        let found: Vec<(i64, String, String, bool)> = conn.fetch_all(statement)?;
        let found = found.into_iter().next();
        Ok(found.map(|(id, schema, name, is_plain)| Found { schema, name, id, is_plain }))
    }

    fn columns(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ColumnInfo>> {
        let rows: Vec<ColumnRow> = conn.fetch_all(of(table, COLUMNS))?;
        Ok(rows.into_iter().map(column).collect())
    }

    fn primary_key(&self, conn: &mut Connection, table: &Found) -> Result<Option<PrimaryKeyInfo>> {
        let key = constraints(conn, table, "p")?.into_iter().next();
        Ok(key.map(|((name, _), columns)| PrimaryKeyInfo { name: Some(name), columns }))
    }

    fn foreign_keys(&self, conn: &mut Connection, table: &Found) -> Result<Vec<ForeignKeyInfo>> {
        Ok(foreign_keys(conn.fetch_all(of(table, FOREIGN_KEYS))?, action))
    }

    fn unique_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<UniqueInfo>> {
        let unique = |((name, letters), columns): ((_, String), _)| {
            let deferral = deferral(&letters);
            UniqueInfo { name: Some(name), columns, deferral }
        };
        Ok(constraints(conn, table, "u")?.into_iter().map(unique).collect())
    }

    fn indexes(&self, conn: &mut Connection, table: &Found) -> Result<Vec<IndexInfo>> {
        type Row = (String, bool, Option<String>, String, Option<String>, String, bool, bool);
        let rows: Vec<Row> = conn.fetch_all(of(table, INDEXES))?;
        let rows =
            rows.into_iter().map(|(name, unique, condition, method, column, text, descending, is_key)| {
                ((name, unique, condition, method), (column, text, descending, is_key))
            });
        type Key = (Option<String>, String, bool, bool);
        type Index = ((String, bool, Option<String>, String), Vec<Key>);
        let index = |((name, unique, condition, method), keys): Index| {
            let (keys, include): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(.., is_key)| *is_key);
            let key = |(column, text, descending, _): Key| {
                let expression = column.is_none().then_some(text);
                (column, KeyInfo { expression, descending, prefix: None })
            };
            let index = index_of(name, unique, method, keys.into_iter().map(key).collect());
            let include = include.into_iter().filter_map(|(column, ..)| column).collect();
            IndexInfo { include, partial: condition.is_some(), condition, ..index }
        };
        Ok(grouped(rows).into_iter().map(index).collect())
    }

    fn check_constraints(&self, conn: &mut Connection, table: &Found) -> Result<Vec<CheckInfo>> {
        let sql = "select cast(conname as text), pg_catalog.pg_get_expr(conbin, conrelid) \
                   from pg_catalog.pg_constraint \
                   where conrelid = cast(cast(:id as bigint) as oid) and contype = 'c' order by conname";
        let rows: Vec<(String, String)> = conn.fetch_all(of(table, sql))?;
        Ok(rows.into_iter().map(|(name, text)| CheckInfo { name: Some(name), text }).collect())
    }

    fn comment(&self, conn: &mut Connection, table: &Found) -> Result<Option<String>> {
        let sql = "select pg_catalog.obj_description(cast(cast(:id as bigint) as oid), 'pg_class')";
        Ok(non_empty(conn.scalar(of(table, sql))?))
    }

    fn options(&self, conn: &mut Connection, table: &Found) -> Result<TableOptions> {
        let sql = "select cast(c.relpersistence as text), \
                   (select cast(o.option_value as int) from pg_catalog.pg_options_to_table(c.reloptions) o \
                   where o.option_name = 'fillfactor'), cast(t.spcname as text) \
                   from pg_catalog.pg_class c left join pg_catalog.pg_tablespace t on t.oid = c.reltablespace \
                   where c.oid = cast(cast(:id as bigint) as oid)";
        let rows: Vec<(String, Option<i32>, Option<String>)> = conn.fetch_all(of(table, sql))?;
        let Some((persistence, fill_factor, tablespace)) = rows.into_iter().next() else {
            return Ok(TableOptions::default());
        };
        let fill_factor = fill_factor.and_then(|percent| u8::try_from(percent).ok());
        let postgresql = PostgresqlOptions { unlogged: persistence == "u", fill_factor, tablespace };
        Ok(TableOptions { postgresql, temporary: persistence == "t", ..TableOptions::default() })
    }
}

/// Name, type, NULL-able, default, counted, how it is computed, collation, comment, how it is counted, from where and in which steps.
type ColumnRow = (
    String,
    String,
    bool,
    Option<String>,
    bool,
    String,
    Option<String>,
    Option<String>,
    String,
    Option<i64>,
    Option<i64>,
);

fn column(row: ColumnRow) -> ColumnInfo {
    let (name, type_name, nullable, default, counted, generated, collation, comment, kind, start, increment) =
        row;
    // A computed column's expression lies where others have their default.
    let (default, computed) = match (generated.as_str(), default) {
        ("", default) => (default, None),
        (kind, text) => (None, text.map(|text| Computed { text, stored: kind == "s" })),
    };
    let identity = (!kind.is_empty()).then_some(Identity { always: kind == "a", start, increment });
    ColumnInfo {
        sql_type: types::postgres(&type_name),
        name,
        type_name,
        nullable,
        default,
        autoincrement: counted,
        identity,
        computed,
        collation,
        comment,
    }
}

/// A serial column is one whose default counts by a sequence that goes when the column goes.
const COLUMNS: &str = "\
    select cast(a.attname as text), pg_catalog.format_type(a.atttypid, a.atttypmod), not a.attnotnull, \
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), \
    a.attidentity <> '' or (d.adbin is not null and exists (select 1 from pg_catalog.pg_depend s \
        where s.classid = cast('pg_catalog.pg_class' as regclass) and s.refclassid = cast('pg_catalog.pg_class' as regclass) \
        and s.refobjid = a.attrelid and s.refobjsubid = a.attnum and s.deptype = 'a' \
        and exists (select 1 from pg_catalog.pg_class q where q.oid = s.objid and q.relkind = 'S'))), \
    cast(a.attgenerated as text), \
    case when a.attcollation <> t.typcollation then cast(co.collname as text) end, \
    pg_catalog.col_description(a.attrelid, a.attnum), cast(a.attidentity as text), \
    (select q.seqstart from pg_catalog.pg_sequence q where a.attidentity <> '' and q.seqrelid = \
        (select s.objid from pg_catalog.pg_depend s where s.classid = cast('pg_catalog.pg_class' as regclass) \
        and s.refclassid = s.classid and s.refobjid = a.attrelid and s.refobjsubid = a.attnum and s.deptype = 'i')), \
    (select q.seqincrement from pg_catalog.pg_sequence q where a.attidentity <> '' and q.seqrelid = \
        (select s.objid from pg_catalog.pg_depend s where s.classid = cast('pg_catalog.pg_class' as regclass) \
        and s.refclassid = s.classid and s.refobjid = a.attrelid and s.refobjsubid = a.attnum and s.deptype = 'i')) \
    from pg_catalog.pg_attribute a \
    join pg_catalog.pg_type t on t.oid = a.atttypid \
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
    left join pg_catalog.pg_collation co on co.oid = a.attcollation \
    where a.attrelid = cast(cast(:id as bigint) as oid) and a.attnum > 0 and not a.attisdropped order by a.attnum";

const FOREIGN_KEYS: &str = "\
    select cast(k.conname as text), cast(n.nspname as text), cast(there.relname as text), \
    cast(k.confdeltype as text), cast(k.confupdtype as text), cast(a.attname as text), cast(b.attname as text), \
    case when not k.condeferrable then '' when k.condeferred then 'd' else 'i' end \
    || case cast(k.confmatchtype as text) when 'f' then 'f' else '' end \
    from pg_catalog.pg_constraint k \
    cross join lateral unnest(k.conkey, k.confkey) with ordinality as p(here, referred, place) \
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.here \
    join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = p.referred \
    join pg_catalog.pg_class there on there.oid = k.confrelid \
    join pg_catalog.pg_namespace n on n.oid = there.relnamespace \
    where k.conrelid = cast(cast(:id as bigint) as oid) and k.contype = 'f' order by k.conname, p.place";

/// Only what no constraint made: what it is sorted by, and what it carries along.
const INDEXES: &str = "\
    select cast(c.relname as text), i.indisunique, pg_catalog.pg_get_expr(i.indpred, i.indrelid), cast(m.amname as text), \
    cast(a.attname as text), pg_catalog.pg_get_indexdef(i.indexrelid, p.place + 1, false), \
    p.place < i.indnkeyatts and i.indoption[p.place] & 1 = 1, p.place < i.indnkeyatts \
    from pg_catalog.pg_index i \
    join pg_catalog.pg_class c on c.oid = i.indexrelid \
    join pg_catalog.pg_am m on m.oid = c.relam \
    cross join lateral generate_series(0, i.indnatts - 1) as p(place) \
    left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[p.place] \
        and i.indkey[p.place] <> 0 \
    where i.indrelid = cast(cast(:id as bigint) as oid) \
    and not exists (select 1 from pg_catalog.pg_constraint k \
        where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')) \
    order by c.relname, p.place";

fn of(table: &Found, sql: &'static str) -> Text {
    text(sql).bind("id", table.id)
}

/// A name with the letters of when it is looked at, and the columns.
type Constraint = ((String, String), Vec<String>);

/// The constraints of one kind and their columns, in order.
fn constraints(conn: &mut Connection, table: &Found, kind: &'static str) -> Result<Vec<Constraint>> {
    let sql = "select cast(k.conname as text), \
               case when not k.condeferrable then '' when k.condeferred then 'd' else 'i' end, cast(a.attname as text) from pg_catalog.pg_constraint k \
               cross join lateral unnest(k.conkey) with ordinality as p(here, place) \
               join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.here \
               where k.conrelid = cast(cast(:id as bigint) as oid) and cast(k.contype as text) = cast(:kind as text) \
               order by k.conname, p.place";
    let rows: Vec<(String, String, String)> = conn.fetch_all(of(table, sql).bind("kind", kind))?;
    Ok(grouped(rows.into_iter().map(|(name, letters, column)| ((name, letters), column))))
}

fn action(letter: &str) -> Action {
    match letter {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}
