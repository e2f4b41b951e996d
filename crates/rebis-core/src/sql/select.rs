//! SELECT, composed step by step.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::clauses::{Lock, Words};
use super::cte::CteNode;
use super::expression::{Column, Expr, Expression};
use super::from::TableAlias;
use super::node::{Node, Ordering, Source};
use super::parameter::Binds;
use super::typed::{Operand, Typed, is_nullable, read_as};
use crate::schema::Entity;
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
    /// Values, so that a page's text is every page's.
    pub(crate) limit: Option<Arc<Node>>,
    pub(crate) offset: Option<Arc<Node>>,
    /// Whether those that are equal to the limit's last row come as well.
    pub(crate) ties: bool,
    pub(crate) lock: Option<Lock>,
    pub(crate) words: Vec<Words>,
    pub(crate) combined: Vec<(SetOperator, SelectNode)>,
    pub(crate) binds: Binds,
}

/// One thing that is selected.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub struct Item {
    pub(crate) node: Arc<Node>,
    /// Whether it is read as an `Option`.
    pub(crate) nullable: bool,
    pub(crate) label: Option<Cow<'static, str>>,
    /// What it was before its type put something round it.
    pub(crate) column: Option<Arc<Node>>,
    /// What its type puts round it in the outermost query.
    pub(crate) read: fn(Arc<Node>) -> Arc<Node>,
}

impl Item {
    /// What is read as whatever it is.
    pub(crate) fn untyped(node: Arc<Node>) -> Self {
        Item { node, nullable: true, label: None, column: None, read: read_as::<Value> }
    }

    /// As the program gets it: with what its type puts round it, which does not change a column's name.
    pub(super) fn shown(&mut self) {
        let read = (self.read)(Arc::clone(&self.node));
        if Arc::ptr_eq(&read, &self.node) {
            return;
        }
        if let (None, Node::Column { name, .. }) = (&self.label, &*self.node) {
            self.label = Some(name.clone());
        }
        self.column = Some(std::mem::replace(&mut self.node, read));
    }

    /// What the program has selected, without what its type puts round it.
    pub(crate) fn bare(&self) -> &Node {
        self.column.as_ref().unwrap_or(&self.node)
    }
}

impl Item {
    /// What its column in the answer is called, where that is known.
    pub(crate) fn name(&self) -> Option<&str> {
        match (&self.label, &*self.node) {
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
        Item {
            nullable: self.nullable || is_nullable::<T>(),
            node: self.node,
            label: None,
            column: None,
            read: read_as::<T>,
        }
    }
}

impl<M: Entity, T: Typed> SelectItem for Column<M, T> {
    type Type = T;

    fn item(self) -> Item {
        Item {
            node: self.into_node(),
            nullable: is_nullable::<T>(),
            label: None,
            column: None,
            read: read_as::<T>,
        }
    }
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
        Item { label: Some(self.label.into()), ..self.expr.item() }
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
        self.into_iter().map(|expr| Item::untyped(expr.node)).collect()
    }
}

/// Begins a query.
pub fn select<S: Selection>(selection: S) -> Select<S::Row> {
    Select { node: SelectNode { items: selection.items(), ..SelectNode::default() }, row: PhantomData }
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
    pub fn join_by_key(self, source: impl Into<Source>) -> Self {
        self.joined(JoinKind::Inner, source.into(), None)
    }

    /// `LEFT JOIN source`, ON the one foreign key between it and what stands before.
    #[must_use]
    pub fn outer_join_by_key(self, source: impl Into<Source>) -> Self {
        self.joined(JoinKind::Left, source.into(), None)
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
        TableAlias::new(Source::Subquery { select: Arc::new(self.node), name: name.into(), lateral: false })
    }

    /// The query as a source that sees those before it in the FROM: `LATERAL (SELECT …) AS "name"`. PostgreSQL and MySQL have
    /// it, MariaDB and SQLite do not.
    pub fn lateral(self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias::new(Source::Subquery { select: Arc::new(self.node), name: name.into(), lateral: true })
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
