//! Functions and operators that every database writes differently.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Text;
use super::expression::{Expr, Expression};
use super::node::{Call, Node};
use super::typed::{Matches, Operand, ResultOf, Typed, family};
use crate::url::Backend;

/// A function or an operator that every database writes in its own way; the dialect has the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub enum Known {
    Length,
    Round,
    Substring,
    Greatest,
    Least,
    Now,
    Extract(DatePart),
    IntegerDivide,
    /// As `IntegerDivide`, of what the database may not take for whole numbers: PostgreSQL's sum of BIGINT is NUMERIC.
    WholeDivide,
    /// The same, where the answer may be more than BIGINT holds.
    UnsignedDivide,
    TrueDivide,
    FloatRemainder,
    DecimalRemainder,
    BitAnd,
    BitOr,
    BitXor,
    BitNot,
    ShiftLeft,
    ShiftRight,
    FullText,
    RegularExpression,
    JsonText,
    JsonInteger,
    JsonFloat,
    JsonBoolean,
}

impl Known {
    /// Whether it is NULL where one of its arguments is.
    pub(crate) fn is_null_of_null(self) -> bool {
        !matches!(self, Known::Greatest | Known::Least | Known::Now)
    }
}

/// A part of a date or a time, for [`extract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatePart {
    /// The year.
    Year,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 to 366.
    DayOfYear,
    /// 0, which is Sunday, to 6.
    DayOfWeek,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// Whole seconds, 0 to 59.
    Second,
}

/// Families of dates and times.
#[diagnostic::on_unimplemented(
    message = "{Self} is not a family of dates and times",
    note = "cast it: `.cast::<NaiveDate>(SqlType::Date)`"
)]
pub trait Temporal {}
impl Temporal for family::Date {}
impl Temporal for family::Time {}
impl Temporal for family::DateTime {}
impl Temporal for family::Timestamp {}
impl Temporal for family::Any {}

pub(super) fn known<T>(known: Known, arguments: Vec<Arc<Node>>) -> Expr<T> {
    Expr::new(Node::Known { known, arguments })
}

fn call<T>(name: &'static str, arguments: Vec<Arc<Node>>) -> Expr<T> {
    Expr::new(Node::Function(Call { name, arguments, ..Call::default() }))
}

pub(super) fn digits(number: i64) -> Arc<Node> {
    Arc::new(Node::Digits(number))
}

/// `length(text)`, `char_length(text)`: how many characters a text has, on every database.
///
/// ```
/// use rebis_core::{Engine, sql};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// assert_eq!(conn.scalar::<i64>(sql::select(sql::length(sql::literal("Zoë"))))?, 3);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn length<E: Expression<Family = family::Text>>(text: E) -> Expr<i64> {
    known(Known::Length, vec![text.into_node()])
}

/// `trim(text)`: without the spaces at both ends.
pub fn trim<E: Expression<Family = family::Text>>(text: E) -> Expr<E::Type> {
    call("trim", vec![text.into_node()])
}

/// `replace(text, from, to)`: with each occurrence of a text replaced.
pub fn replace<E, F, G>(text: E, from: F, to: G) -> Expr<E::Type>
where
    E: Expression<Family = family::Text>,
    F: Operand<Family = family::Text>,
    G: Operand<Family = family::Text>,
{
    call("replace", vec![text.into_node(), from.into_node(), to.into_node()])
}

/// `substr(text, from, length)`: a part of a text, of that many characters; the first one is 1.
pub fn substr<E: Expression<Family = family::Text>>(text: E, from: u32, length: u32) -> Expr<E::Type> {
    known(Known::Substring, vec![text.into_node(), digits(from.into()), digits(length.into())])
}

/// `abs(number)`.
pub fn abs<E: Expression>(number: E) -> Expr<E::Type>
where
    E::Family: family::Number,
{
    call("abs", vec![number.into_node()])
}

/// `round(number, digits)`: so many digits behind the point. What lies in the middle between two goes away from zero; a binary
/// number is seldom exactly in the middle.
pub fn round<E: Expression>(number: E, places: u8) -> Expr<E::Type>
where
    E::Family: family::Number,
{
    known(Known::Round, vec![number.into_node(), digits(places.into())])
}

/// `nullif(first, second)`: NULL where both are equal.
pub fn nullif<E: Expression, V: Operand>(first: E, second: V) -> Expr<<E::Type as Typed>::Nullable>
where
    E::Family: Matches<V::Family>,
{
    call("nullif", vec![first.into_node(), second.into_node()])
}

/// The greater of two: `greatest(a, b)`, `max(a, b)` on SQLite. NULL where one is; on PostgreSQL the other one then.
pub fn greatest<E: Expression, V: ResultOf<Family = E::Family>>(first: E, second: V) -> Expr<V::Result> {
    known(Known::Greatest, vec![first.into_node(), second.into_node()])
}

/// The smaller of two, as [`greatest`].
pub fn least<E: Expression, V: ResultOf<Family = E::Family>>(first: E, second: V) -> Expr<V::Result> {
    known(Known::Least, vec![first.into_node(), second.into_node()])
}

/// The moment by the database's clock: `current_timestamp`. On PostgreSQL the transaction's first, on SQLite to the millisecond.
pub fn now() -> Expr<DateTime<Utc>> {
    known(Known::Now, Vec::new())
}

/// A part of a date or a time, as a whole number: `extract(YEAR FROM …)`, `strftime` on SQLite. Of a moment, in UTC where the
/// session is in UTC.
///
/// ```
/// use rebis_core::chrono::NaiveDate;
/// use rebis_core::sql::{DatePart, extract, literal, select};
/// use rebis_core::Engine;
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let day = NaiveDate::from_ymd_opt(2013, 11, 30).unwrap();
/// assert_eq!(conn.scalar::<i64>(select(extract(DatePart::Month, literal(day))))?, 11);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn extract<E: Expression>(part: DatePart, of: E) -> Expr<<E::Type as ExtractedFrom>::Part>
where
    E::Family: Temporal,
    E::Type: ExtractedFrom,
{
    known(Known::Extract(part), vec![of.into_node()])
}

/// What the parts of a date are read as: `i64`, or `Option<i64>` of what may be NULL.
pub trait ExtractedFrom {
    /// The type.
    type Part: Typed;
}

impl<T: Typed> ExtractedFrom for Option<T> {
    type Part = Option<i64>;
}

macro_rules! extracted {
    ($($rust:ty)*) => {$(
        impl ExtractedFrom for $rust {
            type Part = i64;
        }
    )*};
}

extracted! { chrono::NaiveDate chrono::NaiveTime chrono::NaiveDateTime }

impl<Zone: chrono::TimeZone> ExtractedFrom for DateTime<Zone> {
    type Part = i64;
}

impl ExtractedFrom for crate::value::Value {
    type Part = Option<i64>;
}

/// Whether a text has all these words: `to_tsvector(…) @@ plainto_tsquery(…)`; `MATCH … AGAINST` on MySQL and MariaDB, which needs a full-text
/// index and finds any of the words; `MATCH` on SQLite, for a column of an FTS table, with each word in quotes: the words are no query language.
pub fn full_text_match<E, V>(text: E, words: V) -> Expr<bool>
where
    E: Expression<Family = family::Text>,
    V: Operand<Family = family::Text>,
{
    known(Known::FullText, vec![text.into_node(), words.into_node()])
}

/// `first / second` as a floating point number, also of two integers: `CAST(first AS DOUBLE PRECISION) / second`. By zero it is NULL,
/// on PostgreSQL an error.
pub fn true_divide<E: Expression, V: Operand>(first: E, second: V) -> Expr<Option<f64>>
where
    E::Family: family::Number + Matches<V::Family>,
    V::Family: family::Number,
{
    known(Known::TrueDivide, vec![first.into_node(), second.into_node()])
}

/// An expression written by hand, with its own parameters, whose value is a `T`. It stands in parentheses wherever something
/// binds more strongly than OR.
///
/// ```
/// use rebis_core::sql::{select, text_expr};
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let hex = text_expr::<String>(text("hex(:bytes)").bind("bytes", vec![255_u8]));
/// assert_eq!(conn.scalar::<String>(select(hex))?, "FF");
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn text_expr<T: Typed>(text: Text) -> Expr<T> {
    Expr::new(Node::Text(text))
}

/// What each database has for something: the expression of the one that the statement is for. A database that is not among them is
/// `Unsupported`. With [`text_expr`], how a program adds functions and operators of its own.
///
/// ```
/// use rebis_core::sql::{Expr, func, per_backend, select};
/// use rebis_core::{Backend, Dialect, Engine};
///
/// let version = || -> Expr<String> {
///     per_backend([(Backend::Sqlite, func("sqlite_version", ())), (Backend::Postgresql, func("version", ()))])
/// };
/// assert_eq!(select(version()).to_sql(Dialect::POSTGRESQL)?, "SELECT (version())");
/// assert!(select(version()).to_sql(Dialect::MYSQL).is_err());
/// assert!(Engine::new("sqlite://")?.connect()?.scalar::<String>(select(version()))?.starts_with('3'));
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn per_backend<T: Typed>(each: impl IntoIterator<Item = (Backend, Expr<T>)>) -> Expr<T> {
    let each = each.into_iter().map(|(backend, expression)| (backend, expression.into_node()));
    Expr::new(Node::PerBackend(each.collect()))
}
