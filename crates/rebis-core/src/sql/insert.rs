//! INSERT and what it does about rows that are there already.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::columns::Column;
use super::cte::{Cte, CteNode};
use super::dml::Assignment;
use super::expression::Expr;
use super::node::Node;
use super::parameter::Binds;
use super::select::{Select, SelectNode};
use super::selection::{Item, Selection};
use super::typed::Typed;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Entity, Table};
use crate::value::IntoValue;

/// INSERT into one table; made by [`insert`] or [`insert_into`].
pub struct Insert<R = ()> {
    pub(crate) node: InsertNode,
    row: PhantomData<fn() -> R>,
}

#[derive(Debug, Clone)]
pub(crate) struct InsertNode {
    pub(crate) with: Vec<Arc<CteNode>>,
    pub(crate) table: Table,
    pub(crate) columns: Vec<Cow<'static, str>>,
    pub(crate) rows: Vec<Vec<Arc<Node>>>,
    /// The query whose rows are inserted.
    pub(crate) select: Option<Box<SelectNode>>,
    pub(crate) conflict: Option<Conflict>,
    pub(crate) returning: Vec<Item>,
    /// Whether the database takes the rows one after the other, so that keys that it counts ascend.
    pub(crate) ordered: bool,
    /// Whether the one row is an array for each column, and their elements are the rows.
    pub(crate) arrays: bool,
    pub(crate) binds: Binds,
}

/// What an INSERT does about a row that is there already.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) target: Vec<Cow<'static, str>>,
    /// Whether any key counts: there is no target.
    pub(crate) any: bool,
    /// Whether the row that is there changes.
    pub(crate) update: bool,
    /// The name of a constraint, in place of columns.
    pub(crate) constraint: Option<Cow<'static, str>>,
    /// The condition of a partial index on the columns.
    pub(crate) index_filters: Vec<Arc<Node>>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) filters: Vec<Arc<Node>>,
}

impl Conflict {
    /// Without a target it is an error when it is compiled.
    fn none() -> Self {
        Conflict {
            target: Vec::new(),
            any: false,
            update: false,
            constraint: None,
            index_filters: Vec::new(),
            assignments: Vec::new(),
            filters: Vec::new(),
        }
    }
}

/// Inserts rows of an entity.
pub fn insert<M: Entity>() -> Insert {
    insert_into(M::table())
}

/// Inserts rows into a table that is known at run time.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Engine;
/// use rebis_core::sql::{insert_into, select};
///
/// let users = Table::build("users").column(ColumnDef::new("id", SqlType::Integer).primary_key());
/// let users = users.column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&users)?;
/// conn.execute(insert_into(&users).values([("name", "ed")])?)?;
/// conn.execute(insert_into(&users).values([("name", "jo")])?.on_conflict_do_nothing(["id"]))?;
/// assert_eq!(conn.fetch_all::<(i64, String)>(select(vec![users.c("id"), users.c("name")]))?.len(), 2);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn insert_into(table: &Table) -> Insert {
    let node = InsertNode {
        with: Vec::new(),
        table: table.clone(),
        columns: Vec::new(),
        rows: Vec::new(),
        select: None,
        conflict: None,
        returning: Vec::new(),
        ordered: false,
        arrays: false,
        binds: Binds::default(),
    };
    Insert { node, row: PhantomData }
}

impl<R> Insert<R> {
    /// The table that its rows go into.
    pub fn table(&self) -> &Table {
        &self.node.table
    }

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

    /// Any number of rows. What is too much for one statement of the database is sent in several, of at most a thousand rows.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Assignment, count_all, insert_into, select};
    /// use rebis_core::{Engine, text};
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&t)?;
    /// let many = insert_into(&t).rows((0..50_000).map(|n| [Assignment::of("n", n)]))?;
    /// assert_eq!(conn.execute(many)?.rows_affected(), 50_000);
    /// assert_eq!(conn.scalar::<i64>(text("select count(*) from t"))?, 50_000);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`row`](Insert::row).
    pub fn rows<A: IntoIterator<Item = Assignment>>(
        mut self,
        rows: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        for row in rows {
            self = self.row(row)?;
        }
        Ok(self)
    }

    /// The columns of the rows that [`execute_many`](crate::Connection::execute_many) brings. Without it they are the table's, but
    /// for those that the database counts or computes.
    #[must_use]
    pub fn columns<C: Into<Cow<'static, str>>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.node.columns = columns.into_iter().map(Into::into).collect();
        self
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
        self.node.conflict.get_or_insert_with(Conflict::none).filters.push(condition.node);
        self
    }

    /// Of an upsert: the columns' index is one with this condition, `ON CONFLICT (…) WHERE condition`. MySQL and MariaDB have no
    /// partial indexes.
    #[must_use]
    pub fn on_conflict_index_filter(mut self, condition: Expr<bool>) -> Self {
        self.node.conflict.get_or_insert_with(Conflict::none).index_filters.push(condition.node);
        self
    }

    /// Where a row is there already that this constraint does not allow twice, nothing happens. PostgreSQL's only.
    #[must_use]
    pub fn on_constraint_do_nothing(mut self, constraint: impl Into<Cow<'static, str>>) -> Self {
        let conflict = self.node.conflict.get_or_insert_with(Conflict::none);
        conflict.constraint = Some(constraint.into());
        conflict.update = false;
        self
    }

    /// Where a row is there already that this constraint does not allow twice, that row is changed. PostgreSQL's only.
    #[must_use]
    pub fn on_constraint_do_update(
        mut self,
        constraint: impl Into<Cow<'static, str>>,
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Self {
        let conflict = self.node.conflict.get_or_insert_with(Conflict::none);
        conflict.constraint = Some(constraint.into());
        conflict.update = true;
        conflict.assignments = assignments.into_iter().collect();
        self
    }

    /// Where a row with the same values in these columns is there already, nothing happens.
    #[must_use]
    pub fn on_conflict_do_nothing<C: Into<Cow<'static, str>>>(
        mut self,
        target: impl IntoIterator<Item = C>,
    ) -> Self {
        let conflict = self.node.conflict.get_or_insert_with(Conflict::none);
        conflict.target = target.into_iter().map(Into::into).collect();
        conflict.update = false;
        self
    }

    /// Where the database refuses the row because of any other one that is there, nothing happens.
    #[must_use]
    pub fn on_any_conflict_do_nothing(mut self) -> Self {
        let conflict = self.node.conflict.get_or_insert_with(Conflict::none);
        conflict.any = true;
        conflict.update = false;
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
        let conflict = self.node.conflict.get_or_insert_with(Conflict::none);
        conflict.target = target.into_iter().map(Into::into).collect();
        conflict.update = true;
        conflict.assignments = assignments.into_iter().collect();
        self
    }

    /// `WITH` this in front. On MySQL and MariaDB only in front of the query of [`from_select`](Insert::from_select).
    #[must_use]
    pub fn with<C>(mut self, cte: &Cte<C>) -> Self {
        self.node.with.push(cte.node());
        self
    }

    /// `RETURNING` these of each row. The answer's rows come in the order of the rows that were inserted; those of an upsert and
    /// of [`from_select`](Insert::from_select) as the database gives them.
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

impl<R> Clone for Insert<R> {
    fn clone(&self) -> Self {
        Insert { node: self.node.clone(), row: PhantomData }
    }
}

impl<R> fmt::Debug for Insert<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insert").field("table", &self.node.table).finish_non_exhaustive()
    }
}
