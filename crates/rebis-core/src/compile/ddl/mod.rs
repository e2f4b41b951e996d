//! Tables and what stands beside them → the statements that make and drop them.

mod column;
mod constraint;
mod index;
mod objects;
mod table;
#[cfg(test)]
mod tests;

use super::check_nul;
use super::identifier::{push_identifier, push_qualified};
use super::literal::push_literal;
use super::render::expression_of_table;
use super::types::push_labels;
use crate::dialect::{Comments, Dialect, Enums};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{
    ColumnDef, DdlExpression, EnumType, ForeignKey, NamingConvention, SchemaTranslateMap, Table,
};
use crate::sql::{
    Ddl, DdlFlags, DdlNode, Node, create_enum, create_index, create_table, set_column_comment,
    set_table_comment,
};

pub(crate) use column::strict_type;
pub(super) use objects::push_next_value;

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
    let mut create = create_table(&table);
    create.node = DdlNode::CreateTable { table: table.clone(), without: without.to_vec() };
    statements.push(create);
    let indexes = table.indexes().iter().filter(|index| index.only_on.includes(dialect.backend));
    statements.extend(indexes.map(|index| create_index(&table, index)));
    if dialect.tables.comments == Comments::Statements {
        statements.extend(table.comment().map(|_| set_table_comment(&table)));
        let commented = table.columns().iter().filter(|column| column.comment.is_some());
        statements.extend(commented.map(|column| set_column_comment(&table, column.name())));
    }
    statements
}

/// The text of an expression in a table's description.
///
/// # Errors
/// As [`render`].
pub(crate) fn expression_text(
    expression: &DdlExpression,
    table: &Table,
    dialect: &Dialect,
) -> Result<String> {
    let mut writer = Writer::new(dialect);
    writer.expression(table, expression)?;
    Ok(writer.sql)
}

/// The text of a column's default, where it has one.
///
/// # Errors
/// As [`render`].
pub(crate) fn default_text(table: &Table, column: &ColumnDef, dialect: &Dialect) -> Result<Option<String>> {
    let Some(default) = column.default() else { return Ok(None) };
    let mut writer = Writer::new(dialect);
    writer.default_value(table, default, column.sql_type())?;
    Ok(Some(writer.sql))
}

/// The text of a statement.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for what the database cannot say; [`Schema`](ErrorKind::Schema) for a name that it
/// would cut.
pub(super) fn render(ddl: &Ddl, dialect: &Dialect, schemas: &SchemaTranslateMap) -> Result<String> {
    let mut writer = Writer { flags: ddl.flags, schemas, ..Writer::new(dialect) };
    match &ddl.node {
        DdlNode::CreateTable { table, without } => writer.create_table(table, without)?,
        DdlNode::CreateEnum(enumeration) => {
            if ddl.flags.exists {
                return writer.unsupported("IF NOT EXISTS of types; `create_all` looks for them");
            }
            writer.enum_words("CREATE TYPE ", enumeration)?;
            writer.push(" AS ENUM ");
            push_labels(&mut writer.sql, &enumeration.labels, dialect)?;
        }
        DdlNode::DropEnum(enumeration) => {
            let words = if ddl.flags.exists { "DROP TYPE IF EXISTS " } else { "DROP TYPE " };
            writer.enum_words(words, enumeration)?;
            writer.cascade()?;
        }
        DdlNode::DropTable(table) => writer.drop_table(table)?,
        DdlNode::CreateIndex { table, index } => writer.create_index(table, index)?,
        DdlNode::DropIndex { table, index } => writer.drop_index(table, index)?,
        DdlNode::AddConstraint { table, constraint } => writer.add_constraint(table, constraint)?,
        DdlNode::DropConstraint { table, constraint } => writer.drop_constraint(table, constraint)?,
        DdlNode::TableComment(table) => writer.table_comment(table)?,
        DdlNode::ColumnComment { table, column } => {
            let comment = table.column(column).and_then(ColumnDef::comment_text);
            writer.comment_statement("COLUMN", table, Some(column), comment)?;
        }
        DdlNode::CreateSequence(sequence) => writer.create_sequence(sequence)?,
        DdlNode::DropSequence(sequence) => writer.drop_sequence(sequence)?,
        DdlNode::CreateSchema(name) => writer.schema("CREATE", name)?,
        DdlNode::DropSchema(name) => writer.schema("DROP", name)?,
        DdlNode::CreateView(view) => writer.create_view(view)?,
        DdlNode::DropView(view) => writer.drop_view(view)?,
        DdlNode::CreateTableAs(query) => writer.create_table_as(query)?,
        DdlNode::Verbatim(sql) => writer.push(sql),
    }
    check_nul(&writer.sql)?;
    Ok(writer.sql)
}

struct Writer<'d> {
    dialect: &'d Dialect,
    schemas: &'d SchemaTranslateMap,
    flags: DdlFlags,
    sql: String,
}

impl<'d> Writer<'d> {
    fn new(dialect: &'d Dialect) -> Self {
        Writer {
            dialect,
            schemas: SchemaTranslateMap::none(),
            flags: DdlFlags::default(),
            sql: String::new(),
        }
    }
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn identifier(&mut self, name: &str) -> Result<()> {
        push_identifier(&mut self.sql, name, self.dialect)
    }

    fn literal(&mut self, text: &str) -> Result<()> {
        push_literal(&mut self.sql, text, self.dialect)
    }

    fn qualified(&mut self, schema: Option<&str>, name: &str) -> Result<()> {
        push_qualified(&mut self.sql, schema, name, self.dialect)
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        let schemas = self.schemas;
        self.qualified(schemas.of_table(table), table.name())
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

    /// An expression of a table's description.
    fn expression(&mut self, table: &Table, expression: &DdlExpression) -> Result<()> {
        if let Some(node) = expression.tree::<Node>() {
            let text = expression_of_table(node, table, self.dialect, self.schemas)?;
            self.push(&text);
        } else {
            self.push(expression.as_text().unwrap_or_default());
        }
        Ok(())
    }

    fn unsupported<T>(&self, what: &str) -> Result<T> {
        Err(Error::new(ErrorKind::Unsupported, format!("{} has no {what}", self.dialect.name)))
    }

    fn if_not_exists(&mut self) {
        self.push(if self.flags.exists { "IF NOT EXISTS " } else { "" });
    }

    fn enum_words(&mut self, words: &str, enumeration: &EnumType) -> Result<()> {
        if self.dialect.types.enums != Enums::Type {
            return self.unsupported("types of enums; they are made with their table");
        }
        self.push(words);
        let schemas = self.schemas;
        self.qualified(schemas.translate(enumeration.schema.as_deref()), &enumeration.name)
    }

    /// IF EXISTS or IF NOT EXISTS, said of an index or a constraint.
    fn check_part_exists(&self) -> Result<()> {
        if self.flags.exists && !self.dialect.tables.parts_if_exist {
            return self.unsupported("IF EXISTS of indexes and constraints; ask the inspector first");
        }
        Ok(())
    }

    fn if_exists(&mut self) {
        self.push(if self.flags.exists { " IF EXISTS" } else { "" });
    }

    fn if_exists_before(&mut self) {
        self.push(if self.flags.exists { "IF EXISTS " } else { "" });
    }

    /// MySQL takes the word and does nothing of it; so it is refused there.
    fn cascade(&mut self) -> Result<()> {
        if !self.flags.cascade {
            return Ok(());
        }
        if !self.dialect.tables.cascade {
            return self.unsupported("CASCADE; drop what needs it first");
        }
        self.push(" CASCADE");
        Ok(())
    }

    // ---- comments ----

    fn table_comment(&mut self, table: &Table) -> Result<()> {
        if self.dialect.tables.comments != Comments::Inline {
            return self.comment_statement("TABLE", table, None, table.comment());
        }
        self.push("ALTER TABLE ");
        self.table(table)?;
        self.push(" COMMENT = ");
        self.inline_comment(table.comment().unwrap_or_default())
    }

    /// MySQL keeps comments in `utf8mb3`, and MariaDB writes `?` for what is beyond it, without a warning.
    fn inline_comment(&mut self, comment: &str) -> Result<()> {
        if let Some(beyond) = comment.chars().find(|&letter| letter > '\u{ffff}') {
            return self
                .unsupported(&format!("comments with {beyond:?}; it keeps characters up to U+FFFF there"));
        }
        self.literal(comment)
    }

    fn comment_statement(
        &mut self,
        what: &str,
        table: &Table,
        column: Option<&str>,
        comment: Option<&str>,
    ) -> Result<()> {
        if self.dialect.tables.comments != Comments::Statements {
            return self.unsupported("COMMENT ON; a comment is made with its table");
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

impl Ddl {
    /// The statement's text for a database.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what the database cannot say; [`ErrorKind::Schema`] for a name that it would cut.
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        render(self, &dialect, SchemaTranslateMap::none())
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
