//! Trees → SQL text of one dialect and the values in their order: one walk, clause by clause.

mod call;
mod expression;
mod scope;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::fmt::Write;
use std::sync::Arc;

use self::scope::Scope;
use super::Compiled;
use super::identifier::push_identifier;
use super::key::{Key, is_plain};
use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{SchemaTranslateMap, Table};
use crate::sql::{Delete, Insert, Node, Select, StatementNode, Update};
use crate::value::Value;

/// The text of a statement, with the numbers of the values that go beside it: those of its key, and behind them its own.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for what the database cannot say; [`Statement`](ErrorKind::Statement) for a column
/// that is not there, or whose table is not joined.
pub(super) fn render(
    statement: &StatementNode,
    key: &Key<'_>,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<Compiled> {
    let mut renderer = Renderer {
        dialect,
        schemas,
        key,
        sql: String::with_capacity(256),
        order: Vec::with_capacity(key.values.len()),
        fixed: Vec::new(),
        scopes: Vec::new(),
        ctes: Vec::new(),
    };
    match statement {
        StatementNode::Select(select) => renderer.select(select)?,
        StatementNode::Insert(insert) => renderer.insert(insert)?,
        StatementNode::Update(update) => renderer.update(update)?,
        StatementNode::Delete(delete) => renderer.delete(delete)?,
        StatementNode::Ddl(ddl) => renderer.sql = super::ddl::render(ddl, dialect)?,
    }
    let Renderer { sql, order, fixed, .. } = renderer;
    Ok(Compiled { sql: sql.into(), names: Box::default(), order: order.into(), fixed: fixed.into() })
}

struct Renderer<'d> {
    dialect: &'d Dialect,
    schemas: &'d SchemaTranslateMap,
    key: &'d Key<'d>,
    sql: String,
    /// For each placeholder, the number of its value.
    order: Vec<usize>,
    /// Values that belong to the text and not to the tree: numbered behind those of the key.
    fixed: Vec<Value>,
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
        if let Some(schema) = self.schemas.translate(table.schema()) {
            self.identifier(schema)?;
            self.push(".");
        }
        self.identifier(table.name())
    }

    /// A value of the tree, by a placeholder.
    fn value(&mut self, value: &Value) -> Result<()> {
        // Never the value itself: the text is kept for statements of this shape with other values.
        self.placeholder(self.key.number_of(value).ok_or_else(no_place)?);
        Ok(())
    }

    /// Expressions with commas between them; values up to this length.
    fn values(&mut self, list: &[Arc<Node>], length: usize) -> Result<()> {
        if !is_plain(list) {
            return self.list(list, |this, node| this.expression(node));
        }
        let first = self.key.number_of(list.as_ptr()).ok_or_else(no_place)?;
        for number in first..first + length {
            if number > first {
                self.push(", ");
            }
            self.placeholder(number);
        }
        Ok(())
    }

    /// A value that follows from the shape of the statement.
    fn fixed(&mut self, value: Value) {
        self.placeholder(self.key.values.len() + self.fixed.len());
        self.fixed.push(value);
    }

    fn placeholder(&mut self, number: usize) {
        self.order.push(number);
        match self.dialect.placeholder {
            Placeholder::Question => return self.push("?"),
            Placeholder::QuestionNumber => self.push("?"),
            Placeholder::DollarNumber => self.push("$"),
        }
        self.number(self.order.len());
    }

    fn number(&mut self, number: usize) {
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "{number}");
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

fn no_place() -> Error {
    Error::new(
        ErrorKind::Statement,
        "a value of the statement has no place in its key; this is a fault in Rebis",
    )
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
                let statement = StatementNode::$statement(self.node.clone());
                let schemas = SchemaTranslateMap::new();
                let key = Key::of(&statement, &schemas);
                render(&statement, &key, &dialect, &schemas).map(|compiled| compiled.sql.into())
            }
        }
    )*};
}

to_sql! { Select Insert Update Delete }
