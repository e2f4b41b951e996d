//! INSERT, UPDATE, DELETE.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::expression::{Column, Expr};
use super::node::Node;
use super::select::{Item, Selection};
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
    pub(crate) conflict: Option<Conflict>,
    pub(crate) returning: Vec<Item>,
}

/// What an INSERT does about a row that is there already.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) target: Vec<Cow<'static, str>>,
    pub(crate) assignments: Vec<Assignment>,
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

    /// Where a row with the same values in these columns is there already, nothing happens.
    #[must_use]
    pub fn on_conflict_do_nothing<C: Into<Cow<'static, str>>>(
        mut self,
        target: impl IntoIterator<Item = C>,
    ) -> Self {
        let target = target.into_iter().map(Into::into).collect();
        self.node.conflict = Some(Conflict { target, assignments: Vec::new() });
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
        self.node.conflict = Some(Conflict { target, assignments: assignments.into_iter().collect() });
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
        assignments: Vec::new(),
        filters: Vec::new(),
        returning: Vec::new(),
    };
    Update { node, row: PhantomData }
}

impl<R> Update<R> {
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
    pub(crate) filters: Vec<Arc<Node>>,
    pub(crate) returning: Vec<Item>,
}

/// Deletes rows of an entity.
pub fn delete<M: Entity>() -> Delete {
    delete_from(M::table())
}

/// Deletes rows of a table that is known at run time.
pub fn delete_from(table: &Table) -> Delete {
    let node = DeleteNode { table: table.clone(), filters: Vec::new(), returning: Vec::new() };
    Delete { node, row: PhantomData }
}

impl<R> Delete<R> {
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
