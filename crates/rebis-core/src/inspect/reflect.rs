//! A live table → a [`Table`] for statements.

use std::collections::VecDeque;

use super::catalog::Catalog;
use super::defaults::default_of;
use super::facts::{CheckInfo, ColumnInfo, ForeignKeyInfo, IndexInfo, TableName, UniqueInfo};
use super::{Found, Inspector};
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::{
    CheckConstraint, ColumnDef, Computed, DdlExpression, ForeignKey, Index, IndexKey, IndexMethod, MatchType,
    OnChange, SqlType, Table, TableBuilder, UniqueConstraint,
};

impl Table {
    /// The table or view of that name, read from the database.
    ///
    /// Columns have the portable type where one fits, else [`SqlType::Native`] with the database's own name. Defaults, checks,
    /// computations and conditions that are no plain values are the database's own text of them.
    /// [`differences`](Table::differences) compares it with a description made by hand.
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
        self.follow([table.into()], true)
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
        self.follow(names.into_iter().map(|name| TableName { schema: schema.map(Into::into), name }), true)
    }

    /// Reads these tables and what they refer to, each once.
    pub(super) fn follow(
        &mut self,
        tables: impl IntoIterator<Item = TableName>,
        referred: bool,
    ) -> Result<Vec<Table>> {
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
            for key in keys.into_iter().filter(|_| referred) {
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
        let key = catalog.primary_key(self.conn, found)?;
        let uniques = catalog.unique_constraints(self.conn, found)?;
        let foreign_keys = catalog.foreign_keys(self.conn, found)?;
        let indexes = catalog.indexes(self.conn, found)?;
        let checks = catalog.check_constraints(self.conn, found)?;

        let mut builder = Table::build(&found.name);
        if let Some(schema) = &name.schema {
            builder = builder.schema(schema);
        }
        if let Some(comment) = catalog.comment(self.conn, found)? {
            builder = builder.comment(comment);
        }
        builder = self.options(builder, found)?;
        let is_unique = |column: &String| uniques.iter().any(|unique| unique.columns == [column.as_str()]);
        let key_columns = key.as_ref().map(|key| key.columns.clone()).unwrap_or_default();
        for column in &columns {
            let (in_key, unique) = (key_columns.contains(&column.name), is_unique(&column.name));
            builder = builder.column(column_def(catalog, column.clone(), in_key, unique, &found.schema));
        }
        builder = builder.primary_key(key_columns);
        if let Some(name) = key.and_then(|key| key.name) {
            builder = builder.primary_key_name(name);
        }
        builder = with_constraints(builder, &uniques, checks, &columns);
        for index in &indexes {
            if catalog.makes_indexes_for_keys() && is_of_a_key(index, &foreign_keys) {
                continue;
            }
            if let Some(index) = index_def(index) {
                builder = builder.index(index);
            }
        }
        for key in foreign_keys.iter().filter(|key| key.columns.len() == key.referred_columns.len()) {
            builder = builder.foreign_key(foreign_key(catalog, key, &found.schema));
        }
        Ok((builder.finish()?, foreign_keys))
    }

    fn options(&mut self, builder: TableBuilder, found: &Found) -> Result<TableBuilder> {
        if !found.is_plain {
            return Ok(builder);
        }
        let options = self.catalog().options(self.conn, found)?;
        let builder = if options.temporary { builder.temporary() } else { builder };
        Ok(builder.mysql(options.mysql).postgresql(options.postgresql).sqlite(options.sqlite))
    }
}

fn column_def(
    catalog: &dyn Catalog,
    column: ColumnInfo,
    in_key: bool,
    unique: bool,
    schema: &str,
) -> ColumnDef {
    let default = column.default.as_deref().filter(|_| !(column.autoincrement && in_key));
    let default = default.map(|text| default_of(text, column.sql_type.as_ref(), schema));
    let is_json = column.sql_type == Some(SqlType::Json);
    let sql_type = column.sql_type.unwrap_or_else(|| SqlType::native_raw(catalog.native(column.type_name)));
    let mut def = ColumnDef::new(column.name, sql_type);
    if in_key {
        def = def.primary_key();
    }
    if column.autoincrement && in_key {
        def = def.identity(column.identity.unwrap_or_default());
    }
    if column.nullable {
        def = def.nullable();
    }
    if unique {
        def = def.unique();
    }
    if let Some(computed) = column.computed {
        let text = DdlExpression::of_catalog(computed.text);
        def = def.computed(if computed.stored { Computed::stored(text) } else { Computed::virtually(text) });
    }
    // MariaDB's JSON is a text of one collation.
    def.collation = column.collation.filter(|_| !is_json);
    def.comment = column.comment;
    match default {
        Some(default) => def.server_default(default),
        None => def,
    }
}

fn with_constraints(
    mut builder: TableBuilder,
    uniques: &[UniqueInfo],
    checks: Vec<CheckInfo>,
    columns: &[ColumnInfo],
) -> TableBuilder {
    for unique in uniques {
        let mut made = UniqueConstraint::new(&unique.columns);
        (made.name, made.deferral) = (unique.name.clone(), unique.deferral);
        builder = builder.unique_constraint(made);
    }
    for check in checks {
        if is_of_json(&check.text, columns) {
            continue;
        }
        let mut made = CheckConstraint::new(DdlExpression::of_catalog(check.text));
        made.name = check.name;
        builder = builder.check(made);
    }
    builder
}

/// Whether the check is MariaDB's own of a JSON column.
fn is_of_json(check: &str, columns: &[ColumnInfo]) -> bool {
    let mut documents = columns.iter().filter(|column| column.sql_type == Some(SqlType::Json));
    documents.any(|column| check == format!("json_valid(`{}`)", column.name.replace('`', "``")))
}

fn foreign_key(catalog: &dyn Catalog, key: &ForeignKeyInfo, schema: &str) -> ForeignKey {
    // MariaDB says RESTRICT where nothing was said, and means the same by both.
    let action = |change: OnChange| match change {
        OnChange::Restrict if catalog.makes_indexes_for_keys() => OnChange::NoAction,
        change => change,
    };
    let mut made = ForeignKey::new(&key.columns, &key.referred_table, &key.referred_columns);
    made.name.clone_from(&key.name);
    made.schema = (key.referred_schema != schema).then(|| key.referred_schema.clone());
    made.on_delete = action(key.on_delete.on_change());
    made.on_update = action(key.on_update.on_change());
    made.deferral = key.deferral;
    made.match_type = if key.match_full { MatchType::Full } else { MatchType::Simple };
    made
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
fn index_def(index: &IndexInfo) -> Option<Index> {
    let method = match index.method.as_str() {
        "btree" => IndexMethod::BTree,
        "hash" => IndexMethod::Hash,
        "gin" => IndexMethod::Gin,
        "gist" => IndexMethod::Gist,
        "spgist" => IndexMethod::SpGist,
        "brin" => IndexMethod::Brin,
        "fulltext" => IndexMethod::FullText,
        "spatial" | "rtree" => IndexMethod::Spatial,
        _ => return None,
    };
    let mut keys = Vec::new();
    for (column, more) in index.columns.iter().zip(&index.keys) {
        let mut key = match column {
            Some(name) => IndexKey::from(name),
            None => IndexKey::expression(DdlExpression::of_catalog(more.expression.clone()?)),
        };
        (key.descending, key.prefix) = (more.descending, more.prefix);
        keys.push(key);
    }
    let mut made = Index::new(&index.name, keys).using(method).include(&index.include);
    made.unique = index.unique;
    made.condition = index.condition.clone().map(DdlExpression::of_catalog);
    Some(made)
}
