//! Functions, CASE, windows.

use std::sync::Arc;

use super::expression::{Expr, Expression};
use super::node::{Call, Node};
use super::typed::{Operand, ResultOf, Summed, Typed, family};

pub(super) fn call<T>(name: &'static str, arguments: Vec<Arc<Node>>) -> Expr<T> {
    Expr::new(Node::Function(Call { name, arguments, ..Call::default() }))
}

/// Any function by its name, which is a literal and goes into the text as it stands; its result is read as a `T`.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::sql::{func, literal, select};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// assert_eq!(conn.scalar::<i64>(select(func::<i64>("instr", (literal("abc"), literal("c")))))?, 3);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn func<T: Typed>(name: &'static str, arguments: impl IntoArguments) -> Expr<T> {
    call(name, arguments.into_arguments())
}

/// The arguments of a function: a tuple of up to eight operands, or none.
pub trait IntoArguments {
    #[doc(hidden)]
    fn into_arguments(self) -> Vec<Arc<Node>>;
}

macro_rules! arguments {
    ($($name:ident)*) => {
        impl<$($name: Operand),*> IntoArguments for ($($name,)*) {
            fn into_arguments(self) -> Vec<Arc<Node>> {
                #[allow(non_snake_case, reason = "the names are the types'")]
                let ($($name,)*) = self;
                vec![$($name.into_node()),*]
            }
        }
    };
}

arguments! {}
arguments! { A }
arguments! { A B }
arguments! { A B C }
arguments! { A B C D }
arguments! { A B C D E }
arguments! { A B C D E F }
arguments! { A B C D E F G }
arguments! { A B C D E F G H }

/// `count(expression)`: how many values are not NULL.
pub fn count<E: Expression>(expression: E) -> Expr<i64> {
    call("count", vec![expression.into_node()])
}

/// `count(*)`: how many rows there are.
pub fn count_all() -> Expr<i64> {
    call("count", vec![Arc::new(Node::Star)])
}

/// `min(expression)`: NULL without rows.
pub fn min<E: Expression>(expression: E) -> Expr<<E::Type as Typed>::Nullable> {
    call("min", vec![expression.into_node()])
}

/// `max(expression)`: NULL without rows.
pub fn max<E: Expression>(expression: E) -> Expr<<E::Type as Typed>::Nullable> {
    call("max", vec![expression.into_node()])
}

/// `sum(expression)`: NULL without rows. A sum of whole numbers is read as an `i64`, also of smaller ones; where the database makes a
/// decimal of it, it must be whole and fit.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::schema::{ColumnDef, Table};
/// use rebis_core::sql::{insert_into, select, sum};
///
/// let flights = Table::build("flights").column(ColumnDef::of::<i32>("meters")).finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&flights)?;
/// for _ in 0..2 {
///     conn.execute(insert_into(&flights).values([("meters", i32::MAX)])?)?;
/// }
/// let total: Option<i64> = conn.scalar(select(sum(flights.typed::<i32>("meters"))))?;
/// assert_eq!(total, Some(4_294_967_294));
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn sum<E: Expression>(expression: E) -> Expr<<E::Type as Summed>::Sum>
where
    E::Type: Summed,
{
    call("sum", vec![expression.into_node()])
}

/// `avg(expression)`: NULL without rows.
pub fn avg<E: Expression>(expression: E) -> Expr<Option<f64>>
where
    E::Family: family::Number,
{
    call("avg", vec![expression.into_node()])
}

/// `lower(expression)`.
pub fn lower<E: Expression<Family = family::Text>>(expression: E) -> Expr<E::Type> {
    call("lower", vec![expression.into_node()])
}

/// `upper(expression)`.
pub fn upper<E: Expression<Family = family::Text>>(expression: E) -> Expr<E::Type> {
    call("upper", vec![expression.into_node()])
}

/// `coalesce(first, second)`: the first, or the second where that is NULL.
pub fn coalesce<E: Expression, V: ResultOf<Family = E::Family>>(first: E, second: V) -> Expr<V::Result> {
    call("coalesce", vec![first.into_node(), second.into_node()])
}

/// `CASE WHEN condition THEN value … END`.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, case, select};
/// use rebis_core::Dialect;
///
/// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// let size = case(t.c("n").gt(10), "big").when(t.c("n").gt(5), "middling").otherwise("small");
/// assert_eq!(
///     select(size).to_sql(Dialect::SQLITE)?,
///     r#"SELECT CASE WHEN "t"."n" > ?1 THEN ?2 WHEN "t"."n" > ?3 THEN ?4 ELSE ?5 END FROM "t""#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn case<V: ResultOf>(condition: Expr<bool>, value: V) -> Case<V::Result> {
    Case { branches: vec![(condition.node, value.into_node())], marker: std::marker::PhantomData }
}

/// A CASE under way; ends with [`otherwise`](Case::otherwise) or [`end`](Case::end).
#[derive(Debug)]
#[must_use = "a CASE is an expression after `otherwise` or `end`"]
pub struct Case<T> {
    branches: Vec<(Arc<Node>, Arc<Node>)>,
    marker: std::marker::PhantomData<fn() -> T>,
}

impl<T: Typed> Case<T> {
    /// Another branch, looked at when none before was true.
    pub fn when<V: Operand<Family = T::Family>>(mut self, condition: Expr<bool>, value: V) -> Self {
        self.branches.push((condition.node, value.into_node()));
        self
    }

    /// The value when no condition is true.
    pub fn otherwise<V: Operand<Family = T::Family>>(self, value: V) -> Expr<T> {
        Expr::new(Node::Case { branches: self.branches, otherwise: Some(value.into_node()) })
    }

    /// NULL when no condition is true.
    pub fn end(self) -> Expr<T::Nullable> {
        Expr::new(Node::Case { branches: self.branches, otherwise: None })
    }
}
