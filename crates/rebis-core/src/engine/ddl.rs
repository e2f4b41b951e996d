//! Tables in the database: made where they are missing, dropped where they are there.

use super::ddl_events::DdlTarget;
use super::enums::enumerations;
use super::{Connection, Engine};
use crate::compile::create_statements;
use crate::error::Result;
use crate::schema::{CreationOrder, DdlMoment, Entities, ForeignKey, MetaData, Table};
use crate::sql::{
    Ddl, DdlNode, View, add_constraint, create_sequence, create_view, drop_constraint, drop_sequence,
    drop_table, drop_view, text,
};

impl Connection {
    /// Makes a table, the types of its enums where they are missing, its indexes and its comments. MySQL commits what was done
    /// before on this connection.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    ///
    /// let users = Table::build("users").column(ColumnDef::new("id", SqlType::BigInteger).autoincrement()).finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&users)?;
    /// assert!(conn.inspect().has_table("users")?);
    /// conn.drop_table(&users)?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Statement`](crate::ErrorKind::Statement) when it is there already, [`Unsupported`](crate::ErrorKind::Unsupported) for
    /// what the database cannot say, and what the database says.
    pub fn create_table(&mut self, table: &Table) -> Result<()> {
        self.create_table_without(table, &[], false)
    }

    /// Drops a table, with its indexes; the types of its enums stay. MySQL commits what was done before on this connection.
    ///
    /// # Errors
    /// [`Statement`](crate::ErrorKind::Statement) when it is not there, and what the database says.
    pub fn drop_table(&mut self, table: &Table) -> Result<()> {
        self.drop_table_by(table, drop_table(table))
    }

    fn drop_table_by(&mut self, table: &Table, statement: Ddl) -> Result<()> {
        self.tell_ddl(DdlMoment::BeforeDrop, DdlTarget::Table(table))?;
        self.execute(statement)?;
        self.tell_ddl(DdlMoment::AfterDrop, DdlTarget::Table(table))
    }

    fn create_table_without(
        &mut self,
        table: &Table,
        without: &[ForeignKey],
        if_missing: bool,
    ) -> Result<()> {
        self.tell_ddl(DdlMoment::BeforeCreate, DdlTarget::Table(table))?;
        let statements = create_statements(table, without, self.dialect());
        for statement in statements {
            if let DdlNode::CreateEnum(enumeration) = &statement.node
                && self.has_enum(enumeration)?
            {
                continue;
            }
            self.execute(if if_missing { statement.if_not_exists() } else { statement })?;
        }
        self.tell_ddl(DdlMoment::AfterCreate, DdlTarget::Table(table))
    }

    /// Whether no catalogue tells of the table: MySQL's of temporary ones.
    fn is_unseen(&self, table: &Table) -> bool {
        table.is_temporary() && self.dialect().tables.count_temporary.is_none()
    }

    /// Whether a temporary table is there.
    fn has_temporary(&mut self, table: &Table) -> Result<bool> {
        match self.dialect().tables.count_temporary {
            Some(count) => Ok(self.scalar::<i64>(text(count).bind("name", table.name()))? > 0),
            None => Ok(false),
        }
    }

    /// The schema that is meant where a description names this one, or none.
    pub(super) fn schema_of(&self, named: Option<&str>) -> Option<String> {
        self.options().schema_translate_map.translate(named).map(str::to_owned)
    }

    /// Whether the table is there, by the database's catalogue.
    fn has_table(&mut self, table: &Table) -> Result<bool> {
        if table.is_temporary() {
            // The catalogue does not tell of it, or of another table of that name.
            return self.has_temporary(table);
        }
        let count = text(self.dialect().tables.count_tables);
        let schema = self.options().schema_translate_map.of_table(table);
        let count = count.bind("schema", schema).bind("name", table.name());
        Ok(self.scalar::<i64>(count)? > 0)
    }
}

impl MetaData {
    /// Makes the tables that are not there yet, each behind those that it refers to. Foreign keys that make a circle are added
    /// when all its tables are there; on SQLite they are in their tables from the beginning. What a table is like that is there
    /// already is not looked at.
    ///
    /// It runs in the connection's transaction: commit it. MySQL commits by itself, table by table.
    ///
    /// # Errors
    /// [`Schema`](crate::ErrorKind::Schema) when two tables that differ have the same name, and as
    /// [`Connection::create_table`].
    pub fn create_all(&self, conn: &mut Connection) -> Result<()> {
        let CreationOrder { tables, later } = self.creation_order()?;
        enumerations(&tables, conn.dialect().backend)?;
        let can_alter = conn.dialect().tables.drop_foreign_key.is_some();
        conn.tell_ddl(DdlMoment::BeforeCreate, DdlTarget::MetaData(self))?;
        for sequence in self.sequences() {
            conn.execute(create_sequence(sequence).if_not_exists())?;
        }
        let mut created = Vec::new();
        for table in &tables {
            if conn.has_table(table)? {
                continue;
            }
            let keys = later.iter().filter(|(owner, _)| can_alter && owner == table);
            let without: Vec<ForeignKey> = keys.map(|(_, key)| key.clone()).collect();
            let unseen = conn.is_unseen(table);
            conn.create_table_without(table, &without, unseen)?;
            created.push(table);
        }
        let backend = conn.dialect().backend;
        let wanted = |(owner, key): &&(Table, ForeignKey)| {
            can_alter && created.contains(&owner) && key.only_on.includes(backend)
        };
        for (table, key) in later.iter().filter(wanted) {
            conn.execute(add_constraint(table, key.clone()))?;
        }
        let replaces = conn.dialect().tables.replaces_views;
        for view in self.views().iter().filter_map(|view| view.get::<View>()) {
            let create = create_view(view);
            let replaced = replaces && !view.materialized;
            conn.execute(if replaced { create.or_replace() } else { create.if_not_exists() })?;
        }
        conn.tell_ddl(DdlMoment::AfterCreate, DdlTarget::MetaData(self))
    }

    /// Drops the tables that are there, each before those that it refers to, then the types of their enums. Foreign keys that
    /// make a circle are dropped first; on SQLite, which cannot, they are looked at when the transaction is committed.
    ///
    /// It runs in the connection's transaction: commit it. MySQL commits by itself, table by table.
    ///
    /// # Errors
    /// [`ForeignKeyViolation`](crate::ErrorKind::ForeignKeyViolation) or [`Statement`](crate::ErrorKind::Statement) when a table
    /// that stays refers to one that goes or has a column of an enum that goes, and as [`create_all`](MetaData::create_all).
    pub fn drop_all(&self, conn: &mut Connection) -> Result<()> {
        let CreationOrder { tables, later } = self.creation_order()?;
        let enums = enumerations(&tables, conn.dialect().backend)?;
        conn.tell_ddl(DdlMoment::BeforeDrop, DdlTarget::MetaData(self))?;
        for view in self.views().iter().rev().filter_map(|view| view.get::<View>()) {
            conn.execute(drop_view(view).if_exists())?;
        }
        let mut there = Vec::new();
        for table in tables.iter().rev() {
            if conn.is_unseen(table) {
                conn.drop_table_by(table, drop_table(table).if_exists())?;
            } else if conn.has_table(table)? {
                there.push(table);
            }
        }
        let words = conn.dialect().tables;
        let backend = conn.dialect().backend;
        let wanted =
            |(owner, key): &&(Table, ForeignKey)| there.contains(&owner) && key.only_on.includes(backend);
        let mut circular = later.iter().filter(wanted).peekable();
        if let (Some(defer), true) = (words.defer_foreign_keys, circular.peek().is_some()) {
            conn.execute(text(defer))?;
        } else {
            for (table, key) in circular {
                conn.execute(drop_constraint(table, key.clone()))?;
            }
        }
        for table in there {
            conn.drop_table(table)?;
        }
        conn.drop_enums(&enums)?;
        for sequence in self.sequences() {
            conn.execute(drop_sequence(sequence).if_exists())?;
        }
        conn.tell_ddl(DdlMoment::AfterDrop, DdlTarget::MetaData(self))
    }
}

/// Makes the tables of these types that are not there yet, in a transaction of its own.
///
/// ```
/// use std::sync::LazyLock;
/// use rebis_core::{Engine, create_all, drop_all};
/// use rebis_core::schema::{ColumnDef, Entity, SqlType, Table};
///
/// struct User;
///
/// impl Entity for User {
///     fn table() -> &'static Table {
///         static TABLE: LazyLock<Table> = LazyLock::new(|| {
///             let id = ColumnDef::new("id", SqlType::BigInteger).autoincrement();
///             Table::build("users").column(id).finish().expect("a table")
///         });
///         &TABLE
///     }
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// create_all::<(User,)>(&engine)?;
/// create_all::<User>(&engine)?; // it is there: nothing to do
/// drop_all::<User>(&engine)?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
///
/// # Errors
/// As [`MetaData::create_all`] and [`Engine::transaction`].
pub fn create_all<E: Entities>(engine: &Engine) -> Result<()> {
    engine.transaction(|tx| MetaData::of::<E>().create_all(tx))
}

/// Drops the tables of these types that are there, in a transaction of its own.
///
/// # Errors
/// As [`MetaData::drop_all`] and [`Engine::transaction`].
pub fn drop_all<E: Entities>(engine: &Engine) -> Result<()> {
    engine.transaction(|tx| MetaData::of::<E>().drop_all(tx))
}
