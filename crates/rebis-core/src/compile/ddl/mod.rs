//! Tables → the statements that make and drop them.

mod column;
#[cfg(test)]
mod tests;

use super::identifier::{push_made, push_qualified};
use super::literal::push_literal;
use super::types::push_labels;
use crate::dialect::{Comments, Dialect, Enums, Identity, IndexSchema};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ColumnDef, EnumType, ForeignKey, Index, NamingConvention, OnChange, Table};
use crate::sql::{Ddl, DdlNode, create_enum, create_index, set_column_comment, set_table_comment};

/// The statements that make the types of a table's enums, the table, its indexes and its comments, without these foreign keys.
pub(crate) fn create_statements(table: &Table, without: &[ForeignKey], dialect: &Dialect) -> Vec<Ddl> {
    let table = table.named(&NamingConvention::default());
    let mut statements = Vec::new();
    if dialect.types.enums == Enums::Type {
        let mut enums: Vec<&EnumType> = Vec::new();
        for enumeration in
            table.columns().iter().filter_map(|column| column.sql_type.enumeration(dialect.backend))
        {
            if !enums.contains(&enumeration) {
                enums.push(enumeration);
            }
        }
        statements.extend(enums.into_iter().map(create_enum));
    }
    statements.push(Ddl(DdlNode::CreateTable { table: table.clone(), without: without.to_vec() }));
    statements.extend(table.indexes().iter().map(|index| create_index(&table, index)));
    if dialect.tables.comments == Comments::Statements {
        statements.extend(table.comment().map(|_| set_table_comment(&table)));
        let commented = table.columns().iter().filter(|column| column.comment.is_some());
        statements.extend(commented.map(|column| set_column_comment(&table, column.name())));
    }
    statements
}

/// The text of a statement.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for what the database cannot say; [`Schema`](ErrorKind::Schema) for a name that it
/// would cut.
pub(super) fn render(ddl: &DdlNode, dialect: &Dialect) -> Result<String> {
    let mut writer = Writer { dialect, sql: String::new() };
    match ddl {
        DdlNode::CreateTable { table, without } => writer.create_table(table, without)?,
        DdlNode::CreateEnum(enumeration) => {
            writer.enum_words("CREATE TYPE ", enumeration)?;
            writer.push(" AS ENUM ");
            push_labels(&mut writer.sql, &enumeration.labels, dialect)?;
        }
        DdlNode::DropEnum(enumeration) => writer.enum_words("DROP TYPE ", enumeration)?,
        DdlNode::DropTable(table) => {
            writer.push("DROP TABLE ");
            writer.table(table)?;
        }
        DdlNode::CreateIndex { table, index } => writer.create_index(table, index)?,
        DdlNode::DropIndex { table, index } => writer.drop_index(table, index)?,
        DdlNode::AddForeignKey { table, key } => {
            writer.alter_words()?;
            writer.push("ALTER TABLE ");
            writer.table(table)?;
            writer.push(" ADD ");
            writer.foreign_key(table, key)?;
        }
        DdlNode::DropForeignKey { table, key } => {
            let word = writer.alter_words()?;
            writer.push("ALTER TABLE ");
            writer.table(table)?;
            writer.push(" DROP ");
            writer.push(word);
            writer.push(" ");
            writer.identifier(key.name.as_deref().unwrap_or_default())?;
        }
        DdlNode::TableComment(table) => {
            writer.comment_statement("TABLE", table, None, table.comment())?;
        }
        DdlNode::ColumnComment { table, column } => {
            let comment = table.column(column).and_then(ColumnDef::comment_text);
            writer.comment_statement("COLUMN", table, Some(column), comment)?;
        }
    }
    Ok(writer.sql)
}

struct Writer<'d> {
    dialect: &'d Dialect,
    sql: String,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn identifier(&mut self, name: &str) -> Result<()> {
        push_made(&mut self.sql, name, self.dialect)
    }

    fn literal(&mut self, text: &str) -> Result<()> {
        push_literal(&mut self.sql, text, self.dialect)
    }

    fn qualified(&mut self, schema: Option<&str>, name: &str) -> Result<()> {
        push_qualified(&mut self.sql, schema, name, self.dialect)
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        self.qualified(table.schema(), table.name())
    }

    fn columns(&mut self, columns: &[String]) -> Result<()> {
        self.push("(");
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.identifier(column)?;
        }
        self.push(")");
        Ok(())
    }

    fn unsupported<T>(&self, what: &str) -> Result<T> {
        Err(Error::new(ErrorKind::Unsupported, format!("{} has no {what}", self.dialect.name)))
    }

    /// The word for a foreign key in ALTER TABLE … DROP.
    fn alter_words(&self) -> Result<&'static str> {
        self.dialect.tables.drop_foreign_key.map_or_else(
            || self.unsupported("ALTER TABLE for constraints; they are made with their table"),
            Ok,
        )
    }

    fn enum_words(&mut self, words: &str, enumeration: &EnumType) -> Result<()> {
        if self.dialect.types.enums != Enums::Type {
            return self.unsupported("types of enums; they are made with their table");
        }
        self.push(words);
        self.qualified(enumeration.schema.as_deref(), &enumeration.name)
    }

    // ---- tables ----

    fn create_table(&mut self, table: &Table, without: &[ForeignKey]) -> Result<()> {
        let table = &table.named(&NamingConvention::default());
        if table.columns().is_empty() && self.dialect.name != Dialect::POSTGRESQL.name {
            return self.unsupported(&format!("tables without columns, as '{}' is", table.name()));
        }
        self.push("CREATE TABLE ");
        self.table(table)?;
        self.push(" (");
        let mut parts = Parts::default();
        for column in table.columns() {
            parts.next(self);
            self.column(table, column)?;
        }
        if table.primary_key().next().is_some() && !self.key_is_in_column(table)? {
            parts.next(self);
            if self.dialect.tables.names_primary_key {
                self.constraint(table.primary_key_name())?;
            }
            let columns: Vec<String> = table.primary_key().map(|column| column.name.clone()).collect();
            self.push("PRIMARY KEY ");
            self.columns(&columns)?;
        }
        for unique in table.unique_constraints() {
            parts.next(self);
            self.constraint(unique.name.as_deref())?;
            self.push("UNIQUE ");
            self.columns(&unique.columns)?;
        }
        for key in table.foreign_keys().iter().filter(|key| !without.contains(key)) {
            parts.next(self);
            self.foreign_key(table, key)?;
        }
        for check in table.check_constraints() {
            parts.next(self);
            self.constraint(check.name.as_deref())?;
            self.push("CHECK (");
            self.push(&check.sql);
            self.push(")");
        }
        self.push("\n)");
        if let (Comments::Inline, Some(comment)) = (self.dialect.tables.comments, table.comment()) {
            self.push(" COMMENT=");
            self.literal(comment)?;
        }
        Ok(())
    }

    /// Whether the primary key stands beside its column.
    fn key_is_in_column(&self, table: &Table) -> Result<bool> {
        let counted = table.columns().iter().any(|column| column.autoincrement);
        if !counted || self.dialect.tables.identity != Identity::WholeKey {
            return Ok(false);
        }
        if table.primary_key().count() > 1 {
            return self.unsupported(&format!(
                "counted column in a primary key of several, as in '{}'",
                table.name()
            ));
        }
        Ok(true)
    }

    fn constraint(&mut self, name: Option<&str>) -> Result<()> {
        if let Some(name) = name {
            self.push("CONSTRAINT ");
            self.identifier(name)?;
            self.push(" ");
        }
        Ok(())
    }

    fn foreign_key(&mut self, table: &Table, key: &ForeignKey) -> Result<()> {
        self.constraint(key.name.as_deref())?;
        self.push("FOREIGN KEY ");
        self.columns(&key.columns)?;
        self.push(" REFERENCES ");
        let schema = key.schema.as_deref().or(table.schema());
        if self.dialect.tables.refers_to_schemas {
            self.qualified(schema, &key.table)?;
        } else if schema == table.schema() {
            self.identifier(&key.table)?;
        } else {
            return self.unsupported("foreign keys to another schema");
        }
        self.push(" ");
        self.columns(&key.referred)?;
        self.on_change(" ON DELETE ", key.on_delete)?;
        self.on_change(" ON UPDATE ", key.on_update)
    }

    fn on_change(&mut self, event: &str, change: OnChange) -> Result<()> {
        let word = match change {
            OnChange::NoAction => return Ok(()),
            OnChange::Restrict => "RESTRICT",
            OnChange::Cascade => "CASCADE",
            OnChange::SetNull => "SET NULL",
            OnChange::SetDefault if self.dialect.tables.set_default => "SET DEFAULT",
            OnChange::SetDefault => return self.unsupported("foreign keys with SET DEFAULT"),
        };
        self.push(event);
        self.push(word);
        Ok(())
    }

    // ---- indexes and comments ----

    fn create_index(&mut self, table: &Table, index: &Index) -> Result<()> {
        self.push(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        let name = index.name.as_deref().unwrap_or_default();
        if self.dialect.tables.index_schema == IndexSchema::Index {
            self.qualified(table.schema(), name)?;
            self.push(" ON ");
            self.identifier(table.name())?;
        } else {
            self.identifier(name)?;
            self.push(" ON ");
            self.table(table)?;
        }
        self.push(" ");
        self.columns(&index.columns)
    }

    fn drop_index(&mut self, table: &Table, index: &Index) -> Result<()> {
        self.push("DROP INDEX ");
        let name = index.name.as_deref().unwrap_or_default();
        if self.dialect.tables.index_schema == IndexSchema::Table {
            self.identifier(name)?;
            self.push(" ON ");
            self.table(table)
        } else {
            self.qualified(table.schema(), name)
        }
    }

    fn comment_statement(
        &mut self,
        what: &str,
        table: &Table,
        column: Option<&str>,
        comment: Option<&str>,
    ) -> Result<()> {
        if self.dialect.tables.comments != Comments::Statements {
            return self.unsupported("COMMENT ON");
        }
        self.push("COMMENT ON ");
        self.push(what);
        self.push(" ");
        self.table(table)?;
        if let Some(column) = column {
            self.push(".");
            self.identifier(column)?;
        }
        self.push(" IS ");
        match comment {
            Some(comment) => self.literal(comment),
            None => {
                self.push("NULL");
                Ok(())
            }
        }
    }
}

/// The parts of CREATE TABLE, each on a line of its own.
#[derive(Default)]
struct Parts(bool);

impl Parts {
    fn next(&mut self, writer: &mut Writer<'_>) {
        writer.push(if self.0 { ",\n    " } else { "\n    " });
        self.0 = true;
    }
}

impl Ddl {
    /// The statement's text for a database.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what the database cannot say; [`ErrorKind::Schema`] for a name that it would cut.
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        render(&self.0, &dialect)
    }
}

impl Table {
    /// The statements that make the table for a database: types of enums where those are made, CREATE TABLE, then its indexes, then comments where those are
    /// statements of their own.
    ///
    /// # Errors
    /// As [`Ddl::to_sql`].
    pub fn create_sql(&self, dialect: Dialect) -> Result<Vec<String>> {
        create_statements(self, &[], &dialect).iter().map(|ddl| ddl.to_sql(dialect)).collect()
    }
}
