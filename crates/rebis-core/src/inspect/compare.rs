//! Whether two descriptions of a table are the same on a database: what was asked for, and what is there.

use std::collections::BTreeMap;

use super::normal::normal;
use crate::compile::{column_type, strict_type};
use crate::compile::{default_text, expression_text};
use crate::dialect::{Comments, Dialect, Identity};
use crate::error::Result;
use crate::schema::{
    ColumnDef, ForeignKey, Index, IndexMethod, KeyTarget, NamingConvention, OnChange, Table, UniqueConstraint,
};
use crate::url::Backend;

impl Table {
    /// What a table that is there has otherwise than this description wants it, on that database; nothing where they are equal.
    ///
    /// What a database does not keep is not compared: comments and names of primary keys on some of them, options that this
    /// description does not name, SQL of the program's own. Expressions are compared by their words, without parentheses and
    /// casts, because a database prints them in its own way; a difference in those alone is not seen, and an expression that
    /// the database has rewritten is told as a difference.
    ///
    /// ```
    /// use rebis_core::schema::{CheckConstraint, ColumnDef, SqlType, Table};
    /// use rebis_core::{Dialect, Engine};
    ///
    /// let parts = |price| {
    ///     let price = ColumnDef::new("price", price);
    ///     Table::build("parts").column(price).check(CheckConstraint::new("price > 0")).finish()
    /// };
    /// let wanted = parts(SqlType::Integer)?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&wanted)?;
    /// let found = Table::reflect(&mut conn, "parts")?;
    /// assert!(wanted.differences(&found, Dialect::SQLITE)?.is_empty());
    /// let differences = parts(SqlType::BigInteger)?.differences(&found, Dialect::SQLITE)?;
    /// assert_eq!(differences, ["column 'price': wanted BIGINT NOT NULL, found INTEGER NOT NULL"]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when the database has no word for what one of them says.
    pub fn differences(&self, found: &Table, dialect: Dialect) -> Result<Vec<String>> {
        let wanted = Facts::of(self, None, &dialect)?.0;
        let found = Facts::of(found, Some(self), &dialect)?.0;
        let mut differences = Vec::new();
        for (subject, fact) in &wanted {
            match found.get(subject) {
                Some(other) if other == fact => {}
                Some(other) => differences.push(format!("{subject}: wanted {fact}, found {other}")),
                None => differences.push(format!("{subject}: wanted {fact}, and it is not there")),
            }
        }
        let more = found.iter().filter(|(subject, _)| !wanted.contains_key(*subject));
        differences.extend(more.map(|(subject, fact)| format!("{subject}: not wanted, found {fact}")));
        Ok(differences)
    }
}

/// What there is to say of a table, subject by subject.
struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Of a table; where it is the one that was found, only those options that the wanted one names.
    fn of(table: &Table, wanted: Option<&Table>, dialect: &Dialect) -> Result<Facts> {
        let named = table.named(&NamingConvention::default());
        let backend = dialect.backend;
        let mut facts = Facts(BTreeMap::new());
        let order: Vec<&str> = named.columns().iter().map(ColumnDef::name).collect();
        facts.say("columns", order.join(", "));
        for column in named.columns() {
            facts.say(format!("column '{}'", column.name()), column_fact(&named, column, dialect)?);
        }
        facts.primary_key(&named, dialect);
        for unique in named.unique_constraints().iter().filter(|unique| unique.only_on.includes(backend)) {
            facts.unique(unique);
        }
        for key in named.foreign_keys().iter().filter(|key| key.only_on.includes(backend)) {
            facts.foreign_key(key, dialect);
        }
        for check in named.check_constraints().iter().filter(|check| check.only_on.includes(backend)) {
            let text = normal(&expression_text(&check.condition, &named, dialect)?, dialect);
            facts.say(format!("check '{}'", check.name.as_deref().unwrap_or_default()), text);
        }
        for index in named.indexes().iter().filter(|index| index.only_on.includes(backend)) {
            facts.index(&named, index, dialect)?;
        }
        if dialect.tables.comments != Comments::None {
            facts.say("comment", format!("{:?}", named.comment().unwrap_or_default()));
        }
        facts.options(&named, wanted.unwrap_or(&named), backend);
        Ok(facts)
    }

    fn say(&mut self, subject: impl Into<String>, fact: impl Into<String>) {
        self.0.insert(subject.into(), fact.into());
    }

    fn primary_key(&mut self, table: &Table, dialect: &Dialect) {
        let columns: Vec<&str> = table.primary_key().map(ColumnDef::name).collect();
        if columns.is_empty() {
            return;
        }
        // SQLite's counted key stands beside its column and has no name.
        let counted = table.columns().iter().any(ColumnDef::is_autoincrement);
        let nameless =
            !dialect.tables.names_primary_key || (counted && dialect.tables.identity == Identity::WholeKey);
        let name = table.primary_key_name().filter(|_| !nameless).unwrap_or_default();
        self.say("primary key", format!("{name} ({})", columns.join(", ")));
    }

    fn unique(&mut self, unique: &UniqueConstraint) {
        let name = unique.name.as_deref().unwrap_or_default();
        let fact = format!("({}) {:?}", unique.columns.join(", "), unique.deferral);
        self.say(format!("unique constraint '{name}'"), fact);
    }

    fn foreign_key(&mut self, key: &ForeignKey, dialect: &Dialect) {
        // MySQL means the same by both.
        let action = |change| match change {
            OnChange::Restrict if dialect.backend == Backend::Mysql => OnChange::NoAction,
            change => change,
        };
        let name = key.name.as_deref().unwrap_or_default();
        let fact = format!(
            "({}) to {:?}.{} ({}), {:?}, {:?}, {:?}, {:?}",
            key.columns.join(", "),
            key.schema,
            key.table,
            key.referred.join(", "),
            action(key.on_delete),
            action(key.on_update),
            key.deferral,
            key.match_type
        );
        self.say(format!("foreign key '{name}'"), fact);
    }

    fn index(&mut self, table: &Table, index: &Index, dialect: &Dialect) -> Result<()> {
        let name = index.name.as_deref().unwrap_or_default();
        let mut plain = index.unique && index.condition.is_none() && index.method == IndexMethod::BTree;
        let mut keys = Vec::new();
        for key in &index.keys {
            plain &= !key.descending && key.prefix.is_none();
            let mut text = match &key.target {
                KeyTarget::Column(name) => name.clone(),
                KeyTarget::Expression(expression) => {
                    plain = false;
                    format!("({})", normal(&expression_text(expression, table, dialect)?, dialect))
                }
            };
            text.push_str(&key.prefix.map(|length| format!("({length})")).unwrap_or_default());
            text.push_str(if key.descending { " DESC" } else { "" });
            keys.push(text);
        }
        if plain && dialect.backend == Backend::Mysql {
            // There the two are one thing.
            self.say(format!("unique constraint '{name}'"), format!("({}) None", keys.join(", ")));
            return Ok(());
        }
        let unique = if index.unique { "unique " } else { "" };
        let mut fact = format!("{unique}{:?} ({})", index.method, keys.join(", "));
        if !index.include.is_empty() {
            fact.push_str(&format!(" include ({})", index.include.join(", ")));
        }
        if let Some(condition) = &index.condition {
            fact.push_str(&format!(
                " where {}",
                normal(&expression_text(condition, table, dialect)?, dialect)
            ));
        }
        self.say(format!("index '{name}'"), fact);
        Ok(())
    }

    /// The options that the wanted table names.
    fn options(&mut self, table: &Table, wanted: &Table, backend: Backend) {
        match backend {
            Backend::Mysql => {
                let (own, named) = (table.mysql_options(), wanted.mysql_options());
                let mut option = |name: &str, own: &Option<String>, named: &Option<String>| {
                    if let (Some(own), true) = (own, named.is_some()) {
                        self.say(name, own.to_ascii_lowercase());
                    }
                };
                option("engine", &own.engine, &named.engine);
                option("collation", &own.collation, &named.collation);
            }
            Backend::Postgresql => {
                let own = table.postgresql_options();
                self.say("unlogged", own.unlogged.to_string());
                self.say("fill factor", format!("{:?}", own.fill_factor));
                let tablespace = own.tablespace.as_deref().filter(|name| *name != "pg_default");
                self.say("tablespace", format!("{tablespace:?}"));
            }
            Backend::Sqlite => self.say("options", format!("{:?}", table.sqlite_options())),
        }
    }
}

/// A column's type and what is said of it, in one order.
fn column_fact(table: &Table, column: &ColumnDef, dialect: &Dialect) -> Result<String> {
    let backend = dialect.backend;
    let mut fact = column_type(column.sql_type(), dialect)?;
    if backend == Backend::Sqlite {
        if table.sqlite_options().strict {
            fact = strict_type(&fact).to_owned();
        } else if column.is_autoincrement() {
            fact = "INTEGER".to_owned();
        }
    }
    if let Some(collation) = column.collation_name() {
        fact.push_str(&format!(" collate {collation}"));
    }
    if let Some(identity) = column.counting() {
        fact.push_str(" counted");
        if backend == Backend::Postgresql {
            let (start, increment) = (identity.start.unwrap_or(1), identity.increment.unwrap_or(1));
            fact.push_str(&format!(" always {} from {start} by {increment}", identity.always));
        }
    }
    if let Some(computed) = column.computation() {
        let text = normal(&expression_text(computed.expression(), table, dialect)?, dialect);
        let stored = if computed.is_stored() { "stored" } else { "virtual" };
        fact.push_str(&format!(" {stored} {text}"));
    }
    if let Some(default) = default_text(table, column, dialect)? {
        fact.push_str(&format!(" default {}", normal(&default, dialect)));
    }
    let not_null = !column.is_nullable() || column.is_primary_key();
    if not_null && (column.computation().is_none() || dialect.tables.computed_not_null) {
        fact.push_str(" NOT NULL");
    }
    if let (Some(comment), true) = (column.comment_text(), dialect.tables.comments != Comments::None) {
        fact.push_str(&format!(" comment {comment:?}"));
    }
    Ok(fact)
}
