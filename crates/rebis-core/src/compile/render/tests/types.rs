//! Types of one's own, casts to every kind of type, operators of one's own.

use std::net::IpAddr;
use std::sync::LazyLock;

use super::{alike, condition, texts};
use crate::schema::{ColumnDef, ColumnType, Entity, SqlType, Table};
use crate::sql::*;
use crate::value::{Mismatch, Range};
use crate::{Dialect, ErrorKind, FromValue, Result, Value, ValueRef, sql_enum};

/// Kept in small letters, shown in capitals.
#[derive(Debug, Clone, PartialEq)]
struct Code(String);

impl From<Code> for Value {
    fn from(code: Code) -> Value {
        code.0.into()
    }
}

impl FromValue for Code {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        String::from_value(value).map(Code)
    }
}

impl Typed for Code {
    type Family = family::Own<Code>;
    type Nullable = Option<Code>;

    fn column_expression(column: Expr<Self>) -> Expr<Self> {
        func("upper", (column,))
    }
}

impl Literal for Code {
    fn bind_expression(value: Expr<Self>) -> Expr<Self> {
        func("lower", (value,))
    }
}

impl ColumnType for Code {
    fn sql_type() -> SqlType {
        SqlType::String { length: 8 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Sad,
    Happy,
}

sql_enum!(Mood as "mood" { Sad => "sad", Happy => "it's fine" });

struct Item;

#[allow(non_upper_case_globals)]
impl Item {
    const code: Column<Item, Code> = Column::new("code");
    const other: Column<Item, Option<Code>> = Column::new("other");
    const mood: Column<Item, Mood> = Column::new("mood");
}

impl Entity for Item {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("t")
                .column(ColumnDef::of::<Code>("code"))
                .column(ColumnDef::of::<Option<Code>>("other"))
                .column(ColumnDef::of::<Mood>("mood"))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

fn code() -> Code {
    Code("Ab".into())
}

#[test]
fn what_a_type_puts_round_columns_and_values() {
    let both = select((Item::code, Item::other)).filter(Item::code.eq(code()));
    alike(
        |dialect| both.to_sql(dialect),
        r#"SELECT upper("t"."code") AS "code", upper("t"."other") AS "other" FROM "t" WHERE "t"."code" = lower($1)"#,
    );
    let labelled = select(Item::code.expr().label("c")).filter(Item::other.in_list([code(), code()]));
    alike(
        |dialect| labelled.to_sql(dialect),
        r#"SELECT upper("t"."code") AS "c" FROM "t" WHERE "t"."other" IN (lower($1), lower($2))"#,
    );
    // None is NULL, without anything round it.
    let none = select(Item::mood).filter(Item::other.eq(None::<Code>) | Item::other.ne(Some(code())));
    alike(
        |dialect| none.to_sql(dialect),
        r#"SELECT "t"."mood" FROM "t" WHERE "t"."other" IS NULL OR "t"."other" <> lower($1)"#,
    );
}

#[test]
fn it_stands_in_the_outermost_query_only() {
    let inner = || select(Item::code).from(Item::table()).filter(Item::code.gt(code()));
    let outer = select(Item::code).filter(Item::code.in_select(inner())).union_all(inner());
    alike(
        |dialect| outer.to_sql(dialect),
        "SELECT upper(\"t\".\"code\") AS \"code\" FROM \"t\" WHERE \"t\".\"code\" IN \
         (SELECT \"t\".\"code\" FROM \"t\" WHERE \"t\".\"code\" > lower($1)) \
         UNION ALL SELECT upper(\"t\".\"code\") AS \"code\" FROM \"t\" WHERE \"t\".\"code\" > lower($2)",
    );
    let copy = insert::<Item>().from_select(["code"], inner());
    alike(
        |dialect| copy.to_sql(dialect),
        r#"INSERT INTO "t" ("code") SELECT "t"."code" FROM "t" WHERE "t"."code" > lower($1)"#,
    );
    let change =
        update::<Item>().set(Item::code, code()).filter(Item::code.in_select(inner())).returning(Item::code);
    assert_eq!(
        change.to_sql(Dialect::POSTGRESQL).unwrap(),
        "UPDATE \"t\" SET \"code\" = lower($1) WHERE \"t\".\"code\" IN (SELECT \"t\".\"code\" FROM \"t\" \
         WHERE \"t\".\"code\" > lower($2)) RETURNING upper(\"t\".\"code\") AS \"code\""
    );
}

#[test]
fn what_is_shown_is_ordered_by_its_name_where_nothing_else_counts() {
    let both = select(Item::code).union(select(Item::code)).order_by(Item::code);
    alike(
        |dialect| both.to_sql(dialect),
        r#"SELECT upper("t"."code") AS "code" FROM "t" UNION SELECT upper("t"."code") AS "code" FROM "t" ORDER BY "code""#,
    );
    let different = select(Item::code).distinct().order_by(Item::code);
    alike(
        |dialect| different.to_sql(dialect),
        r#"SELECT DISTINCT upper("t"."code") AS "code" FROM "t" ORDER BY "code""#,
    );
    let plain = select(Item::code).order_by(Item::code);
    alike(
        |dialect| plain.to_sql(dialect),
        r#"SELECT upper("t"."code") AS "code" FROM "t" ORDER BY "t"."code""#,
    );
}

#[test]
fn enums_compare_with_themselves() {
    let moods = condition_on(Item::mood.eq(Mood::Happy) & Item::mood.in_list([Mood::Sad]));
    alike(moods, r#""t"."mood" = $1 AND "t"."mood" IN ($2)"#);
    let cast = select(literal("sad").cast_as::<Mood>());
    assert_eq!(
        texts(|dialect| cast.to_sql(dialect)),
        ["SELECT CAST(?1 AS TEXT)", "SELECT CAST(? AS CHAR)", r#"SELECT CAST($1 AS "mood")"#]
    );
    assert_eq!(Value::from(Mood::Happy), Value::from("it's fine"));
    assert_eq!(Mood::from_value(ValueRef::Text("sad")), Ok(Mood::Sad));
    assert_eq!(Mood::from_value(ValueRef::Null), Err(Mismatch::Null));
    assert!(matches!(Mood::from_value(ValueRef::Text("Sad")), Err(Mismatch::Value(_))));
    assert!(matches!(Mood::from_value(ValueRef::Int(1)), Err(Mismatch::Type("integer"))));
    assert!(matches!(Vec::<Mood>::sql(), Value::Array(labels) if labels.len() == 2));
}

/// A vector of labels is an array.
trait Sql {
    fn sql() -> Value;
}

impl Sql for Vec<Mood> {
    fn sql() -> Value {
        vec![Mood::Sad, Mood::Happy].into()
    }
}

fn condition_on(condition: Expr<bool>) -> impl Fn(Dialect) -> Result<String> {
    move |dialect| {
        let sql = select(Item::mood).filter(condition.clone()).to_sql(dialect)?;
        Ok(sql.split_once(" WHERE ").unwrap().1.to_owned())
    }
}

#[test]
fn casts_and_coercions() {
    let cast = select(literal("1").cast::<u64>(SqlType::UnsignedBigInteger));
    assert_eq!(
        texts(|dialect| cast.to_sql(dialect)),
        ["SELECT CAST(?1 AS INTEGER)", "SELECT CAST(? AS UNSIGNED)", "SELECT CAST($1 AS NUMERIC(20, 0))"]
    );
    let range = select(literal("[1,2)").cast_as::<Range<i64>>());
    assert_eq!(range.to_sql(Dialect::POSTGRESQL).unwrap(), "SELECT CAST($1 AS INT8RANGE)");
    let error = range.to_sql(Dialect::MYSQL).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "mysql cannot cast to the type Range(BigInteger); PostgreSQL has ranges; here keep both ends in columns of their own"
    );
    let inet = select(literal("::1").cast_as::<IpAddr>());
    assert_eq!(inet.to_sql(Dialect::POSTGRESQL).unwrap(), "SELECT CAST($1 AS INET)");
    // Only the Rust type changes: a text is compared with a Code, which is wrapped.
    alike(condition(super::User::name.type_coerce::<Code>().eq(code())), r#""users"."name" = lower($1)"#);
}

#[test]
fn operators_of_ones_own() {
    let overlaps = || literal(Range::from(1..3)).op::<bool>("&&", Range::from(2..5));
    alike(condition(overlaps()), "$1 && $2");
    alike(condition(overlaps() & !overlaps()), "($1 && $2) AND NOT ($3 && $4)");
    let sum = literal(1).op::<i64>("<<", literal(2) + 3);
    alike(condition(sum.eq(1)), "($1 << ($2 + $3)) = $4");
}

/// A type that is calculated with because it says so.
struct Money(i64);

impl From<Money> for Value {
    fn from(money: Money) -> Value {
        money.0.into()
    }
}

impl Family for Money {}
impl Matches<Money> for Money {}
impl family::Number for Money {}
impl Literal for Money {}

impl Typed for Money {
    type Family = Money;
    type Nullable = Option<Money>;
}

#[test]
fn arithmetic_where_it_is_asked_for() {
    let sum = literal(Money(1)) + Money(2);
    alike(condition(sum.gt(Money(3))), "$1 + $2 > $3");
}
