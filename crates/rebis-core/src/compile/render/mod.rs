//! Trees → SQL text of one dialect and the values in their order: one walk, clause by clause.

mod arrays;
mod call;
mod expression;
mod from;
mod insert;
mod scope;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

pub(crate) use self::arrays::{fits_in_array, update_of_arrays};
use self::scope::Scope;
use super::identifier::push_identifier;
use super::key::{Key, Numbers, is_plain};
use super::literal::push_value;
use super::{Compiled, check_nul};
use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{SchemaTranslateMap, Table};
use crate::sql::{
    Binds, Composed, Delete, Insert, Node, Select, SelectNode, StatementNode, Truncate, Update,
};
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
    let mut renderer = Renderer::new(dialect, schemas);
    renderer.numbers = Some(key.numbers());
    renderer.sql.reserve(256);
    renderer.order.reserve(key.values.len());
    renderer.statement(statement)?;
    let Renderer { sql, order, fixed, .. } = renderer;
    check_nul(&sql)?;
    let tables = key.tables.iter().map(|table| (*table).clone()).collect();
    Ok(Compiled { sql: sql.into(), names: Box::default(), order: order.into(), fixed: fixed.into(), tables })
}

/// A statement that is sent once: its text, and its values in the order of the placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) sql: Box<str>,
    pub(crate) values: Vec<Value>,
    /// The parameters: which of the values each of them is, NULL until then.
    pub(crate) parameters: Vec<(usize, Cow<'static, str>)>,
}

impl Rendered {
    /// # Errors
    /// As [`render`].
    pub(crate) fn of(statement: &Composed, dialect: &Dialect, schemas: &SchemaTranslateMap) -> Result<Self> {
        let mut key = Key::new(dialect);
        key.look(&statement.0, dialect, schemas)?;
        let Compiled { sql, order, fixed, .. } = render(&statement.0, &key, dialect, schemas)?;
        let numbered = |number: &usize| match key.values.get(*number) {
            Some(value) => (*value).clone(),
            None => fixed.get(number - key.values.len()).cloned().unwrap_or(Value::Null),
        };
        let named = |(place, number): (usize, &usize)| {
            let parameter = key.parameters.iter().find(|(known, _)| known == number);
            parameter.map(|(_, name)| (place, (*name).clone()))
        };
        let parameters = order.iter().enumerate().filter_map(named).collect();
        Ok(Rendered { values: order.iter().map(numbered).collect(), parameters, sql })
    }

    /// Puts what was given for the parameters into its places. With `strict` every value must have its parameter.
    ///
    /// # Errors
    /// [`Bind`](ErrorKind::Bind) for a parameter without a value, or a value without a parameter.
    pub(crate) fn bind(&mut self, binds: &Binds, strict: bool) -> Result<()> {
        for (index, name) in &self.parameters {
            let value = binds.value_of(name).map_err(|error| error.with_sql(&*self.sql))?;
            if let Some(place) = self.values.get_mut(*index) {
                *place = value.clone();
            }
        }
        if !strict {
            return Ok(());
        }
        let names: Vec<&str> = self.parameters.iter().map(|(_, name)| &**name).collect();
        binds.check(&names).map_err(|error| error.with_sql(&*self.sql))
    }
}

/// A query as a part of DDL, which takes no parameters: its values stand in it.
///
/// # Errors
/// As [`render`], and [`Unsupported`](ErrorKind::Unsupported) for a value that the database cannot write.
pub(super) fn query_with_values(
    select: &SelectNode,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<String> {
    Key::check_query(select, dialect)?;
    let mut renderer = Renderer::new(dialect, schemas);
    renderer.select(select)?;
    Ok(renderer.sql)
}

/// An expression of DDL: its columns are of this one table and not qualified, its values stand in it.
///
/// # Errors
/// As [`query_with_values`].
pub(super) fn expression_of_table(
    node: &Node,
    table: &Table,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<String> {
    Key::check_expression(node, dialect)?;
    let mut renderer = Renderer { own_table: Some(table), ..Renderer::new(dialect, schemas) };
    renderer.expression(node)?;
    Ok(renderer.sql)
}

struct Renderer<'d> {
    dialect: &'d Dialect,
    schemas: &'d SchemaTranslateMap,
    /// The values' numbers; without it they are written as literals: in DDL, and for people.
    numbers: Option<Numbers<'d>>,
    /// For people: what the parameters are.
    binds: Option<&'d Binds>,
    /// In DDL: the one table that has columns.
    own_table: Option<&'d Table>,
    sql: String,
    /// For each placeholder, the number of its value.
    order: Vec<usize>,
    /// Values that belong to the text and not to the tree: numbered behind those of the key.
    fixed: Vec<Value>,
    /// The sources that can be named here: of this query, and of those around it.
    scopes: Vec<Scope>,
    /// The names of the CTEs that can be used here.
    ctes: Vec<Arc<str>>,
    /// Whether a value that stands here again keeps its number: PostgreSQL takes `x + $1` and `x + $2` for two expressions, of
    /// which one is not grouped by.
    keeps_numbers: bool,
}

impl<'d> Renderer<'d> {
    fn new(dialect: &'d Dialect, schemas: &'d SchemaTranslateMap) -> Self {
        Renderer {
            dialect,
            schemas,
            numbers: None,
            binds: None,
            own_table: None,
            sql: String::new(),
            order: Vec::new(),
            fixed: Vec::new(),
            scopes: Vec::new(),
            ctes: Vec::new(),
            keeps_numbers: false,
        }
    }
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
                self.sql = super::ddl::render(ddl, self.dialect, self.schemas)?;
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
        if let Some(schema) = self.schemas.of_table(table) {
            self.identifier(schema)?;
            self.push(".");
        }
        self.identifier(table.name())
    }

    /// A value of the tree, by a placeholder.
    fn value(&mut self, value: &Value) -> Result<()> {
        match self.numbers {
            // Never the value itself: the text is kept for statements of this shape with other values.
            Some(numbers) => self.placeholder(numbers.of(value).ok_or_else(no_place)?),
            None => push_value(&mut self.sql, value, self.dialect)?,
        }
        Ok(())
    }

    /// A value that comes with the execution.
    fn parameter(&mut self, node: &Node, name: &str) -> Result<()> {
        if let Some(numbers) = self.numbers {
            self.placeholder(numbers.of(node).ok_or_else(no_place)?);
            return Ok(());
        }
        match self.binds.map(|binds| binds.get(name)) {
            Some(Some(value)) => push_value(&mut self.sql, value, self.dialect),
            Some(None) if name.chars().all(|letter| letter == '_' || letter.is_alphanumeric()) => {
                let _ = write!(self.sql, ":{name}");
                Ok(())
            }
            Some(None) => {
                let text = "a parameter without a value has a name that a text cannot have; bind it";
                Err(Error::new(ErrorKind::Statement, text))
            }
            None => {
                let text = "DDL takes no parameters; give the value itself";
                Err(Error::new(ErrorKind::Statement, text))
            }
        }
    }

    /// Expressions with commas between them; values up to this length.
    fn value_list(&mut self, list: &[Arc<Node>], length: usize) -> Result<()> {
        let Some(first) = self.place_of_list(list)? else {
            return self.list(list, |this, node| this.expression(node));
        };
        for index in 0..length {
            if index > 0 {
                self.push(", ");
            }
            self.placeholder(first + index);
        }
        Ok(())
    }

    /// The number of the first one of a list of values, which has one place.
    fn place_of_list(&self, list: &[Arc<Node>]) -> Result<Option<usize>> {
        match self.numbers {
            Some(numbers) if is_plain(list) => numbers.of(list.as_ptr()).ok_or_else(no_place).map(Some),
            _ => Ok(None),
        }
    }

    /// A value that follows from the shape of the statement.
    fn fixed(&mut self, value: Value) -> Result<()> {
        let Some(numbers) = self.numbers else { return push_value(&mut self.sql, &value, self.dialect) };
        self.placeholder(numbers.count + self.fixed.len());
        self.fixed.push(value);
        Ok(())
    }

    fn placeholder(&mut self, number: usize) {
        let sign = match self.dialect.placeholder {
            Placeholder::Question => {
                self.order.push(number);
                return self.push("?");
            }
            Placeholder::QuestionNumber => "?",
            Placeholder::DollarNumber => "$",
        };
        let order = if self.keeps_numbers { self.order.as_slice() } else { &[] };
        let known = order.iter().position(|known| *known == number);
        if known.is_none() {
            self.order.push(number);
        }
        self.push(sign);
        self.number(known.map_or(self.order.len(), |place| place + 1));
    }

    fn number(&mut self, number: usize) {
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "{number}");
    }

    fn next_value(&mut self, schema: Option<&str>, name: &str) -> Result<()> {
        super::ddl::push_next_value(&mut self.sql, self.schemas.translate(schema), name, self.dialect)
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

/// The text alone, for people.
fn text(statement: &StatementNode, dialect: &Dialect) -> Result<String> {
    let schemas = SchemaTranslateMap::new();
    let mut key = Key::new(dialect);
    key.look(statement, dialect, &schemas)?;
    render(statement, &key, dialect, &schemas).map(|compiled| compiled.sql.into())
}

/// The text with the values in it, for people.
fn text_with_values(statement: &StatementNode, dialect: &Dialect) -> Result<String> {
    let schemas = SchemaTranslateMap::new();
    // It knows how deep a statement may be.
    Key::new(dialect).look(statement, dialect, &schemas)?;
    let mut renderer = Renderer { binds: statement.binds(), ..Renderer::new(dialect, &schemas) };
    renderer.statement(statement)?;
    Ok(renderer.sql)
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
                let mut statement = StatementNode::$statement(self.node.clone().into()).outermost();
                statement.complete();
                text(&statement, &dialect)
            }

            /// The statement's text for a database with its values in it, for people to read and to try out by hand. Rebis never
            /// executes such a text. It is escaped by the server's default settings: another `sql_mode`, or
            /// `standard_conforming_strings` off, reads it in another way.
            ///
            /// # Errors
            /// As [`to_sql`](Self::to_sql).
            pub fn to_sql_with_values(&self, dialect: Dialect) -> Result<String> {
                let mut statement = StatementNode::$statement(self.node.clone().into()).outermost();
                statement.complete();
                text_with_values(&statement, &dialect)
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
        text(&StatementNode::Truncate(self.node.clone().into()), &dialect)
    }
}
