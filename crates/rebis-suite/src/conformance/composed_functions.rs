//! Functions, aggregates, windows, rows and JSON: the same answers on every database.

use rebis::chrono::{NaiveDate, Utc};
use rebis::schema::{ColumnDef, SqlType, Table};
use rebis::sql::{
    DatePart, Expression, FrameBound, abs, array_agg, dense_rank, extract, first_value, func, greatest, json,
    lag, last_value, lead, least, length, literal, now, ntile, nullif, replace, round, select, string_agg,
    substr, sum, text_expr, trim, true_divide, tuple, window,
};
use rebis::{ErrorKind, Value, serde_json, text};

use super::composed::{Person, people};
use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("composed_aggregates_in_order", aggregates),
    ("composed_window_frames", windows),
    ("composed_functions", functions),
    ("composed_dates", dates),
    ("composed_numbers", numbers),
    ("composed_rows_and_names", rows),
    ("composed_json", json_values),
];

fn aggregates(database: &Database) -> Outcome {
    let mut conn = people(database);
    let names = || string_agg(Person::name, "'\\;").aggregate_order_by(Person::id.desc());
    let joined: Option<String> = conn.scalar(select(names())).unwrap();
    assert_eq!(joined.as_deref(), Some("5%o'\\;jo'\\;ed"));
    let some: Option<String> = conn.scalar(select(names().filter(Person::age.gt(25)))).unwrap();
    assert_eq!(some.as_deref(), Some("jo'\\;ed"));
    let arrays = conn.scalar(select(array_agg(Person::id).aggregate_order_by(Person::age)));
    let any =
        conn.fetch_all(select(Person::id).filter(Person::id.eq_any(vec![1_i64, 9]))).map(|rows| rows.len());
    if pick(database, false, false, true) {
        assert_eq!(arrays.unwrap(), Some(vec![3_i64, 2, 1]));
        assert_eq!(any.unwrap(), 1);
        let others = select(Person::id).filter(Person::id.ne_all(vec![1_i64, 9]));
        assert_eq!(conn.fetch_all(others).unwrap().len(), 2);
    } else {
        assert_eq!(arrays.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(any.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    passed("joined texts in order and filtered; arrays or their refusal")
}

fn windows(database: &Database) -> Outcome {
    let mut conn = people(database);
    let by_id = || window().order_by(Person::id);
    let all = || by_id().rows(FrameBound::UnboundedPreceding, FrameBound::UnboundedFollowing);
    let sums = select((
        sum(Person::id).over(by_id().rows(FrameBound::Preceding(1), FrameBound::CurrentRow)),
        lag(Person::name, 1).over(by_id()),
        lead(Person::age, 2).over(by_id()),
        first_value(Person::id).over(by_id()),
        last_value(Person::id).over(all()),
        dense_rank().over(window().order_by(Person::boss.is_null())),
        ntile(2).over(by_id()),
    ));
    let found = conn.fetch_all(sums.order_by(Person::id)).unwrap();
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(
        found,
        [
            (Some(1), None, Some(20), Some(1), Some(3), 2, 1),
            (Some(3), name("ed"), None, Some(1), Some(3), 1, 1),
            (Some(5), name("jo"), None, Some(1), Some(3), 1, 2)
        ]
    );
    let range = sum(Person::id).over(
        window()
            .order_by(Person::boss.is_null())
            .range(FrameBound::UnboundedPreceding, FrameBound::CurrentRow),
    );
    let found = conn.fetch_all(select(range).order_by(Person::id)).unwrap();
    assert_eq!(found, [(Some(6),), (Some(5),), (Some(5),)]);
    passed("7 window functions, rows and ranges")
}

fn functions(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let zoe = || literal("  Zoë ");
    let texts = select((
        length(zoe()),
        trim(zoe()),
        replace(trim(zoe()), "Z", "zz"),
        substr(trim(zoe()), 2, 2),
        func::<String>("lower", (literal("ABC"),)),
        text_expr::<i64>(text("1 + :n").bind("n", 41)),
    ));
    let expected = (6, "Zoë".to_owned(), "zzoë".to_owned(), "oë".to_owned(), "abc".to_owned(), 42);
    assert_eq!(conn.fetch_all(texts).unwrap(), [expected]);
    let beside_null = pick(database, None, None, Some(3));
    let others = select((
        abs(literal(-3)),
        nullif(literal(3), 3),
        nullif(literal(3), 4),
        greatest(literal(3), 7),
        least(literal(3), 7),
        greatest(literal(3).cast::<Option<i64>>(SqlType::BigInteger), None::<i64>),
        round(literal(2.346_f64), 2),
        round(literal(-7.5_f64), 0),
    ));
    assert_eq!(conn.fetch_all(others).unwrap(), [(3, None, Some(3), 7, 3, beside_null, 2.35, -8.0)]);
    let regexp = conn.scalar::<bool>(select(literal("abc").regexp_match("^a.c$")));
    match regexp {
        Ok(found) => assert!(found && pick(database, false, true, true)),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.chain());
            assert!(pick(database, true, false, false));
        }
    }
    let collation = pick(database, "NOCASE", "utf8mb4_general_ci", "C");
    let same: bool = conn.scalar(select(literal("abc").collate(collation).eq("ABC"))).unwrap();
    assert_eq!(same, pick(database, true, true, false));
    passed("14 functions, a regular expression, a collation")
}

fn dates(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let moment = NaiveDate::from_ymd_opt(2013, 11, 30).unwrap().and_hms_milli_opt(23, 58, 59, 750).unwrap();
    let part = |part| extract(part, literal(moment));
    let first = select((
        part(DatePart::Year),
        part(DatePart::Quarter),
        part(DatePart::Month),
        part(DatePart::Day),
        part(DatePart::DayOfYear),
        part(DatePart::DayOfWeek),
        part(DatePart::Hour),
        part(DatePart::Minute),
        part(DatePart::Second),
    ));
    assert_eq!(conn.fetch_all(first).unwrap(), [(2013, 4, 11, 30, 334, 6, 23, 58, 59)]);
    let day = extract(DatePart::DayOfWeek, literal(NaiveDate::from_ymd_opt(2013, 12, 1).unwrap()));
    assert_eq!(conn.scalar::<i64>(select(day * 2 + 1)).unwrap(), 1, "Sunday");
    let clock = conn.scalar::<chrono::DateTime<Utc>>(select(now())).unwrap();
    assert!((Utc::now() - clock).num_seconds().abs() < 600, "{clock}");
    passed("9 parts of a moment, the clock")
}

fn numbers(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let seven = || literal(7_i64).cast::<i64>(SqlType::BigInteger);
    let divided = select((
        seven() / 2,
        -seven() / 2,
        -seven() % 3,
        true_divide(seven(), 2),
        seven() / 2 * 2,
        seven() - seven() / 4,
    ));
    assert_eq!(conn.fetch_all(divided).unwrap(), [(3, -3, -1, Some(3.5), 6, 6)]);
    let bits = select((
        seven().bit_and(12),
        seven().bit_or(8),
        seven().bit_xor(2),
        seven().bit_not(),
        seven().shift_left(2),
        (-seven()).bit_and(-1),
    ));
    assert_eq!(conn.fetch_all(bits).unwrap(), [(4, 15, 5, -8, 28, -7)]);
    passed("integer and true division, bits")
}

fn rows(database: &Database) -> Outcome {
    let mut conn = people(database);
    let mut ids = |condition| -> Vec<(i64,)> {
        conn.fetch_all(select(Person::id).filter(condition).order_by(Person::id)).unwrap()
    };
    let both = || tuple((Person::id, Person::name));
    assert_eq!(ids(both().in_list([(1, "ed"), (2, "ed"), (3, "5%o")])), [(1,), (3,)]);
    assert_eq!(ids(!both().in_list([(1, "ed")])), [(2,), (3,)]);
    assert_eq!(ids(both().in_list(Vec::<(i64, &str)>::new())), []);
    assert_eq!(ids(both().eq((2, "jo"))), [(2,)]);
    assert_eq!(ids(tuple((Person::age, Person::id)).gt((30, 1))), [(1,), (2,)]);
    assert_eq!(ids(tuple((Person::age, Person::id)).lt((30, 2))), [(3,)]);
    let other = rebis::sql::alias::<Person>("other");
    let pairs = select((other.c(Person::id), other.c(Person::name))).filter(other.c(Person::age).lt(35));
    assert_eq!(ids(both().in_select(pairs)), [(2,), (3,)]);
    let person = <Person as rebis::schema::Entity>::table();
    let named = select(Person::id).filter_by(person, [("boss", Value::from(1)), ("age", Value::from(30))]);
    assert_eq!(conn.fetch_all(named.unwrap()).unwrap(), [(2,)]);
    let sorted = select(Person::id).order_by_name(person, "age", false).unwrap();
    assert_eq!(conn.fetch_all(sorted).unwrap(), [(3,), (2,), (1,)]);
    passed("rows in lists, compared and in queries; columns by name")
}

fn json_values(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    super::table(&mut conn, "conf_json_value", &format!("v {}", pick(database, "text", "json", "jsonb")));
    let things = Table::build("conf_json_value").column(ColumnDef::new("v", SqlType::Json)).finish().unwrap();
    let data = serde_json::json!({"a b": ["x", 7, 2.5, true, false, null, {"k": "null"}]});
    let row = rebis::sql::insert_into(&things).values([("v", data)]).unwrap();
    conn.execute(row).unwrap();
    let column = || things.alias("conf_json_value").typed::<serde_json::Value>("v");
    let element = |index| json(column()).key("a b").index(index);
    let mut one = |expression| -> Option<String> {
        conn.scalar(select(expression).from(&things.alias("conf_json_value"))).unwrap()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(one(element(0).as_text()), text("x"));
    assert_eq!(one(element(1).as_text()), text("7"));
    assert_eq!(one(element(3).as_text()), text("true"));
    assert_eq!(one(element(4).as_text()), text("false"));
    assert_eq!(one(element(5).as_text()), None, "JSON's null");
    assert_eq!(one(element(6).key("k").as_text()), text("null"), "a text");
    assert_eq!(one(element(99).as_text()), None);
    assert_eq!(one(json(column()).key("none").as_text()), None);
    let values = select((
        element(1).as_integer(),
        element(5).as_integer(),
        element(2).as_float(),
        element(3).as_bool(),
        element(4).as_bool(),
        element(9).as_bool(),
    ));
    let values = conn.fetch_all(values.from(&things.alias("conf_json_value"))).unwrap();
    assert_eq!(values, [(Some(7), None, Some(2.5), Some(true), Some(false), None)]);
    passed("texts, numbers, truth values, nulls")
}
