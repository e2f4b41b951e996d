//! The portable types, through tables that `create_all` has made: what is written comes back equal, or is refused.
#![allow(clippy::needless_pass_by_value, reason = "a case reads better with types and values as they are")]

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rebis::schema::{ColumnDef, ColumnType, MetaData, SqlType, Table};
use rebis::sql::{Expression, insert_into, select};
use rebis::{Connection, ErrorKind, FromValue, Value, raw};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Database, Outcome, Scenario, failure, passed};

pub(super) const CASES: &[Scenario] = &[
    ("types_of_numbers", numbers),
    ("types_of_decimals", decimals),
    ("types_of_texts_and_bytes", texts),
    ("types_of_moments", moments),
    ("types_of_the_rest", rest),
    ("types_of_other_crates", other_crates),
    ("types_read_back", read_back),
];

/// A table of one column of this type, by a name that no other has had.
pub(super) fn made(conn: &mut Connection, sql_type: SqlType) -> (MetaData, Table) {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let table = Table::build(format!("conf_types_{}", MADE.fetch_add(1, Ordering::Relaxed)))
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(ColumnDef::new("v", sql_type.clone()).nullable())
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    metadata.drop_all(conn).unwrap();
    if let Err(error) = metadata.create_all(conn) {
        panic!("{sql_type:?}: {}", error.chain());
    }
    conn.commit().unwrap();
    (metadata, table)
}

fn dropped(conn: &mut Connection, metadata: &MetaData) {
    metadata.drop_all(conn).unwrap();
    conn.commit().unwrap();
}

/// Writes the values into a column of this type, one by one and in bulk, reads them, and lets the database find each.
pub(super) fn through<T>(conn: &mut Connection, sql_type: SqlType, values: &[T]) -> usize
where
    T: Into<Value> + FromValue + Clone + PartialEq + Debug,
{
    // Documents have no order, and some databases do not compare them.
    let compares = !matches!(sql_type, SqlType::Json | SqlType::Postgresql(_));
    written(conn, sql_type, values, compares)
}

pub(super) fn written<T>(conn: &mut Connection, sql_type: SqlType, values: &[T], compares: bool) -> usize
where
    T: Into<Value> + FromValue + Clone + PartialEq + Debug,
{
    let (metadata, table) = made(conn, sql_type.clone());
    let all = || values.iter().cloned().map(Some).chain([None]);
    for (id, value) in all().enumerate() {
        let row = [("id", Value::from(id)), ("v", value.clone().into())];
        if let Err(error) = conn.execute(insert_into(&table).values(row).unwrap()) {
            panic!("{sql_type:?} {value:?}: {}", error.chain());
        }
    }
    let insert = raw(format!("insert into {} (id, v) values (:id, :v)", table.name()));
    let sets = all().enumerate().map(|(id, value)| (1000 + id, value));
    conn.execute_many(insert, sets).unwrap_or_else(|error| panic!("{sql_type:?}: {}", error.chain()));
    conn.commit().unwrap();
    let read: Vec<Option<T>> = conn
        .execute(select(vec![table.c("v")]).order_by(table.c("id").asc()))
        .unwrap()
        .of::<(Option<T>,)>()
        .map(|row| row.unwrap_or_else(|error| panic!("{sql_type:?}: {}", error.chain())).0)
        .collect();
    assert_eq!(read, all().chain(all()).collect::<Vec<_>>(), "{sql_type:?}");
    for (id, value) in values.iter().enumerate().filter(|_| compares) {
        let found = select(vec![table.c("id")])
            .filter(table.c("v").eq(value.clone().into()))
            .filter(table.c("id").in_list([id, 1000 + id]));
        let found = conn.execute(found).unwrap_or_else(|error| panic!("{sql_type:?}: {}", error.chain()));
        assert_eq!(found.all().unwrap().len(), 2, "{sql_type:?}: the database finds {value:?}");
    }
    conn.rollback().unwrap();
    dropped(conn, &metadata);
    values.len() * 2
}

/// Values that such a column does not take.
pub(super) fn refused<T>(conn: &mut Connection, sql_type: SqlType, values: &[T], kind: ErrorKind) -> usize
where
    T: Into<Value> + Clone + Debug,
{
    let (metadata, table) = made(conn, sql_type.clone());
    for value in values {
        let row = [("id", Value::from(1)), ("v", value.clone().into())];
        let error = failure(conn.execute(insert_into(&table).values(row).unwrap()));
        assert_eq!(error.kind(), kind, "{sql_type:?} {value:?}: {}", error.chain());
        conn.rollback().unwrap();
    }
    dropped(conn, &metadata);
    values.len()
}

/// A type of which this database makes no columns.
pub(super) fn unsupported(conn: &mut Connection, sql_type: SqlType) -> usize {
    let table =
        Table::build("conf_types_none").column(ColumnDef::new("v", sql_type.clone())).finish().unwrap();
    let error = MetaData::new().table(&table).create_all(conn).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{sql_type:?}: {error}");
    conn.rollback().unwrap();
    1
}

/// The column's type is the one that the Rust type says.
fn mapped<T>(conn: &mut Connection, values: &[T]) -> usize
where
    T: Into<Value> + FromValue + ColumnType + Clone + PartialEq + Debug,
{
    through(conn, T::sql_type(), values)
}

fn numbers(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let mut count = mapped(conn, &[i16::MIN, -1, 0, i16::MAX]);
    count += mapped(conn, &[i32::MIN, 0, i32::MAX]);
    count += mapped(conn, &[i64::MIN, 0, i64::MAX]);
    count += mapped(conn, &[0, u16::MAX]);
    count += mapped(conn, &[0, u32::MAX]);
    count += mapped(conn, &[false, true]);
    count += mapped(conn, &[f32::MIN, f32::MAX, f32::MIN_POSITIVE, 0.1, -1.5]);
    count += mapped(conn, &[f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.1, -1.5]);
    let mut no = 0;
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    match database.name {
        "SQLite" => {
            count += mapped(conn, &[0_u64, i64::MAX as u64]) + mapped(conn, &odd[1..]);
            no += refused(conn, SqlType::UnsignedBigInteger, &[u64::MAX], ErrorKind::Data);
            no += refused(conn, SqlType::Double, &odd[..1], ErrorKind::Data);
        }
        "MariaDB" => {
            count += mapped(conn, &[0, u64::MAX]);
            no += refused(conn, SqlType::Double, &odd, ErrorKind::Data);
            for unsigned in
                [SqlType::UnsignedSmallInteger, SqlType::UnsignedInteger, SqlType::UnsignedBigInteger]
            {
                no += refused(conn, unsigned, &[-1], ErrorKind::Data);
            }
        }
        _ => {
            count += mapped(conn, &[0, u64::MAX]) + mapped(conn, &odd[1..]);
            let (metadata, table) = made(conn, SqlType::Double);
            let row = [("id", Value::from(1)), ("v", f64::NAN.into())];
            conn.execute(insert_into(&table).values(row).unwrap()).unwrap();
            let nan: f64 = conn.execute(select(vec![table.c("v")])).unwrap().scalar().unwrap();
            assert!(nan.is_nan());
            dropped(conn, &metadata);
        }
    }
    if database.is_server() {
        no += refused(conn, SqlType::SmallInteger, &[i64::from(i16::MAX) + 1], ErrorKind::Data);
        no += refused(conn, SqlType::Integer, &[i64::from(i32::MIN) - 1], ErrorKind::Data);
    }
    passed(format!("{count} round trips, {no} refused"))
}

fn decimals(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let numeric = |precision, scale| SqlType::Numeric { precision, scale };
    let money = ["0.10", "-12345678.12", "99999999.99"].map(|digits| digits.parse::<Decimal>().unwrap());
    let mut count = through(conn, numeric(10, 2), &money);
    let widest = ["79228162514264337593543950335", "-1", "0.0000000001"]
        .map(|digits| digits.parse::<Decimal>().unwrap());
    // A column with more digits than `Decimal` reads as text; 38 of them here.
    let digits = ["1234567890123456789012345678.0123456789", "-9999999999999999999999999999.9999999999"];
    count += through(conn, numeric(38, 10), &digits.map(str::to_owned));
    let mut no = 0;
    if database.is_server() {
        count += through(conn, numeric(39, 10), &widest);
        let whole = 10_i128.pow(38) - 1;
        count += through(conn, numeric(38, 0), &[whole, -whole, 0]);
        no += refused(conn, numeric(38, 0), &[whole + 1], ErrorKind::Data);
        no += refused(conn, numeric(10, 2), &["100000000".parse::<Decimal>().unwrap()], ErrorKind::Data);
    } else {
        count += through(conn, numeric(39, 10), &widest);
        no += refused(conn, numeric(38, 0), &[10_i128.pow(38) - 1], ErrorKind::Data);
    }
    passed(format!("{count} round trips, {no} refused"))
}

fn texts(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let mut count = through(conn, SqlType::Char { length: 5 }, &owned(&["Zoë🦀x", "a'b\\c"]));
    count += through(
        conn,
        SqlType::String { length: 9 },
        &owned(&["", "🦀漢字", "it's", "\\", "--", "%_", "ninechars"]),
    );
    let long = "🦀é".repeat(50_000);
    count += mapped(conn, &owned(&["", &long, "\u{1}\u{10ffff}"]));
    let bytes = SqlType::Binary { length: 16 };
    count += through(conn, bytes.clone(), &[vec![], vec![0_u8; 16], vec![0xff, 0, b'\'', b'\\']]);
    count += mapped(conn, &[vec![], vec![0], (0..=255).cycle().take(70_000).collect::<Vec<u8>>()]);
    let nul = owned(&["a\0b"]);
    let mut no = 0;
    if database.name == "PostgreSQL" {
        no += refused(conn, SqlType::Text, &nul, ErrorKind::Data);
    } else {
        count += mapped(conn, &nul);
    }
    if database.is_server() {
        no += refused(conn, SqlType::String { length: 9 }, &["ten chars!"], ErrorKind::Data);
        no += refused(conn, SqlType::Char { length: 5 }, &["sixsix"], ErrorKind::Data);
    }
    if database.name == "MariaDB" {
        no += refused(conn, bytes, &[vec![0_u8; 17]], ErrorKind::Data);
    }
    passed(format!("{count} round trips, {no} refused"))
}

fn moments(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let days =
        ["0001-01-01", "1970-01-01", "2024-02-29", "9999-12-31"].map(|day| day.parse::<NaiveDate>().unwrap());
    let times = ["00:00:00", "12:00:00.5", "23:59:59.999999"].map(|time| time.parse::<NaiveTime>().unwrap());
    let clocks: Vec<NaiveDateTime> =
        days.iter().flat_map(|day| times.map(|time| day.and_time(time))).collect();
    let moments: Vec<DateTime<Utc>> = clocks.iter().map(NaiveDateTime::and_utc).collect();
    let mut count =
        mapped(conn, &days) + mapped(conn, &times) + mapped(conn, &clocks) + mapped(conn, &moments);
    // Fewer digits, which these need no more of.
    count += through(conn, SqlType::TimeWith { precision: 0 }, &times[..1]);
    count += through(conn, SqlType::DateTimeWith { precision: 1 }, &clocks[..2]);
    count += through(conn, SqlType::TimestampWith { precision: 3 }, &moments[..2]);
    let leap = NaiveTime::from_hms_milli_opt(23, 59, 59, 1500).unwrap();
    let mut no = 0;
    if database.is_server() {
        no += refused(conn, SqlType::Time, &[leap], ErrorKind::Data);
        no += refused(conn, SqlType::DateTime, &[days[1].and_time(leap)], ErrorKind::Data);
        no += refused(conn, SqlType::Timestamp, &[days[1].and_time(leap).and_utc()], ErrorKind::Data);
        let lengths = [TimeDelta::zero(), TimeDelta::microseconds(-1), TimeDelta::hours(838)];
        count += mapped(conn, &lengths);
    } else {
        count += mapped(conn, &[leap]);
        no += unsupported(conn, SqlType::Interval);
    }
    passed(format!("{count} round trips, {no} refused"))
}

fn rest(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let mut count = mapped(conn, &[Uuid::nil(), Uuid::max()]);
    let documents =
        [serde_json::json!({"a": [1, null, "🦀'\\"]}), serde_json::json!(null), serde_json::json!(-1.5)];
    count += mapped(conn, &documents);
    let hosts: [IpAddr; 4] = [
        Ipv4Addr::UNSPECIFIED.into(),
        Ipv4Addr::BROADCAST.into(),
        Ipv6Addr::LOCALHOST.into(),
        "fe80::ffff:1.2.3.4".parse().unwrap(),
    ];
    count += mapped(conn, &hosts);
    // What has no host is no address.
    if database.name == "PostgreSQL" {
        let no = refused(conn, SqlType::Inet, &["nowhere"], ErrorKind::Data);
        return passed(format!("{count} round trips, {no} refused"));
    }
    passed(format!("{count} round trips"))
}

/// Columns by the types of `jiff` and `time`, in composed statements.
fn other_crates(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let day = jiff::civil::date(9999, 12, 31);
    let clock = day.at(23, 59, 59, 999_999_000);
    let mut count = mapped(conn, &[day, jiff::civil::date(1, 1, 1)])
        + mapped(conn, &[clock, clock.with().year(1).build().unwrap()]);
    count += mapped(conn, &[clock.time()]) + mapped(conn, &[jiff::Timestamp::UNIX_EPOCH]);
    let day = time::macros::date!(9999 - 12 - 31);
    let clock = day.with_hms_micro(23, 59, 59, 999_999).unwrap();
    count += mapped(conn, &[day]) + mapped(conn, &[clock]) + mapped(conn, &[clock.time()]);
    count += mapped(conn, &[time::OffsetDateTime::UNIX_EPOCH]);
    if database.is_server() {
        count += mapped(conn, &[jiff::SignedDuration::from_mins(-90)])
            + mapped(conn, &[time::Duration::minutes(90)]);
    }
    passed(format!("{count} round trips"))
}

/// A column that is made, read from the catalogue and made again has the same type.
fn read_back(database: &Database) -> Outcome {
    use rebis::schema::{MysqlType as My, PostgresqlType as Pg};
    let conn = &mut database.engine(1).connect().unwrap();
    let numeric = |precision, scale| SqlType::Numeric { precision, scale };
    let mut types = vec![
        SqlType::SmallInteger,
        SqlType::Integer,
        SqlType::BigInteger,
        SqlType::UnsignedSmallInteger,
        SqlType::UnsignedInteger,
        SqlType::UnsignedBigInteger,
        SqlType::Boolean,
        SqlType::Float,
        SqlType::Double,
        numeric(10, 2),
        numeric(38, 10),
        SqlType::Char { length: 5 },
        SqlType::String { length: 5 },
        SqlType::Text,
        SqlType::Binary { length: 5 },
        SqlType::LargeBinary,
        SqlType::Date,
        SqlType::Time,
        SqlType::DateTime,
        SqlType::Timestamp,
        SqlType::TimeWith { precision: 0 },
        SqlType::DateTimeWith { precision: 3 },
        SqlType::TimestampWith { precision: 3 },
        SqlType::Uuid,
        SqlType::Json,
        SqlType::Inet,
    ];
    let (array, range) =
        (|element| SqlType::Array(Box::new(element)), |bound| SqlType::Range(Box::new(bound)));
    match database.name {
        "SQLite" => {}
        "MariaDB" => {
            types.push(SqlType::Interval);
            let own = [
                My::TinyInteger,
                My::UnsignedTinyInteger,
                My::MediumInteger,
                My::UnsignedMediumInteger,
                My::Year,
                My::Bit { length: 12 },
                My::TinyText,
                My::TinyBlob,
            ];
            types.extend(own.map(SqlType::Mysql));
        }
        _ => {
            types.extend([
                SqlType::Interval,
                array(SqlType::Uuid),
                array(SqlType::TimestampWith { precision: 3 }),
            ]);
            types
                .extend([SqlType::Integer, SqlType::BigInteger, SqlType::Date, SqlType::DateTime].map(range));
            types.push(range(SqlType::Timestamp));
            let own = [Pg::Json, Pg::Cidr, Pg::MacAddr, Pg::TimeTz, Pg::TsVector, Pg::TsQuery, Pg::Xml];
            types.extend(own.map(SqlType::Postgresql));
            types.extend([Pg::Bit { length: 3 }, Pg::BitVarying { length: 5 }].map(SqlType::Postgresql));
        }
    }
    let count = types.len();
    for sql_type in types {
        let (metadata, table) = made(conn, sql_type.clone());
        let read = Table::reflect(conn, table.name()).unwrap();
        let name = |table: &Table| {
            let sql = table.create_sql(*conn.dialect()).unwrap();
            sql[0]
                .lines()
                .find(|line| line.trim_start().starts_with(['"', '`']) && line.contains('v'))
                .unwrap()
                .to_owned()
        };
        let column =
            |table: &Table| Table::build("t").column(table.column("v").unwrap().clone()).finish().unwrap();
        assert_eq!(name(&column(&read)), name(&column(&table)), "{sql_type:?}");
        conn.rollback().unwrap();
        dropped(conn, &metadata);
    }
    passed(format!("{count} types"))
}
