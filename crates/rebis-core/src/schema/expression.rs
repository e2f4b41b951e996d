//! SQL inside of a table's description: conditions of checks and indexes, computations, defaults.

use std::borrow::Cow;
use std::fmt;

use super::opaque::Opaque;

/// An expression in a table's description: SQL of the program's own text, or composed of columns and values.
///
/// A text goes into the statement as it stands. What is composed is written for each database, its columns without their table,
/// its values as literals, because such statements take no parameters. Columns of the table that is being described are
/// [`sql::column`](crate::sql::column).
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{CheckConstraint, ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, column};
///
/// let parts = Table::build("parts")
///     .column(ColumnDef::new("name", SqlType::Text))
///     .check(CheckConstraint::new("length(name) > 1"))
///     .check(CheckConstraint::new(column("name").ne("it's")).name("not_it"))
///     .finish()?;
/// assert!(parts.create_sql(Dialect::SQLITE)?[0].contains(r#"CONSTRAINT "not_it" CHECK ("name" <> 'it''s')"#));
/// # Ok::<(), rebis_core::Error>(())
/// ```
///
/// Texts are equal by what they say; what is composed is equal to itself and its clones.
#[derive(Clone, PartialEq)]
pub struct DdlExpression(Kind);

#[derive(Clone, PartialEq)]
enum Kind {
    Text(Cow<'static, str>),
    /// A tree, which only those below this module know.
    Composed(Opaque),
}

impl DdlExpression {
    /// SQL that a database printed of itself.
    pub(crate) fn of_catalog(text: impl Into<String>) -> Self {
        DdlExpression(Kind::Text(Cow::Owned(text.into())))
    }

    pub(crate) fn composed(tree: Opaque) -> Self {
        DdlExpression(Kind::Composed(tree))
    }

    /// The text, where it is not composed.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Kind::Text(text) => Some(text),
            Kind::Composed(_) => None,
        }
    }

    pub(crate) fn tree<T: 'static>(&self) -> Option<&T> {
        match &self.0 {
            Kind::Text(_) => None,
            Kind::Composed(tree) => tree.get(),
        }
    }
}

impl Eq for DdlExpression {}

impl fmt::Debug for DdlExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Text(text) => fmt::Debug::fmt(text, f),
            Kind::Composed(tree) => fmt::Debug::fmt(tree, f),
        }
    }
}

impl From<&'static str> for DdlExpression {
    fn from(text: &'static str) -> Self {
        DdlExpression(Kind::Text(Cow::Borrowed(text)))
    }
}
