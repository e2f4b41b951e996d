//! Arrays: PostgreSQL's; elsewhere a clear error before anything is sent.

use std::fmt::Debug;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rebis::value::Element;
use rebis::{Connection, ErrorKind, FromValue, Json, Value, raw, text};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{Database, Outcome, Scenario, count, passed, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("arrays_of_every_type", every_type),
    ("arrays_of_texts", texts),
    ("arrays_any", any),
    ("arrays_in_bulk", bulk),
    ("arrays_that_are_refused", refusals),
    ("arrays_from_the_server", literals),
    ("arrays_without_kept_statements", unkept),
];

/// Nothing of an array reaches a database that has none.
fn no_arrays(database: &Database) -> Option<Outcome> {
    if database.name == "PostgreSQL" {
        return None;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let mut no = refused(&mut conn, "text", &[vec![1, 2], vec![]], (ErrorKind::Unsupported, "bind JSON"));
    no += refused(&mut conn, "text", &[Some(vec!["a"])], (ErrorKind::Unsupported, "bind JSON"));
    // Not even a statement that would fail.
    let error = conn.execute(text("selec :v").bind("v", [1])).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Statement), "{error:?}");
    // NULL is NULL.
    table(&mut conn, "conf_values", "v text");
    conn.execute(text("insert into conf_values values (:v)").bind("v", None::<Vec<i64>>)).unwrap();
    assert_eq!(conn.scalar::<Option<Vec<i64>>>(text("select v from conf_values")).unwrap(), None);
    Some(passed(format!("{no} refused")))
}

/// An empty array, one, many, with NULLs between.
fn arrays<T>(conn: &mut Connection, column: &str, values: &[T]) -> usize
where
    T: Element + Into<Value> + FromValue + Clone + PartialEq + Debug,
{
    let sparse = values.iter().flat_map(|value| [Some(value.clone()), None]);
    let values = [
        vec![],
        vec![values[0].clone()],
        values.to_vec(),
        std::iter::repeat_n(values, 100).flatten().cloned().collect(),
    ];
    let sparse: [Vec<Option<T>>; 3] = [sparse.collect(), vec![None], vec![]];
    round_trip(conn, column, &values) + round_trip(conn, column, &sparse)
}

fn every_type(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let conn = &mut conn;
    let mut n = arrays(conn, "bool[]", &[true, false]);
    n += arrays(conn, "int2[]", &[i16::MIN, i16::MAX]);
    n += arrays(conn, "int4[]", &[i32::MIN, 0, i32::MAX]);
    n += arrays(conn, "int8[]", &[i64::MIN, 0, i64::MAX]);
    n += arrays(conn, "int8[]", &[1_i64, -1]);
    n += arrays(conn, "numeric[]", &[u64::MAX, 0]);
    n += arrays(conn, "numeric[]", &[i128::MIN, 7, i128::MAX]);
    n += arrays(conn, "float8[]", &[f64::MIN, 5e-324, -0.0, 0.1, f64::INFINITY, f64::NEG_INFINITY, 1e300]);
    n += arrays(conn, "float4[]", &[f32::MIN, 1e-45, 0.1]);
    n += arrays(conn, "bytea[]", &[vec![], vec![0, 255], b"\\x41\"{,}".to_vec()]);
    let date = |year| NaiveDate::from_ymd_opt(year, 2, 28).unwrap();
    let dates =
        [date(-4711), date(-4), date(0), date(1), date(1969), date(9999), date(10_000), date(262_000)];
    n += arrays(conn, "date[]", &dates);
    let leap = NaiveDate::from_ymd_opt(-4, 2, 29).unwrap();
    n += arrays(conn, "date[]", &[leap]);
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    n += arrays(conn, "time[]", &[NaiveTime::MIN, time]);
    n += arrays(conn, "timestamp[]", &dates.map(|date| date.and_time(time)));
    n += arrays(conn, "timestamptz[]", &dates.map(|date| date.and_time(time).and_utc()));
    let micro = TimeDelta::microseconds(1);
    n += arrays(conn, "interval[]", &[TimeDelta::zero(), -micro, TimeDelta::days(36_500) + micro]);
    n += arrays(conn, "numeric[]", &["0", "-1.10", "79228162514264337593543950335"].map(decimal));
    n += arrays(conn, "uuid[]", &[Uuid::nil(), Uuid::max()]);
    n += arrays(conn, "jsonb[]", &[json!({"a": "\"\\{},"}), json!(null), json!([1, "NULL"])]);
    n += arrays(conn, "jsonb[]", &[Json(vec![1, 2]), Json(vec![])]);
    passed(format!("{n} round trips"))
}

fn decimal(digits: &str) -> Decimal {
    digits.parse().unwrap()
}

fn texts(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let every: String = ('\u{1}'..='\u{7f}').collect();
    let edges = [
        "",
        " ",
        " a ",
        "NULL",
        "null",
        "\"",
        "\\",
        "\\\"",
        "{",
        "}",
        "{}",
        ",",
        "a,b",
        "{a,b}",
        "'",
        "''",
        "\n",
        "🦀 漢字 \u{10ffff}",
        ":name",
        "$1",
        every.as_str(),
    ]
    .map(str::to_owned);
    let mut n = arrays(&mut conn, "text[]", &edges);
    n += arrays(&mut conn, "varchar[]", &edges);
    n += arrays(&mut conn, "text[]", &['a', '"', '🦀']);
    let megabyte = [vec!["x".repeat(1 << 20), "\"".repeat(1 << 19)], vec!["é".repeat(1 << 19)]];
    n += round_trip(&mut conn, "text[]", &megabyte);
    let no = refused(&mut conn, "text[]", &[vec!["a\0b"]], (ErrorKind::Data, ""));
    // What has no Rust type goes in as text, and comes out as text when it is cast.
    let statement = text("select (:a::inet[])::text[]").bind("a", ["10.0.0.1/32", "::1/128"]);
    assert_eq!(conn.scalar::<Vec<String>>(statement).unwrap(), ["10.0.0.1/32", "::1/128"]);
    passed(format!("{n} round trips, {no} refused"))
}

fn any(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let columns =
        "id int4 primary key, small int2, big int8, exact numeric, name text, code varchar(9), key uuid";
    table(&mut conn, "conf_values", columns);
    let rows = (1..=5).map(|n| (n, n, n, n, format!("n{n}"), format!("c{n}"), Uuid::from_u128(n as u128)));
    conn.execute_many(text("insert into conf_values values (:a, :b, :c, :d, :e, :f, :g)"), rows).unwrap();
    conn.commit().unwrap();
    let mut asked = 0;
    let mut found = |column: &str, ids: Value| -> Vec<(i32,)> {
        asked += 1;
        let sql = format!("select id from conf_values where {column} = any(:ids) order by id");
        conn.fetch_all(raw(sql).bind("ids", ids)).unwrap_or_else(|e| panic!("{column}: {}", e.chain()))
    };
    for column in ["id", "small", "big", "exact"] {
        assert_eq!(found(column, vec![2_i64, 4].into()), [(2,), (4,)], "{column}");
        assert_eq!(found(column, vec![2_i16, 4].into()), [(2,), (4,)], "{column}");
        assert_eq!(found(column, [Some(2_u64), None].into()), [(2,)], "{column}");
        assert_eq!(found(column, Vec::<i64>::new().into()), [], "{column}");
        // Beyond the column's type: no row, and no error.
        assert_eq!(found(column, vec![3, i64::MAX].into()), [(3,)], "{column}");
        assert_eq!(found(column, vec![2_i64, 4].into()), [(2,), (4,)], "{column}");
    }
    assert_eq!(found("exact", vec![decimal("3.0"), decimal("3.1")].into()), [(3,)]);
    for (column, values) in [("name", ["n1", "n5", "n\"{}"]), ("code", ["c1", "c5", "NULL"])] {
        assert_eq!(found(column, values.into()), [(1,), (5,)], "{column}");
    }
    assert_eq!(found("key", vec![Uuid::from_u128(2), Uuid::max()].into()), [(2,)]);
    let all: Vec<i64> = (1..=10_000).collect();
    assert_eq!(found("id", (&all).into()).len(), 5);
    let none = text("select count(*) from conf_values where id = any(:ids)").bind("ids", None::<Vec<i64>>);
    assert_eq!(conn.scalar::<i64>(none).unwrap(), 0);
    passed(format!("{asked} questions"))
}

fn bulk(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_values", "id int not null, v int8[]");
    // Empty, narrow, wide, NULL: the types of one parameter change from set to set.
    let value = |n: i64| match n % 5 {
        0 => None,
        1 => Some(vec![]),
        2 => Some(vec![Some(n)]),
        3 => Some(vec![Some(n << 40), None]),
        _ => Some(vec![None]),
    };
    let sets = (0..1500).map(|n| (n, value(n)));
    assert_eq!(conn.execute_many(text("insert into conf_values values (:id, :v)"), sets).unwrap(), 1500);
    let rows: Vec<(Option<Vec<Option<i64>>>,)> =
        conn.fetch_all(text("select v from conf_values order by id")).unwrap();
    for (n, row) in (0..).zip(&rows) {
        assert_eq!(row.0, value(n), "row {n}");
    }
    let mut rows = conn.execute(text("select id, v from conf_values order by id")).unwrap();
    let mut read = 0;
    while let Some(row) = rows.next().unwrap() {
        assert_eq!(row.get::<(i64, Option<Vec<Option<i64>>>)>().unwrap(), (read, value(read)));
        read += 1;
    }
    assert_eq!(read, 1500);
    passed("1500 rows, read in 2 ways")
}

fn refusals(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let nested = Value::Array(vec![vec![1].into(), vec![2].into()]);
    let mut no = refused(&mut conn, "int4[]", &[nested], (ErrorKind::Unsupported, "one dimension"));
    no += refused(&mut conn, "int4[]", &[vec![i64::MAX]], (ErrorKind::Data, ""));
    no += refused(&mut conn, "int4[]", &[vec!["s3cret"]], (ErrorKind::Data, ""));
    no += refused(&mut conn, "int4", &[vec![1]], (ErrorKind::Statement, ""));
    // Elements without a type in common: the server judges the literal.
    let mixed = Value::Array(vec![1.into(), "s3cret".into()]);
    no += refused(&mut conn, "int4[]", &[mixed], (ErrorKind::Data, ""));
    let why = Value::Array(vec![Value::Refused("no reason".into())]);
    no += refused(&mut conn, "int4[]", &[why], (ErrorKind::Data, "no reason"));
    unread::<Vec<i32>>(&mut conn, "select array[array[1, 2], array[3, 4]] as v", "more than one dimension");
    unread::<Vec<String>>(&mut conn, "select '{{a,b},{c,d}}'::text[] as v", "column 'v'");
    unread::<Vec<i32>>(
        &mut conn,
        "select array[1, null] as v",
        "element 1 is NULL; read it as Vec<Option<i32>>",
    );
    unread::<Vec<i8>>(
        &mut conn,
        "select array[1, 300] as v",
        "(int4[]) cannot be read as alloc::vec::Vec<i8>: element 1",
    );
    unread::<Vec<i64>>(&mut conn, "select '{1,2}' as v", "it holds text");
    unread::<i64>(&mut conn, "select array[1] as v", "it holds array");
    unread::<Vec<u8>>(&mut conn, "select array[1] as v", "it holds array");
    passed(format!("{no} refused, 7 not read"))
}

fn literals(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    let mut conn = database.engine(1).connect().unwrap();
    let read: Vec<String> =
        conn.scalar(text("select array_agg(x) from unnest(array['a', 'NULL', '\"']) x")).unwrap();
    assert_eq!(read, ["a", "NULL", "\""]);
    // A first index of its own: the elements are what counts.
    assert_eq!(conn.scalar::<Vec<i32>>(text("select '[-1:1]={1,2,3}'::int[]")).unwrap(), [1, 2, 3]);
    assert_eq!(conn.scalar::<Vec<String>>(text("select '[0:1]={=,b}'::text[]")).unwrap(), ["=", "b"]);
    assert_eq!(conn.scalar::<Vec<i32>>(text("select '{}'::int[]")).unwrap(), [0; 0]);
    // Session settings change how the server prints dates, not what is read.
    conn.execute(text("set datestyle = 'German'")).unwrap();
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let sent = text("select :d::date[]").bind("d", vec![day]);
    assert_eq!(conn.scalar::<Vec<NaiveDate>>(sent).unwrap(), [day]);
    let unnested: Vec<(i64, String)> = conn
        .fetch_all(
            text("select * from unnest(:ids::int8[], :names::text[])")
                .bind("ids", [1, 2])
                .bind("names", ["a", "b"]),
        )
        .unwrap();
    assert_eq!(unnested, [(1, "a".to_owned()), (2, "b".to_owned())]);
    conn.rollback().unwrap();
    table(&mut conn, "conf_values", "v int4");
    let insert = text("insert into conf_values select * from unnest(:all::int4[])")
        .bind("all", (0..1000).collect::<Vec<i32>>());
    assert_eq!(conn.execute(insert).unwrap().rows_affected(), 1000);
    assert_eq!(count(&mut conn, "conf_values"), 1000);
    passed("4 literals, 1 date in another style, 2 unnested")
}

/// Where no statement is kept, and where many are: an array is prepared twice when its own type is needed.
fn unkept(database: &Database) -> Outcome {
    if let Some(refused) = no_arrays(database) {
        return refused;
    }
    for size in [0, 1, 2] {
        let url = database.url_with(&format!("prepared_statement_cache_size={size}"));
        let mut conn = rebis::Engine::new(url.as_str()).unwrap().connect().unwrap();
        table(&mut conn, "conf_values", "v int4");
        conn.execute(text("insert into conf_values values (1), (2)")).unwrap();
        for ids in [vec![1], vec![2, i64::MAX], vec![], vec![1 << 40], vec![1, 2]] {
            let sql = text("select count(*) from conf_values where v = any(:ids)").bind("ids", &ids);
            let expected = ids.iter().filter(|id| **id < 3).count();
            assert_eq!(conn.scalar::<usize>(sql).unwrap(), expected, "{ids:?}, {size} kept");
            // Nothing to take a type from: its own.
            if let Some(last) = ids.last() {
                let back: Vec<i64> = conn.scalar(text("select :ids").bind("ids", &ids)).unwrap();
                assert_eq!(back.last(), Some(last));
            }
        }
        conn.rollback().unwrap();
    }
    passed("3 sizes of cache, 9 statements each")
}
