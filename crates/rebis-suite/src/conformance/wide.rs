//! Numbers and texts in all the Rust types that hold them, to their edges.

use std::borrow::Cow;
use std::sync::Arc;

use rebis::{ErrorKind, Value, text};
use rust_decimal::Decimal;

use super::{Database, Outcome, Scenario, passed, pick, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("wide_integers_of_128_bits", integers),
    ("wide_floats_of_32_bits", floats),
    ("wide_floats_that_are_odd", odd_floats),
    ("wide_decimals_of_every_scale", decimals),
    ("wide_decimals_without_digits", no_digits),
    ("wide_texts_in_every_box", boxes),
    ("wide_values_that_could_not_be_made", not_made),
    ("wide_values_that_a_column_rounds", rounded),
];

fn integers(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "bigint", "decimal(39,0)", "numeric");
    let mut count = round_trip(&mut conn, column, &[i128::from(i64::MIN), -1, 0, i64::MAX.into()]);
    count += round_trip(&mut conn, column, &[0_u128, i64::MAX as u128]);
    count += round_trip(&mut conn, "bigint", &[isize::MIN, -1, isize::MAX]);
    let wide = [i128::MIN, i128::MAX, i128::from(i64::MIN) - 1, u64::MAX.into(), 1 << 64];
    if database.is_server() {
        count += round_trip(&mut conn, column, &wide);
        count += round_trip(&mut conn, column, &[u128::MAX, u64::MAX.into(), 1 << 64]);
        let beyond = refused(&mut conn, "bigint", &wide, (ErrorKind::Data, ""));
        return passed(format!("{count} round trips, {beyond} refused by a bigint column"));
    }
    // SQLite would make floats of them, or keep them as text that it does not compare as numbers.
    let mut beyond = refused(&mut conn, column, &wide[..3], (ErrorKind::Data, "SQLite cannot store"));
    beyond += refused(&mut conn, "text", &[u128::MAX], (ErrorKind::Data, "SQLite cannot store"));
    passed(format!("{count} round trips, {beyond} refused"))
}

fn floats(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let edges = [f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, 0.1, -0.3, 0.0, 1.5];
    let column = pick(database, "real", "float", "real");
    let count = round_trip(&mut conn, column, &edges);
    // A column of 32 bits rounds what it is given, and refuses what is too far.
    let wide = refused(&mut conn, column, pick(database, &[][..], &[1e39], &[1e39]), (ErrorKind::Data, ""));
    // A float that needs 64 bits is not cut.
    table(&mut conn, "conf_values", pick(database, "v real", "v double", "v double precision"));
    conn.execute(text("insert into conf_values values (:v)").bind("v", 0.1)).unwrap();
    unread::<f32>(&mut conn, "select v from conf_values", "the float needs 64 bits");
    passed(format!("{count} round trips, {wide} refused, 1 not cut"))
}

fn odd_floats(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "real", "double", "double precision");
    let infinities = [f64::INFINITY, f64::NEG_INFINITY];
    let (nan, refusal) = ([f64::NAN], (ErrorKind::Data, "NaN"));
    match database.name {
        "SQLite" => {
            let count = round_trip(&mut conn, column, &infinities);
            let no = refused(&mut conn, column, &nan, refusal);
            passed(format!("{count} round trips, {no} refused"))
        }
        "MariaDB" => {
            let no =
                refused(&mut conn, column, &infinities, refusal) + refused(&mut conn, column, &nan, refusal);
            passed(format!("{no} refused"))
        }
        _ => {
            let count = round_trip(&mut conn, column, &infinities);
            table(&mut conn, "conf_values", "v double precision");
            conn.execute(text("insert into conf_values values (:v)").bind("v", f64::NAN)).unwrap();
            // PostgreSQL has one NaN, and it equals itself.
            let found = text("select v from conf_values where v = :v").bind("v", f32::NAN);
            assert!(conn.scalar::<f64>(found).unwrap().is_nan());
            assert!(conn.scalar::<f32>(text("select v from conf_values")).unwrap().is_nan());
            passed(format!("{count} round trips and NaN"))
        }
    }
}

fn decimals(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "text", "decimal(57,28)", "numeric");
    let mut values = vec![Decimal::MIN, Decimal::MAX, Decimal::ZERO];
    for scale in 0..=28 {
        values.push(Decimal::from_i128_with_scale(1_234_567_890_123_456_789_012_345_678, scale));
        values.push(Decimal::from_i128_with_scale(-1, scale));
    }
    let mut count = round_trip(&mut conn, column, &values);
    // Zero has no sign, whatever it was.
    let mut zero = Decimal::new(0, 2);
    zero.set_sign_negative(true);
    count += round_trip(&mut conn, column, &[zero]);
    if database.is_server() {
        return passed(format!("{count} round trips"));
    }
    // A NUMERIC column of SQLite keeps 15 digits: what has more is not read as if it were exact.
    let money = ["0.1", "12345678.12", "-1.5", "7"].map(|digits| digits.parse::<Decimal>().unwrap());
    count += round_trip(&mut conn, "numeric", &money);
    table(&mut conn, "conf_values", "v numeric");
    conn.execute(text("insert into conf_values values (:v)").bind("v", Decimal::MAX)).unwrap();
    unread::<Decimal>(&mut conn, "select v from conf_values", "keep decimals in a TEXT column");
    passed(format!("{count} round trips, 1 float not taken for a decimal"))
}

fn no_digits(database: &Database) -> Outcome {
    if database.name != "PostgreSQL" {
        return passed("there is no such decimal: nothing to refuse");
    }
    let mut conn = database.engine(1).connect().unwrap();
    for what in ["NaN", "Infinity", "-Infinity"] {
        unread::<Decimal>(&mut conn, &format!("select '{what}'::numeric as v"), "column 'v'");
        unread::<f64>(&mut conn, &format!("select '{what}'::numeric"), "cast it to text");
        unread::<Vec<Decimal>>(&mut conn, &format!("select '{{1,{what}}}'::numeric[]"), "cast it to text");
        assert_eq!(
            conn.scalar::<String>(rebis::raw(format!("select '{what}'::numeric::text"))).unwrap(),
            what
        );
    }
    passed("3 refused in 3 ways, readable as text")
}

fn boxes(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "text", "longtext character set utf8mb4 collate utf8mb4_bin", "text");
    let mut count = round_trip(&mut conn, column, &['a', 'é', '漢', '🦀', '\u{10ffff}', '\u{1}', '\'', '\\']);
    count += round_trip(&mut conn, column, &["", "🦀", "a'b"].map(Box::<str>::from));
    count += round_trip(&mut conn, column, &["", "🦀", "a'b"].map(Arc::<str>::from));
    count += round_trip(&mut conn, column, &["", "🦀", "a'b"].map(Cow::<'static, str>::from));
    let column = pick(database, "blob", "longblob", "bytea");
    count += round_trip(&mut conn, column, &[&b""[..], b"\x00\xff'\\"].map(Box::<[u8]>::from));
    count += round_trip(&mut conn, column, &[[0_u8; 16], [0xff; 16]]);
    // Borrowed values bind as what they borrow.
    for (name, age) in &[("ed".to_owned(), Some(7)), ("jo".to_owned(), None)] {
        let sql = "select cast(:name as char(2)), :age + 1";
        let row: (String, Option<i64>) =
            conn.execute(text(sql).bind("name", name).bind("age", age)).unwrap().of().one().unwrap();
        assert_eq!(row, (name.clone(), age.map(|age| age + 1)));
        count += 1;
    }
    passed(format!("{count} round trips"))
}

fn not_made(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let why = Value::Refused("there is none today".into());
    let count = refused(&mut conn, "text", &[why], (ErrorKind::Data, "has no value: there is none today"));
    passed(format!("{count} refused"))
}

/// What the guide says of columns that round: silently, on every database, because the database does it.
fn rounded(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let columns = pick(
        database,
        "d numeric(5,2), t timestamp(0), f real",
        "d decimal(5,2), t datetime, f float",
        "d numeric(5,2), t timestamp(0), f real",
    );
    table(&mut conn, "conf_values", columns);
    let moment: chrono::NaiveDateTime = "2024-02-29T12:00:00.500001".parse().unwrap();
    conn.execute(
        text("insert into conf_values values (:d, :t, :f)")
            .bind("d", "1.005".parse::<Decimal>().unwrap())
            .bind("t", moment)
            .bind("f", 0.1),
    )
    .unwrap();
    let row: (Decimal, chrono::NaiveDateTime, f64) =
        conn.execute(text("select d, t, f from conf_values")).unwrap().of().one().unwrap();
    let second = |text: &str| text.parse().unwrap();
    let narrow = f64::from(0.1_f32);
    let expected = pick(
        database,
        ("1.005", moment, 0.1),
        // MySQL rounds to the next second.
        ("1.01", second("2024-02-29T12:00:00"), narrow),
        ("1.01", second("2024-02-29T12:00:01"), narrow),
    );
    assert_eq!((row.0.to_string().as_str(), row.1, row.2), expected);
    passed("3 columns")
}
