//! Types that one database has, through tables that `create_all` has made; on the others they are refused before anything is sent.

use std::ops::Bound::{Excluded, Included};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rebis::schema::{ColumnDef, MetaData, MysqlType, PostgresqlType, SqlType, Table, TypeName};
use rebis::sql::{Expr, Expression, Operand, insert_into, literal, select};
use rebis::value::Range;
use rebis::{Backend, ErrorKind, raw, text};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::types_portable::{refused, through, unsupported, written};
use super::{Database, Outcome, Scenario, passed, run_raw};

pub(super) const CASES: &[Scenario] = &[
    ("types_native_arrays", arrays),
    ("types_native_ranges", ranges),
    ("types_native_of_postgresql", of_postgresql),
    ("types_native_of_mysql", of_mysql),
    ("types_native_by_name", by_name),
    ("types_native_variants", variants),
];

fn array(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

fn arrays(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    if database.name != "PostgreSQL" {
        let no = unsupported(conn, array(SqlType::Integer)) + unsupported(conn, array(SqlType::Text));
        return passed(format!("{no} refused"));
    }
    let mut count = through(conn, array(SqlType::SmallInteger), &[vec![], vec![i16::MIN, i16::MAX]]);
    count += through(conn, array(SqlType::BigInteger), &[vec![i64::MIN, 0, i64::MAX]]);
    count += through(conn, array(SqlType::Boolean), &[vec![true, false]]);
    count += through(conn, array(SqlType::Double), &[vec![f64::MIN, f64::INFINITY, 0.1]]);
    count += through(conn, array(SqlType::Text), &[vec!["a,b\"\\".to_owned(), "NULL".into(), "🦀".into()]]);
    count += through(conn, array(SqlType::LargeBinary), &[vec![vec![0_u8, 255], vec![]]]);
    count += through(conn, array(SqlType::Uuid), &[vec![Uuid::nil(), Uuid::max()]]);
    count += through(conn, array(SqlType::Date), &[vec!["0001-01-01".parse::<NaiveDate>().unwrap()]]);
    count += through(
        conn,
        array(SqlType::Numeric { precision: 9, scale: 2 }),
        &[vec!["1.50".parse::<Decimal>().unwrap()]],
    );
    count += through(conn, array(SqlType::Integer), &[vec![Some(1), None]]);
    passed(format!("{count} round trips"))
}

fn range(bound: SqlType) -> SqlType {
    SqlType::Range(Box::new(bound))
}

/// Operators of PostgreSQL's ranges: an extension trait, as a program would write it.
trait RangeExpression: Expression {
    fn overlaps(self, other: impl Operand) -> Expr<bool> {
        self.op("&&", other)
    }

    fn contains_value(self, value: impl Operand) -> Expr<bool> {
        self.op("@>", value)
    }
}

impl<E: Expression> RangeExpression for E {}

fn ranges(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    if database.name != "PostgreSQL" {
        return passed(format!("{} refused", unsupported(conn, range(SqlType::Integer))));
    }
    let mut count = through(
        conn,
        range(SqlType::Integer),
        &[Range::from(i32::MIN..i32::MAX), Range::Empty, Range::from(..)],
    );
    count += through(conn, range(SqlType::BigInteger), &[Range::from(i64::MIN..i64::MAX), Range::from(5..)]);
    let decimal = |digits: &str| digits.parse::<Decimal>().unwrap();
    let decimals = [
        Range::Between(Excluded(decimal("-1.50")), Included(decimal("79228162514264337593543950335"))),
        Range::from(..decimal("0")),
    ];
    count += through(conn, range(SqlType::Numeric { precision: 38, scale: 10 }), &decimals);
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    count += through(conn, range(SqlType::Date), &[Range::from(day("0001-01-01")..day("9999-12-31"))]);
    let clock = |text: &str| text.parse::<NaiveDateTime>().unwrap();
    let clocks = [Range::from(clock("0001-01-01T00:00:00")..=clock("9999-12-31T23:59:59.999999"))];
    count += through(conn, range(SqlType::DateTime), &clocks);
    let moments: [Range<DateTime<Utc>>; 1] = [Range::from(clock("2024-02-29T12:00:00.5").and_utc()..)];
    count += through(conn, range(SqlType::Timestamp), &moments);
    // Whole numbers come back with the upper bound excluded.
    let back: Range<i32> = conn.scalar(select(literal(Range::from(1..=5)).cast_as::<Range<i32>>())).unwrap();
    assert_eq!(back, Range::from(1..6));
    let mut holds = |condition: Expr<bool>| conn.scalar::<bool>(select(condition)).unwrap();
    let span = || literal(Range::from(1..6)).cast_as::<Range<i32>>();
    assert!(holds(span().overlaps(Range::from(5..9))) && !holds(span().overlaps(Range::from(6..9))));
    assert!(holds(span().contains_value(5)) && !holds(span().contains_value(6)));
    let no = refused(conn, range(SqlType::Integer), &["[5,1)"], ErrorKind::Data);
    passed(format!("{count} round trips, 4 operators, {no} refused"))
}

fn of_postgresql(database: &Database) -> Outcome {
    use PostgresqlType as Pg;
    let conn = &mut database.engine(1).connect().unwrap();
    // As the database writes them, so that they come back as they were.
    let mut types = vec![
        (Pg::Json, r#"{"b" : 1,  "a": [2]}"#),
        (Pg::Cidr, "10.0.0.0/8"),
        (Pg::MacAddr, "08:00:2b:01:02:03"),
        (Pg::Bit { length: 3 }, "101"),
        (Pg::BitVarying { length: 5 }, "0110"),
        (Pg::TimeTz, "23:59:59.5+02"),
        (Pg::TsVector, "'cat' 'fat'"),
        (Pg::TsQuery, "'fat' & 'cat'"),
        (Pg::Xml, "<a>b</a>"),
    ];
    let extensions = [(Pg::Citext, "citext", "Zoë"), (Pg::Hstore, "hstore", r#""a"=>"1""#)];
    if database.name != "PostgreSQL" {
        types.extend(extensions.map(|(own, _, text)| (own, text)));
        let no: usize = types.into_iter().map(|(own, _)| unsupported(conn, SqlType::Postgresql(own))).sum();
        return passed(format!("{no} refused"));
    }
    let mut missing = Vec::new();
    for (own, name, text) in extensions {
        let made = conn.execute(raw(format!("create extension if not exists {name}"))).is_ok();
        if made {
            conn.commit().unwrap();
        } else {
            conn.rollback().unwrap();
        }
        if made { types.push((own, text)) } else { missing.push(name) }
    }
    let mut count = 0;
    for (own, text) in types {
        // json and xml have no `=`.
        count += written(conn, SqlType::Postgresql(own), &[text.to_owned()], false);
    }
    passed(format!("{count} round trips; not on this server: {missing:?}"))
}

fn of_mysql(database: &Database) -> Outcome {
    use MysqlType as My;
    let conn = &mut database.engine(1).connect().unwrap();
    if database.name != "MariaDB" {
        let all =
            [My::TinyInteger, My::Year, My::Bit { length: 8 }, My::set(["a"]), My::TinyText, My::MediumBlob];
        let no: usize = all.into_iter().map(|own| unsupported(conn, SqlType::Mysql(own))).sum();
        return passed(format!("{no} refused"));
    }
    let own = SqlType::Mysql;
    let mut count = through(conn, own(My::TinyInteger), &[i8::MIN, i8::MAX]);
    count += through(conn, own(My::UnsignedTinyInteger), &[0, u8::MAX]);
    count += through(conn, own(My::MediumInteger), &[-8_388_608, 8_388_607]);
    count += through(conn, own(My::UnsignedMediumInteger), &[0, 16_777_215]);
    count += through(conn, own(My::Year), &[1901, 2155]);
    count += through(conn, own(My::Bit { length: 12 }), &[0, 0xfff_u16]);
    count += through(conn, own(My::Bit { length: 64 }), &[0, u64::MAX]);
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    count += through(conn, own(My::set(["a", "b'", "🦀"])), &owned(&["", "a", "a,b',🦀"]));
    count += through(conn, own(My::TinyText), &owned(&["", &"x".repeat(255)]));
    count += through(conn, own(My::Text), &owned(&["", &"x".repeat(65_535)]));
    count += through(conn, own(My::MediumText), &owned(&["", &"x".repeat(65_536)]));
    count += through(conn, own(My::TinyBlob), &[vec![], vec![0_u8; 255]]);
    count += through(conn, own(My::Blob), &[vec![], vec![0_u8; 65_535]]);
    count += through(conn, own(My::MediumBlob), &[vec![], vec![0_u8; 65_536]]);
    let mut no = refused(conn, own(My::TinyInteger), &[128], ErrorKind::Data);
    no += refused(conn, own(My::set(["a", "b"])), &["a,c"], ErrorKind::Data);
    no += refused(conn, own(My::TinyText), &["x".repeat(256)], ErrorKind::Data);
    passed(format!("{count} round trips, {no} refused"))
}

fn by_name(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let name = "conf; \"Domain\"";
    let named = || SqlType::Named(TypeName::new(name));
    match database.name {
        "PostgreSQL" => {
            run_raw(conn, "drop domain if exists \"conf; \"\"Domain\"\"\"");
            run_raw(conn, "create domain \"conf; \"\"Domain\"\"\" as integer check (value > 0)");
            conn.commit().unwrap();
            let count = through(conn, named(), &[1, i32::MAX]);
            let no = refused(conn, named(), &[-1], ErrorKind::CheckViolation);
            run_raw(conn, "drop domain \"conf; \"\"Domain\"\"\"");
            conn.commit().unwrap();
            passed(format!("{count} round trips of a domain, {no} refused"))
        }
        "SQLite" => {
            // By their affinity, whatever they are called.
            let mut count = through(conn, SqlType::native("REAL"), &[1.5, -0.5]);
            count += through(conn, SqlType::native("UNSIGNED BIG INT"), &[i64::MAX]);
            count += through(conn, SqlType::native("NVARCHAR(10)"), &["x".to_owned()]);
            count += through(conn, SqlType::native("BLOB"), &[vec![0_u8]]);
            passed(format!("{count} round trips, {} refused", unsupported(conn, named())))
        }
        _ => passed(format!("{} refused", unsupported(conn, named()))),
    }
}

fn variants(database: &Database) -> Outcome {
    let conn = &mut database.engine(1).connect().unwrap();
    let key = SqlType::BigInteger.with_variant(Backend::Mysql, SqlType::UnsignedBigInteger);
    let text_type = SqlType::Text
        .with_variant(Backend::Postgresql, SqlType::Postgresql(PostgresqlType::Json))
        .with_variant(Backend::Mysql, SqlType::Mysql(MysqlType::MediumText));
    let table = Table::build("conf_variants")
        .column(ColumnDef::new("id", key).autoincrement())
        .column(ColumnDef::new("body", text_type))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    metadata.drop_all(conn).unwrap();
    metadata.create_all(conn).unwrap();
    conn.execute(insert_into(&table).values([("body", "{}")]).unwrap()).unwrap();
    let row: (u64, String) =
        conn.execute(text("select id, body from conf_variants")).unwrap().of().one().unwrap();
    assert_eq!(row, (1, "{}".to_owned()));
    let reflected = Table::reflect(conn, "conf_variants").unwrap();
    let found = reflected.columns().iter().map(|column| column.sql_type().clone()).collect::<Vec<_>>();
    let expected = match database.name {
        "SQLite" => vec![SqlType::BigInteger, SqlType::Text],
        "MariaDB" => vec![SqlType::UnsignedBigInteger, SqlType::Text],
        _ => vec![SqlType::BigInteger, SqlType::Postgresql(PostgresqlType::Json)],
    };
    assert_eq!(found, expected);
    metadata.drop_all(conn).unwrap();
    conn.commit().unwrap();
    passed("two columns, each of another type there")
}
