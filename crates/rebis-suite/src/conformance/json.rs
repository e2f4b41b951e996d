//! JSON: what serde knows, in the columns that the databases have for it.

use std::collections::BTreeMap;

use rebis::{Connection, ErrorKind, Json, Value, raw, text};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Database, Outcome, Scenario, passed, pick, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("json_documents", documents),
    ("json_compared_and_queried", compared),
    ("json_null_is_not_null", null),
    ("json_own_types", own_types),
    ("json_that_cannot_be_read", malformed),
    ("json_that_cannot_be_written", unwritten),
];

fn columns(database: &Database) -> &'static [&'static str] {
    pick(database, &["text", "varchar(9)"][..], &["json", "longtext"], &["json", "jsonb", "text"])
}

fn nested(depth: usize) -> serde_json::Value {
    (0..depth).fold(json!("bottom"), |inner, _| json!([inner]))
}

/// MariaDB's JSON goes 32 levels deep.
fn edges(database: &Database) -> Vec<serde_json::Value> {
    vec![
        json!({}),
        json!([]),
        json!(null),
        json!(true),
        json!(0),
        json!(-7),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.1),
        json!(1e300),
        json!(""),
        json!("🦀 漢字 \u{10ffff} é"),
        json!("\"\\/\n\r\t\u{1}'{}[],:name ? $1"),
        json!({"a": {"b": [1, null, {"c": "d"}]}, "": "empty key", "ключ": 1, "a b": 2}),
        json!("x".repeat(1 << 20)),
        nested(pick(database, 100, 30, 100)),
    ]
}

fn insert() -> rebis::Text {
    text("insert into conf_values (id, v) values (:id, :v)")
}

fn documents(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let values = edges(database);
    for column in columns(database) {
        table(&mut conn, "conf_values", &format!("id int not null, v {column}"));
        for (id, value) in values.iter().enumerate() {
            conn.execute(insert().bind("id", id).bind("v", value))
                .unwrap_or_else(|e| panic!("{column}: {}", e.chain()));
        }
        let sets = values.iter().map(Some).chain([None]).enumerate().map(|(id, value)| (1000 + id, value));
        assert_eq!(conn.execute_many(insert(), sets).unwrap(), values.len() as u64 + 1);
        conn.commit().unwrap();
        let back: Vec<(Option<serde_json::Value>,)> =
            conn.fetch_all(raw(format!("select v from conf_values order by id /* {column} */"))).unwrap();
        let expected: Vec<_> =
            values.iter().chain(&values).cloned().map(Some).chain([None]).map(|value| (value,)).collect();
        assert!(back == expected, "{column}: {back:?}");
        // The other way off the wire, and as text.
        let first = raw(format!("select v from conf_values where id < 1000 order by id /* {column} */"));
        let mut rows = conn.execute(first).unwrap();
        for value in &values {
            let row = rows.next().unwrap().unwrap();
            assert_eq!(&row.value::<Json<serde_json::Value>>("v").unwrap().0, value);
            let text: String = row.value("v").unwrap();
            assert_eq!(&serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        }
        conn.rollback().unwrap();
    }
    passed(format!("{} documents in {} kinds of column, twice each", values.len(), columns(database).len()))
}

fn compared(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    // json of PostgreSQL has no equality; text columns compare as text, which is what was written.
    let column = pick(database, "text", "json", "jsonb");
    let documents = vec![json!({"a": 1, "b": [2, "x"]}), json!(null), json!("🦀"), json!(-1), json!([])];
    let mut count = round_trip(&mut conn, column, &documents);
    count += round_trip(&mut conn, column, &documents.into_iter().map(Json).collect::<Vec<_>>());
    table(&mut conn, "conf_values", &format!("id int not null, v {column}"));
    conn.execute(insert().bind("id", 1).bind("v", json!({"a": [1, {"b": "found"}]}))).unwrap();
    let found = pick(
        database,
        "select json_extract(v, '$.a[1].b') from conf_values",
        "select json_unquote(json_extract(v, '$.a[1].b')) from conf_values",
        "select v #>> '{a,1,b}' from conf_values",
    );
    assert_eq!(conn.scalar::<String>(text(found)).unwrap(), "found");
    if database.name == "PostgreSQL" {
        let contains =
            text("select count(*) from conf_values where v @> :part").bind("part", json!({"a": [1]}));
        assert_eq!(conn.scalar::<i64>(contains).unwrap(), 1);
        let made: Json<BTreeMap<String, i64>> =
            conn.scalar(text("select jsonb_build_object('a', 1, 'b', 2)")).unwrap();
        assert_eq!(made.0, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
        let cast: serde_json::Value =
            conn.scalar(text("select :j::jsonb -> 'a'").bind("j", json!({"a": 1}))).unwrap();
        assert_eq!(cast, json!(1));
    }
    passed(format!("{count} round trips"))
}

fn null(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    for column in columns(database) {
        table(&mut conn, "conf_values", &format!("id int not null, v {column}"));
        let nulls: [Value; 4] = [
            serde_json::Value::Null.into(),
            Json(None::<i64>).into(),
            None::<serde_json::Value>.into(),
            None::<Json<i64>>.into(),
        ];
        conn.execute_many(insert(), nulls.into_iter().enumerate()).unwrap();
        let of_sql: i64 = conn.scalar(text("select count(*) from conf_values where v is null")).unwrap();
        assert_eq!(of_sql, 2, "{column}");
        let rows: Vec<(Option<Json<Option<i64>>>,)> =
            conn.fetch_all(raw(format!("select v from conf_values order by id /* {column} */"))).unwrap();
        assert_eq!(rows, [(Some(Json(None)),), (Some(Json(None)),), (None,), (None,)], "{column}");
        let null = format!("select v from conf_values where id = 2 /* {column} */");
        unread::<serde_json::Value>(&mut conn, &null, "it is NULL");
        conn.rollback().unwrap();
    }
    passed("2 of JSON, 2 of SQL, in each kind of column")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    theme: String,
    sizes: Vec<u8>,
    limit: Option<f64>,
    by_name: BTreeMap<String, bool>,
}

fn own_types(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let settings = |theme: &str| {
        Json(Settings {
            theme: theme.to_owned(),
            sizes: vec![0, 255],
            limit: Some(-0.5),
            by_name: BTreeMap::from([("a".to_owned(), true), ("b".to_owned(), false)]),
        })
    };
    let column = pick(database, "text", "json", "jsonb");
    let count = round_trip(&mut conn, column, &[settings("dark"), settings(""), settings("🦀\"")]);
    passed(format!("{count} round trips"))
}

fn say<T: rebis::FromValue + std::fmt::Debug>(conn: &mut Connection, cell: &str, says: &str) {
    unread::<T>(conn, &format!("select {cell} as v"), says);
    let error = conn.scalar::<T>(raw(format!("select {cell} as v"))).unwrap_err();
    assert!(!super::prints(&error).contains("s3cret"), "{error:?}");
}

fn malformed(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let object = pick(
        database,
        "'{\"theme\":\"s3cret\"}'",
        "'{\"theme\":\"s3cret\"}'",
        "'{\"theme\":\"s3cret\"}'::jsonb",
    );
    say::<Json<Settings>>(&mut conn, object, "the JSON does not fit the type, at line 1");
    say::<Json<Settings>>(&mut conn, "'{\"theme\":\"s3cret'", "the JSON breaks off, at line 1");
    say::<serde_json::Value>(
        &mut conn,
        "'s3cret'",
        "the text is no JSON that can be read, at line 1 column 1",
    );
    say::<serde_json::Value>(&mut conn, "'[1] s3cret'", "the text is no JSON that can be read");
    say::<serde_json::Value>(&mut conn, "''", "the JSON breaks off");
    say::<Json<i64>>(&mut conn, "7", "it holds integer");
    // Deeper than serde_json follows.
    let deep = format!("'{}{}'", "[".repeat(200), "]".repeat(200));
    say::<serde_json::Value>(&mut conn, &deep, "no JSON that can be read");
    passed("7 refused without their text")
}

fn unwritten(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    // JSON has no keys but texts.
    let keyed = Json(BTreeMap::from([((1, 2), "s3cret")]));
    let mut count = refused(&mut conn, "text", &[keyed], (ErrorKind::Data, "cannot be written as JSON"));
    // A text of one's own that is none is the database's to refuse.
    if database.is_server() {
        let column = pick(database, "", "json", "jsonb");
        let kind = pick(database, ErrorKind::Data, ErrorKind::CheckViolation, ErrorKind::Data);
        count += refused(&mut conn, column, &[Value::Json("{s3cret".to_owned())], (kind, ""));
        if database.name == "MariaDB" {
            count += refused(&mut conn, column, &[nested(40)], (kind, ""));
        }
    }
    // jsonb has no NUL, json keeps it escaped.
    if database.name == "PostgreSQL" {
        count += refused(&mut conn, "jsonb", &[json!("a\0b")], (ErrorKind::Data, ""));
        table(&mut conn, "conf_values", "id int not null, v json");
        conn.execute(insert().bind("id", 1).bind("v", json!("a\0b"))).unwrap();
        assert_eq!(
            conn.scalar::<serde_json::Value>(text("select v from conf_values")).unwrap(),
            json!("a\0b")
        );
    }
    passed(format!("{count} refused"))
}
