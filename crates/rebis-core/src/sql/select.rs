//! SELECT, composed step by step.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::cte::CteNode;
use super::expression::{Column, Expr, Expression, column_node};
use super::node::{Node, Ordering, Source};
use super::typed::{Operand, Typed};
use crate::schema::{Entity, Table};
use crate::value::Value;

/// A query whose rows become an `R`.
///
/// Each method returns it changed; nothing is sent before it is executed. Without [`from`](Select::from) its rows come from the
/// tables of its columns; a table that is named in it and not joined is an error before anything is sent.
pub struct Select<R> {
    pub(crate) node: SelectNode,
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
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
    pub(crate) lock: Option<Lock>,
    pub(crate) combined: Vec<(SetOperator, SelectNode)>,
}

/// One thing that is selected.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub struct Item {
    pub(crate) node: Arc<Node>,
    /// Whether it is read as an `Option`.
    pub(crate) nullable: bool,
    pub(crate) label: Option<&'static str>,
}

impl Item {
    /// What its column in the answer is called, where that is known.
    pub(crate) fn name(&self) -> Option<&str> {
        match (self.label, &*self.node) {
            (Some(label), _) => Some(label),
            (None, Node::Column { name, .. }) => Some(name),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) source: Source,
    pub(crate) on: Option<Arc<Node>>,
}

/// How rows of two sources are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Full,
    Cross,
}

/// How a query keeps others from its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) share: bool,
    pub(crate) wait: LockWait,
}

/// What a query does about rows that others have locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LockWait {
    /// It waits for them.
    #[default]
    Wait,
    /// It fails.
    NoWait,
    /// It leaves them out.
    SkipLocked,
}

/// How the rows of two queries are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetOperator {
    Union,
    UnionAll,
    Intersect,
    Except,
}

/// What can be selected: a column, an expression, a tuple of up to sixteen of them, or a `Vec` of expressions that are known at
/// run time only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    note = "select a column, an expression, or a tuple of up to 16 of them: `select((User::id, User::name))`"
)]
pub trait Selection {
    /// What a row becomes.
    type Row;
    #[doc(hidden)]
    fn items(self) -> Vec<Item>;
}

/// One column of what is selected.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    note = "select columns and expressions; a value is selected as `literal(value)`"
)]
#[doc(hidden)]
pub trait SelectItem {
    type Type;
    fn item(self) -> Item;
}

impl<T: Typed> SelectItem for Expr<T> {
    type Type = T;

    fn item(self) -> Item {
        Item { nullable: self.nullable || is_nullable::<T>(), node: self.node, label: None }
    }
}

impl<M: Entity, T: Typed> SelectItem for Column<M, T> {
    type Type = T;

    fn item(self) -> Item {
        Item { node: self.into_node(), nullable: is_nullable::<T>(), label: None }
    }
}

/// Whether a type has room for NULL: then it is its own type with NULL.
fn is_nullable<T: Typed>() -> bool {
    TypeId::of::<T>() == TypeId::of::<T::Nullable>()
}

/// An expression under a name of its own in the answer.
#[derive(Debug, Clone)]
pub struct Labelled<T> {
    expr: Expr<T>,
    label: &'static str,
}

impl<T> Expr<T> {
    /// The same under a name of its own in the answer: `… AS "label"`.
    pub fn label(self, label: &'static str) -> Labelled<T> {
        Labelled { expr: self, label }
    }
}

impl<T: Typed> SelectItem for Labelled<T> {
    type Type = T;

    fn item(self) -> Item {
        Item { label: Some(self.label), ..self.expr.item() }
    }
}

macro_rules! selection {
    ($($name:ident)*) => {
        impl<$($name: SelectItem),*> Selection for ($($name,)*) {
            type Row = ($($name::Type,)*);

            fn items(self) -> Vec<Item> {
                #[allow(non_snake_case, reason = "the names are the types'")]
                let ($($name,)*) = self;
                vec![$($name.item()),*]
            }
        }
    };
}

selection! { A }
selection! { A B }
selection! { A B C }
selection! { A B C D }
selection! { A B C D E }
selection! { A B C D E F }
selection! { A B C D E F G }
selection! { A B C D E F G H }
selection! { A B C D E F G H I }
selection! { A B C D E F G H I J }
selection! { A B C D E F G H I J K }
selection! { A B C D E F G H I J K L }
selection! { A B C D E F G H I J K L M }
selection! { A B C D E F G H I J K L M N }
selection! { A B C D E F G H I J K L M N O }
selection! { A B C D E F G H I J K L M N O P }

impl<T: Typed> Selection for Expr<T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

impl<M: Entity, T: Typed> Selection for Column<M, T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

impl<T: Typed> Selection for Labelled<T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

/// The rows of a query whose columns are known at run time only: they are read as whatever is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Untyped;

impl Selection for Vec<Expr<Value>> {
    type Row = Untyped;

    fn items(self) -> Vec<Item> {
        self.into_iter().map(|expr| Item { node: expr.node, nullable: true, label: None }).collect()
    }
}

/// Begins a query.
pub fn select<S: Selection>(selection: S) -> Select<S::Row> {
    Select { node: SelectNode { items: selection.items(), ..SelectNode::default() }, row: PhantomData }
}

/// A source that is an entity's table.
pub fn table<M: Entity>() -> Source {
    Source::Table(M::table().clone())
}

/// An entity's table under another name: `manager.c(User::name)` is its column.
pub fn alias<M: Entity>(name: impl Into<Arc<str>>) -> Alias<M> {
    Alias { source: Source::Alias { table: M::table().clone(), name: name.into() }, marker: PhantomData }
}

/// An entity's table under another name.
#[derive(Debug)]
pub struct Alias<M> {
    source: Source,
    marker: PhantomData<fn() -> M>,
}

impl<M: Entity> Alias<M> {
    /// A column of it.
    pub fn c<T: Typed>(&self, column: Column<M, T>) -> Expr<T> {
        Expr::shared(column_node(self.source.clone(), column.name()))
    }
}

impl<M> From<&Alias<M>> for Source {
    fn from(alias: &Alias<M>) -> Self {
        alias.source.clone()
    }
}

/// A table that is known at run time, under another name.
impl Table {
    /// The table under another name, and a column of it by name: `c` of the alias.
    pub fn alias(&self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias(Source::Alias { table: self.clone(), name: name.into() })
    }
}

/// A table or a query under a name, whose columns are known at run time only.
#[derive(Debug, Clone)]
pub struct TableAlias(Source);

impl TableAlias {
    pub(super) fn new(source: Source) -> Self {
        TableAlias(source)
    }

    /// A column by its name, read as a `T`.
    pub fn typed<T: Typed>(&self, name: impl Into<std::borrow::Cow<'static, str>>) -> Expr<T> {
        Expr::shared(column_node(self.0.clone(), name))
    }

    /// A column by its name.
    pub fn c(&self, name: impl Into<std::borrow::Cow<'static, str>>) -> Expr<Value> {
        Expr::shared(column_node(self.0.clone(), name))
    }
}

impl From<&TableAlias> for Source {
    fn from(alias: &TableAlias) -> Self {
        alias.0.clone()
    }
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
    pub fn from(mut self, source: impl Into<Source>) -> Self {
        self.node.from.push(source.into());
        self
    }

    fn joined(mut self, kind: JoinKind, source: Source, on: Option<Arc<Node>>) -> Self {
        self.node.joins.push(Join { kind, source, on });
        self
    }

    /// `JOIN source ON condition`: the pairs of rows for which it is true.
    #[must_use]
    pub fn join(self, source: impl Into<Source>, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Inner, source.into(), Some(on.node))
    }

    /// `LEFT JOIN source ON condition`: also rows without a partner, with NULLs in its place. What is selected of it must be
    /// [`nullable`](Expression::nullable).
    #[must_use]
    pub fn outer_join(self, source: impl Into<Source>, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Left, source.into(), Some(on.node))
    }

    /// `FULL JOIN source ON condition`: rows without a partner from both sides. MySQL and MariaDB do not have it.
    #[must_use]
    pub fn full_join(self, source: impl Into<Source>, on: Expr<bool>) -> Self {
        self.joined(JoinKind::Full, source.into(), Some(on.node))
    }

    /// `CROSS JOIN source`: every pair of rows.
    #[must_use]
    pub fn cross_join(self, source: impl Into<Source>) -> Self {
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
        self.node.limit = Some(count);
        self
    }

    /// Without the first rows.
    #[must_use]
    pub fn offset(mut self, count: u64) -> Self {
        self.node.offset = Some(count);
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

    /// `FOR UPDATE`: nobody else changes these rows before this transaction ends. SQLite has no row locks: there it says nothing.
    #[must_use]
    pub fn for_update(mut self, wait: LockWait) -> Self {
        self.node.lock = Some(Lock { share: false, wait });
        self
    }

    /// `FOR SHARE`: nobody changes these rows before this transaction ends.
    #[must_use]
    pub fn for_share(mut self, wait: LockWait) -> Self {
        self.node.lock = Some(Lock { share: true, wait });
        self
    }

    fn combine(mut self, operator: SetOperator, other: Select<R>) -> Self {
        self.node.combined.push((operator, other.node));
        self
    }

    /// The rows of both, none twice.
    #[must_use]
    pub fn union(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Union, other)
    }

    /// The rows of both.
    #[must_use]
    pub fn union_all(self, other: Select<R>) -> Self {
        self.combine(SetOperator::UnionAll, other)
    }

    /// The rows that both have.
    #[must_use]
    pub fn intersect(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Intersect, other)
    }

    /// The rows that the other does not have.
    #[must_use]
    pub fn except(self, other: Select<R>) -> Self {
        self.combine(SetOperator::Except, other)
    }

    /// The query as a source of another one: `(SELECT …) AS "name"`.
    pub fn subquery(self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias(Source::Subquery { select: Arc::new(self.node), name: name.into(), lateral: false })
    }

    /// The query as a source that sees those before it in the FROM: `LATERAL (SELECT …) AS "name"`. PostgreSQL and MySQL have
    /// it, MariaDB and SQLite do not.
    pub fn lateral(self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias(Source::Subquery { select: Arc::new(self.node), name: name.into(), lateral: true })
    }
}

impl<T: Typed> Select<(T,)> {
    /// The query as one value: NULL when it has no row.
    pub fn scalar(self) -> Expr<T::Nullable> {
        Expr::new(Node::Scalar(Arc::new(self.node)))
    }
}

/// Whether the query has a row. It sees the tables of the query around it.
pub fn exists<R>(select: Select<R>) -> Expr<bool> {
    Expr::new(Node::Exists { select: Arc::new(select.node), negated: false })
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
