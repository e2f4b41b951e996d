//! Common table expressions: queries with a name, in front of the statement that uses them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::columns::{Column, column_node};
use super::expression::Expr;
use super::from::TableAlias;
use super::node::Source;
use super::select::{Select, SelectNode, SetOperator};
use super::selection::{Item, item_names};
use super::typed::Typed;
use super::{Composed, Delete, Insert, StatementNode, Update};
use crate::schema::Entity;
use crate::value::Value;

/// A query with a name, for the statement that it is given to by [`with`](Select::with); made by [`Select::cte`].
pub struct Cte<R> {
    node: Arc<CteNode>,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug)]
#[doc(hidden)]
pub struct CteNode {
    pub(crate) name: Arc<str>,
    pub(crate) first: CteBody,
    /// Whether the database is to compute it apart, or is not to; `None` leaves it to the database.
    pub(crate) materialized: Option<bool>,
    /// The part that reads what the CTE has already.
    pub(crate) again: Option<(SetOperator, SelectNode)>,
}

/// What a CTE's rows come from.
#[derive(Debug, Clone)]
pub(crate) enum CteBody {
    Select(Box<SelectNode>),
    /// The rows that a statement returns which writes.
    Write(Box<Composed>),
}

impl CteBody {
    fn items(&self) -> &[Item] {
        match self {
            CteBody::Select(select) => &select.items,
            CteBody::Write(write) => match &write.0 {
                StatementNode::Insert(node) => &node.returning,
                StatementNode::Update(node) => &node.returning,
                StatementNode::Delete(node) => &node.returning,
                _ => &[],
            },
        }
    }
}

impl CteNode {
    /// The same with another statement in it.
    pub(super) fn copy_with(&self, first: CteBody) -> CteNode {
        let CteNode { name, first: _, materialized, again } = self;
        CteNode { name: Arc::clone(name), first, materialized: *materialized, again: again.clone() }
    }

    /// What its columns are called; `None` when one of them has no name.
    pub(crate) fn columns(&self) -> Option<Vec<&str>> {
        item_names(self.first.items())
    }
}

impl<R> Select<R> {
    /// The query as a source of another one, in front of it: `WITH "name" (…) AS (SELECT …)`. Expressions in it need a
    /// [`label`](Expr::label).
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Expression, select};
    /// use rebis_core::{Dialect, Engine, text};
    ///
    /// let part = Table::build("part")
    ///     .column(ColumnDef::new("id", SqlType::Integer))
    ///     .column(ColumnDef::new("of", SqlType::Integer).nullable())
    ///     .finish()?;
    /// // Part 1, and everything that it consists of.
    /// let tree = select(vec![part.c("id")]).filter(part.c("id").eq(1)).cte("tree");
    /// let tree = tree.union_all(select(vec![part.c("id")]).from(&part).join(&tree, part.c("of").eq(tree.c("id"))));
    /// let statement = select(tree.typed::<i64>("id")).with(&tree).order_by(tree.c("id"));
    /// assert_eq!(
    ///     statement.to_sql(Dialect::SQLITE)?,
    ///     r#"WITH RECURSIVE "tree" ("id") AS (SELECT "part"."id" FROM "part" WHERE "part"."id" = ?1 UNION ALL "#.to_owned()
    ///         + r#"SELECT "part"."id" FROM "part" JOIN "tree" ON "part"."of" = "tree"."id") "#
    ///         + r#"SELECT "tree"."id" FROM "tree" ORDER BY "tree"."id""#
    /// );
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text(r#"create table part (id integer, "of" integer)"#))?;
    /// conn.execute(text("insert into part values (1, null), (2, 1), (3, 2), (4, null)"))?;
    /// assert_eq!(conn.fetch_all(statement)?, [(1,), (2,), (3,)]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn cte(self, name: impl Into<Arc<str>>) -> Cte<R> {
        Cte::of(name.into(), CteBody::Select(self.node))
    }

    /// `WITH` this in front. CTEs are given in the order in which they use each other.
    #[must_use]
    pub fn with<C>(mut self, cte: &Cte<C>) -> Self {
        self.node.with.push(Arc::clone(&cte.node));
        self
    }
}

macro_rules! write_cte {
    ($($statement:ident)*) => {$(
        impl<R> $statement<R> {
            /// The rows that it returns, as a source of the statement that it is given to by `with`. PostgreSQL's only; it runs
            /// once, and the rest of the statement sees the tables as they were before it.
            pub fn cte(self, name: impl Into<Arc<str>>) -> Cte<R> {
                let write = Composed(StatementNode::$statement(self.node.into()));
                Cte::of(name.into(), CteBody::Write(Box::new(write)))
            }
        }
    )*};
}

write_cte! { Insert Update Delete }

impl<R> Cte<R> {
    fn of(name: Arc<str>, first: CteBody) -> Self {
        Cte::new(CteNode { name, first, materialized: None, again: None })
    }

    fn new(node: CteNode) -> Self {
        Cte { node: Arc::new(node), row: PhantomData }
    }

    /// With the rows of a query that reads this CTE: again and again, until it has no more.
    ///
    /// MySQL and MariaDB take the columns' types from the first part: cast a text there that grows.
    #[must_use]
    pub fn union_all(&self, again: Select<R>) -> Cte<R> {
        self.repeat(SetOperator::UnionAll, again)
    }

    /// As [`union_all`](Cte::union_all), without rows that are there already; so it ends where the rows form a circle.
    #[must_use]
    pub fn union(&self, again: Select<R>) -> Cte<R> {
        self.repeat(SetOperator::Union, again)
    }

    fn repeat(&self, operator: SetOperator, again: Select<R>) -> Cte<R> {
        Cte::new(CteNode { again: Some((operator, *again.node)), ..self.copy() })
    }

    fn copy(&self) -> CteNode {
        self.node.copy_with(self.node.first.clone())
    }

    /// The database computes it once and apart, `AS MATERIALIZED`: what is outside of it does not narrow it. MySQL and MariaDB
    /// have no word for it, and decide as ever.
    #[must_use]
    pub fn materialized(&self) -> Cte<R> {
        Cte::new(CteNode { materialized: Some(true), ..self.copy() })
    }

    /// The database may fold it into what uses it, `AS NOT MATERIALIZED`. MySQL and MariaDB have no word for it.
    #[must_use]
    pub fn not_materialized(&self) -> Cte<R> {
        Cte::new(CteNode { materialized: Some(false), ..self.copy() })
    }

    pub(super) fn node(&self) -> Arc<CteNode> {
        Arc::clone(&self.node)
    }

    fn source(&self) -> Source {
        Source::Cte { cte: Arc::clone(&self.node), name: Arc::clone(&self.node.name) }
    }

    /// A column by its name.
    pub fn c(&self, name: impl Into<Cow<'static, str>>) -> Expr<Value> {
        self.typed(name)
    }

    /// A column by its name, read as a `T`.
    pub fn typed<T: Typed>(&self, name: impl Into<Cow<'static, str>>) -> Expr<T> {
        Expr::shared(column_node(self.source(), name))
    }

    /// The column that an entity's column has become, of the same type.
    pub fn column<M: Entity, T: Typed>(&self, column: Column<M, T>) -> Expr<T> {
        self.typed(column.name())
    }

    /// The same under another name, to join it with itself.
    pub fn alias(&self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias::new(Source::Cte { cte: Arc::clone(&self.node), name: name.into() })
    }
}

impl<R> From<&Cte<R>> for Source {
    fn from(cte: &Cte<R>) -> Self {
        cte.source()
    }
}

impl<R> Clone for Cte<R> {
    fn clone(&self) -> Self {
        Cte { node: Arc::clone(&self.node), row: PhantomData }
    }
}

impl<R> fmt::Debug for Cte<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cte").field(&self.node.name).finish()
    }
}
