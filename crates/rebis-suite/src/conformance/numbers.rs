//! Numbers and booleans, to the edge of their types and back.

use rebis::{Connection, ErrorKind, FromValue, Value, raw, text};
use rust_decimal::Decimal;

use super::{Database, Outcome, Scenario, passed, pick, round_trip, table};

pub(super) const CASES: &[Scenario] = &[
    ("numbers_integers", integers),
    ("numbers_above_i64", above_i64),
    ("numbers_floats", floats),
    ("numbers_not_a_number", not_a_number),
    ("numbers_booleans", booleans),
    ("numbers_decimals", decimals),
    ("numbers_decimals_of_wide_columns", wide_decimals),
    ("numbers_conversions", conversions),
];

fn integers(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let tiny = pick(database, "tinyint", "tinyint", "smallint");
    let mut count = round_trip(&mut conn, "bigint", &[i64::MIN, i64::MAX, 0, -1, 1, 1 << 53, (1 << 53) + 1]);
    count += round_trip(&mut conn, "bigint", &[i64::from(i32::MIN) - 1, i64::from(i32::MAX) + 1]);
    count += round_trip(&mut conn, "int", &[i32::MIN, i32::MAX, 0, -1]);
    count += round_trip(&mut conn, "smallint", &[i16::MIN, i16::MAX]);
    count += round_trip(&mut conn, tiny, &[i8::MIN, i8::MAX, -1]);
    count += round_trip(&mut conn, "bigint", &[u32::MAX, 0]);
    count += round_trip(&mut conn, "int", &[u16::MAX]);
    count += round_trip(&mut conn, "smallint", &[u8::MAX]);
    count += round_trip(&mut conn, "bigint", &[usize::MAX >> 1]);
    passed(format!("{count} round trips"))
}

fn above_i64(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let values = [u64::MAX, 1 << 63, (1 << 63) - 1, 0];
    if database.is_server() {
        let column = pick(database, "", "bigint unsigned", "numeric(20)");
        let count = round_trip(&mut conn, column, &values);
        table(&mut conn, "conf_values", "v bigint");
        let error =
            super::failure(conn.execute(text("insert into conf_values values (:v)").bind("v", u64::MAX)));
        assert_eq!(error.kind(), ErrorKind::Data, "{error:?}");
        return passed(format!("{count} round trips, refused for a signed column"));
    }
    table(&mut conn, "conf_values", "v bigint");
    for value in values {
        let insert = conn.execute(text("insert into conf_values values (:v)").bind("v", value));
        match i64::try_from(value) {
            Ok(_) => drop(insert.unwrap()),
            Err(_) => {
                let error = insert.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Data);
                assert!(error.to_string().contains("9223372036854775807"), "{error}");
                assert!(!super::prints(&error).contains(&value.to_string()));
            }
        }
    }
    let kept: Vec<(u64,)> = conn.fetch_all(text("select v from conf_values order by v")).unwrap();
    assert_eq!(kept, [(0,), ((1 << 63) - 1,)]);
    passed("2 kept, 2 refused with a clear error")
}

fn floats(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let double = pick(database, "double precision", "double", "double precision");
    let values =
        [f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.1, 1.0 / 3.0, 1e15, 1e16, -1.5, 0.0, 123_456.0];
    let mut count = round_trip(&mut conn, double, &values);
    // MySQL computes in double what it compares with a float column: only exact ones are found.
    count += round_trip(&mut conn, pick(database, "real", "float", "real"), &[1.5_f32, -0.25, 16_777_216.0]);
    // The sign of zero is not lost, where the database keeps it.
    table(&mut conn, "conf_values", &format!("v {double}"));
    conn.execute(text("insert into conf_values values (:v)").bind("v", -0.0)).unwrap();
    let zero: f64 = conn.scalar(text("select v from conf_values")).unwrap();
    assert_eq!(zero, 0.0);
    let keeps_sign = pick(database, false, false, true);
    assert_eq!(
        zero.is_sign_negative(),
        keeps_sign,
        "SQLite keeps whole reals as integers, MariaDB has one zero"
    );
    conn.rollback().unwrap();
    passed(format!("{count} round trips and -0.0"))
}

fn not_a_number(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_values", pick(database, "v double", "v double", "v double precision"));
    let (mut equal, mut refused) = (0, 0);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        match conn.execute(text("insert into conf_values values (:v)").bind("v", value)).map(drop) {
            Ok(()) => {
                let back: f64 = conn.scalar(text("select v from conf_values")).unwrap();
                assert!(back == value || back.is_nan() && value.is_nan(), "{back} instead of {value}");
                equal += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Data, "{error:?}");
                assert!(error.to_string().contains("NaN"), "{error}");
                refused += 1;
            }
        }
        let many = conn.execute_many(text("insert into conf_values values (:v)"), [(1.0,), (value,)]);
        if let Err(error) = many {
            assert_eq!(error.kind(), ErrorKind::Data, "{error:?}");
        } else {
            let kept: Vec<(f64,)> = conn.fetch_all(text("select v from conf_values")).unwrap();
            let same = |float: f64| float == value || float.is_nan() && value.is_nan();
            assert!(kept.iter().any(|(float,)| same(*float)), "{kept:?}");
        }
        conn.rollback().unwrap();
    }
    assert_eq!((equal, refused), pick(database, (2, 1), (0, 3), (3, 0)));
    passed(format!("{equal} equal, {refused} refused with a clear error"))
}

fn booleans(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let count = round_trip(&mut conn, "boolean", &[true, false]);
    let row: (bool, bool, Option<bool>) =
        conn.execute(text("select true, 1 > 2, 1 = null")).unwrap().of().one().unwrap();
    assert_eq!(row, (true, false, None));
    let error = conn.scalar::<bool>(text("select 2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    passed(format!("{count} round trips"))
}

/// SQLite has no decimal type: exact ones live in a TEXT column, as the error message of a NUMERIC one says.
fn decimals(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let mut count = 0;
    let decimals =
        |texts: &[&str]| -> Vec<Decimal> { texts.iter().map(|text| text.parse().unwrap()).collect() };
    let whole = ["79228162514264337593543950335", "-79228162514264337593543950335", "0", "-1", "10", "100"];
    let small = ["0.0000000000000000000000000001", "-7.9228162514264337593543950335", "0.5", "1.10"];
    let money = ["12345678901234567890.12345678", "-12345678901234567890.12345678", "1.10000000", "0"];
    for (scale, texts) in [(0, &whole[..]), (28, &small[..]), (8, &money[..])] {
        let column = pick(database, "text".to_owned(), format!("decimal(60,{scale})"), "numeric".to_owned());
        let values = decimals(texts);
        count += round_trip(&mut conn, &column, &values);
        // Trailing zeros are a part of what was said, where the column has no scale of its own.
        if scale == 8 {
            let kept: Vec<(String,)> =
                conn.fetch_all(text("select v from conf_values where id < 4 order by id")).unwrap();
            let zeros = pick(database, "0", "0.00000000", "0");
            assert_eq!(kept[2..], [("1.10000000".to_owned(),), (zeros.to_owned(),)]);
        }
    }
    passed(format!("{count} round trips"))
}

/// A column may say more zeros than `Decimal` has digits: the number fits all the same.
fn wide_decimals(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "text", "decimal(60,30)", "numeric(60,30)");
    table(&mut conn, "conf_values", &format!("v {column}"));
    let mut read = 0;
    for digits in ["1.1", "-12345678901234567890.123", "100", "0", "0.0000000000000000000000000001"] {
        let value: Decimal = digits.parse().unwrap();
        // A server pads by the column's scale; SQLite keeps the text.
        let zeros = if digits.contains('.') { "0".repeat(30) } else { format!(".{}", "0".repeat(30)) };
        let padded = if database.is_server() { digits.to_owned() } else { format!("{digits}{zeros}") };
        conn.execute(text("delete from conf_values")).unwrap();
        conn.execute(raw(format!("insert into conf_values values ('{padded}')"))).unwrap();
        let back = conn.scalar::<Decimal>(text("select v from conf_values"));
        assert_eq!(back.unwrap_or_else(|e| panic!("{digits}: {}", e.chain())), value);
        read += 1;
    }
    // What really has more digits is refused, never rounded, and the text is whole.
    let digits = "1.000000000000000000000000000001";
    conn.execute(text("delete from conf_values")).unwrap();
    conn.execute(raw(format!("insert into conf_values values ('{digits}')"))).unwrap();
    let error = conn.scalar::<Decimal>(text("select v from conf_values")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error:?}");
    assert!(error.to_string().contains("String takes it whole"), "{error}");
    assert_eq!(conn.scalar::<String>(text("select v from conf_values")).unwrap(), digits);
    passed(format!("{read} decimals of 30 places, 1 that does not fit refused"))
}

fn conversions(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    fn refused<T: FromValue + std::fmt::Debug>(conn: &mut Connection, sql: &'static str, says: &str) {
        let error = conn.scalar::<T>(text(sql)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion, "{sql}: {error:?}");
        assert!(error.to_string().contains(says), "{sql}: {error}");
    }
    refused::<i8>(&mut conn, "select 128", "out of its range");
    refused::<u8>(&mut conn, "select -1", "out of its range");
    refused::<u64>(&mut conn, "select -1", "out of its range");
    refused::<i64>(&mut conn, "select 'seven'", "it holds text");
    refused::<String>(&mut conn, "select 7", "it holds integer");
    refused::<i64>(&mut conn, "select null", "it is NULL");
    refused::<bool>(&mut conn, "select 'true'", "it holds text");
    refused::<chrono::NaiveDate>(&mut conn, "select 'soon'", "the text is no date");
    refused::<Vec<u8>>(&mut conn, "select 'text'", "it holds text");
    // A number of another kind that is the same number.
    assert_eq!(conn.scalar::<f64>(text("select 7")).unwrap(), 7.0);
    assert_eq!(conn.scalar::<Decimal>(text("select 7")).unwrap(), Decimal::from(7));
    assert_eq!(conn.scalar::<i64>(text("select count(*) from (select 1 union select 2) x")).unwrap(), 2);
    let sum = "select sum(n) from (select 1 as n union select 2) x";
    assert_eq!(conn.scalar::<i64>(text(sum)).unwrap(), 3, "a decimal on some databases");
    assert_eq!(conn.scalar::<f64>(text("select avg(n) from (select 1 as n union select 2) x")).unwrap(), 1.5);
    assert_eq!(conn.scalar::<Value>(text("select null")).unwrap(), Value::Null);
    passed("9 refused, 6 taken")
}
