//! `&`, `|`, `!` of conditions; `+`, `-`, `*`, `/`, `%` of numbers. As in Rust, `/` of two integers is an integer, cut towards zero, on
//! every database; [`true_divide`](super::true_divide) is the other. `%` of numbers with a fraction is
//! [`Unsupported`](crate::ErrorKind::Unsupported) where the database has none: SQLite, and PostgreSQL of `f64`.

use std::any::TypeId;
use std::marker::PhantomData;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Rem, Sub};
use std::sync::Arc;

use super::columns::Column;
use super::expression::Expr;
use super::known::Known;
use super::node::{BinaryOperator, Node, Source};
use super::select::Select;
use super::typed::{Family, Matches, Operand, Typed, family};
use crate::schema::{Entity, SqlType};
use crate::url::Backend;
use crate::value::Value;

impl BitAnd for Expr<bool> {
    type Output = Expr<bool>;

    fn bitand(self, other: Self) -> Self {
        all([self, other])
    }
}

impl BitOr for Expr<bool> {
    type Output = Expr<bool>;

    fn bitor(self, other: Self) -> Self {
        any([self, other])
    }
}

impl Not for Expr<bool> {
    type Output = Expr<bool>;

    fn not(self) -> Self {
        let mut node = self.node;
        if let Node::Not(item) = &*node {
            return Expr::shared(Arc::clone(item));
        }
        match Arc::make_mut(&mut node) {
            Node::IsNull { negated, .. }
            | Node::In { negated, .. }
            | Node::InSelect { negated, .. }
            | Node::Between { negated, .. }
            | Node::Like { negated, .. }
            | Node::Exists { negated, .. } => *negated = !*negated,
            _ => return Expr::new(Node::Not(node)),
        }
        Expr::shared(node)
    }
}

/// All conditions at once; true when there are none.
pub fn all(conditions: impl IntoIterator<Item = Expr<bool>>) -> Expr<bool> {
    let mut conditions = conditions.into_iter();
    let (first, second) = match (conditions.next(), conditions.next()) {
        (Some(only), None) => return only,
        few => few,
    };
    let mut parts = Vec::new();
    for condition in first.into_iter().chain(second).chain(conditions) {
        match condition.node {
            // Of a chain the first one grows in its place.
            mut node if parts.is_empty() && matches!(&*node, Node::All(_)) => {
                if let Node::All(inner) = Arc::make_mut(&mut node) {
                    parts = std::mem::take(inner);
                }
            }
            node => match &*node {
                Node::All(inner) => parts.extend(inner.iter().cloned()),
                _ => parts.push(node),
            },
        }
    }
    Expr::new(Node::All(parts))
}

/// One condition at least; false when there are none.
pub fn any(conditions: impl IntoIterator<Item = Expr<bool>>) -> Expr<bool> {
    let mut conditions = conditions.into_iter();
    let (first, second) = match (conditions.next(), conditions.next()) {
        (Some(only), None) => return only,
        few => few,
    };
    let mut parts = Vec::new();
    for condition in first.into_iter().chain(second).chain(conditions) {
        match condition.node {
            // Of a chain the first one grows in its place.
            mut node if parts.is_empty() && matches!(&*node, Node::AnyOf(_)) => {
                if let Node::AnyOf(inner) = Arc::make_mut(&mut node) {
                    parts = std::mem::take(inner);
                }
            }
            node => match &*node {
                Node::AnyOf(inner) => parts.extend(inner.iter().cloned()),
                _ => parts.push(node),
            },
        }
    }
    Expr::new(Node::AnyOf(parts))
}

/// The rows of a query with one column, on the right of a comparison; made by [`any_of`] and [`all_of`].
#[derive(Debug)]
pub struct Quantified<T> {
    node: Arc<Node>,
    marker: PhantomData<fn() -> T>,
}

impl<T: Typed> Operand for Quantified<T> {
    type Family = T::Family;

    fn into_node(self) -> Arc<Node> {
        self.node
    }
}

/// One row of a query at least: `price > ANY (SELECT …)`. SQLite does not have it; there a comparison with `min` or `max` says the
/// same.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, any_of, select};
/// use rebis_core::Dialect;
///
/// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// let u = t.alias("u");
/// let bigger = select(vec![t.c("n")]).filter(t.c("n").gt(any_of(select(u.typed::<i64>("n")))));
/// assert_eq!(
///     bigger.to_sql(Dialect::POSTGRESQL)?,
///     r#"SELECT "t"."n" FROM "t" WHERE "t"."n" > ANY (SELECT "u"."n" FROM "t" AS "u")"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn any_of<T: Typed>(select: Select<(T,)>) -> Quantified<T> {
    Quantified {
        node: Arc::new(Node::Quantified { select: Arc::from(select.node), all: false }),
        marker: PhantomData,
    }
}

/// Every row of a query: `price > ALL (SELECT …)`; true when there is none. SQLite does not have it.
pub fn all_of<T: Typed>(select: Select<(T,)>) -> Quantified<T> {
    Quantified {
        node: Arc::new(Node::Quantified { select: Arc::from(select.node), all: true }),
        marker: PhantomData,
    }
}

macro_rules! arithmetic {
    ($($operation:ident $method:ident $operator:ident;)*) => {$(
        impl<T, V> $operation<V> for Expr<T>
        where
            T: Typed,
            T::Family: family::Number + Matches<V::Family>,
            V: Operand,
        {
            type Output = Expr<T>;

            fn $method(self, other: V) -> Expr<T> {
                calculate::<T, V::Family>(BinaryOperator::$operator, self.node, other.into_node())
            }
        }

        impl<M, T, V> $operation<V> for Column<M, T>
        where
            M: Entity,
            T: Typed,
            T::Family: family::Number + Matches<V::Family>,
            V: Operand,
        {
            type Output = Expr<T>;

            fn $method(self, other: V) -> Expr<T> {
                calculate::<T, V::Family>(BinaryOperator::$operator, self.into_node(), other.into_node())
            }
        }
    )*};
}

arithmetic! {
    Add add Add;
    Sub sub Subtract;
    Mul mul Multiply;
    Div div Divide;
    Rem rem Remainder;
}

fn calculate<T: Typed, F: Family>(operator: BinaryOperator, left: Arc<Node>, right: Arc<Node>) -> Expr<T> {
    let integer = TypeId::of::<family::Integer>();
    let integers = TypeId::of::<T::Family>() == integer && TypeId::of::<F>() == integer;
    if operator == BinaryOperator::Divide && integers {
        // `/` of MySQL makes a decimal of two integers, and that of PostgreSQL of what it counts as NUMERIC.
        let known = if is_whole(&left, LOOK) && is_whole(&right, LOOK) {
            Known::IntegerDivide
        } else if TypeId::of::<T::Nullable>() == TypeId::of::<Option<u64>>() {
            Known::UnsignedDivide
        } else {
            Known::WholeDivide
        };
        return Expr::new(Node::Known { known, arguments: vec![left, right] });
    }
    let one_is = |family| TypeId::of::<T::Family>() == family || TypeId::of::<F>() == family;
    if operator == BinaryOperator::Remainder && one_is(TypeId::of::<family::Float>()) {
        return Expr::new(Node::Known { known: Known::FloatRemainder, arguments: vec![left, right] });
    }
    if operator == BinaryOperator::Remainder && one_is(TypeId::of::<family::Decimal>()) {
        return Expr::new(Node::Known { known: Known::DecimalRemainder, arguments: vec![left, right] });
    }
    Expr::new(Node::Binary { operator, left, right })
}

/// How deep it is looked whether something is an integer.
const LOOK: usize = 4;

/// Whether it is surely of an integer type on PostgreSQL. What is not looked into is not.
fn is_whole(node: &Node, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return false };
    match node {
        Node::Column { source: Source::Table(table) | Source::Alias { table, .. }, name, .. } => {
            let column = table.column(name).map(|column| column.sql_type().on(Backend::Postgresql));
            column.is_some_and(is_whole_type)
        }
        Node::Value(Value::Int(_)) | Node::Digits(_) => true,
        Node::Value(Value::UInt(number)) => i64::try_from(*number).is_ok(),
        Node::Negate(item) => is_whole(item, below),
        Node::Binary { operator, left, right } => {
            use BinaryOperator::{Add, Multiply, Remainder, Subtract};
            matches!(operator, Add | Subtract | Multiply | Remainder)
                && is_whole(left, below)
                && is_whole(right, below)
        }
        Node::Known { known, .. } => {
            use Known::{BitAnd, BitNot, BitOr, BitXor, ShiftLeft, ShiftRight};
            let bits = matches!(known, BitAnd | BitOr | BitXor | BitNot | ShiftLeft | ShiftRight);
            bits || matches!(
                known,
                Known::IntegerDivide | Known::WholeDivide | Known::Length | Known::Extract(_)
            )
        }
        _ => false,
    }
}

fn is_whole_type(sql_type: &SqlType) -> bool {
    use SqlType::{BigInteger, Integer, SmallInteger, UnsignedInteger, UnsignedSmallInteger};
    matches!(sql_type, SmallInteger | Integer | BigInteger | UnsignedSmallInteger | UnsignedInteger)
}

impl<T: Typed> Neg for Expr<T>
where
    T::Family: family::Number,
{
    type Output = Expr<T>;

    fn neg(self) -> Expr<T> {
        Expr::new(Node::Negate(self.node))
    }
}
