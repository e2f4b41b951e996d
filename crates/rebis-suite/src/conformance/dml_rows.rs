//! Rows in any number, their keys in order, parameters, defaults of the program's.

use std::sync::atomic::{AtomicI64, Ordering};

use rebis::schema::{ClientDefault, ColumnDef, SqlType, Table};
use rebis::sql::{
    Assignment, Expression, count_all, delete_from, insert_into, param, select, update_each, update_table,
};
use rebis::{Connection, ErrorKind, IsolationLevel, Value};
use uuid::Uuid;

use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("dml_keys_come_in_the_order_of_the_rows_g19", order),
    ("dml_every_type_in_the_order_of_the_rows", types),
    ("dml_any_number_of_rows_g17", number),
    ("dml_parameters_g16", parameters),
    ("dml_key_of_an_inserted_row_g20", key),
    ("dml_defaults_of_the_program", defaults),
    ("dml_rows_with_values_of_their_own", each),
    ("dml_rows_with_versions_in_their_keys", versions),
];

/// A new table; others use the same servers.
pub(super) fn made(database: &Database, table: &Table) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    again(&mut conn, table);
    conn
}

pub(super) fn again(conn: &mut Connection, table: &Table) {
    super::run_raw(conn, format!("drop table if exists {}", table.name()));
    conn.create_table(table).unwrap();
    conn.commit().unwrap();
}

/// A key that is counted, a text and a number.
fn counted() -> Table {
    Table::build("conf_dml_counted")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("word", SqlType::String { length: 20 }).nullable())
        .column(ColumnDef::new("n", SqlType::Integer).unique())
        .finish()
        .unwrap()
}

/// The numbers below a prime, in an order without order.
fn shuffled(prime: i64) -> impl Iterator<Item = i64> + Clone {
    (1..prime).map(move |i| i * 7919 % prime)
}

fn numbers(rows: &[Vec<Value>], column: usize) -> Vec<i64> {
    let number = |row: &Vec<Value>| match row[column] {
        Value::Int(number) => number,
        ref other => panic!("{other:?}"),
    };
    rows.iter().map(number).collect()
}

fn order(database: &Database) -> Outcome {
    let table = counted();
    let mut conn = made(database, &table);
    let given: Vec<i64> = shuffled(2503).collect();
    let rows = |numbers: &[i64]| -> Vec<Vec<Value>> {
        numbers.iter().map(|n| vec![Value::from(*n), Value::from(format!("w{n}"))]).collect()
    };
    let before = conn.engine().counters().statements;
    let found = conn.insert_rows(&table, &["n", "word"], rows(&given), &["id", "n", "word"]).unwrap();
    let statements = if database.url().backend() == rebis::Backend::Postgresql { 1 } else { 3 };
    assert_eq!(
        conn.engine().counters().statements - before,
        statements,
        "a thousand at a time, or all of them as arrays"
    );
    assert_eq!(numbers(&found, 1), given);
    let ids = numbers(&found, 0);
    assert!(ids.is_sorted_by(|one, other| one < other), "the keys ascend");
    let stored: Vec<(i64, i64, String)> =
        conn.execute(select(vec![table.c("id"), table.c("n"), table.c("word")])).unwrap().of().all().unwrap();
    assert_eq!(stored.len(), given.len());
    for (id, n, word) in stored {
        let index = ids.iter().position(|known| *known == id).unwrap();
        assert_eq!((given[index], format!("w{n}")), (n, word));
    }
    // The same as a statement.
    let insert = insert_into(&table)
        .rows([9001, 9003, 9002].map(|n| [Assignment::of("n", n), Assignment::of("word", None::<String>)]))
        .unwrap();
    let back: Vec<(i64, Option<String>)> =
        conn.execute(insert.returning(vec![table.c("n"), table.c("word")])).unwrap().of().all().unwrap();
    assert_eq!(back, [(9001, None), (9003, None), (9002, None)]);
    conn.rollback().unwrap();
    let compared = given.len() + own_keys(&mut conn) + without_keys(&mut conn);
    passed(format!("{compared} rows in their order"))
}

/// Keys that the rows bring along: they are found again.
fn own_keys(conn: &mut Connection) -> usize {
    let mut compared = 0;
    let uuid = |n: i64| Value::Uuid(Uuid::from_u128(0x9e37_79b9_7f4a_7c15 * (n as u128 + 1)));
    let keys: [(SqlType, &dyn Fn(i64) -> Value); 3] = [
        (SqlType::BigInteger, &|n| Value::from(n)),
        (SqlType::String { length: 20 }, &|n| Value::from(format!("Key {n}"))),
        (SqlType::Uuid, &uuid),
    ];
    for (sql_type, key) in keys {
        let table = Table::build("conf_dml_own")
            .column(ColumnDef::new("id", sql_type.clone()).primary_key())
            .column(ColumnDef::new("n", SqlType::Integer))
            .finish()
            .unwrap();
        again(conn, &table);
        let given: Vec<i64> = shuffled(1201).collect();
        let rows = given.iter().map(|n| vec![key(*n), Value::from(*n)]).collect();
        let before = conn.engine().counters().statements;
        let found = conn.insert_rows(&table, &["id", "n"], rows, &["n"]).unwrap();
        assert_eq!(conn.engine().counters().statements - before, 2, "{sql_type:?}");
        assert_eq!(numbers(&found, 0), given, "{sql_type:?}");
        assert!(found.iter().all(|row| row.len() == 1), "what it was sorted by is not shown");
        compared += given.len();
        conn.rollback().unwrap();
    }
    compared
}

/// Nothing tells which row is which: they go one by one.
fn without_keys(conn: &mut Connection) -> usize {
    let table = Table::build("conf_dml_keyless")
        .column(ColumnDef::new("n", SqlType::Integer))
        .column(ColumnDef::new("word", SqlType::Text))
        .finish()
        .unwrap();
    again(conn, &table);
    let given: Vec<i64> = shuffled(31).collect();
    let rows = given.iter().map(|n| vec![Value::from(*n), Value::from("x")]).collect();
    let before = conn.engine().counters().statements;
    let found = conn.insert_rows(&table, &["n", "word"], rows, &["n"]).unwrap();
    assert_eq!(conn.engine().counters().statements - before, 30);
    assert_eq!(numbers(&found, 0), given);
    conn.rollback().unwrap();
    given.len()
}

/// On PostgreSQL such rows go through a query, where each column needs its type.
fn types(database: &Database) -> Outcome {
    let day = chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let time = chrono::NaiveTime::from_hms_micro_opt(23, 59, 58, 123_456).unwrap();
    let values: [(SqlType, Value); 15] = [
        (SqlType::Boolean, true.into()),
        (SqlType::SmallInteger, 7.into()),
        (SqlType::Integer, (-70_000).into()),
        (SqlType::BigInteger, i64::MIN.into()),
        (SqlType::Float, 1.5_f32.into()),
        (SqlType::Double, 0.1_f64.into()),
        (SqlType::Numeric { precision: 12, scale: 3 }, rust_decimal::Decimal::new(12_345, 3).into()),
        (SqlType::String { length: 9 }, "it's".into()),
        (SqlType::Text, "\u{1F980}".into()),
        (SqlType::LargeBinary, vec![0_u8, 255, 1].into()),
        (SqlType::Date, day.into()),
        (SqlType::Time, time.into()),
        (SqlType::DateTime, day.and_time(time).into()),
        (SqlType::Timestamp, day.and_time(time).and_utc().into()),
        (SqlType::Uuid, Uuid::from_u128(77).into()),
    ];
    let names: Vec<String> = (0..values.len()).map(|index| format!("c{index}")).collect();
    let mut table =
        Table::build("conf_dml_types").column(ColumnDef::new("id", SqlType::BigInteger).autoincrement());
    for (name, (sql_type, _)) in names.iter().zip(&values) {
        table = table.column(ColumnDef::new(name, sql_type.clone()).nullable());
    }
    let table = table.finish().unwrap();
    let mut conn = made(database, &table);
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    let row: Vec<Value> = values.iter().map(|(_, value)| value.clone()).collect();
    let null = vec![Value::Null; row.len()];
    let before = conn.engine().counters().statements;
    let rows = vec![null.clone(), row.clone(), null];
    let ids = numbers(&conn.insert_rows(&table, &columns, rows, &["id"]).unwrap(), 0);
    assert_eq!(conn.engine().counters().statements - before, 1);
    // Written as a single row, it is the same to the database.
    conn.insert_rows(&table, &columns, vec![row], &["id"]).unwrap();
    let (one, other) = (table.alias("one"), table.alias("other"));
    let alike = names
        .iter()
        .fold(one.c("id").eq(ids[1]), |all, name| all & one.c(name.clone()).eq(other.c(name.clone())));
    let pairs =
        select(vec![other.c("id")]).from(&one).join(&other, other.c("id").gt(one.c("id"))).filter(alike);
    let last: Vec<(i64,)> = conn.execute(pairs).unwrap().of().all().unwrap();
    assert_eq!(last, [(ids[2] + 1,)]);
    // A text that is too long is an error, as ever; SQLite knows no lengths.
    let long = vec![vec!["x".into()], vec!["ten letters".into()]];
    let long = conn.insert_rows(&table, &["c7"], long, &["id"]);
    assert_eq!(long.is_err(), pick(database, false, true, true), "{long:?}");
    documents(&mut conn);
    passed("16 types and their NULLs")
}

/// JSON, which not every database compares.
fn documents(conn: &mut Connection) {
    conn.rollback().unwrap();
    let table = Table::build("conf_dml_documents")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("document", SqlType::Json).nullable())
        .finish()
        .unwrap();
    again(conn, &table);
    let document = serde_json::json!({"a": [1, null, "ü"]});
    let rows = vec![vec![Value::Null], vec![document.clone().into()]];
    conn.insert_rows(&table, &["document"], rows, &["id"]).unwrap();
    let all = select(vec![table.c("document")]).order_by(table.c("id"));
    let all: Vec<Option<serde_json::Value>> = conn.execute(all).unwrap().scalars().all().unwrap();
    assert_eq!(all, [None, Some(document)]);
}

fn number(database: &Database) -> Outcome {
    let table = Table::build("conf_dml_wide")
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(ColumnDef::new("word", SqlType::Text).nullable())
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    let many = |range: std::ops::Range<i64>| {
        insert_into(&table)
            .rows(range.map(|n| [Assignment::of("id", n), Assignment::of("word", "w")]))
            .unwrap()
    };
    let before = conn.engine().counters().statements;
    assert_eq!(conn.execute(many(0..20_500)).unwrap().rows_affected(), 20_500);
    assert_eq!(conn.engine().counters().statements - before, 21);
    conn.commit().unwrap();
    // The error of a late statement: those before it go with the transaction.
    let error = conn.execute(many(18_000..22_000).clone()).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    conn.rollback().unwrap();
    let late =
        insert_into(&table).rows((30_000..31_999).chain([5]).map(|n| [Assignment::of("id", n)])).unwrap();
    assert_eq!(conn.execute(late).map(|_| ()).unwrap_err().kind(), ErrorKind::UniqueViolation);
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(select(count_all()).from(&table)).unwrap(), 20_500);
    conn.rollback().unwrap();
    autocommitted(database, &table);
    // Long values: MySQL's packets are bounded.
    let long = "x".repeat(300_000);
    let rows = (0..40).map(|n| vec![Value::from(50_000 + n), Value::from(long.as_str())]).collect();
    assert_eq!(conn.insert_rows(&table, &["id", "word"], rows, &[]).unwrap().len(), 0);
    let stored = select(count_all()).from(&table).filter(table.c("word").eq(long.as_str()));
    assert_eq!(conn.scalar::<i64>(stored).unwrap(), 40);
    conn.rollback().unwrap();
    // More columns than a statement takes parameters for a thousand rows.
    let names: Vec<String> = (0..90).map(|n| format!("c{n}")).collect();
    let mut wide = Table::build("conf_dml_columns");
    for name in &names {
        wide = wide.column(ColumnDef::new(name, SqlType::Integer));
    }
    let wide = wide.finish().unwrap();
    again(&mut conn, &wide);
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = (0..1000).map(|n| vec![Value::from(n); 90]).collect();
    conn.insert_rows(&wide, &columns, rows, &[]).unwrap();
    assert_eq!(conn.scalar::<i64>(select(count_all()).from(&wide)).unwrap(), 1000);
    passed("20500 rows, 12 MB of texts, 90000 values")
}

/// Without a transaction each statement stands by itself.
fn autocommitted(database: &Database, table: &Table) {
    let mut conn = database.engine(1).connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    let late =
        insert_into(table).rows((40_000..41_500).chain([5]).map(|n| [Assignment::of("id", n)])).unwrap();
    assert_eq!(conn.execute(late).map(|_| ()).unwrap_err().kind(), ErrorKind::UniqueViolation);
    let first = table.c("id").ge(40_000);
    assert_eq!(conn.scalar::<i64>(select(count_all()).from(table).filter(first)).unwrap(), 1000);
}

fn parameters(database: &Database) -> Outcome {
    let table = counted();
    let mut conn = made(database, &table);
    let sets = |range: std::ops::Range<i64>| range.map(|n| (format!("w{n}"), n));
    assert_eq!(conn.execute_many(insert_into(&table), sets(0..1500)).unwrap(), 1500);
    let by_name = insert_into(&table).columns(["n"]);
    assert_eq!(conn.execute_many(by_name, [[("n", Value::from(2000))], [("n", 2001.into())]]).unwrap(), 2);
    let rename = update_table(&table)
        .set_all([Assignment::expr("word", param::<String>("new"))])
        .filter(table.c("n").eq(param::<i64>("which")) & table.c("n").lt(param::<i64>("most")));
    let renames = [("one", 1), ("two", 2), ("none", 5000)];
    assert_eq!(conn.execute_many(rename.clone().bind("most", 1000), renames).unwrap(), 2);
    let word = |n: i64| select(vec![table.c("word")]).filter(table.c("n").eq(n));
    assert_eq!(conn.scalar::<String>(word(2)).unwrap(), "two");
    let one = rename.clone().bind("most", 1000).bind("new", "uno").bind("which", 1);
    assert_eq!(conn.execute(one).unwrap().rows_affected(), 1);
    assert_eq!(conn.scalar::<String>(word(1)).unwrap(), "uno");
    let fails = |result: rebis::Result<u64>, says: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Bind, "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    };
    fails(conn.execute(rename.clone()).map(|rows| rows.rows_affected()), "to the parameter 'new'");
    let extra = rename.clone().bind("new", "x").bind("which", 1).bind("most", 1).bind("other", 1);
    fails(conn.execute(extra).map(|rows| rows.rows_affected()), "no parameter 'other'");
    fails(conn.execute_many(rename.clone().bind("other", 1), [(1, 2, 3)]), "no parameter 'other'");
    fails(conn.execute_many(rename, [(1, 2)]), "a set of parameters has 2 values");
    fails(conn.execute_many(select(vec![table.c("n")]), [(1,)]), "needs a statement with parameters");
    let gone = delete_from(&table).filter(table.c("n").eq(param::<i64>("n")));
    assert_eq!(conn.execute_many(gone, (0..1499).map(|n| (n,))).unwrap(), 1499);
    assert_eq!(conn.scalar::<i64>(select(count_all()).from(&table)).unwrap(), 3);
    passed("insert, update and delete by sets")
}

fn key(database: &Database) -> Outcome {
    let table = counted();
    let mut conn = made(database, &table);
    let row = |n: i64, word: &'static str| {
        insert_into(&table).row([Assignment::of("n", n), Assignment::of("word", word)]).unwrap()
    };
    assert_eq!(conn.insert_for_key(row(7, "a")).unwrap(), [Value::Int(1)]);
    assert_eq!(conn.insert_for_key(row(8, "b")).unwrap(), [Value::Int(2)]);
    // An upsert tells the key of the row that it met.
    let upsert = row(7, "c").on_conflict_do_update(["n"], [Assignment::of("word", "met")]);
    assert_eq!(conn.insert_for_key(upsert).unwrap(), [Value::Int(1)]);
    let met = conn.scalar::<String>(select(vec![table.c("word")]).filter(table.c("id").eq(1))).unwrap();
    assert_eq!(met, "met");
    let nothing = conn.insert_for_key(row(7, "d").on_conflict_do_nothing(["n"]));
    match pick(database, None, Some(1_i64), None) {
        Some(id) => assert_eq!(nothing.unwrap(), [Value::Int(id)]),
        None => assert_eq!(nothing.unwrap_err().kind(), ErrorKind::NoRow),
    }
    let two = row(9, "e").row([Assignment::of("n", 10), Assignment::of("word", "f")]).unwrap();
    assert_eq!(conn.insert_for_key(two).unwrap_err().kind(), ErrorKind::Statement);
    passed("keys of single rows and of upserts")
}

fn defaults(database: &Database) -> Outcome {
    static CALLS: AtomicI64 = AtomicI64::new(0);
    let next = || CALLS.fetch_add(1, Ordering::Relaxed);
    let table = Table::build("conf_dml_defaults")
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(
            ColumnDef::new("state", SqlType::String { length: 9 })
                .client_default(ClientDefault::value("new")),
        )
        .column(ColumnDef::new("serial", SqlType::Integer).client_default(ClientDefault::function(next)))
        .column(
            ColumnDef::new("version", SqlType::Integer)
                .client_default(ClientDefault::sql("1 + 0"))
                .on_update(ClientDefault::sql("version + 1")),
        )
        .column(
            ColumnDef::new("touched", SqlType::Integer).nullable().on_update(ClientDefault::function(|| 77)),
        )
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    CALLS.store(0, Ordering::Relaxed);
    let rows = insert_into(&table).rows([1, 2].map(|n| [Assignment::of("id", n)])).unwrap();
    conn.execute(rows).unwrap();
    conn.execute_many(insert_into(&table).columns(["id"]), [(3,), (4,)]).unwrap();
    conn.execute(insert_into(&table).row([Assignment::of("id", 5), Assignment::of("serial", 50)]).unwrap())
        .unwrap();
    conn.execute(update_table(&table).set_column("state", "old").filter(table.c("id").ge(4))).unwrap();
    let given = update_table(&table).set_column("version", 9).filter(table.c("id").eq(1));
    conn.execute(given).unwrap();
    let all = ["id", "state", "serial", "version", "touched"].map(|name| table.c(name)).to_vec();
    let rows: Vec<(i64, String, i64, i64, Option<i64>)> =
        conn.execute(select(all).order_by(table.c("id"))).unwrap().of().all().unwrap();
    assert_eq!(
        rows,
        [
            (1, "new".to_owned(), 0, 9, Some(77)),
            (2, "new".to_owned(), 1, 1, None),
            (3, "new".to_owned(), 2, 1, None),
            (4, "old".to_owned(), 3, 2, Some(77)),
            (5, "old".to_owned(), 50, 2, Some(77)),
        ]
    );
    passed("values, functions and expressions of columns that were not named")
}

fn each(database: &Database) -> Outcome {
    let table = Table::build("conf_dml_each")
        .column(ColumnDef::new("a", SqlType::Integer).primary_key())
        .column(ColumnDef::new("b", SqlType::String { length: 5 }).primary_key())
        .column(ColumnDef::new("small", SqlType::SmallInteger).nullable())
        .column(ColumnDef::new("price", SqlType::Numeric { precision: 10, scale: 2 }).nullable())
        .column(ColumnDef::new("word", SqlType::Text).nullable())
        .column(ColumnDef::new("day", SqlType::Date).nullable())
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    let numbers: Vec<i64> = shuffled(251).collect();
    let rows = numbers.iter().map(|n| vec![Value::from(*n), Value::from("k")]).collect();
    conn.insert_rows(&table, &["a", "b"], rows, &[]).unwrap();
    let day = |n: i64| chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(n as u64);
    let price = |n: i64| rust_decimal::Decimal::new(n, 2);
    let rows: Vec<Vec<Value>> = numbers
        .iter()
        .chain([&999])
        .map(|n| {
            vec![
                Value::from(*n),
                "k".into(),
                Value::from(n % 100),
                price(*n).into(),
                format!("w{n}").into(),
                day(*n).into(),
            ]
        })
        .collect();
    let columns = ["small", "price", "word", "day"];
    assert_eq!(conn.update_rows(&table, &["a", "b"], &columns, rows.clone()).unwrap(), 250);
    assert_eq!(
        conn.update_rows(&table, &["a", "b"], &columns, rows).unwrap(),
        250,
        "found, though nothing changes"
    );
    let all = ["a", "small", "price", "word", "day"].map(|name| table.c(name)).to_vec();
    let mut answer = conn.execute(select(all)).unwrap();
    let mut count = 0;
    while let Some(row) = answer.next().unwrap() {
        let n: i64 = row.value("a").unwrap();
        assert_eq!(row.value::<i64>("small").unwrap(), n % 100);
        assert_eq!(row.value::<rust_decimal::Decimal>("price").unwrap(), price(n));
        assert_eq!(row.value::<String>("word").unwrap(), format!("w{n}"));
        assert_eq!(row.value::<chrono::NaiveDate>("day").unwrap(), day(n));
        count += 1;
    }
    assert_eq!(count, 250);
    // Nothing but NULL has no type of its own.
    let nulls = vec![vec![1.into(), "k".into(), Value::Null, Value::Null]];
    assert_eq!(
        conn.execute(update_each(&table, &["a", "b"], &["small", "day"], nulls).unwrap())
            .unwrap()
            .rows_affected(),
        1
    );
    passed("250 rows, of every kind of type")
}

/// A version is among the keys and among the columns: rows that somebody else has changed are not found.
fn versions(database: &Database) -> Outcome {
    let integer = |name: &str| ColumnDef::new(name.to_owned(), SqlType::Integer);
    let table = Table::build("conf_dml_version")
        .column(integer("id").primary_key())
        .column(integer("version"))
        .column(integer("n").nullable())
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    let rows = (1..=300).map(|id| vec![Value::from(id), Value::from(id % 2), Value::Null]).collect();
    conn.insert_rows(&table, &["id", "version", "n"], rows, &[]).unwrap();
    let rows: Vec<Vec<Value>> =
        (1..=300).map(|id| vec![id.into(), 1.into(), 2.into(), (id * 10).into()]).collect();
    let found = conn.update_rows(&table, &["id", "version"], &["version", "n"], rows).unwrap();
    assert_eq!(found, 150);
    let changed = |condition| {
        let count = select(count_all()).from(&table).filter(condition);
        move |conn: &mut Connection| conn.execute(count).unwrap().of::<(i64,)>().one().unwrap().0
    };
    let whole = table.c("version").eq(2) & table.c("n").eq(table.c("id") * 10);
    assert_eq!(changed(whole)(&mut conn), 150);
    assert_eq!(changed(table.c("version").eq(0) & table.c("n").is_null())(&mut conn), 150);
    passed("150 of 300 rows had the version")
}
