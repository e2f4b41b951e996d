//! Answers: by name, by position, as tuples, one or none.

use rebis::rows::Mapping;
use rebis::{ErrorKind, FromRow, Row, Value, raw, text};

use super::{Database, Outcome, Scenario, passed, table};

pub(super) const CASES: &[Scenario] = &[
    ("rows_by_name_position_and_tuple", cells),
    ("rows_one_first_scalar", one),
    ("rows_of_nothing", nothing),
    ("rows_counts_and_keys", counts),
    ("rows_as_structs_and_mappings", structs),
    ("rows_in_partitions_a_million", partitions),
];

const THREE: &str =
    "select 1 as id, 'ed' as name union all select 2, 'jo' union all select 3, null order by 1";

fn cells(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let rows: Vec<Row> = conn.execute(text(THREE)).unwrap().all().unwrap();
    assert_eq!(rows.len(), 3);
    let names: Vec<&str> = rows[0].columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "name"]);
    // Rows outlive their answer and each other, in any order.
    let last = rows[2].clone();
    drop(rows);
    assert_eq!(last.get::<(i64, Option<String>)>().unwrap(), (3, None));
    assert_eq!(last.value::<i64>("id").unwrap(), last.value::<i64>(0).unwrap());
    assert_eq!(last.value::<Value>("name").unwrap(), Value::Null);
    let message = |error: rebis::Error| {
        assert_eq!(error.kind(), ErrorKind::Conversion);
        error.to_string()
    };
    assert!(message(last.value::<i64>("nope").unwrap_err()).contains("it has: id, name"));
    assert!(message(last.value::<i64>(2).unwrap_err()).contains("it has: id, name"));
    assert!(message(last.get::<(i64,)>().unwrap_err()).contains("2 columns, and the tuple has 1"));
    let twice = conn.execute(text("select 1 as a, 2 as a")).unwrap().one().unwrap();
    assert!(message(twice.value::<i64>("a").unwrap_err()).contains("more than one column 'a'"));
    assert_eq!(twice.get::<(i64, i64)>().unwrap(), (1, 2));
    // Some by hand, the rest typed; sixteen columns.
    let mut rows = conn.execute(text(THREE)).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().value::<i64>("id").unwrap(), 1);
    let rest: Vec<(i64, Option<String>)> = rows.of().all().unwrap();
    assert_eq!(rest, [(2, Some("jo".to_owned())), (3, None)]);
    type Eight = (i64, i64, i64, i64, i64, i64, i64, i64);
    let wide: Vec<Eight> = conn.fetch_all(text("select 1, 2, 3, 4, 5, 6, 7, 8")).unwrap();
    assert_eq!(wide, [(1, 2, 3, 4, 5, 6, 7, 8)]);
    passed("9 rows")
}

fn one(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let where_ = |limit: i64| {
        text("select id from (select 1 as id union all select 2) x where id <= :limit order by id")
            .bind("limit", limit)
    };
    let mut results = Vec::new();
    for limit in 0..3 {
        let kind = |error: rebis::Error| error.kind();
        let one = conn.execute(where_(limit)).unwrap().one().map(drop).map_err(kind);
        let typed = conn.execute(where_(limit)).unwrap().of::<(i64,)>().one().map(drop).map_err(kind);
        assert_eq!(one, typed);
        let none = conn.execute(where_(limit)).unwrap().one_or_none().map(|row| row.is_some()).map_err(kind);
        let first = conn.execute(where_(limit)).unwrap().first().unwrap().is_some();
        let first_typed = conn.execute(where_(limit)).unwrap().of::<(i64,)>().first().unwrap();
        assert_eq!(first, first_typed.is_some());
        let scalar = conn.scalar::<i64>(where_(limit)).map_err(kind);
        results.push((one, none, first, scalar));
    }
    let (no, many) = (ErrorKind::NoRow, ErrorKind::MultipleRows);
    assert_eq!(results[0], (Err(no), Ok(false), false, Err(no)));
    assert_eq!(results[1], (Ok(()), Ok(true), true, Ok(1)));
    assert_eq!(results[2], (Err(many), Err(many), true, Ok(1)));
    passed("6 ways of asking for one, of 0, 1 and 2 rows")
}

fn nothing(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_rows", "a int");
    let mut empty = conn.execute(text("select a from conf_rows")).unwrap();
    assert_eq!(empty.columns().len(), 1);
    assert!(empty.next().unwrap().is_none() && empty.next().unwrap().is_none());
    drop(empty);
    let mut insert = conn.execute(text("insert into conf_rows values (1)")).unwrap();
    assert!(insert.columns().is_empty() && insert.next().unwrap().is_none());
    drop(insert);
    let error = conn.scalar::<i64>(text("delete from conf_rows")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRow);
    assert!(error.to_string().contains("the statement gives none"), "{error}");
    let error = conn.execute(text("select a from conf_rows")).unwrap().one().unwrap_err();
    assert_eq!(error.to_string(), "a row was expected and there is none");
    passed("3 answers without rows")
}

fn counts(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let key = super::pick(
        database,
        "integer primary key autoincrement",
        "int primary key auto_increment",
        "int generated by default as identity primary key",
    );
    table(&mut conn, "conf_rows", &format!("id {key}, a int"));
    let rows = conn.execute(text("insert into conf_rows (a) values (1), (1), (1)")).unwrap();
    assert_eq!(rows.rows_affected(), 3);
    drop(rows);
    let mut affected = |sql| conn.execute(text(sql)).unwrap().rows_affected();
    assert_eq!(affected("update conf_rows set a = 1 where id <= 2"), 2, "found, though not changed");
    assert_eq!(affected("update conf_rows set a = 2 where id > 100"), 0);
    assert_eq!(affected("select * from conf_rows"), 0);
    assert_eq!(affected("delete from conf_rows where id = 1"), 1);
    assert_eq!(affected("select 1"), 0, "not the count of the statement before");
    let insert = conn.execute(text("insert into conf_rows (a) values (9)")).unwrap();
    let id = insert.last_insert_id();
    drop(insert);
    let kept: i64 = conn.scalar(text("select max(id) from conf_rows")).unwrap();
    assert_eq!(id, super::pick(database, Some(kept), Some(kept), None));
    let update = conn.execute(text("update conf_rows set a = 3")).unwrap();
    assert_eq!(update.last_insert_id(), None, "nothing was inserted");
    drop(update);
    let made: Vec<(i64,)> =
        conn.fetch_all(text("insert into conf_rows (a) values (5), (6) returning id")).unwrap();
    assert_eq!(made, [(kept + 1,), (kept + 2,)]);
    passed("7 counts, 4 keys")
}

#[derive(Debug, PartialEq, FromRow)]
struct Named {
    id: i64,
    #[rebis(column = "name")]
    called: Option<String>,
    #[rebis(default)]
    age: i64,
    #[rebis(flatten)]
    place: Option<Place>,
}

#[derive(Debug, PartialEq, FromRow)]
struct Place {
    city: String,
}

fn structs(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let rows = || {
        text(
            "select 'Rome' as city, 'ed' as name, 1 as id union all select null, null, 2 \
             union all select 'Oslo', 'jo', 2 order by 3, 2 desc",
        )
    };
    let ids = |rows: Vec<Named>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let named = conn.fetch_all::<Named>(rows()).unwrap();
    let rome = Some(Place { city: "Rome".into() });
    assert_eq!(named[0], Named { id: 1, called: Some("ed".into()), age: 0, place: rome });
    assert!(named[1..].contains(&Named { id: 2, called: None, age: 0, place: None }));
    assert_eq!(ids(named), [1, 2, 2]);
    let missing = conn.fetch_all::<Named>(text("select 1 as id")).unwrap_err();
    assert!(missing.to_string().contains("the field Named.called cannot be read"), "{missing}");
    // Prepared once for an answer, not once for a type: the columns of the next one lie elsewhere.
    let turned = text("select 9 as id, 'x' as name, 'y' as city");
    assert_eq!(conn.execute(turned).unwrap().one().unwrap().get::<Named>().unwrap().id, 9);

    let maps = conn.execute(rows()).unwrap().mappings().all().unwrap();
    assert_eq!(maps[0].keys().collect::<Vec<_>>(), ["city", "name", "id"]);
    assert_eq!(maps[0].get("city"), Some(&Value::from("Rome")));
    let row = conn.execute(rows()).unwrap().first().unwrap().unwrap();
    assert_eq!(row.mapping().unwrap(), maps[0]);
    assert_eq!(row.keys().collect::<Vec<_>>(), ["city", "name", "id"]);
    let twice = conn.fetch_all::<Mapping>(text("select 1 as a, 2 as a")).unwrap_err();
    assert!(twice.to_string().contains("more than one column 'a'"), "{twice}");

    let some = conn.execute(rows()).unwrap().of_columns::<(i64, Option<String>)>(&["id", "name"]);
    assert_eq!(some.first().unwrap(), Some((1, Some("ed".to_owned()))));
    assert_eq!(conn.execute(rows()).unwrap().scalars_of::<i64>("id").all().unwrap(), [1, 2, 2]);
    let mut rows_left = conn.execute(rows()).unwrap();
    rows_left.next().unwrap();
    let read_ahead: Vec<i64> = rows_left.scalars_of("id").all().unwrap();
    assert_eq!(read_ahead, [2, 2]);
    let error = conn.execute(rows()).unwrap().scalars_of::<i64>("nope").all().unwrap_err();
    assert!(error.to_string().contains("it has: city, name, id"), "{error}");

    let once = conn.execute(rows()).unwrap().unique_by(|row| row.value::<i64>("id"));
    assert_eq!(once.map(|row| row.unwrap().value::<i64>("id").unwrap()).collect::<Vec<_>>(), [1, 2]);
    let once = conn.execute(rows()).unwrap().scalars_of::<i64>("id").unique();
    assert_eq!(once.collect::<rebis::Result<Vec<_>>>().unwrap(), [1, 2]);
    let once = conn.execute(rows()).unwrap().of::<Named>().unique_by(|row| row.id);
    assert_eq!(ids(once.collect::<rebis::Result<_>>().unwrap()), [1, 2]);
    passed("9 ways of reading 3 rows")
}

/// Numbers from 0 to 999999, on every database in the same words.
fn million() -> rebis::Text {
    let digits = "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 \
        union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)";
    raw(format!(
        "select f.d * 100000 + a.d * 10000 + b.d * 1000 + c.d * 100 + d.d * 10 + e.d as n from {digits} f \
         cross join {digits} a cross join {digits} b cross join {digits} c cross join {digits} d cross join {digits} e"
    ))
}

fn partitions(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let (mut seen, mut sum, mut grown, mut before) = (0, 0, 0, 0);
    for (number, rows) in conn.execute(million()).unwrap().partitions(3000).enumerate() {
        let rows = rows.unwrap();
        assert_eq!(rows.len(), if number == 333 { 1000 } else { 3000 });
        seen += rows.len();
        sum += rows.iter().map(|row| row.value::<i64>("n").unwrap()).sum::<i64>();
        if number == 3 {
            before = super::streams::memory_kb();
        }
        if number > 3 && number % 30 == 0 {
            grown = grown.max(super::streams::memory_kb() - before);
        }
    }
    assert_eq!((seen, sum), (1_000_000, 499_999_500_000));
    assert!(grown < 20 * 1024, "memory grew by {grown} kB");
    let typed = conn.execute(million()).unwrap().of::<(i64,)>().partitions(400_000);
    let sizes: Vec<usize> = typed.map(|rows| rows.unwrap().len()).collect();
    assert_eq!(sizes, [400_000, 400_000, 200_000]);
    passed(format!("a million rows in 334 chunks: memory grew by {grown} kB"))
}
