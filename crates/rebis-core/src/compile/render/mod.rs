//! Trees → SQL text of one dialect and the values in their order: one walk, clause by clause.

mod call;
mod expression;
mod from;
mod literal;
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
use crate::sql::{Composed, Delete, Insert, Select, StatementNode, Update};
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
    render_with(statement, dialect, false)
}

fn render_with(statement: &Composed, dialect: &Dialect, literals: bool) -> Result<Rendered> {
    let (sql, values, scopes, ctes) = Default::default();
    let mut renderer = Renderer { dialect, literals, sql, values, scopes, ctes };
    match &statement.0 {
        StatementNode::Select(select) => renderer.select(select)?,
        StatementNode::Insert(insert) => renderer.insert(insert)?,
        StatementNode::Update(update) => renderer.update(update)?,
        StatementNode::Delete(delete) => renderer.delete(delete)?,
        StatementNode::Ddl(ddl) => renderer.sql = super::ddl::render(ddl, dialect)?,
    }
    Ok(Rendered { sql: renderer.sql, values: renderer.values })
}

struct Renderer<'d> {
    dialect: &'d Dialect,
    /// Whether values stand in the text, for people to read.
    literals: bool,
    sql: String,
    values: Vec<Value>,
    /// The sources that can be named here: of this query, and of those around it.
    scopes: Vec<Scope>,
    /// The names of the CTEs that can be used here.
    ctes: Vec<Arc<str>>,
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
    fn value(&mut self, value: &Value) {
        if self.literals {
            return self.literal(value);
        }
        self.values.push(value.clone());
        match self.dialect.placeholder {
            Placeholder::Question => self.push("?"),
            Placeholder::QuestionNumber => self.sql.push_str(&format!("?{}", self.values.len())),
            Placeholder::DollarNumber => self.sql.push_str(&format!("${}", self.values.len())),
        }
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

            /// The statement's text for a database with its values in it, for people to read and to try out by hand. Rebis never
            /// executes such a text. It is escaped by the server's default settings: another `sql_mode`, or
            /// `standard_conforming_strings` off, reads it in another way.
            ///
            /// # Errors
            /// As [`to_sql`](Self::to_sql).
            pub fn to_sql_with_values(&self, dialect: Dialect) -> Result<String> {
                let composed = Composed(StatementNode::$statement(self.node.clone()));
                render_with(&composed, &dialect, true).map(|rendered| rendered.sql)
            }
        }
    )*};
}

to_sql! { Select Insert Update Delete }
