//! INSERT, UPDATE, DELETE.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::expression::{Column, Expr};
use super::node::{Node, Source};
use super::select::{Item, Select, SelectNode, Selection};
use super::typed::{Matches, Operand, Typed};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Entity, Table};
use crate::value::{IntoValue, Value};

/// A column and what it becomes.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub(crate) column: Cow<'static, str>,
    pub(crate) value: Arc<Node>,
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

/// INSERT into one table; made by [`insert`] or [`insert_into`].
pub struct Insert<R = ()> {
    pub(crate) node: InsertNode,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone)]
pub(crate) struct InsertNode {
    pub(crate) table: Table,
    pub(crate) columns: Vec<Cow<'static, str>>,
    pub(crate) rows: Vec<Vec<Arc<Node>>>,
    /// The query whose rows are inserted.
    pub(crate) select: Option<SelectNode>,
    pub(crate) conflict: Option<Conflict>,
    pub(crate) returning: Vec<Item>,
}

/// What an INSERT does about a row that is there already.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) target: Vec<Cow<'static, str>>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) filters: Vec<Arc<Node>>,
}

/// Inserts rows of an entity.
pub fn insert<M: Entity>() -> Insert {
    insert_into(M::table())
}

/// Inserts rows into a table that is known at run time.
pub fn insert_into(table: &Table) -> Insert {
    let node = InsertNode {
        table: table.clone(),
        columns: Vec::new(),
        rows: Vec::new(),
        select: None,
        conflict: None,
        returning: Vec::new(),
    };
    Insert { node, row: PhantomData }
}

impl<R> Insert<R> {
    /// One more row. The first row says which columns are named.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when its columns are not those of the first row.
    pub fn row(mut self, assignments: impl IntoIterator<Item = Assignment>) -> Result<Self> {
        let mut row: Vec<Assignment> = assignments.into_iter().collect();
        let node = &mut self.node;
        if node.rows.is_empty() {
            node.columns = row.iter().map(|assignment| assignment.column.clone()).collect();
        }
        let mut values = Vec::with_capacity(node.columns.len());
        for column in &node.columns {
            let found = row.iter().position(|assignment| assignment.column == *column);
            let Some(index) = found else { return Err(uneven(node.rows.len(), column)) };
            values.push(row.swap_remove(index).value);
        }
        match row.first() {
            Some(extra) => Err(uneven(node.rows.len(), &extra.column)),
            None => {
                node.rows.push(values);
                Ok(self)
            }
        }
    }

    /// One more row of a table that is known at run time, by names.
    ///
    /// # Errors
    /// As [`row`](Insert::row).
    pub fn values<N: Into<Cow<'static, str>>, V: IntoValue>(
        self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        self.row(values.into_iter().map(|(name, value)| Assignment {
            column: name.into(),
            value: Arc::new(Node::Value(value.into_value())),
        }))
    }

    /// One row of defaults: `DEFAULT VALUES`, or `() VALUES ()`.
    #[must_use]
    pub fn default_row(mut self) -> Self {
        self.node.columns.clear();
        self.node.rows = vec![Vec::new()];
        self
    }

    /// The rows of a query, whose columns become these: `INSERT INTO … SELECT …`.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Expression, insert_into, select};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let old = Table::build("old").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let copy = insert_into(&t).from_select(["n"], select(vec![old.c("n")]).filter(old.c("n").gt(1)));
    /// assert_eq!(
    ///     copy.to_sql(Dialect::SQLITE)?,
    ///     r#"INSERT INTO "t" ("n") SELECT "old"."n" FROM "old" WHERE "old"."n" > ?1"#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn from_select<C: Into<Cow<'static, str>>, S>(
        mut self,
        columns: impl IntoIterator<Item = C>,
        select: Select<S>,
    ) -> Self {
        self.node.columns = columns.into_iter().map(Into::into).collect();
        self.node.select = Some(select.node);
        self
    }

    /// Of [`on_conflict_do_update`](Insert::on_conflict_do_update): only where this is true of the row that is there.
    /// `DO UPDATE SET … WHERE condition`, which MySQL and MariaDB do not have.
    #[must_use]
    pub fn on_conflict_filter(mut self, condition: Expr<bool>) -> Self {
        // Without an upsert it has no target, which is an error when it is compiled.
        let none = || Conflict { target: Vec::new(), assignments: Vec::new(), filters: Vec::new() };
        self.node.conflict.get_or_insert_with(none).filters.push(condition.node);
        self
    }

    /// Where a row with the same values in these columns is there already, nothing happens.
    #[must_use]
    pub fn on_conflict_do_nothing<C: Into<Cow<'static, str>>>(
        mut self,
        target: impl IntoIterator<Item = C>,
    ) -> Self {
        let target = target.into_iter().map(Into::into).collect();
        self.node.conflict = Some(Conflict { target, assignments: Vec::new(), filters: Vec::new() });
        self
    }

    /// Where a row with the same values in these columns is there already, that row is changed;
    /// [`proposed`] is what this one would have put there.
    #[must_use]
    pub fn on_conflict_do_update<C: Into<Cow<'static, str>>>(
        mut self,
        target: impl IntoIterator<Item = C>,
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Self {
        let target = target.into_iter().map(Into::into).collect();
        let assignments = assignments.into_iter().collect();
        let filters = self.node.conflict.take().map_or_else(Vec::new, |conflict| conflict.filters);
        self.node.conflict = Some(Conflict { target, assignments, filters });
        self
    }

    /// `RETURNING` these of each row.
    pub fn returning<S: Selection>(mut self, selection: S) -> Insert<S::Row> {
        self.node.returning = selection.items();
        Insert { node: self.node, row: PhantomData }
    }
}

/// In an upsert: the value that the row which met another would have put into this column.
pub fn proposed<M: Entity, T: Typed>(column: Column<M, T>) -> Expr<T> {
    Expr::new(Node::Proposed(column.name().into()))
}

fn uneven(row: usize, column: &str) -> Error {
    Error::new(
        ErrorKind::Bind,
        format!("row {row} of the INSERT and the first one do not name the same columns: '{column}'"),
    )
}

/// UPDATE of one table; made by [`update`] or [`update_table`].
pub struct Update<R = ()> {
    pub(crate) node: UpdateNode,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone)]
pub(crate) struct UpdateNode {
    pub(crate) table: Table,
    pub(crate) from: Vec<Source>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) returning: Vec<Item>,
}

/// Changes rows of an entity.
pub fn update<M: Entity>() -> Update {
    update_table(M::table())
}

/// Changes rows of a table that is known at run time.
pub fn update_table(table: &Table) -> Update {
    let node = UpdateNode {
        table: table.clone(),
        from: Vec::new(),
        assignments: Vec::new(),
        filters: Vec::new(),
        returning: Vec::new(),
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
    pub fn from(mut self, source: impl Into<Source>) -> Self {
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
    pub(crate) table: Table,
    pub(crate) using: Vec<Source>,
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) returning: Vec<Item>,
}

/// Deletes rows of an entity.
pub fn delete<M: Entity>() -> Delete {
    delete_from(M::table())
}

/// Deletes rows of a table that is known at run time.
pub fn delete_from(table: &Table) -> Delete {
    let node =
        DeleteNode { table: table.clone(), using: Vec::new(), filters: Vec::new(), returning: Vec::new() };
    Delete { node, row: PhantomData }
}

impl<R> Delete<R> {
    /// Also sees the rows of this source: `DELETE FROM … USING source`. SQLite does not have it: there, and wherever else it is to
    /// run, filter by [`exists`](super::exists).
    #[must_use]
    pub fn using(mut self, source: impl Into<Source>) -> Self {
        self.node.using.push(source.into());
        self
    }

    /// `WHERE condition`, all of them when there are several.
    #[must_use]
    pub fn filter(mut self, condition: Expr<bool>) -> Self {
        self.node.filters.push(condition.node);
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

clone! { Insert Update Delete }

impl<R> fmt::Debug for Insert<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insert").field("table", &self.node.table).finish_non_exhaustive()
    }
}

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
