//! Which Rust types may meet in one expression: families, so that an `i32` column compares with an `i64` and not with a text. And what
//! a type of one's own puts round its values and its columns.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use rust_decimal::Decimal as RustDecimal;
use uuid::Uuid as RustUuid;

use super::expression::Expr;
use super::node::Node;
use crate::schema::SqlEnum;
use crate::value::{Json as JsonOf, Range, RangeBound, Value};

/// Types that SQL compares with each other.
pub trait Family: 'static {}

/// The type of an expression, by what it becomes in Rust.
///
/// For a type of your own that binds and decodes, say which family it belongs to:
///
/// ```
/// use rebis_core::sql::{Literal, Typed, family};
/// use rebis_core::Value;
///
/// #[derive(Clone)]
/// struct Email(String);
///
/// impl From<Email> for Value {
///     fn from(email: Email) -> Value { email.0.into() }
/// }
/// impl Typed for Email {
///     type Family = family::Text;
///     type Nullable = Option<Email>;
/// }
/// impl Literal for Email {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of an SQL expression",
    note = "for a type of your own, write `impl rebis::sql::Typed for {Self}` with its family"
)]
pub trait Typed: 'static {
    /// What it compares with.
    type Family: Family;
    /// The same type with NULL.
    type Nullable: Typed<Family = Self::Family>;

    /// Whether it surely selects nothing else: then it is not asked.
    #[doc(hidden)]
    const SELECTS_ITSELF: bool = false;

    /// What is selected instead of a column or an expression of this type: itself, unless the type says otherwise. It stands in the
    /// outermost query and in RETURNING, nowhere else. How a type does it shows [`Literal::bind_expression`].
    fn column_expression(column: Expr<Self>) -> Expr<Self>
    where
        Self: Sized,
    {
        column
    }
}

impl<T: Typed<Nullable = Option<T>>> Typed for Option<T> {
    type Family = T::Family;
    type Nullable = Self;

    const SELECTS_ITSELF: bool = T::SELECTS_ITSELF;

    fn column_expression(column: Expr<Self>) -> Expr<Self> {
        Expr::shared(T::column_expression(Expr::shared(column.node)).node)
    }
}

/// What a type selects instead of an expression; `None` for the expression itself.
pub(super) fn read_as<T: Typed>() -> Option<fn(Arc<Node>) -> Arc<Node>> {
    if T::SELECTS_ITSELF { None } else { Some(|node| T::column_expression(Expr::shared(node)).node) }
}

/// Whether a type has room for NULL: then it is its own type with NULL.
pub(super) fn is_nullable<T: Typed>() -> bool {
    TypeId::of::<T>() == TypeId::of::<T::Nullable>()
}

/// Types whose values are summed, and what the sum is read as: wider than they are, because it has more digits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that can be summed",
    note = "sum numbers, or cast it: `.cast::<i64>(SqlType::BigInteger)`",
    note = "for a number type of your own, write `impl rebis::sql::Summed for {Self} {{ type Sum = Option<{Self}>; }}`"
)]
pub trait Summed: Typed {
    /// The sum, which is NULL without rows.
    type Sum: Typed;
}

impl<T: Summed> Summed for Option<T>
where
    Option<T>: Typed,
{
    type Sum = T::Sum;
}

/// A Rust value that stands for itself in an expression.
pub trait Literal: Into<Value> + Typed {
    /// What stands for a value of this type where it is compared, assigned or selected: itself, unless the type says otherwise. NULL
    /// stands for itself always.
    ///
    /// ```
    /// use rebis_core::sql::{Expr, Literal, Typed, family, func, literal, select};
    /// use rebis_core::value::Mismatch;
    /// use rebis_core::{Engine, FromValue, Value, ValueRef};
    ///
    /// /// Kept as hexadecimal digits.
    /// #[derive(Debug, PartialEq)]
    /// struct Token(Vec<u8>);
    ///
    /// impl From<Token> for Value {
    ///     fn from(token: Token) -> Value { token.0.into() }
    /// }
    /// impl FromValue for Token {
    ///     fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> { Vec::from_value(value).map(Token) }
    /// }
    /// impl Typed for Token {
    ///     type Family = family::Own<Token>;
    ///     type Nullable = Option<Token>;
    ///     fn column_expression(column: Expr<Self>) -> Expr<Self> { func("unhex", (column,)) }
    /// }
    /// impl Literal for Token {
    ///     fn bind_expression(value: Expr<Self>) -> Expr<Self> { func("hex", (value,)) }
    /// }
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let statement = select(literal(Token(vec![0, 255])));
    /// assert_eq!(statement.to_sql(rebis_core::Dialect::SQLITE)?, "SELECT unhex(hex(?1))");
    /// assert_eq!(conn.scalar::<Token>(statement)?, Token(vec![0, 255]));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    fn bind_expression(value: Expr<Self>) -> Expr<Self>
    where
        Self: Sized,
    {
        value
    }
}

impl<T: Literal + Typed<Nullable = Option<T>>> Literal for Option<T> {
    fn bind_expression(value: Expr<Self>) -> Expr<Self> {
        Expr::shared(T::bind_expression(Expr::shared(value.node)).node)
    }
}

/// What an expression compares or calculates with: a column, another expression, or a value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an expression nor a value of SQL",
    note = "for a value of a type of your own, write `impl rebis::sql::Literal for {Self} {{}}`"
)]
pub trait Operand {
    /// What it compares with.
    type Family: Family;
    /// Its place in the statement.
    #[doc(hidden)]
    fn into_node(self) -> Arc<Node>;
}

#[diagnostic::do_not_recommend]
impl<V: Literal> Operand for V {
    type Family = V::Family;

    fn into_node(self) -> Arc<Node> {
        match self.into() {
            Value::Null => Arc::new(Node::Value(Value::Null)),
            value => V::bind_expression(Expr::new(Node::Value(value))).node,
        }
    }
}

/// The type that an operand's value is read as.
pub trait ResultOf: Operand {
    /// The type.
    type Result: Typed;
}

#[diagnostic::do_not_recommend]
impl<V: Literal> ResultOf for V {
    type Result = V;
}

// What is borrowed is read as what owns.
macro_rules! borrowed {
    ($($family:ident: $rust:ty => $owned:ty;)*) => {$(
        impl Operand for $rust {
            type Family = family::$family;

            fn into_node(self) -> Arc<Node> {
                Arc::new(Node::Value(self.into()))
            }
        }

        impl ResultOf for $rust {
            type Result = $owned;
        }
    )*};
}

borrowed! {
    Text: &str => String;
    Text: Option<&str> => Option<String>;
    Bytes: &[u8] => Vec<u8>;
    Bytes: Option<&[u8]> => Option<Vec<u8>>;
}

/// That two families may meet.
#[diagnostic::on_unimplemented(
    message = "SQL does not compare {Self} with {F}",
    note = "cast one side: `.cast::<i64>(SqlType::BigInteger)`, or give a value of the column's type"
)]
pub trait Matches<F> {}

/// The families.
pub mod family {
    use std::marker::PhantomData;

    use super::{Family, Matches};

    macro_rules! families {
        ($($(#[$doc:meta])* $name:ident)*) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Family for $name {}
            impl Matches<$name> for $name {}
            impl Matches<Any> for $name {}
            impl Matches<$name> for Any {}
        )*};
    }

    families! {
        /// Whole numbers of every width.
        Integer
        /// Floating point numbers.
        Float
        /// Exact decimals.
        Decimal
        /// Text.
        Text
        /// Bytes.
        Bytes
        /// True and false.
        Bool
        /// Dates.
        Date
        /// Times of day.
        Time
        /// Dates with times.
        DateTime
        /// Moments.
        Timestamp
        /// Lengths of time.
        Interval
        /// UUIDs.
        Uuid
        /// JSON.
        Json
        /// Arrays.
        Array
        /// Addresses of hosts.
        Inet
    }

    /// Of a type that compares with itself only: `type Family = family::Own<Money>`.
    #[derive(Debug, Clone, Copy)]
    pub struct Own<T>(PhantomData<fn() -> T>);
    impl<T: 'static> Family for Own<T> {}
    impl<T> Matches<Own<T>> for Own<T> {}
    impl<T> Matches<Any> for Own<T> {}
    impl<T> Matches<Own<T>> for Any {}

    /// Of a type that is known at run time only: it meets every other.
    #[derive(Debug, Clone, Copy)]
    pub struct Any;
    impl Family for Any {}
    impl Matches<Any> for Any {}

    macro_rules! also {
        ($($one:ident $other:ident)*) => {$(
            impl Matches<$other> for $one {}
            impl Matches<$one> for $other {}
        )*};
    }

    also! { Integer Float Integer Decimal Float Decimal Date DateTime DateTime Timestamp }

    /// Families that are calculated with.
    #[diagnostic::on_unimplemented(
        message = "{Self} is not a family of numbers",
        note = "calculate with numbers, or cast it: `.cast::<i64>(SqlType::BigInteger)`"
    )]
    pub trait Number: Family {}
    impl Number for Integer {}
    impl Number for Float {}
    impl Number for Decimal {}
    impl Number for Any {}
}

macro_rules! typed {
    ($($family:ident: $($rust:ty),*;)*) => {$($(
        impl Typed for $rust {
            type Family = family::$family;
            type Nullable = Option<$rust>;

            const SELECTS_ITSELF: bool = true;
        }
        impl Literal for $rust {}
    )*)*};
}

typed! {
    Integer: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize;
    Float: f32, f64;
    Decimal: RustDecimal;
    Text: String, char, Box<str>, Arc<str>, Cow<'static, str>;
    Bytes: Vec<u8>;
    Bool: bool;
    Date: NaiveDate;
    Time: NaiveTime;
    DateTime: NaiveDateTime;
    Interval: TimeDelta;
    Uuid: RustUuid;
    Json: serde_json::Value;
    Inet: std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr;
}

macro_rules! summed {
    ($($sum:ty: $($rust:ty),*;)*) => {$($(
        impl Summed for $rust {
            type Sum = Option<$sum>;
        }
    )*)*};
}

summed! {
    i64: i8, i16, i32, i64, isize, u8, u16, u32;
    u64: u64, usize;
    f64: f32, f64;
    RustDecimal: RustDecimal;
}

impl Summed for Value {
    type Sum = Value;
}

#[cfg(feature = "jiff")]
typed! {
    Date: jiff::civil::Date;
    Time: jiff::civil::Time;
    DateTime: jiff::civil::DateTime;
    Timestamp: jiff::Timestamp;
    Interval: jiff::SignedDuration;
}

#[cfg(feature = "time")]
typed! {
    Date: time::Date;
    Time: time::Time;
    DateTime: time::PrimitiveDateTime;
    Timestamp: time::OffsetDateTime;
    Interval: time::Duration;
}

/// A type of which there are arrays.
pub trait ElementOf: Typed {}

macro_rules! arrays {
    ($($rust:ty)*) => {$(
        impl ElementOf for $rust {}

        impl Typed for Vec<$rust> {
            type Family = family::Array;
            type Nullable = Option<Self>;
        }

        impl Literal for Vec<$rust> {}
    )*};
}

arrays! { i16 i32 i64 f32 f64 bool String NaiveDate NaiveTime NaiveDateTime RustDecimal RustUuid }

impl<Zone: TimeZone + 'static> Typed for DateTime<Zone> {
    type Family = family::Timestamp;
    type Nullable = Option<Self>;
}

impl<Zone: TimeZone + 'static> Literal for DateTime<Zone> {}

impl<T: 'static> Typed for JsonOf<T> {
    type Family = family::Json;
    type Nullable = Option<Self>;
}

impl<T: serde::Serialize + 'static> Literal for JsonOf<T> {}

impl<T: RangeBound + 'static> Typed for Range<T> {
    type Family = family::Own<Self>;
    type Nullable = Option<Self>;
}

impl<T: RangeBound + 'static> Literal for Range<T> {}

/// Arrays of enums.
impl<E: SqlEnum> Typed for Vec<E> {
    type Family = family::Array;
    type Nullable = Option<Self>;
}

impl<E: SqlEnum + crate::value::Element + Into<Value>> Literal for Vec<E> {}

/// What a column of a table that is known at run time only gives.
impl Typed for Value {
    type Family = family::Any;
    type Nullable = Value;

    const SELECTS_ITSELF: bool = true;
}

impl Literal for Value {}
