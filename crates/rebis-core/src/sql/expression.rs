//! Expressions: columns, values and what is made of them, with the type that the result has in Rust.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::known::{Known, digits, known};
use super::node::{BinaryOperator, Call, Node, Ordering};
use super::select::Select;
use super::typed::{ElementOf, Matches, Operand, ResultOf, Typed, family};
use crate::schema::{ColumnType, SqlType};
use crate::value::Value;

/// An expression whose value is a `T` in Rust.
///
/// Conditions are `Expr<bool>`; they combine by `&`, `|` and `!`.
pub struct Expr<T> {
    pub(crate) node: Arc<Node>,
    pub(crate) nullable: bool,
    marker: PhantomData<fn() -> T>,
}

impl<T> Expr<T> {
    pub(crate) fn new(node: Node) -> Self {
        Expr::shared(Arc::new(node))
    }

    pub(crate) fn shared(node: Arc<Node>) -> Self {
        Expr { node, nullable: false, marker: PhantomData }
    }
}

impl<T> Clone for Expr<T> {
    fn clone(&self) -> Self {
        Expr { node: Arc::clone(&self.node), nullable: self.nullable, marker: PhantomData }
    }
}

impl<T> fmt::Debug for Expr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.node).finish()
    }
}

impl<T: Typed> Operand for Expr<T> {
    type Family = T::Family;

    fn into_node(self) -> Arc<Node> {
        self.node
    }
}

impl<T: Typed> ResultOf for Expr<T> {
    type Result = T;
}

/// A value as an expression.
pub fn literal<V: ResultOf>(value: V) -> Expr<V::Result> {
    Expr::shared(value.into_node())
}

/// What columns and expressions have in common.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::Dialect;
/// use rebis_core::sql::{Expression, select};
///
/// let users = Table::build("users").column(ColumnDef::new("id", SqlType::Integer).primary_key());
/// let users = users.column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let name = users.c("name").type_coerce::<String>();
/// let found = select(vec![users.c("id")]).filter(name.starts_with("5%") & users.c("id").in_list([1, 2]));
/// assert_eq!(
///     found.to_sql_with_values(Dialect::SQLITE)?,
///     r#"SELECT "users"."id" FROM "users" WHERE "users"."name" LIKE '5/%%' ESCAPE '/' AND "users"."id" IN (1, 2)"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[allow(clippy::wrong_self_convention, reason = "an expression is consumed by what is made of it")]
pub trait Expression: Operand + Sized {
    /// The type of the value in Rust.
    type Type: Typed<Family = Self::Family>;

    /// The same as an [`Expr`].
    fn expr(self) -> Expr<Self::Type> {
        Expr::shared(self.into_node())
    }

    /// `self = other`; with `None` for the other, `self IS NULL`.
    fn eq<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        equality(BinaryOperator::Equal, self.into_node(), other.into_node())
    }

    /// `self <> other`; with `None` for the other, `self IS NOT NULL`.
    fn ne<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        equality(BinaryOperator::NotEqual, self.into_node(), other.into_node())
    }

    /// `self < other`.
    fn lt<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::Less, self.into_node(), other.into_node())
    }

    /// `self <= other`.
    fn le<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::LessOrEqual, self.into_node(), other.into_node())
    }

    /// `self > other`.
    fn gt<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::Greater, self.into_node(), other.into_node())
    }

    /// `self >= other`.
    fn ge<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::GreaterOrEqual, self.into_node(), other.into_node())
    }

    /// Whether both are equal or both are NULL: `IS NOT DISTINCT FROM`, `<=>`, `IS`.
    fn is_not_distinct_from<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::Same, self.into_node(), other.into_node())
    }

    /// The opposite of [`is_not_distinct_from`](Expression::is_not_distinct_from).
    fn is_distinct_from<V: Operand>(self, other: V) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        binary(BinaryOperator::Different, self.into_node(), other.into_node())
    }

    /// `self IS NULL`.
    fn is_null(self) -> Expr<bool> {
        Expr::new(Node::IsNull { item: self.into_node(), negated: false })
    }

    /// `self IS NOT NULL`.
    fn is_not_null(self) -> Expr<bool> {
        Expr::new(Node::IsNull { item: self.into_node(), negated: true })
    }

    /// `self BETWEEN low AND high`.
    fn between<L: Operand, H: Operand>(self, low: L, high: H) -> Expr<bool>
    where
        Self::Family: Matches<L::Family> + Matches<H::Family>,
    {
        let (low, high) = (low.into_node(), high.into_node());
        Expr::new(Node::Between { item: self.into_node(), low, high, negated: false })
    }

    /// `self IN (…)`; false for every row, also for NULL, when the list is empty.
    fn in_list<V: Operand>(self, list: impl IntoIterator<Item = V>) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        let list = list.into_iter().map(Operand::into_node).collect();
        Expr::new(Node::In { item: self.into_node(), list, negated: false })
    }

    /// `self NOT IN (…)`; true for every row when the list is empty.
    fn not_in_list<V: Operand>(self, list: impl IntoIterator<Item = V>) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
    {
        let list = list.into_iter().map(Operand::into_node).collect();
        Expr::new(Node::In { item: self.into_node(), list, negated: true })
    }

    /// `self IN (SELECT …)`, of a query with one column.
    fn in_select<T: Typed>(self, select: Select<(T,)>) -> Expr<bool>
    where
        Self::Family: Matches<T::Family>,
    {
        let select = Arc::from(select.node);
        Expr::new(Node::InSelect { item: self.into_node(), select, negated: false })
    }

    /// Ascending, for `order_by`.
    fn asc(self) -> Ordering {
        Ordering { node: self.into_node(), descending: false, nulls_first: None }
    }

    /// Descending, for `order_by`.
    fn desc(self) -> Ordering {
        Ordering { node: self.into_node(), descending: true, nulls_first: None }
    }

    /// The same, read as an `Option`: needed for a column from the side of an outer join that may have no row.
    fn nullable(self) -> Expr<<Self::Type as Typed>::Nullable> {
        Expr { node: self.into_node(), nullable: true, marker: PhantomData }
    }

    /// `CAST(self AS …)`.
    fn cast<T: Typed>(self, to: SqlType) -> Expr<T> {
        Expr::new(Node::Cast { item: self.into_node(), to })
    }

    /// `CAST(self AS …)`, as the type of a `T`'s columns.
    ///
    /// ```
    /// use rebis_core::sql::{Expression, literal, select};
    /// use rebis_core::{Dialect, Engine};
    ///
    /// let statement = select(literal("12").cast_as::<i64>());
    /// assert_eq!(statement.to_sql(Dialect::MYSQL)?, "SELECT CAST(? AS SIGNED)");
    /// assert_eq!(Engine::new("sqlite://")?.connect()?.scalar::<i64>(statement)?, 12);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// NULL stays NULL: of what may be NULL, say `cast_as::<Option<i64>>()`.
    fn cast_as<T: Typed + ColumnType>(self) -> Expr<T> {
        self.cast(T::sql_type())
    }

    /// The same, taken for a `T` in Rust: it compares as one and is read as one. The statement stays what it is.
    ///
    /// ```
    /// use rebis_core::sql::{Expression, literal, select};
    /// use rebis_core::{Dialect, Engine};
    ///
    /// let statement = select(literal(1).type_coerce::<bool>());
    /// assert_eq!(statement.to_sql(Dialect::MYSQL)?, "SELECT ?");
    /// assert!(Engine::new("sqlite://")?.connect()?.scalar::<bool>(statement)?);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    fn type_coerce<T: Typed>(self) -> Expr<T> {
        Expr::shared(self.into_node())
    }

    /// `self LIKE pattern`: `%` and `_` in the pattern stand for any text and any character.
    fn like(self, pattern: impl Operand<Family = family::Text>) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        like(self.into_node(), pattern.into_node(), false)
    }

    /// [`like`](Expression::like) whatever the case: `lower(self) LIKE lower(pattern)`. Which letters are the same but for their case the
    /// database decides; SQLite knows those of ASCII.
    ///
    /// ```
    /// use rebis_core::sql::{Expression, literal, select};
    /// use rebis_core::{Dialect, Engine};
    ///
    /// let statement = select(literal("Ed Jones").ilike("ED%"));
    /// assert_eq!(statement.to_sql(Dialect::POSTGRESQL)?, "SELECT lower($1) LIKE lower($2)");
    /// assert!(Engine::new("sqlite://")?.connect()?.scalar::<bool>(statement)?);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    fn ilike(self, pattern: impl Operand<Family = family::Text>) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        let lower =
            |node| Arc::new(Node::Function(Call { name: "lower", arguments: vec![node], ..Call::default() }));
        like(lower(self.into_node()), lower(pattern.into_node()), false)
    }

    /// Whether the text begins like this; what stands in it stands for itself.
    fn starts_with(self, text: &str) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        like(self.into_node(), pattern("", text, "%"), true)
    }

    /// Whether the text ends like this; what stands in it stands for itself.
    fn ends_with(self, text: &str) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        like(self.into_node(), pattern("%", text, ""), true)
    }

    /// Whether the text is in it; what stands in it stands for itself.
    fn contains(self, text: &str) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        like(self.into_node(), pattern("%", text, "%"), true)
    }

    /// Both texts, one behind the other: `||`, or `concat` on MySQL.
    fn concat<V: Operand<Family = family::Text>>(self, other: V) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Text>,
    {
        let (left, right) = (self.into_node(), other.into_node());
        Expr::new(Node::Binary { operator: BinaryOperator::Concatenate, left, right })
    }

    /// The bits that both have: `self & other`.
    fn bit_and<V: Operand<Family = family::Integer>>(self, other: V) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        known(Known::BitAnd, vec![self.into_node(), other.into_node()])
    }

    /// The bits that one of them has: `self | other`.
    fn bit_or<V: Operand<Family = family::Integer>>(self, other: V) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        known(Known::BitOr, vec![self.into_node(), other.into_node()])
    }

    /// The bits that only one of them has: `self ^ other`, `#` on PostgreSQL.
    fn bit_xor<V: Operand<Family = family::Integer>>(self, other: V) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        known(Known::BitXor, vec![self.into_node(), other.into_node()])
    }

    /// The bits that it does not have: `~self`.
    fn bit_not(self) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        known(Known::BitNot, vec![self.into_node()])
    }

    /// The bits moved to the left: `self << count`.
    fn shift_left(self, count: u8) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        match count {
            // PostgreSQL counts modulo 64; NULL stays NULL.
            64.. => known(Known::BitAnd, vec![self.into_node(), digits(0)]),
            _ => known(Known::ShiftLeft, vec![self.into_node(), digits(count.into())]),
        }
    }

    /// The bits moved to the right, those of a negative number filled with its sign: `self >> count`.
    fn shift_right(self, count: u8) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Integer>,
    {
        match count {
            0 => Expr::shared(self.into_node()),
            // What is behind the last bit is the sign again.
            _ => known(Known::ShiftRight, vec![self.into_node(), digits(count.min(63).into())]),
        }
    }

    /// An operator of the database's own between two operands: `self @> other`. It is a literal and goes into the text as it
    /// stands; what it gives is said by the first parameter. Operators of a type of one's own are an extension trait that calls this.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::sql::{Expression, literal, select};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let found = literal("Zoe").op::<bool>("GLOB", "Z*");
    /// assert!(conn.scalar::<bool>(select(found))?);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    fn op<T: Typed>(self, operator: &'static str, other: impl Operand) -> Expr<T> {
        let (left, right) = (self.into_node(), other.into_node());
        Expr::new(Node::Operator { operator, left, right })
    }

    /// Whether a regular expression finds something in the text: `~`, `REGEXP`. The language is the database's, on MySQL and
    /// MariaDB capitals count by the column's collation; SQLite has none.
    fn regexp_match(self, pattern: impl Operand<Family = family::Text>) -> Expr<bool>
    where
        Self: Operand<Family = family::Text>,
    {
        known(Known::RegularExpression, vec![self.into_node(), pattern.into_node()])
    }

    /// Compared and ordered by this collation: `self COLLATE "name"`. The names are the database's.
    fn collate(self, name: &'static str) -> Expr<Self::Type>
    where
        Self: Operand<Family = family::Text>,
    {
        Expr::new(Node::Collate { item: self.into_node(), name })
    }

    /// Whether it is equal to an element of an array: `self = ANY (array)`. PostgreSQL only; elsewhere `in_list`.
    fn eq_any<V: ElementOf>(self, array: Vec<V>) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
        Vec<V>: Into<Value>,
    {
        against(self.into_node(), array.into(), false)
    }

    /// Whether it is equal to no element of an array: `self <> ALL (array)`. PostgreSQL only; elsewhere `not_in_list`.
    fn ne_all<V: ElementOf>(self, array: Vec<V>) -> Expr<bool>
    where
        Self::Family: Matches<V::Family>,
        Vec<V>: Into<Value>,
    {
        against(self.into_node(), array.into(), true)
    }
}

impl<T: Typed> Expression for Expr<T> {
    type Type = T;

    fn expr(self) -> Expr<T> {
        self
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node, Node::Value(Value::Null))
}

fn equality(operator: BinaryOperator, left: Arc<Node>, right: Arc<Node>) -> Expr<bool> {
    if is_null(&right) {
        return Expr::new(Node::IsNull { item: left, negated: operator == BinaryOperator::NotEqual });
    }
    binary(operator, left, right)
}

fn binary(operator: BinaryOperator, left: Arc<Node>, right: Arc<Node>) -> Expr<bool> {
    Expr::new(Node::Binary { operator, left, right })
}

fn like(item: Arc<Node>, pattern: Arc<Node>, escaped: bool) -> Expr<bool> {
    Expr::new(Node::Like { item, pattern, escaped, negated: false })
}

/// The character that takes their meaning from the others in a pattern of ours.
pub(crate) const ESCAPE: char = '/';

fn pattern(before: &str, text: &str, behind: &str) -> Arc<Node> {
    let mut pattern = String::from(before);
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push_str(behind);
    Arc::new(Node::Value(Value::Text(pattern)))
}

fn against(item: Arc<Node>, array: Value, all: bool) -> Expr<bool> {
    Expr::new(Node::Array { item, array: Arc::new(Node::Value(array)), all })
}
