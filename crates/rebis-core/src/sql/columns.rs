//! Columns of tables that are known at compile time, and by their names.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::expression::{Expr, Expression};
use super::node::{Lasts, Node, Source};
use super::typed::{Operand, ResultOf, Typed};
use crate::schema::{Entity, Table};
use crate::value::Value;

/// A column of an entity's table, of the type that its field has: `User::name`.
///
/// ```
/// use std::sync::LazyLock;
/// use rebis_core::schema::{ColumnDef, Entity, SqlType, Table};
/// use rebis_core::sql::{Column, Expression, select};
/// use rebis_core::Dialect;
///
/// struct User;
///
/// #[allow(non_upper_case_globals)]
/// impl User {
///     const id: Column<User, i64> = Column::new("id");
///     const name: Column<User, String> = Column::new("name");
/// }
///
/// impl Entity for User {
///     fn table() -> &'static Table {
///         static TABLE: LazyLock<Table> = LazyLock::new(|| {
///             let columns = Table::build("users")
///                 .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
///                 .column(ColumnDef::new("name", SqlType::Text));
///             columns.finish().expect("a table")
///         });
///         &TABLE
///     }
/// }
///
/// let statement = select((User::id, User::name)).filter(User::name.starts_with("e"));
/// assert_eq!(
///     statement.to_sql(Dialect::POSTGRESQL)?,
///     r#"SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."name" LIKE $1 ESCAPE '/'"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub struct Column<M, T> {
    name: &'static str,
    marker: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Column<M, T> {
    /// The column of that name.
    pub const fn new(name: &'static str) -> Self {
        Column { name, marker: PhantomData }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.name)
    }
}

impl<M: Entity, T: Typed> Operand for Column<M, T> {
    type Family = T::Family;

    fn into_node(self) -> Arc<Node> {
        entity_column(M::table(), self.name)
    }
}

impl<M: Entity, T: Typed> ResultOf for Column<M, T> {
    type Result = T;
}

pub(crate) fn column_node(source: Source, name: impl Into<Cow<'static, str>>) -> Arc<Node> {
    Arc::new(Node::Column { source, name: name.into(), lasts: Lasts(false) })
}

/// The columns of an entity's table are made once: a statement takes them as they are, and the compiled cache knows them by their
/// addresses.
fn entity_column(table: &'static Table, name: &'static str) -> Arc<Node> {
    type Columns = Vec<(&'static str, Arc<Node>)>;
    let make = || -> Columns {
        table.columns().iter().map(|column| (column.name(), lasting(table, column.name().into()))).collect()
    };
    match table.beside(make).and_then(|columns| columns.iter().find(|(known, _)| *known == name)) {
        Some((_, node)) => Arc::clone(node),
        // An error when it is compiled.
        None => column_node(Source::Table(table.clone()), name),
    }
}

fn lasting(table: &Table, name: Cow<'static, str>) -> Arc<Node> {
    let source = Source::Table(table.clone());
    let node = Arc::new(Node::Column { source, name, lasts: Lasts(true) });
    // One count more than there are owners: it is never freed.
    std::mem::forget(Arc::clone(&node));
    node
}

impl Table {
    /// A column by its name, of a type that is known at run time only. One that the table does not have is an error when the
    /// statement is compiled.
    pub fn c(&self, name: impl Into<Cow<'static, str>>) -> Expr<Value> {
        self.typed(name)
    }

    /// The same, kept for as long as the process lives: for columns that are made once and used in many statements.
    #[doc(hidden)]
    pub fn lasting(&self, name: impl Into<Cow<'static, str>>) -> Expr<Value> {
        Expr::shared(lasting(self, name.into()))
    }

    /// A column by its name, read as a `T`.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, Table};
    /// use rebis_core::sql::{insert_into, select};
    ///
    /// let squares = Table::build("squares").column(ColumnDef::of::<i64>("n")).finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&squares)?;
    /// conn.execute(insert_into(&squares).values([("n", 7)])?)?;
    /// assert_eq!(conn.fetch_all(select(squares.typed::<i64>("n") * 2))?, [(14,)]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn typed<T: Typed>(&self, name: impl Into<Cow<'static, str>>) -> Expr<T> {
        Expr::shared(column_node(Source::Table(self.clone()), name))
    }
}

impl<M: Entity, T: Typed> Expression for Column<M, T> {
    type Type = T;
}
