//! Types of a program's own: what stands round their values and columns, casts to every type, coercion.
#![allow(clippy::needless_pass_by_value, reason = "a case reads better with types and values as they are")]

use std::fmt::Debug;
use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rebis::schema::{ColumnDef, ColumnType, Entity, MetaData, SqlType, Table};
use rebis::sql::{
    Column, Expr, Expression, Literal, ResultOf, Typed, family, func, insert, literal, select, update,
};
use rebis::value::Mismatch;
use rebis::{Connection, ErrorKind, FromValue, Value, ValueRef};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] =
    &[("types_own_with_sql_round_them", wrapped), ("types_own_casts", casts)];

/// Kept in small letters, read in capitals: what SQL does to it shows.
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
        // A parameter alone has no type on PostgreSQL; `lower` takes a text.
        func("lower", (value,))
    }
}

impl ColumnType for Code {
    fn sql_type() -> SqlType {
        SqlType::String { length: 8 }
    }
}

struct Item;

#[allow(non_upper_case_globals)]
impl Item {
    const id: Column<Item, i64> = Column::new("id");
    const code: Column<Item, Code> = Column::new("code");
    const other: Column<Item, Option<Code>> = Column::new("other");
}

impl Entity for Item {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("conf_item")
                .column(ColumnDef::of::<i64>("id").primary_key())
                .column(ColumnDef::of::<Code>("code"))
                .column(ColumnDef::of::<Option<Code>>("other"))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

fn wrapped(database: &Database) -> Outcome {
    let code = |text: &str| Code(text.to_owned());
    let metadata = MetaData::of::<Item>();
    let mut conn = database.engine(1).connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    let rows = insert::<Item>()
        .row([Item::id.set(1), Item::code.set(code("aB")), Item::other.set(None::<Code>)])
        .and_then(|rows| {
            rows.row([Item::id.set(2), Item::code.set(code("Cd")), Item::other.set(code("eF"))])
        });
    conn.execute(rows.unwrap()).unwrap();
    // In the database they are small.
    let kept: Vec<String> = conn
        .scalars(select(Item::code.type_coerce::<String>()).order_by(Item::id.asc()))
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(kept, ["ab", "cd"]);
    let read =
        select((Item::id, Item::code, Item::other)).filter(Item::code.in_list([code("AB"), code("CD")]));
    let read = conn.fetch_all(read.order_by(Item::id.asc())).unwrap();
    assert_eq!(read, [(1, code("AB"), None), (2, code("CD"), Some(code("EF")))]);
    // By its name, which what stands round it does not change; and out of a subquery once.
    let inner = select(Item::code).from(Item::table()).filter(Item::other.is_not_null());
    let row = conn.execute(select((Item::code,)).filter(Item::code.in_select(inner))).unwrap().one().unwrap();
    assert_eq!(row.value::<String>("code").unwrap(), "CD");
    let change = update::<Item>().set(Item::other, code("XY")).filter(Item::other.is_null());
    assert_eq!(conn.execute(change).unwrap().rows_affected(), 1);
    assert_eq!(
        conn.scalars::<i64>(select(Item::id).filter(Item::other.eq(code("xY")))).unwrap().all().unwrap(),
        [1]
    );
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed("written, read, compared, changed; none round NULL")
}

/// A value that is cast to the type of its columns is the same.
fn cast<V>(conn: &mut Connection, value: V) -> usize
where
    V: ColumnType,
    V: ResultOf<Result = V> + Typed + FromValue + Clone + PartialEq + Debug,
{
    let statement = select(literal(value.clone()).cast_as::<V>());
    match conn.scalar::<V>(statement) {
        Ok(back) => assert_eq!(back, value),
        Err(error) => panic!("{:?} {value:?}: {}", V::sql_type(), error.chain()),
    }
    1
}

fn casts(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let day: NaiveDate = "2024-02-29".parse().unwrap();
    let time: NaiveTime = "23:59:59.999999".parse().unwrap();
    let clock: NaiveDateTime = day.and_time(time);
    let mut count = cast(conn, i16::MIN) + cast(conn, i32::MIN) + cast(conn, i64::MIN) + cast(conn, u16::MAX);
    count += cast(conn, u32::MAX) + cast(conn, i64::MAX as u64) + cast(conn, true) + cast(conn, 1.5_f32);
    count += cast(conn, 0.1_f64) + cast(conn, "Zoë🦀".to_owned()) + cast(conn, vec![0_u8, 255]);
    count += cast(conn, day) + cast(conn, time) + cast(conn, clock) + cast(conn, clock.and_utc());
    count += cast(conn, Uuid::max()) + cast(conn, std::net::IpAddr::from([127, 0, 0, 1]));
    if database.is_server() {
        count += cast(conn, u64::MAX) + cast(conn, chrono::TimeDelta::minutes(-90));
    }
    let decimal: Decimal = "12345678.12".parse().unwrap();
    let numeric = literal(decimal).cast::<Decimal>(SqlType::Numeric { precision: 10, scale: 2 });
    assert_eq!(conn.scalar::<Decimal>(select(numeric)).unwrap(), decimal);
    let document = serde_json::json!({"a": 1});
    let statement = select(literal(document.clone()).cast_as::<serde_json::Value>());
    if database.name == "MariaDB" {
        let error = conn.execute(statement).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().ends_with("cast to Text, which is what MariaDB's JSON is"), "{error}");
    } else {
        assert_eq!(conn.scalar::<serde_json::Value>(statement).unwrap(), document);
    }
    passed(format!("{} casts", count + 2))
}
