//! UPDATE, DELETE, TRUNCATE.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::columns::Column;
use super::cte::{Cte, CteNode};
use super::expression::Expr;
use super::from::IntoSource;
use super::node::{Node, Ordering, Source};
use super::parameter::Binds;
use super::select::{Select, SelectNode};
use super::selection::{Item, Selection};
use super::typed::{Matches, Operand, Typed};
use crate::schema::{Entity, Table};
use crate::value::{IntoValue, Value};

/// A column and what it becomes.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub(crate) column: Cow<'static, str>,
    pub(crate) value: Arc<Node>,
}

impl Assignment {
    /// `column = value`, of a table that is known at run time.
    pub fn of(column: impl Into<Cow<'static, str>>, value: impl IntoValue) -> Self {
        Assignment { column: column.into(), value: Arc::new(Node::Value(value.into_value())) }
    }

    /// `column = expression`, of a table that is known at run time.
    pub fn expr<T>(column: impl Into<Cow<'static, str>>, expression: Expr<T>) -> Self {
        Assignment { column: column.into(), value: expression.node }
    }

    /// The name of the column.
    pub fn column(&self) -> &str {
        &self.column
    }
}

impl<M: Entity, T: Typed> Column<M, T> {
    /// `column = value`, for an INSERT, an UPDATE or an upsert.
    pub fn set<V: Operand>(self, value: V) -> Assignment
    where
        T::Family: Matches<V::Family>,
    {
        Assignment { column: self.name().into(), value: value.into_node() }
    }
}

/// UPDATE of one table; made by [`update`] or [`update_table`].
pub struct Update<R = ()> {
    pub(crate) node: UpdateNode,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone)]
pub(crate) struct UpdateNode {
    pub(crate) with: Vec<Arc<CteNode>>,
    pub(crate) table: Table,
    pub(crate) from: Vec<Source>,
    pub(crate) assignments: Vec<Assignment>,
    /// Columns that become what one row of a query has.
    pub(crate) from_queries: Vec<(Vec<Cow<'static, str>>, SelectNode)>,
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) order_by: Vec<Ordering>,
    pub(crate) limit: Option<Arc<Node>>,
    pub(crate) returning: Vec<Item>,
    pub(crate) binds: Binds,
}

/// Changes rows of an entity.
pub fn update<M: Entity>() -> Update {
    update_table(M::table())
}

/// Changes rows of a table that is known at run time.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Dialect;
/// use rebis_core::sql::{Expression, update_table};
///
/// let users = Table::build("users").column(ColumnDef::new("id", SqlType::Integer).primary_key());
/// let users = users.column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let rename = update_table(&users).set_column("name", "ed").filter(users.c("id").eq(7));
/// assert_eq!(rename.to_sql(Dialect::POSTGRESQL)?, r#"UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2"#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn update_table(table: &Table) -> Update {
    let node = UpdateNode {
        with: Vec::new(),
        table: table.clone(),
        from: Vec::new(),
        assignments: Vec::new(),
        from_queries: Vec::new(),
        filters: Vec::new(),
        order_by: Vec::new(),
        limit: None,
        returning: Vec::new(),
        binds: Binds::default(),
    };
    Update { node, row: PhantomData }
}

impl<R> Update<R> {
    /// Also sees the rows of this source: `UPDATE … FROM source`, on MySQL `UPDATE …, source`. The filter says which of them
    /// belong to a row; there should be one.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Expression, update_table};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let new = Table::build("new").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let change = update_table(&t).set_column("n", 1).from(&new).filter(new.c("n").eq(t.c("n")));
    /// assert_eq!(
    ///     change.to_sql(Dialect::POSTGRESQL)?,
    ///     r#"UPDATE "t" SET "n" = $1 FROM "new" WHERE "new"."n" = "t"."n""#
    /// );
    /// assert_eq!(change.to_sql(Dialect::MYSQL)?, "UPDATE `t`, `new` SET `t`.`n` = ? WHERE `new`.`n` = `t`.`n`");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn from(mut self, source: impl IntoSource) -> Self {
        self.node.from.push(source.into());
        self
    }

    /// `SET column = value`.
    #[must_use]
    pub fn set<M: Entity, T: Typed, V: Operand>(mut self, column: Column<M, T>, value: V) -> Self
    where
        T::Family: Matches<V::Family>,
    {
        self.node.assignments.push(column.set(value));
        self
    }

    /// `SET column = value`, of a table that is known at run time.
    #[must_use]
    pub fn set_column(mut self, column: impl Into<Cow<'static, str>>, value: impl IntoValue) -> Self {
        let value = Arc::new(Node::Value(value.into_value()));
        self.node.assignments.push(Assignment { column: column.into(), value });
        self
    }

    /// `WHERE condition`, all of them when there are several.
    #[must_use]
    pub fn filter(mut self, condition: Expr<bool>) -> Self {
        self.node.filters.push(condition.node);
        self
    }

    /// `WITH` this in front. MariaDB has it since its version 12; before that, make the CTE a subquery.
    #[must_use]
    pub fn with<C>(mut self, cte: &Cte<C>) -> Self {
        self.node.with.push(cte.node());
        self
    }

    /// The rows are taken in this order: with a [`limit`](Update::limit) the first of them. MySQL's and MariaDB's only.
    #[must_use]
    pub fn order_by(mut self, key: impl Into<Ordering>) -> Self {
        self.node.order_by.push(key.into());
        self
    }

    /// At most so many rows. MySQL's and MariaDB's only; elsewhere filter by a subquery that selects keys.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.node.limit = Some(Arc::new(Node::Value(limit.into())));
        self
    }

    /// `SET (column, …) = (SELECT …)`: the columns become what the one row of a query has, or NULL where it has none. MySQL
    /// and MariaDB do not have it. On SQLite a query of the same table sees rows that the statement has changed already.
    #[must_use]
    pub fn set_from_select<C: Into<Cow<'static, str>>, S>(
        mut self,
        columns: impl IntoIterator<Item = C>,
        select: Select<S>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.node.from_queries.push((columns, *select.node));
        self
    }

    /// `SET column = value` of assignments that were made elsewhere, in their order. MySQL and MariaDB assign one after the other,
    /// and an expression sees what those before it have made; elsewhere all see the row as it was.
    #[must_use]
    pub fn set_all(mut self, assignments: impl IntoIterator<Item = Assignment>) -> Self {
        self.node.assignments.extend(assignments);
        self
    }

    /// `RETURNING` these of each changed row.
    pub fn returning<S: Selection>(mut self, selection: S) -> Update<S::Row> {
        self.node.returning = selection.items();
        Update { node: self.node, row: PhantomData }
    }
}

/// DELETE from one table; made by [`delete`] or [`delete_from`].
pub struct Delete<R = ()> {
    pub(crate) node: DeleteNode,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone)]
pub(crate) struct DeleteNode {
    pub(crate) with: Vec<Arc<CteNode>>,
    pub(crate) table: Table,
    pub(crate) using: Vec<Source>,
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) order_by: Vec<Ordering>,
    pub(crate) limit: Option<Arc<Node>>,
    pub(crate) returning: Vec<Item>,
    pub(crate) binds: Binds,
}

/// Deletes rows of an entity.
pub fn delete<M: Entity>() -> Delete {
    delete_from(M::table())
}

/// Deletes rows of a table that is known at run time.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Dialect;
/// use rebis_core::sql::{Expression, delete_from};
///
/// let users = Table::build("users").column(ColumnDef::new("id", SqlType::Integer).primary_key());
/// let users = users.column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let gone = delete_from(&users).filter(users.c("name").is_null());
/// assert_eq!(gone.to_sql(Dialect::MYSQL)?, "DELETE FROM `users` WHERE `users`.`name` IS NULL");
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn delete_from(table: &Table) -> Delete {
    let node = DeleteNode {
        with: Vec::new(),
        table: table.clone(),
        using: Vec::new(),
        filters: Vec::new(),
        order_by: Vec::new(),
        limit: None,
        returning: Vec::new(),
        binds: Binds::default(),
    };
    Delete { node, row: PhantomData }
}

impl<R> Delete<R> {
    /// Also sees the rows of this source: `DELETE FROM … USING source`. SQLite does not have it: there, and wherever else it is to
    /// run, filter by [`exists`](super::exists).
    #[must_use]
    pub fn using(mut self, source: impl IntoSource) -> Self {
        self.node.using.push(source.into());
        self
    }

    /// `WHERE condition`, all of them when there are several.
    #[must_use]
    pub fn filter(mut self, condition: Expr<bool>) -> Self {
        self.node.filters.push(condition.node);
        self
    }

    /// `WITH` this in front. MariaDB has it since its version 12; before that, make the CTE a subquery.
    #[must_use]
    pub fn with<C>(mut self, cte: &Cte<C>) -> Self {
        self.node.with.push(cte.node());
        self
    }

    /// The rows are taken in this order: with a [`limit`](Delete::limit) the first of them. MySQL's and MariaDB's only.
    #[must_use]
    pub fn order_by(mut self, key: impl Into<Ordering>) -> Self {
        self.node.order_by.push(key.into());
        self
    }

    /// At most so many rows. MySQL's and MariaDB's only; elsewhere filter by a subquery that selects keys.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.node.limit = Some(Arc::new(Node::Value(limit.into())));
        self
    }

    /// `RETURNING` these of each deleted row.
    pub fn returning<S: Selection>(mut self, selection: S) -> Delete<S::Row> {
        self.node.returning = selection.items();
        Delete { node: self.node, row: PhantomData }
    }
}

macro_rules! clone {
    ($($statement:ident)*) => {$(
        impl<R> Clone for $statement<R> {
            fn clone(&self) -> Self {
                $statement { node: self.node.clone(), row: PhantomData }
            }
        }
    )*};
}

clone! { Update Delete }

impl<R> fmt::Debug for Update<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").field("table", &self.node.table).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Delete<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete").field("table", &self.node.table).finish_non_exhaustive()
    }
}

/// `NULL`, to be assigned to a column of any type.
pub fn null() -> Expr<Value> {
    Expr::new(Node::Value(Value::Null))
}

/// TRUNCATE of a table; made by [`truncate`].
#[derive(Debug, Clone)]
pub struct Truncate {
    pub(crate) node: TruncateNode,
}

#[derive(Debug, Clone)]
pub(crate) struct TruncateNode {
    pub(crate) table: Table,
    pub(crate) restart_identity: bool,
    pub(crate) cascade: bool,
}

/// Empties a table at once. MySQL and MariaDB commit what was done before on this connection, and count keys from 1 again; on
/// PostgreSQL it can be rolled back. SQLite has none: delete without a filter.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::truncate;
/// use rebis_core::{Dialect, ErrorKind};
///
/// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// assert_eq!(truncate(&t).to_sql(Dialect::POSTGRESQL)?, r#"TRUNCATE TABLE "t""#);
/// assert_eq!(truncate(&t).to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Unsupported);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn truncate(table: &Table) -> Truncate {
    Truncate { node: TruncateNode { table: table.clone(), restart_identity: false, cascade: false } }
}

impl Truncate {
    /// Keys count from their start again. MySQL and MariaDB always do this.
    #[must_use]
    pub fn restart_identity(mut self) -> Self {
        self.node.restart_identity = true;
        self
    }

    /// Also the tables that refer to this one. PostgreSQL's only.
    #[must_use]
    pub fn cascade(mut self) -> Self {
        self.node.cascade = true;
        self
    }
}
