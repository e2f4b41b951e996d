//! What must be the same on every database, one function a case; what differs is said in the case.
// The cases are tests: they say what they expect by unwrap and panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrays;
mod binds;
mod calendar;
mod compared;
mod composed;
mod composed_functions;
mod composed_queries;
mod composed_selects;
mod composed_traps;
mod crates;
mod ddl;
mod described;
mod dml_rows;
mod dml_statements;
mod dml_traps;
mod errors;
mod identifiers;
mod injection_corpus;
mod injection_definitions;
mod injection_names;
mod injection_values;
mod inspection;
mod isolation;
mod json;
mod limits;
mod locks;
mod many;
mod moments;
mod numbers;
mod reflection;
mod rows;
mod savepoints;
mod secrets;
mod sessions;
mod statements;
mod streams;
mod tenants;
mod texts;
mod transactions;
mod types_enums;
mod types_native;
mod types_own;
mod types_portable;
mod unit_flushes;
mod unit_loading;
mod unit_models;
mod unit_reflected;
mod unit_rivals;
mod unit_sessions;
mod unit_values;
mod units;
mod wide;

use std::fmt::Debug;
use std::time::Duration;

use rebis::schema::{ColumnDef, SqlType};
use rebis::{Backend, Connection, Error, FromValue, Result, Rows, Value, raw, text};

use crate::databases::{Database, database};
use crate::harness::{Case, Outcome};

/// One case, to be run on each database.
type Scenario = (&'static str, fn(&Database) -> Outcome);

const SUBJECTS: &[&[Scenario]] = &[
    binds::CASES,
    many::CASES,
    numbers::CASES,
    texts::CASES,
    moments::CASES,
    wide::CASES,
    calendar::CASES,
    crates::CASES,
    identifiers::CASES,
    injection_values::CASES,
    injection_names::CASES,
    injection_definitions::CASES,
    tenants::CASES,
    json::CASES,
    arrays::CASES,
    rows::CASES,
    composed::CASES,
    ddl::CASES,
    dml_rows::CASES,
    dml_statements::CASES,
    dml_traps::CASES,
    described::CASES,
    compared::CASES,
    inspection::CASES,
    composed_queries::CASES,
    composed_functions::CASES,
    composed_selects::CASES,
    composed_traps::CASES,
    reflection::CASES,
    streams::CASES,
    transactions::CASES,
    savepoints::CASES,
    isolation::CASES,
    errors::CASES,
    secrets::CASES,
    locks::CASES,
    limits::CASES,
    sessions::CASES,
    statements::CASES,
    types_portable::CASES,
    types_enums::CASES,
    types_native::CASES,
    types_own::CASES,
    unit_sessions::CASES,
    unit_flushes::CASES,
    unit_reflected::CASES,
    unit_rivals::CASES,
    unit_values::CASES,
    units::CASES,
    unit_loading::CASES,
];

/// Every case on every database, named `subject_what@database`.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, _) in scenarios() {
        for backend in ["sqlite", "mysql", "postgresql"] {
            cases.push(Case { name: format!("{name}@{backend}"), deadline: Duration::from_secs(120), run });
        }
    }
    cases
}

fn scenarios() -> impl Iterator<Item = Scenario> {
    SUBJECTS.iter().copied().flatten().copied()
}

fn run(case: &str) -> Outcome {
    let (name, backend) = case.split_once('@').expect("a case is named scenario@database");
    let (_, scenario) = scenarios().find(|(known, _)| *known == name).expect("a scenario of that name");
    match database(backend) {
        Ok(database) => scenario(&database),
        Err(why) => Outcome::Skipped(why),
    }
}

// ---- what the cases have in common ----

fn passed(text: impl Into<String>) -> Outcome {
    Outcome::Passed(text.into())
}

/// What is written differently on each database.
fn pick<T>(database: &Database, sqlite: T, mysql: T, postgresql: T) -> T {
    match database.url().backend() {
        Backend::Mysql => mysql,
        Backend::Postgresql => postgresql,
        _ => sqlite,
    }
}

fn id() -> ColumnDef {
    ColumnDef::new("id", SqlType::BigInteger).autoincrement()
}

fn number(name: &str) -> ColumnDef {
    ColumnDef::new(name, SqlType::Integer)
}

fn word(name: &str) -> ColumnDef {
    ColumnDef::new(name, SqlType::String { length: 40 })
}

/// A new table; its name begins with `conf_`, because others test on the same servers.
fn table(conn: &mut Connection, name: &str, columns: &str) {
    assert!(name.starts_with("conf_"));
    run_raw(conn, format!("drop table if exists {name}"));
    run_raw(conn, format!("create table {name} ({columns})"));
    conn.commit().unwrap();
}

fn run_raw(conn: &mut Connection, sql: impl Into<String>) {
    let sql = sql.into();
    if let Err(error) = conn.execute(raw(sql.as_str())) {
        panic!("{sql}: {}", error.chain());
    }
}

fn count(conn: &mut Connection, table: &str) -> i64 {
    conn.scalar(raw(format!("select count(*) from {table}"))).unwrap()
}

/// The error of a statement that must fail, wherever it shows: at once, or when its rows are read.
fn failure(result: Result<Rows<'_>>) -> Error {
    let error = match result {
        Err(error) => error,
        Ok(rows) => rows.all().expect_err("the statement must fail"),
    };
    assert!(error.sql().is_some(), "an error of a statement names it: {error:?}");
    error
}

/// Everything that an error prints, in every way.
fn prints(error: &Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?} {}", error.chain());
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        all.push_str(&format!(" {inner} {inner:?}"));
        cause = inner.source();
    }
    all
}

/// Writes values in every way there is, reads them in every way there is, and lets the database compare them.
/// Returns how many it has compared. The column is NULL-able.
fn round_trip<T>(conn: &mut Connection, column: &str, values: &[T]) -> usize
where
    T: Into<Value> + FromValue + Clone + PartialEq + Debug,
{
    table(conn, "conf_values", &format!("id int not null, v {column}"));
    // Texts of their own for each type: what is prepared for one does not serve another.
    let insert = || raw(format!("insert into conf_values (id, v) values (:id, :v) /* {column} */"));
    for (id, value) in values.iter().enumerate() {
        let sent =
            conn.execute(insert().bind("id", id).bind("v", value.clone())).map(|rows| rows.rows_affected());
        assert_eq!(
            sent.unwrap_or_else(|e| panic!("{column} {value:?}: {}", e.chain())),
            1,
            "{column} {value:?}"
        );
    }
    conn.execute(insert().bind("id", values.len()).bind("v", None::<T>)).unwrap();
    // The same through the bulk path, which encodes in its own way; one of the sets is NULL.
    let sets = values.iter().cloned().map(Some).chain([None]);
    let many = sets.enumerate().map(|(id, value)| (1000 + id, value));
    let inserted = conn.execute_many(insert(), many).unwrap_or_else(|e| panic!("{column}: {}", e.chain()));
    assert_eq!(inserted, values.len() as u64 + 1);
    conn.commit().unwrap();

    for base in [0, 1000] {
        let select = || {
            text("select id, v from conf_values where id between :low and :high order by id")
                .bind("low", base)
                .bind("high", base + 999)
        };
        let typed: Vec<(i64, Option<T>)> = conn.fetch_all(select()).unwrap();
        let (null, typed) = typed.split_last().unwrap();
        assert_eq!(null.1, None, "{column}: NULL");
        let typed: Vec<&T> = typed.iter().map(|(_, value)| value.as_ref().unwrap()).collect();
        assert_eq!(typed, values.iter().collect::<Vec<_>>(), "{column} as typed rows from {base}");
        let mut rows = conn.execute(select()).unwrap();
        for value in values {
            let row = rows.next().unwrap().unwrap();
            assert_eq!(&row.value::<T>("v").unwrap(), value, "{column} by name");
            assert_eq!(&row.value::<T>(1).unwrap(), value, "{column} by position");
            assert_eq!(&row.get::<(i64, T)>().unwrap().1, value, "{column} as a tuple");
        }
        let error = rows.next().unwrap().unwrap().value::<T>("v").unwrap_err();
        assert_eq!(error.kind(), rebis::ErrorKind::Conversion);
        assert!(error.to_string().contains("it is NULL; read it as Option<"), "{error}");
    }
    let found =
        format!("select count(*) from conf_values where v = :v and id in (:id, 1000 + :id) /* {column} */");
    for (id, value) in values.iter().enumerate() {
        let found: i64 = conn
            .scalar(raw(found.as_str()).bind("v", value.clone()).bind("id", id))
            .unwrap_or_else(|error| panic!("{column} = {value:?}: {}", error.chain()));
        assert_eq!(found, 2, "{column}: the database finds {value:?}");
    }
    conn.rollback().unwrap();
    values.len() * 2
}

/// Values that the driver or the database refuses, one by one and in bulk. Nothing of them is kept, nothing of them is told.
/// Returns how many it has tried.
fn refused<T>(
    conn: &mut Connection,
    column: &str,
    values: &[T],
    (kind, says): (rebis::ErrorKind, &str),
) -> usize
where
    T: Into<Value> + Clone + Debug,
{
    table(conn, "conf_values", &format!("id int not null, v {column}"));
    let insert = || raw(format!("insert into conf_values (id, v) values (:id, :v) /* {column} */"));
    for value in values {
        let error = failure(conn.execute(insert().bind("id", 1).bind("v", value.clone())));
        assert_eq!(error.kind(), kind, "{column} {value:?}: {}", error.chain());
        assert!(error.chain().contains(says), "{column} {value:?}: {}", error.chain());
        assert!(!prints(&error).contains("s3cret"), "{error:?}");
        conn.rollback().unwrap();
        let sets = [(1, None), (2, Some(value.clone()))];
        let error = conn.execute_many(insert(), sets).unwrap_err();
        assert_eq!(error.kind(), kind, "{column} {value:?} in bulk: {}", error.chain());
        assert!(!prints(&error).contains("s3cret"), "{error:?}");
        conn.rollback().unwrap();
        // The connection is as good as before.
        assert_eq!(count(conn, "conf_values"), 0, "{column} {value:?}");
        conn.rollback().unwrap();
    }
    values.len() * 2
}

/// A cell, written as SQL, that cannot be read as this type.
fn unread<T: FromValue + Debug>(conn: &mut Connection, sql: &str, says: &str) {
    let error = conn.scalar::<T>(raw(sql)).unwrap_err();
    assert_eq!(error.kind(), rebis::ErrorKind::Conversion, "{sql}: {error:?}");
    assert!(error.chain().contains(says), "{sql}: {}", error.chain());
}
