//! Several values compared at once: `(a, b) IN ((1, 2), …)`.

use std::sync::Arc;

use super::expression::Expr;
use super::node::{BinaryOperator, Node};
use super::select::Select;
use super::typed::{Matches, Operand, Typed};

/// A tuple of two to four operands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of SQL values",
    note = "give a tuple of two to four columns, expressions or values: `tuple((User::id, User::name))`"
)]
pub trait RowOperand {
    /// What each of them compares with.
    type Families;
    #[doc(hidden)]
    fn into_row(self) -> Vec<Arc<Node>>;
}

/// What the columns of a query's rows compare with.
pub trait RowOf {
    /// One by one.
    type Families;
}

macro_rules! rows {
    ($($name:ident $other:ident)*) => {
        impl<$($name: Operand),*> RowOperand for ($($name,)*) {
            type Families = ($($name::Family,)*);

            fn into_row(self) -> Vec<Arc<Node>> {
                #[allow(non_snake_case, reason = "the names are the types'")]
                let ($($name,)*) = self;
                vec![$($name.into_node()),*]
            }
        }

        impl<$($name: Typed),*> RowOf for ($($name,)*) {
            type Families = ($($name::Family,)*);
        }

        impl<$($name: Matches<$other>, $other),*> Matches<($($other,)*)> for ($($name,)*) {}
    };
}

rows! { A J B K }
rows! { A J B K C L }
rows! { A J B K C L D M }

/// A row of values, to be compared with others as one; made by [`tuple()`].
#[derive(Debug)]
pub struct Tuple<S>(S);

/// Columns or expressions, to be compared with others as one.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{select, tuple};
/// use rebis_core::Dialect;
///
/// let t = Table::build("t")
///     .column(ColumnDef::new("a", SqlType::Integer))
///     .column(ColumnDef::new("b", SqlType::Integer))
///     .finish()?;
/// let pairs = || tuple((t.c("a"), t.c("b"))).in_list([(1, 2), (3, 4)]);
/// let statement = select(vec![t.c("a")]).filter(pairs());
/// assert_eq!(
///     statement.to_sql(Dialect::POSTGRESQL)?,
///     r#"SELECT "t"."a" FROM "t" WHERE ("t"."a", "t"."b") IN (($1, $2), ($3, $4))"#
/// );
/// assert_eq!(
///     statement.to_sql(Dialect::SQLITE)?,
///     r#"SELECT "t"."a" FROM "t" WHERE ("t"."a", "t"."b") IN (VALUES (?1, ?2), (?3, ?4))"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn tuple<S: RowOperand>(row: S) -> Tuple<S> {
    Tuple(row)
}

fn row(row: impl RowOperand) -> Arc<Node> {
    Arc::new(Node::Row(row.into_row()))
}

impl<S: RowOperand> Tuple<S> {
    fn compare<V: RowOperand>(self, operator: BinaryOperator, other: V) -> Expr<bool> {
        Expr::new(Node::Binary { operator, left: row(self.0), right: row(other) })
    }

    /// `(…) = (…)`.
    pub fn eq<V: RowOperand>(self, other: V) -> Expr<bool>
    where
        S::Families: Matches<V::Families>,
    {
        self.compare(BinaryOperator::Equal, other)
    }

    /// `(…) < (…)`: the first that differ decide. With `gt`, how to go on behind a page's last row.
    pub fn lt<V: RowOperand>(self, other: V) -> Expr<bool>
    where
        S::Families: Matches<V::Families>,
    {
        self.compare(BinaryOperator::Less, other)
    }

    /// `(…) > (…)`: the first that differ decide.
    pub fn gt<V: RowOperand>(self, other: V) -> Expr<bool>
    where
        S::Families: Matches<V::Families>,
    {
        self.compare(BinaryOperator::Greater, other)
    }

    /// `(…) IN ((…), …)`; false for every row when the list is empty.
    pub fn in_list<V: RowOperand>(self, list: impl IntoIterator<Item = V>) -> Expr<bool>
    where
        S::Families: Matches<V::Families>,
    {
        let list = list.into_iter().map(row).collect();
        Expr::new(Node::In { item: row(self.0), list, negated: false })
    }

    /// `(…) IN (SELECT …)`, of a query with as many columns.
    pub fn in_select<R: RowOf>(self, select: Select<R>) -> Expr<bool>
    where
        S::Families: Matches<R::Families>,
    {
        Expr::new(Node::InSelect { item: row(self.0), select: Arc::from(select.node), negated: false })
    }
}
