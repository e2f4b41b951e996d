//! SELECT, composed step by step.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::clauses::{Lock, Words};
use super::columns::Column;
use super::cte::CteNode;
use super::expression::{Expr, Expression};
use super::from::{IntoSource, TableAlias};
use super::node::{Node, Ordering, Source};
use super::parameter::Binds;
use super::selection::{Item, Selection};
use super::typed::Typed;
use crate::schema::Entity;
use crate::value::Value;

/// A query whose rows become an `R`.
///
/// Each method returns it changed; nothing is sent before it is executed. Without [`from`](Select::from) its rows come from the
/// tables of its columns; a table that is named in it and not joined is an error before anything is sent.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, count_all, select};
/// use rebis_core::{Engine, text};
///
/// let pets = Table::build("pets").column(ColumnDef::new("owner", SqlType::Text)).column(ColumnDef::new("age", SqlType::Integer));
/// let pets = pets.finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&pets)?;
/// conn.execute(text("insert into pets values ('ed', 3), ('ed', 5), ('jo', 1)"))?;
/// let by_owner = select((pets.c("owner").type_coerce::<String>(), count_all())).group_by(pets.c("owner"));
/// let (least, page) = (Some(2), 10); // what a request may ask for
/// let wanted = by_owner.where_if(least, |age| pets.c("age").ge(age)).order_by(pets.c("owner")).limit(page);
/// assert_eq!(conn.fetch_all(wanted)?, [("ed".to_owned(), 2)]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub struct Select<R> {
    pub(crate) node: Box<SelectNode>,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone, Default)]
#[doc(hidden)]
pub struct SelectNode {
    pub(crate) with: Vec<Arc<CteNode>>,
    pub(crate) distinct: bool,
    pub(crate) distinct_on: Vec<Arc<Node>>,
    pub(crate) items: Vec<Item>,
    pub(crate) from: Vec<Source>,
    pub(crate) joins: Vec<Join>,
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) group_by: Vec<Arc<Node>>,
    pub(crate) having: Vec<Arc<Node>>,
    pub(crate) order_by: Vec<Ordering>,
    /// Values, so that a page's text is every page's.
    pub(crate) limit: Option<Arc<Node>>,
    pub(crate) offset: Option<Arc<Node>>,
    /// Whether those that are equal to the limit's last row come as well.
    pub(crate) ties: bool,
    pub(crate) lock: Option<Lock>,
    pub(crate) words: Vec<Words>,
    pub(crate) combined: Vec<(SetOperator, SelectNode)>,
    /// What had been said when the first query was combined with it.
    pub(crate) before: Option<Box<Said>>,
    pub(crate) binds: Binds,
}

/// How much a query says of itself. What comes behind a combination would be of its first part alone, and what stood at the end
/// of the first part would be of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Said {
    /// DISTINCT, and how many sources, joins, conditions and groups.
    pub(crate) parts: (bool, [usize; 6]),
    /// Whether it had an order, a limit or a lock when something was combined with it.
    pub(crate) ended: bool,
}

impl SelectNode {
    /// What counts of it when it is combined.
    pub(crate) fn said_parts(&self) -> (bool, [usize; 6]) {
        let SelectNode { distinct, distinct_on, from, joins, filters, group_by, having, .. } = self;
        let lengths =
            [distinct_on.len(), from.len(), joins.len(), filters.len(), group_by.len(), having.len()];
        (*distinct, lengths)
    }

    /// Whether something stands behind its rows.
    pub(crate) fn has_end(&self) -> bool {
        !self.order_by.is_empty() || self.limit.is_some() || self.offset.is_some() || self.lock.is_some()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) source: Source,
    /// Joined to the source before both are joined to what stands before: in parentheses.
    pub(crate) inside: Vec<(Source, Arc<Node>)>,
    pub(crate) on: Option<Arc<Node>>,
}

impl Join {
    /// What it adds to a FROM.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.source).chain(self.inside.iter().map(|(source, _)| source))
    }
}

/// How rows of two sources are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Full,
    Cross,
}

/// How the rows of two queries are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SetOperator {
    Union,
    UnionAll,
    Intersect,
    IntersectAll,
    Except,
    ExceptAll,
}

/// Begins a query.
pub fn select<S: Selection>(selection: S) -> Select<S::Row> {
    let node = Box::new(SelectNode { items: selection.items(), ..SelectNode::default() });
    Select { node, row: PhantomData }
}

impl<R> Select<R> {
    /// The same query, its rows read as another type: a struct that takes its fields by the names of the columns.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::rows::Mapping;
    /// use rebis_core::sql::{literal, select};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.fetch_all(select((literal(7).label("id"),)).read_as::<Mapping>())?;
    /// assert_eq!(rows[0].get("id"), Some(&7.into()));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn read_as<T>(self) -> Select<T> {
        Select { node: self.node, row: PhantomData }
    }

    /// Rows come from here.
    #[must_use]
    pub fn from(mut self, source: impl IntoSource) -> Self {
        // Most have one.
        self.node.from.reserve_exact(1);
        self.node.from.push(source.into());
        self
    }

    fn joined(mut self, kind: JoinKind, source: Source, on: Option<Arc<Node>>) -> Self {
        self.node.joins.push(Join { kind, source, inside: Vec::new(), on });
        self
    }

    /// `JOIN source ON condition`: the pairs of rows for which it is true.
    #[must_use]
    pub fn join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Inner, source.into(), Some(on.node))
    }

    /// `LEFT JOIN source ON condition`: also rows without a partner, with NULLs in its place. What is selected of it must be
    /// [`nullable`](Expression::nullable).
    #[must_use]
    pub fn outer_join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Left, source.into(), Some(on.node))
    }

    /// `FULL JOIN source ON condition`: rows without a partner from both sides. MySQL and MariaDB do not have it.
    #[must_use]
    pub fn full_join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Full, source.into(), Some(on.node))
    }

    /// `JOIN source`, ON the one foreign key between it and what stands before; none or several are an error.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, ForeignKey, SqlType, Table};
    /// use rebis_core::sql::select;
    /// use rebis_core::Dialect;
    ///
    /// let id = || ColumnDef::new("id", SqlType::Integer);
    /// let users = Table::build("users").column(id()).finish()?;
    /// let posts = Table::build("posts").column(id()).column(ColumnDef::new("author", SqlType::Integer));
    /// let posts = posts.foreign_key(ForeignKey::new(["author"], "users", ["id"])).finish()?;
    /// assert_eq!(
    ///     select(vec![users.c("id")]).join_by_key(&posts).to_sql(Dialect::SQLITE)?,
    ///     r#"SELECT "users"."id" FROM "users" JOIN "posts" ON "posts"."author" = "users"."id""#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn join_by_key(self, source: impl IntoSource) -> Self {
        self.joined(JoinKind::Inner, source.into(), None)
    }

    /// `LEFT JOIN source`, ON the one foreign key between it and what stands before.
    #[must_use]
    pub fn outer_join_by_key(self, source: impl IntoSource) -> Self {
        self.joined(JoinKind::Left, source.into(), None)
    }

    /// `CROSS JOIN source`: every pair of rows.
    #[must_use]
    pub fn cross_join(self, source: impl IntoSource) -> Self {
        self.joined(JoinKind::Cross, source.into(), None)
    }

    /// `WHERE condition`, all of them when there are several.
    #[must_use]
    pub fn filter(mut self, condition: Expr<bool>) -> Self {
        self.node.filters.push(condition.node);
        self
    }

    /// [`filter`](Select::filter) where there is a value to filter by.
    #[must_use]
    pub fn where_if<V>(self, value: Option<V>, condition: impl FnOnce(V) -> Expr<bool>) -> Self {
        match value {
            Some(value) => self.filter(condition(value)),
            None => self,
        }
    }

    /// `GROUP BY` these.
    #[must_use]
    pub fn group_by<S: Selection>(mut self, by: S) -> Self {
        self.node.group_by.extend(by.items().into_iter().map(|item| item.node));
        self
    }

    /// `HAVING condition`, all of them when there are several.
    #[must_use]
    pub fn having(mut self, condition: Expr<bool>) -> Self {
        self.node.having.push(condition.node);
        self
    }

    /// `ORDER BY`, behind the keys before: a column, an expression, or `desc()` of one.
    #[must_use]
    pub fn order_by(mut self, key: impl Into<Ordering>) -> Self {
        self.node.order_by.push(key.into());
        self
    }

    /// At most that many rows.
    #[must_use]
    pub fn limit(mut self, count: u64) -> Self {
        self.node.limit = Some(Arc::new(Node::Value(Value::from(count))));
        self
    }

    /// Without the first rows.
    #[must_use]
    pub fn offset(mut self, count: u64) -> Self {
        self.node.offset = Some(Arc::new(Node::Value(Value::from(count))));
        self
    }

    /// `SELECT DISTINCT`: no row twice.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.node.distinct = true;
        self
    }

    /// `SELECT DISTINCT ON (…)`: of the rows that are the same here the first, in the query's order. PostgreSQL only.
    #[must_use]
    pub fn distinct_on<S: Selection>(mut self, on: S) -> Self {
        self.node.distinct_on.extend(on.items().into_iter().map(|item| item.node));
        self
    }

    fn combine(mut self, operator: SetOperator, other: Select<R>) -> Self {
        let (parts, ended) = (self.node.said_parts(), self.node.has_end());
        let before = self.node.before.get_or_insert_with(|| Box::new(Said { parts, ended }));
        before.ended |= ended;
        self.node.combined.push((operator, *other.node));
        self
    }

    /// The rows of both, none twice. An order and a limit stand behind the last part and are of the whole; a part with an order, a
    /// limit or a lock of its own, and a condition behind the combination, are a [`Statement`](crate::ErrorKind::Statement) error: make
    /// what they belong to a [`subquery`](Select::subquery).
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::sql::{Expression, literal, select};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let both = select(literal(1).label("n")).union(select(literal(2).label("n"))).limit(1);
    /// assert_eq!(conn.fetch_all(both.clone())?.len(), 1);
    /// assert!(conn.fetch_all(both.union(select(literal(3).label("n")))).is_err());
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn union(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Union, other)
    }

    /// The rows of both.
    #[must_use]
    pub fn union_all(self, other: Select<R>) -> Self {
        self.combine(SetOperator::UnionAll, other)
    }

    /// The rows that both have. Behind `union` or `except` it is an error: some databases would take it first.
    #[must_use]
    pub fn intersect(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Intersect, other)
    }

    /// The rows that both have, each as often as in the one that has it less often. SQLite does not have it.
    #[must_use]
    pub fn intersect_all(self, other: Select<R>) -> Self {
        self.combine(SetOperator::IntersectAll, other)
    }

    /// The rows without those of the other, each taken away once. SQLite does not have it.
    #[must_use]
    pub fn except_all(self, other: Select<R>) -> Self {
        self.combine(SetOperator::ExceptAll, other)
    }

    /// The rows that the other does not have.
    #[must_use]
    pub fn except(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Except, other)
    }

    /// The query as a source of another one: `(SELECT …) AS "name"`.
    pub fn subquery(self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias::new(Source::Subquery { select: Arc::from(self.node), name: name.into(), lateral: false })
    }

    /// The query as a source that sees those before it in the FROM: `LATERAL (SELECT …) AS "name"`. PostgreSQL and MySQL have
    /// it, MariaDB and SQLite do not.
    pub fn lateral(self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias::new(Source::Subquery { select: Arc::from(self.node), name: name.into(), lateral: true })
    }
}

impl<T: Typed> Select<(T,)> {
    /// The query as one value: NULL when it has no row.
    pub fn scalar(self) -> Expr<T::Nullable> {
        Expr::new(Node::Scalar(Arc::from(self.node)))
    }
}

/// Whether the query has a row. It sees the tables of the query around it.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Dialect;
/// use rebis_core::sql::{Expression, exists, select};
///
/// let table = |name: &str| Table::build(name).column(ColumnDef::new("id", SqlType::Integer)).finish();
/// let (users, banned) = (table("users")?, table("banned")?);
/// let there = exists(select(vec![banned.c("id")]).from(&banned).filter(banned.c("id").eq(users.c("id"))));
/// assert_eq!(
///     select(vec![users.c("id")]).filter(!there).to_sql(Dialect::SQLITE)?,
///     r#"SELECT "users"."id" FROM "users" WHERE NOT EXISTS (SELECT "banned"."id" FROM "banned" WHERE "banned"."id" = "users"."id")"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn exists<R>(select: Select<R>) -> Expr<bool> {
    Expr::new(Node::Exists { select: Arc::from(select.node), negated: false })
}

impl<T: Typed> From<Expr<T>> for Ordering {
    fn from(expr: Expr<T>) -> Self {
        expr.asc()
    }
}

impl<M: Entity, T: Typed> From<Column<M, T>> for Ordering {
    fn from(column: Column<M, T>) -> Self {
        column.asc()
    }
}

impl<R> Clone for Select<R> {
    fn clone(&self) -> Self {
        Select { node: self.node.clone(), row: PhantomData }
    }
}

impl<R> fmt::Debug for Select<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Select").field(&self.node).finish()
    }
}
