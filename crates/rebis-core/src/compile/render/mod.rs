//! Trees → SQL text of one dialect and the values in their order: one walk, clause by clause.

mod call;
mod expression;
mod insert;
mod scope;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use self::scope::Scope;
use super::identifier::push_identifier;
use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Binds, Composed, Delete, Insert, Select, StatementNode, Truncate, Update};
use crate::value::Value;

/// A statement's text and what goes beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
    /// The parameters: which of the values each of them is, NULL until then.
    pub(crate) parameters: Vec<(usize, Cow<'static, str>)>,
}

/// The text of a statement.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for what the database cannot say; [`Statement`](ErrorKind::Statement) for a column
/// that is not there, or whose table is not joined.
pub(crate) fn render(statement: &Composed, dialect: &Dialect) -> Result<Rendered> {
    let mut renderer = Renderer {
        dialect,
        sql: String::new(),
        values: Vec::new(),
        parameters: Vec::new(),
        scopes: Vec::new(),
        ctes: Vec::new(),
    };
    renderer.statement(&statement.0)?;
    let Renderer { sql, values, parameters, .. } = renderer;
    Ok(Rendered { sql, values, parameters })
}

impl Rendered {
    /// Puts what was given for the parameters into its places. With `strict` every value must have its parameter.
    ///
    /// # Errors
    /// [`Bind`](ErrorKind::Bind) for a parameter without a value, or a value without a parameter.
    pub(crate) fn bind(&mut self, binds: &Binds, strict: bool) -> Result<()> {
        for (index, name) in &self.parameters {
            let (Some(place), Some(value)) = (self.values.get_mut(*index), binds.get(name)) else {
                let text = format!("no value was bound to the parameter '{name}'");
                return Err(Error::new(ErrorKind::Bind, text).with_sql(&*self.sql));
            };
            *place = value.clone();
        }
        if !strict {
            return Ok(());
        }
        binds.check(&self.parameters).map_err(|error| error.with_sql(&*self.sql))
    }
}

struct Renderer<'d> {
    dialect: &'d Dialect,
    sql: String,
    values: Vec<Value>,
    parameters: Vec<(usize, Cow<'static, str>)>,
    /// The sources that can be named here: of this query, and of those around it.
    scopes: Vec<Scope>,
    /// The names of the CTEs that can be used here.
    ctes: Vec<Arc<str>>,
}

impl Renderer<'_> {
    fn statement(&mut self, statement: &StatementNode) -> Result<()> {
        match statement {
            StatementNode::Select(select) => self.select(select),
            StatementNode::Insert(insert) => self.insert(insert),
            StatementNode::Update(update) => self.update(update),
            StatementNode::Delete(delete) => self.delete(delete),
            StatementNode::Truncate(truncate) => self.truncate(truncate),
            StatementNode::Ddl(ddl) => {
                self.sql = super::ddl::render(ddl, self.dialect)?;
                Ok(())
            }
        }
    }

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
                let mut composed = Composed(StatementNode::$statement(self.node.clone()));
                composed.0.complete();
                render(&composed, &dialect).map(|rendered| rendered.sql)
            }
        }
    )*};
}

to_sql! { Select Insert Update Delete }

impl Truncate {
    /// The statement's text for a database.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what the database cannot say.
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        let composed = Composed(StatementNode::Truncate(self.node.clone()));
        render(&composed, &dialect).map(|rendered| rendered.sql)
    }
}
