//! Trees → SQL text of one dialect and the values in their order: one walk, clause by clause.

mod call;
mod expression;
mod scope;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use self::scope::Scope;
use super::identifier::push_identifier;
use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Composed, Delete, Insert, Node, Select, SelectNode, StatementNode, Update};
use crate::value::Value;

/// A statement's text and what goes beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// The text of a statement.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for what the database cannot say; [`Statement`](ErrorKind::Statement) for a column
/// that is not there, or whose table is not joined.
pub(crate) fn render(statement: &Composed, dialect: &Dialect) -> Result<Rendered> {
    let mut renderer = Renderer::new(dialect);
    match &statement.0 {
        StatementNode::Select(select) => renderer.select(select)?,
        StatementNode::Insert(insert) => renderer.insert(insert)?,
        StatementNode::Update(update) => renderer.update(update)?,
        StatementNode::Delete(delete) => renderer.delete(delete)?,
        StatementNode::Ddl(ddl) => renderer.sql = super::ddl::render(ddl, dialect)?,
    }
    Ok(Rendered { sql: renderer.sql, values: renderer.values })
}

/// A query as a part of DDL, which takes no parameters: its values stand in it.
///
/// # Errors
/// As [`render`], and [`Unsupported`](ErrorKind::Unsupported) for a value that the database cannot write.
pub(super) fn query_with_values(select: &SelectNode, dialect: &Dialect) -> Result<String> {
    let mut renderer = Renderer { values_stand_in_text: true, ..Renderer::new(dialect) };
    renderer.select(select)?;
    Ok(renderer.sql)
}

/// An expression of DDL: its columns are of this one table and not qualified, its values stand in it.
///
/// # Errors
/// As [`query_with_values`].
pub(super) fn expression_of_table(node: &Node, table: &Table, dialect: &Dialect) -> Result<String> {
    let mut renderer =
        Renderer { values_stand_in_text: true, own_table: Some(table), ..Renderer::new(dialect) };
    renderer.expression(node)?;
    Ok(renderer.sql)
}

struct Renderer<'d> {
    dialect: &'d Dialect,
    /// Whether a value is written as a literal instead of a placeholder.
    values_stand_in_text: bool,
    /// In DDL: the one table that has columns.
    own_table: Option<&'d Table>,
    sql: String,
    values: Vec<Value>,
    /// The sources that can be named here: of this query, and of those around it.
    scopes: Vec<Scope>,
    /// The names of the CTEs that can be used here.
    ctes: Vec<Arc<str>>,
}

impl<'d> Renderer<'d> {
    fn new(dialect: &'d Dialect) -> Self {
        Renderer {
            dialect,
            values_stand_in_text: false,
            own_table: None,
            sql: String::new(),
            values: Vec::new(),
            scopes: Vec::new(),
            ctes: Vec::new(),
        }
    }
}

impl Renderer<'_> {
    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// A name between the dialect's quotes, each of which is doubled inside it.
    fn identifier(&mut self, name: &str) -> Result<()> {
        push_identifier(&mut self.sql, name, self.dialect)
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        if let Some(schema) = table.schema() {
            self.identifier(schema)?;
            self.push(".");
        }
        self.identifier(table.name())
    }

    /// A value, by its placeholder.
    fn value(&mut self, value: &Value) -> Result<()> {
        if self.values_stand_in_text {
            return super::ddl::push_value(&mut self.sql, value, self.dialect);
        }
        self.values.push(value.clone());
        match self.dialect.placeholder {
            Placeholder::Question => self.push("?"),
            Placeholder::QuestionNumber => self.sql.push_str(&format!("?{}", self.values.len())),
            Placeholder::DollarNumber => self.sql.push_str(&format!("${}", self.values.len())),
        }
        Ok(())
    }

    fn next_value(&mut self, schema: Option<&str>, name: &str) -> Result<()> {
        super::ddl::push_next_value(&mut self.sql, schema, name, self.dialect)
    }

    /// Things with commas between them.
    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Result<()>) -> Result<()> {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            each(self, item)?;
        }
        Ok(())
    }

    fn unsupported<T>(&self, what: &str) -> Result<T> {
        Err(Error::new(ErrorKind::Unsupported, format!("{} has no {what}", self.dialect.name)))
    }
}

macro_rules! to_sql {
    ($($statement:ident)*) => {$(
        impl<R> $statement<R> {
            /// The statement's text for a database, with placeholders, for people to read.
            ///
            /// # Errors
            /// [`ErrorKind::Unsupported`] for what the database cannot say, [`ErrorKind::Statement`] for a column that is not
            /// there.
            pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
                let composed = Composed(StatementNode::$statement(self.node.clone()));
                render(&composed, &dialect).map(|rendered| rendered.sql)
            }
        }
    )*};
}

to_sql! { Select Insert Update Delete }
