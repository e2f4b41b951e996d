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
    // A query counts itself.
    let depth = usize::from(!matches!(statement.0, StatementNode::Select(_)));
    let (sql, values, scopes, ctes) = (String::new(), Vec::new(), Vec::new(), Vec::new());
    let mut renderer = Renderer { dialect, sql, values, scopes, ctes, depth };
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
    sql: String,
    values: Vec<Value>,
    /// The sources that can be named here: of this query, and of those around it.
    scopes: Vec<Scope>,
    /// The names of the CTEs that can be used here.
    ctes: Vec<Arc<str>>,
    /// How many queries this part is in: 1 for what becomes rows of the answer.
    depth: usize,
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
        }
    )*};
}

to_sql! { Select Insert Update Delete }
