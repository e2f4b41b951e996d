//! A live table → a [`Table`] for statements.

use std::collections::VecDeque;

use super::catalog::Catalog;
use super::facts::{ColumnInfo, ForeignKeyInfo, IndexInfo, TableName};
use super::{Found, Inspector};
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::{ColumnDef, ForeignKey, Index, ServerDefault, SqlType, Table};

impl Table {
    /// The table or view of that name, read from the database.
    ///
    /// Columns have the portable type where one fits, else [`SqlType::Native`] with the database's own name. Left out is what a
    /// `Table` cannot say: defaults that are expressions, what columns are computed from, checks, comments, indexes that are
    /// partial, of expressions, of prefixes or of a special kind, foreign keys into other schemas. [`Inspector`] tells them.
    ///
    /// ```
    /// use rebis_core::schema::Table;
    /// use rebis_core::sql::{Expression, select};
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table users (id integer primary key, name text)"))?;
    /// conn.execute(text("insert into users (name) values ('ed')"))?;
    /// let users = Table::reflect(&mut conn, "users")?;
    /// let id: i64 = conn.execute(select(users.c("id")).filter(users.c("name").eq("ed")))?.scalar()?;
    /// assert_eq!(id, 1);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Schema`](crate::ErrorKind::Schema) when there is none; what the database says.
    pub fn reflect(conn: &mut Connection, name: &str) -> Result<Table> {
        conn.inspect().table(name)
    }

    /// The same in a schema, which statements then name.
    ///
    /// # Errors
    /// As [`reflect`](Table::reflect).
    pub fn reflect_in(conn: &mut Connection, schema: &str, name: &str) -> Result<Table> {
        conn.inspect().table((schema, name))
    }
}

impl Inspector<'_> {
    /// A table or a view as [`Table::reflect`] makes it.
    ///
    /// # Errors
    /// As [`Table::reflect`].
    pub fn table(&mut self, table: impl Into<TableName>) -> Result<Table> {
        Ok(self.read(&table.into())?.0)
    }

    /// A table, and after it those that it refers to, and those that they refer to.
    ///
    /// # Errors
    /// As [`Table::reflect`].
    pub fn table_and_referred(&mut self, table: impl Into<TableName>) -> Result<Vec<Table>> {
        self.follow([table.into()])
    }

    /// All tables of a schema by name, and after them those of other schemas that they refer to. Views are not among them.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table users (id integer primary key)"))?;
    /// conn.execute(text("create table addresses (id integer primary key, owner int references users (id))"))?;
    /// let tables = conn.inspect().tables(None)?;
    /// assert_eq!(tables.iter().map(|table| table.name()).collect::<Vec<_>>(), ["addresses", "users"]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Table::reflect`].
    pub fn tables(&mut self, schema: Option<&str>) -> Result<Vec<Table>> {
        let names = self.table_names(schema)?;
        self.follow(names.into_iter().map(|name| TableName { schema: schema.map(Into::into), name }))
    }

    /// Reads these tables and what they refer to, each once.
    fn follow(&mut self, tables: impl IntoIterator<Item = TableName>) -> Result<Vec<Table>> {
        let mut wanted: VecDeque<TableName> = tables.into_iter().collect();
        let mut seen: Vec<(String, String)> = Vec::new();
        let mut read = Vec::new();
        while let Some(name) = wanted.pop_front() {
            // What SQLite's foreign keys name need not be there.
            let Some(found) = self.catalog().find(self.conn, &name)? else { continue };
            let place = (found.schema.clone(), found.name.clone());
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            let (table, keys) = self.build(&name, &found)?;
            for key in keys {
                // Without a schema, as long as it was found without one.
                let same = key.referred_schema == found.schema;
                let schema = if same { name.schema.clone() } else { Some(key.referred_schema) };
                wanted.push_back(TableName { schema, name: key.referred_table });
            }
            read.push(table);
        }
        Ok(read)
    }

    fn read(&mut self, name: &TableName) -> Result<(Table, Vec<ForeignKeyInfo>)> {
        let found = self.find(name)?;
        self.build(name, &found)
    }

    fn build(&mut self, name: &TableName, found: &Found) -> Result<(Table, Vec<ForeignKeyInfo>)> {
        let catalog = self.catalog();
        let columns = catalog.columns(self.conn, found)?;
        let key = catalog.primary_key(self.conn, found)?.map(|key| key.columns).unwrap_or_default();
        let uniques = catalog.unique_constraints(self.conn, found)?;
        let foreign_keys = catalog.foreign_keys(self.conn, found)?;
        let indexes = catalog.indexes(self.conn, found)?;

        let mut builder = Table::build(&found.name);
        if let Some(schema) = &name.schema {
            builder = builder.schema(schema);
        }
        let is_unique = |column: &String| uniques.iter().any(|unique| unique.columns == [column.as_str()]);
        for column in columns {
            let (in_key, unique) = (key.contains(&column.name), is_unique(&column.name));
            builder = builder.column(column_def(catalog, column, in_key, unique));
        }
        for unique in uniques.iter().filter(|unique| unique.columns.len() > 1) {
            builder = builder.unique(&unique.columns);
        }
        for index in &indexes {
            if catalog.makes_indexes_for_keys() && is_of_a_key(index, &foreign_keys) {
                continue;
            }
            if let Some(index) = plain_index(index) {
                builder = builder.index(index);
            }
        }
        let here = |key: &&ForeignKeyInfo| {
            key.referred_schema == found.schema && key.columns.len() == key.referred_columns.len()
        };
        for key in foreign_keys.iter().filter(here) {
            let written = ForeignKey::new(&key.columns, &key.referred_table, &key.referred_columns);
            let written = written.on_delete(key.on_delete.on_change()).on_update(key.on_update.on_change());
            builder = builder.foreign_key(written);
        }
        Ok((builder.finish()?, foreign_keys))
    }
}

fn column_def(catalog: &dyn Catalog, column: ColumnInfo, in_key: bool, unique: bool) -> ColumnDef {
    let default = column.default.as_deref().and_then(|text| server_default(text, column.sql_type.as_ref()));
    let sql_type = column.sql_type.unwrap_or_else(|| SqlType::native_raw(catalog.native(column.type_name)));
    let mut def = ColumnDef::new(column.name, sql_type);
    if in_key {
        def = def.primary_key();
    }
    if column.autoincrement && in_key {
        def = def.autoincrement();
    }
    if column.nullable {
        def = def.nullable();
    }
    if unique {
        def = def.unique();
    }
    match default.filter(|_| !column.autoincrement) {
        Some(default) => def.server_default(default),
        None => def,
    }
}

/// A number or a text; an expression is nothing that a [`ServerDefault`] made at run time can hold.
pub(super) fn server_default(text: &str, sql_type: Option<&SqlType>) -> Option<ServerDefault> {
    use SqlType::{BigInteger, Integer, SmallInteger};
    let unwrapped = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    if let Ok(number) = unwrapped.parse() {
        return Some(ServerDefault::Integer(number));
    }
    let inside = literal(unwrapped)?;
    match (sql_type, inside.parse()) {
        // PostgreSQL prints -1 as `'-1'::integer`.
        (Some(SmallInteger | Integer | BigInteger), Ok(number)) => Some(ServerDefault::Integer(number)),
        _ => Some(ServerDefault::Text(inside)),
    }
}

/// What a text in quotes says, alone or before PostgreSQL's `::type`. One with a backslash means something else on each
/// database, and is left alone.
fn literal(text: &str) -> Option<String> {
    let rest = text.strip_prefix('\'')?;
    let plain = rest.replace("''", "  ");
    let end = plain.find('\'')?;
    let after = rest.get(end + 1..)?;
    let is_cast = after.starts_with("::") && !after.contains(['\'', '|', '+', '(']);
    let inside = rest.get(..end)?;
    ((after.is_empty() || is_cast || is_sized_cast(after)) && !inside.contains('\\'))
        .then(|| inside.replace("''", "'"))
}

/// `::character varying(20)`.
fn is_sized_cast(after: &str) -> bool {
    let Some((words, rest)) = after.strip_prefix("::").and_then(|after| after.split_once('(')) else {
        return false;
    };
    let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == ' ';
    words.chars().all(is_word)
        && rest.strip_suffix(')').is_some_and(|size| size.chars().all(|letter| letter.is_ascii_digit()))
}

/// Whether the database made the index for a foreign key, and would make it again.
fn is_of_a_key(index: &IndexInfo, keys: &[ForeignKeyInfo]) -> bool {
    !index.unique
        && keys.iter().any(|key| {
            let columns = index.columns.iter().map(Option::as_deref);
            let same = columns.eq(key.columns.iter().map(|column| Some(column.as_str())));
            same && (key.name.as_ref() == Some(&index.name) || key.columns.first() == Some(&index.name))
        })
}

/// The index as a description can say it.
fn plain_index(index: &IndexInfo) -> Option<Index> {
    if index.partial || index.prefix || index.method != "btree" {
        return None;
    }
    let columns = index.columns.iter().cloned().collect::<Option<Vec<String>>>()?;
    let plain = Index::new(&index.name, columns);
    Some(if index.unique { plain.unique() } else { plain })
}
