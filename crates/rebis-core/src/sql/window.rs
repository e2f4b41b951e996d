//! Aggregates with an order, and windows.

use std::sync::Arc;

use super::expression::{Expr, Expression};
use super::functions::call;
use super::node::{Call, Node, Ordering, Window};
use super::typed::{ElementOf, Typed, family};

impl<T> Expr<T> {
    /// Of an aggregate: only different values, `count(DISTINCT …)`.
    #[must_use]
    pub fn distinct(self) -> Self {
        self.aggregate(|call| call.distinct = true)
    }

    /// Of an aggregate: only the rows for which this is true, and what other filters ask for, `… FILTER (WHERE …)`; where the
    /// database has no FILTER by CASE, of those aggregates that do not count NULL.
    #[must_use]
    pub fn filter(self, condition: Expr<bool>) -> Self {
        self.aggregate(|call| {
            let before = call.filter.take().map(Expr::shared);
            call.filter = Some(before.map_or(condition.clone(), |before| before & condition).node);
        })
    }

    /// Of [`string_agg`] and [`array_agg`]: the order of the rows in them, behind the keys before.
    #[must_use]
    pub fn aggregate_order_by(self, key: impl Into<Ordering>) -> Self {
        self.aggregate(|call| call.order_by.push(key.into()))
    }

    /// Of a function like `percentile_cont`: the rows in this order, `… WITHIN GROUP (ORDER BY …)`. PostgreSQL only.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{func, select};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let median = func::<Option<f64>>("percentile_cont", (0.5,)).within_group(t.c("n"));
    /// assert_eq!(
    ///     select(median).from(&t).to_sql(Dialect::POSTGRESQL)?,
    ///     r#"SELECT percentile_cont($1) WITHIN GROUP (ORDER BY "t"."n") FROM "t""#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn within_group(self, key: impl Into<Ordering>) -> Self {
        self.aggregate(|call| call.within_group.push(key.into()))
    }

    fn aggregate(self, change: impl FnOnce(&mut Call)) -> Self {
        let mut node = self.node;
        match Arc::make_mut(&mut node) {
            Node::Function(call) => change(call),
            Node::Over { function, .. } => {
                let aggregate = Expr::<T>::shared(Arc::clone(function)).aggregate(change);
                *function = aggregate.node;
            }
            // The renderer refuses a call without a name; to leave the change out would be another answer.
            _ => {
                let mut call = Call { arguments: vec![node], ..Call::default() };
                change(&mut call);
                return Expr::new(Node::Function(call));
            }
        }
        Expr::shared(node)
    }

    /// Over a window of rows instead of a group: `… OVER (PARTITION BY … ORDER BY …)`.
    #[must_use]
    pub fn over(self, window: WindowSpec) -> Self {
        Expr::new(Node::Over { function: self.node, window: Arc::new(window.0) })
    }
}

/// The texts of all rows with a separator between them; NULL without rows. `string_agg(…)` on PostgreSQL, `group_concat(…)` on
/// the others. The separator is part of the statement's text, because MySQL takes no parameter there. SQLite has no
/// [`distinct`](Expr::distinct) of it.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, select, string_agg};
/// use rebis_core::Dialect;
///
/// let t = Table::build("t").column(ColumnDef::new("s", SqlType::Text)).finish()?;
/// let names = select(string_agg(t.c("s").cast::<String>(SqlType::Text), ", ").aggregate_order_by(t.c("s")));
/// assert_eq!(
///     names.to_sql(Dialect::POSTGRESQL)?,
///     r#"SELECT string_agg(CAST("t"."s" AS VARCHAR), ', ' ORDER BY "t"."s") FROM "t""#
/// );
/// assert_eq!(
///     names.to_sql(Dialect::MYSQL)?,
///     "SELECT group_concat(CAST(`t`.`s` AS CHAR) ORDER BY `t`.`s` SEPARATOR ', ') FROM `t`"
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn string_agg<E: Expression<Family = family::Text>>(
    text: E,
    separator: &'static str,
) -> Expr<<E::Type as Typed>::Nullable> {
    let arguments = vec![text.into_node()];
    Expr::new(Node::Function(Call { arguments, separator: Some(separator), ..Call::default() }))
}

/// `array_agg(expression)`: the values of all rows as an array; NULL without rows. PostgreSQL only.
pub fn array_agg<E: Expression>(expression: E) -> Expr<Option<Vec<E::Type>>>
where
    E::Type: ElementOf,
    Vec<E::Type>: Typed<Nullable = Option<Vec<E::Type>>>,
{
    let arguments = vec![expression.into_node()];
    Expr::new(Node::Function(Call { name: "array_agg", arguments, of_arrays: true, ..Call::default() }))
}

/// `row_number()`, to be used [`over`](Expr::over) a window.
pub fn row_number() -> Expr<i64> {
    call("row_number", Vec::new())
}

/// `rank()`, to be used [`over`](Expr::over) a window.
pub fn rank() -> Expr<i64> {
    call("rank", Vec::new())
}

/// `dense_rank()`, to be used [`over`](Expr::over) a window.
pub fn dense_rank() -> Expr<i64> {
    call("dense_rank", Vec::new())
}

/// `ntile(count)`: which of so many equal parts, from 1. To be used [`over`](Expr::over) a window.
pub fn ntile(count: u32) -> Expr<i64> {
    call("ntile", vec![Arc::new(Node::Digits(count.into()))])
}

/// `lag(expression, rows)`: the value so many rows before; NULL where there is none. To be used [`over`](Expr::over) a window.
pub fn lag<E: Expression>(expression: E, rows: u32) -> Expr<<E::Type as Typed>::Nullable> {
    call("lag", vec![expression.into_node(), Arc::new(Node::Digits(rows.into()))])
}

/// `lead(expression, rows)`: the value so many rows behind; NULL where there is none. To be used [`over`](Expr::over) a window.
pub fn lead<E: Expression>(expression: E, rows: u32) -> Expr<<E::Type as Typed>::Nullable> {
    call("lead", vec![expression.into_node(), Arc::new(Node::Digits(rows.into()))])
}

/// `first_value(expression)` of the frame. To be used [`over`](Expr::over) a window.
pub fn first_value<E: Expression>(expression: E) -> Expr<<E::Type as Typed>::Nullable> {
    call("first_value", vec![expression.into_node()])
}

/// `last_value(expression)` of the frame, which without another one ends at the row itself. To be used [`over`](Expr::over) a
/// window.
pub fn last_value<E: Expression>(expression: E) -> Expr<<E::Type as Typed>::Nullable> {
    call("last_value", vec![expression.into_node()])
}

/// A window of rows.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Dialect;
/// use rebis_core::sql::{Expression, FrameBound, select, sum, window};
///
/// let t = Table::build("t").column(ColumnDef::new("day", SqlType::Date)).column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// let week = window().order_by(t.c("day")).rows(FrameBound::Preceding(6), FrameBound::CurrentRow);
/// let sums = select(sum(t.c("n").type_coerce::<i64>()).over(week));
/// assert_eq!(
///     sums.to_sql(Dialect::SQLITE)?,
///     r#"SELECT sum("t"."n") OVER (ORDER BY "t"."day" ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM "t""#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct WindowSpec(Window);

/// The rows of a window that count, from one bound to the other.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) struct Frame {
    pub(crate) unit: FrameUnit,
    pub(crate) from: FrameBound,
    pub(crate) to: FrameBound,
    pub(crate) exclude: Option<FrameExclusion>,
}

/// What a frame's bounds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FrameUnit {
    Rows,
    Range,
    Groups,
}

/// Which rows of a frame do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameExclusion {
    /// The row itself.
    CurrentRow,
    /// The row itself and those that are equal to it in the order.
    Group,
    /// Those that are equal to it in the order, but not itself.
    Ties,
}

/// Where a window's frame begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameBound {
    /// At the window's first row.
    UnboundedPreceding,
    /// So many rows before, or, of a range, with a value smaller by at most this.
    Preceding(u32),
    /// At the row itself, or, of a range, at those that are equal in the order.
    CurrentRow,
    /// So many rows behind, or, of a range, with a value greater by at most this.
    Following(u32),
    /// At the window's last row.
    UnboundedFollowing,
}

/// A window over all rows, to be narrowed.
pub fn window() -> WindowSpec {
    WindowSpec::default()
}

impl WindowSpec {
    /// Only rows that have the same value here.
    #[must_use]
    pub fn partition_by<E: Expression>(mut self, expression: E) -> Self {
        self.0.partition_by.push(expression.into_node());
        self
    }

    /// In this order.
    #[must_use]
    pub fn order_by(mut self, key: impl Into<Ordering>) -> Self {
        self.0.order_by.push(key.into());
        self
    }

    /// `ROWS BETWEEN from AND to`.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{FrameBound, max, select, window};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let near = window().order_by(t.c("n")).rows(FrameBound::Preceding(1), FrameBound::CurrentRow);
    /// assert_eq!(
    ///     select(max(t.c("n")).over(near)).to_sql(Dialect::SQLITE)?,
    ///     r#"SELECT max("t"."n") OVER (ORDER BY "t"."n" ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM "t""#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn rows(mut self, from: FrameBound, to: FrameBound) -> Self {
        self.0.frame = Some(Frame { unit: FrameUnit::Rows, from, to, exclude: None });
        self
    }

    /// `RANGE BETWEEN from AND to`.
    #[must_use]
    pub fn range(mut self, from: FrameBound, to: FrameBound) -> Self {
        self.0.frame = Some(Frame { unit: FrameUnit::Range, from, to, exclude: None });
        self
    }

    /// `GROUPS BETWEEN from AND to`: counted in groups of rows that are equal in the order. MySQL and MariaDB do not have it.
    #[must_use]
    pub fn groups(mut self, from: FrameBound, to: FrameBound) -> Self {
        self.0.frame = Some(Frame { unit: FrameUnit::Groups, from, to, exclude: None });
        self
    }

    /// Of a frame: without these rows, `EXCLUDE …`. MySQL and MariaDB do not have it.
    #[must_use]
    pub fn exclude(mut self, rows: FrameExclusion) -> Self {
        if let Some(frame) = &mut self.0.frame {
            frame.exclude = Some(rows);
        }
        self
    }
}
