//! Against a real server, named by `REBIS_TEST_POSTGRES_URL`. Its user must be a superuser, for `pg_terminate_backend`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::*;
use super::connect;
use crate::value::Value;

/// A connection with these options; the tests that ask for one are ignored where there is no server.
fn open_with(options: &str) -> Box<dyn Connection> {
    let url = std::env::var("REBIS_TEST_POSTGRES_URL").expect("REBIS_TEST_POSTGRES_URL");
    let separator = if url.contains('?') { '&' } else { '?' };
    connect(&format!("{url}{separator}{options}")).unwrap()
}

pub(super) fn open() -> Box<dyn Connection> {
    open_with("")
}

pub(super) fn rows(connection: &mut dyn Connection, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>> {
    let values: Vec<_> = values.iter().map(Value::as_ref).collect();
    let cursor = connection.execute(sql, &values)?;
    let width = cursor.columns().len();
    let mut rows = Vec::new();
    while cursor.advance()? {
        rows.push((0..width).map(|index| Ok(cursor.cell(index)?.into())).collect::<Result<_>>()?);
    }
    Ok(rows)
}

pub(super) fn one(connection: &mut dyn Connection, sql: &str, values: &[Value]) -> Result<Value> {
    let mut rows = rows(connection, sql, values)?;
    assert_eq!(rows.len(), 1, "{sql}");
    Ok(rows.remove(0).remove(0))
}

fn run(connection: &mut dyn Connection, sql: &str, values: &[Value]) -> Result<u64> {
    let values: Vec<_> = values.iter().map(Value::as_ref).collect();
    let cursor = connection.execute(sql, &values)?;
    while cursor.advance()? {}
    Ok(cursor.rows_affected())
}

pub(super) fn run_many(
    connection: &mut dyn Connection,
    sql: &str,
    values: &[Value],
    width: usize,
) -> Result<u64> {
    let values: Vec<_> = values.iter().map(Value::as_ref).collect();
    connection.execute_many(sql, &values, width)
}

fn prepared(connection: &mut dyn Connection) -> Value {
    one(connection, "select count(*) from pg_prepared_statements where name like 'rebis%'", &[]).unwrap()
}

pub(super) fn moment(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

fn samples() -> Vec<(&'static str, Value)> {
    let date = |year, month, day| Value::from(NaiveDate::from_ymd_opt(year, month, day).unwrap());
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    vec![
        ("bool", true.into()),
        ("bool", false.into()),
        ("int2", Value::Int(-32768)),
        ("int4", Value::Int(i32::MIN.into())),
        ("int8", Value::Int(i64::MIN)),
        ("int8", Value::Int(7)),
        ("float8", Value::Float(f64::MIN_POSITIVE)),
        ("float8", Value::Float(f64::NEG_INFINITY)),
        ("float4", Value::Float(0.5)),
        ("text", "žluťoučký 🐎 'quoted' \\x".into()),
        ("text", "".into()),
        ("varchar(9)", "nine".into()),
        ("bytea", vec![0_u8, 255, 39, 92].into()),
        ("bytea", Vec::<u8>::new().into()),
        ("date", date(2024, 2, 29)),
        ("date", date(-4000, 1, 1)),
        ("date", date(99999, 12, 31)),
        ("time", time.into()),
        ("timestamp", moment("1969-12-31 23:59:59.000001").into()),
        ("timestamp", Value::DateTime(NaiveDate::from_ymd_opt(-1, 6, 1).unwrap().and_time(time))),
        ("timestamptz", moment("2038-01-19 03:14:08.5").and_utc().into()),
        ("numeric", Decimal::MAX.into()),
        ("numeric(10,4)", "-12.3400".parse::<Decimal>().unwrap().into()),
        ("uuid", Uuid::from_u128(0xa0ee_bc99_9c0b_4ef8_bb6d_6bb9_bd38_0a11).into()),
        ("json", Value::Json("{\"a\": 1}".into())),
        ("jsonb", Value::Json("{\"a\": 1}".into())),
        ("interval", TimeDelta::hours(26).into()),
        ("int4[]", [Some(1), None, Some(3)].into()),
        ("inet[]", "{10.0.0.1,192.168.0.0/16}".into()),
        ("inet", "10.0.0.1/8".into()),
        ("char(3)", "abc".into()),
    ]
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn values_go_both_ways() {
    let mut connection = open();
    for (number, (sql_type, value)) in samples().into_iter().enumerate() {
        let sql = format!("select $1::{sql_type}");
        assert_eq!(one(&mut *connection, &sql, std::slice::from_ref(&value)).unwrap(), value, "{sql_type}");
        assert_eq!(one(&mut *connection, &sql, &[Value::Null]).unwrap(), Value::Null, "{sql_type}");
        assert_eq!(
            one(&mut *connection, &sql, std::slice::from_ref(&value)).unwrap(),
            value,
            "again {sql_type}"
        );
        // Into a column, several at a time, NULLs between.
        connection.control(&format!("create temp table t{number} (id int8, v {sql_type})")).unwrap();
        let sets =
            [Value::Int(1), Value::Null, Value::Int(2), value.clone(), Value::Int(1 << 40), Value::Null];
        let insert = format!("insert into t{number} values ($1, $2)");
        assert_eq!(run_many(&mut *connection, &insert, &sets, 2).unwrap(), 3);
        let back = rows(&mut *connection, &format!("select v from t{number} order by id"), &[]).unwrap();
        assert_eq!(back, [[Value::Null], [value], [Value::Null]], "{sql_type}");
    }
    let big = one(&mut *connection, "select $1", &[u64::MAX.into()]).unwrap();
    assert_eq!(big, Value::Decimal(u64::MAX.into()));
    let nan = one(&mut *connection, "select $1::float8", &[f64::NAN.into()]).unwrap();
    assert!(matches!(nan, Value::Float(nan) if nan.is_nan()));
    for sql in [
        "select 'infinity'::date",
        "select '-infinity'::timestamptz",
        "select 'NaN'::numeric",
        "select time '24:00'",
    ] {
        assert_eq!(one(&mut *connection, sql, &[]).unwrap_err().kind(), ErrorKind::Conversion, "{sql}");
    }
    assert_eq!(one(&mut *connection, "select 1", &[]).unwrap(), Value::Int(1), "the connection lives on");
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn columns_have_names_and_types() {
    let mut connection = open();
    let cursor = connection.execute("select 1 as n, 'a'::text as t, now() as m, 'x' as u", &[]).unwrap();
    let columns: Vec<_> =
        cursor.columns().iter().map(|column| (column.name.clone(), column.sql_type.clone())).collect();
    let expected = [("n", "int4"), ("t", "text"), ("m", "timestamptz"), ("u", "text")];
    assert_eq!(columns, expected.map(|(name, sql_type)| (name.to_owned(), sql_type.to_owned())));
    assert!(connection.server().version.starts_with(|first: char| first.is_ascii_digit()));
    let pid = one(&mut *connection, "select pg_backend_pid()", &[]).unwrap();
    assert_eq!(Some(pid), connection.server().session_id.map(Value::from));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn mixed_types_in_one_run_are_each_bound_as_they_are() {
    let mut connection = open();
    connection.control("create temp table t (id int4, v numeric)").unwrap();
    let values =
        [Value::Int(1), Value::Float(1.5), Value::Text("2.5".into()), Value::Int(1 << 40), Value::Null];
    let sets: Vec<Value> =
        (0..100).flat_map(|id| [Value::Int(id), values[id as usize % 5].clone()]).collect();
    assert_eq!(run_many(&mut *connection, "insert into t values ($1, $2)", &sets, 2).unwrap(), 100);
    let sum = one(&mut *connection, "select sum(v) from t", &[]).unwrap();
    let expected: Decimal = (Decimal::from(1_u64 << 40) + Decimal::from(5)) * Decimal::from(20);
    assert_eq!(sum, Value::Decimal(format!("{expected}.0").parse().unwrap()));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn statements_are_prepared_once_and_closed_when_evicted() {
    let mut connection = open_with("prepared_statement_cache_size=3");
    for _ in 0..3 {
        for number in 0..10 {
            let sql = format!("select $1 + {number}");
            assert_eq!(one(&mut *connection, &sql, &[Value::Int(1)]).unwrap(), Value::Int(number + 1));
        }
    }
    // Two of the loop, this query itself, and the one that it evicted: closed by the next request.
    let Value::Int(count) = prepared(&mut *connection) else { panic!("an integer") };
    assert!((3..=4).contains(&count), "{count}");
    let sql = "select pg_typeof($1)::text";
    for (value, sql_type) in
        [(Value::Int(1), "integer"), (Value::Int(1 << 40), "bigint"), (true.into(), "boolean")]
    {
        assert_eq!(one(&mut *connection, sql, &[value]).unwrap(), Value::from(sql_type));
    }
    let mut unnamed = open_with("prepared_statement_cache_size=0");
    unnamed.begin("begin").unwrap();
    assert_eq!(one(&mut *unnamed, "select $1", &[Value::Int(5)]).unwrap(), Value::Int(5));
    unnamed.control("create temp table t (v text)").unwrap();
    let sets = [Value::Int(1), "b".into(), Value::Null, Value::Int(2)];
    assert!(run_many(&mut *unnamed, "insert into t values ($1)", &sets, 1).is_ok());
    assert_eq!(prepared(&mut *unnamed), Value::Int(0));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_statement_that_went_stale_is_prepared_again() {
    let mut connection = open();
    let connection = &mut *connection;
    connection.control("create temp table t (a int); insert into t values (1)").unwrap();
    let sql = "select * from t";
    let expect = |row: Result<Vec<Vec<Value>>>, width: usize| assert_eq!(row.unwrap()[0].len(), width);
    expect(rows(connection, sql, &[]), 1);
    connection.control("alter table t add b text").unwrap();
    expect(rows(connection, sql, &[]), 2);
    connection.control("alter table t add c text").unwrap();
    connection.begin("begin").unwrap();
    expect(rows(connection, sql, &[]), 3);
    assert_eq!(connection.status(), TransactionStatus::Active, "begun again");
    connection.control("alter table t add d text").unwrap();
    let error = rows(connection, sql, &[]).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Serialization, true));
    connection.control("rollback").unwrap();
    expect(rows(connection, sql, &[]), 3);
    connection.control("deallocate all").unwrap();
    expect(rows(connection, sql, &[]), 3);
    run_many(connection, "insert into t (a) values ($1)", &[Value::Int(2)], 1).unwrap();
    connection.control("deallocate all").unwrap();
    connection.begin("begin").unwrap();
    run_many(connection, "insert into t (a) values ($1)", &[Value::Int(3), Value::Int(4)], 1).unwrap();
    connection.control("commit").unwrap();
    assert_eq!(one(connection, "select count(*) from t", &[]).unwrap(), Value::Int(4));
    // The parameter's inferred type does not fit the new column.
    let insert = "insert into t (a) values ($1)";
    run(connection, insert, &["5".into()]).unwrap();
    connection
        .control("alter table t alter a type text; alter table t alter a type jsonb using to_jsonb(a)")
        .unwrap();
    run(connection, insert, &["5".into()]).unwrap();
    // A procedure that failed half way is not run again.
    let body = "begin insert into t (a) values ('6'); commit; execute 'select nonsense'; end";
    connection
        .control(&format!(
            "create procedure pg_temp.half() language plpgsql as '{}'",
            body.replace('\'', "''")
        ))
        .unwrap();
    for _ in 0..2 {
        assert_eq!(run(connection, "call pg_temp.half()", &[]).unwrap_err().kind(), ErrorKind::Statement);
    }
    assert_eq!(one(connection, "select count(*) from t where a = '6'", &[]).unwrap(), Value::Int(2));
    let mine = run(connection, "deallocate nobody", &[]).unwrap_err();
    assert_eq!(mine.kind(), ErrorKind::Statement);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn transactions_begin_with_their_first_statement() {
    let mut connection = open();
    let connection = &mut *connection;
    connection.control("create temp table t (id int primary key deferrable initially deferred)").unwrap();
    let insert = "insert into t values ($1)";
    for commit in [true, false] {
        connection.begin("begin isolation level serializable").unwrap();
        assert_eq!(connection.status(), TransactionStatus::Active);
        assert_eq!(run(connection, insert, &[Value::Int(commit.into())]).unwrap(), 1);
        let level = one(connection, "show transaction_isolation", &[]).unwrap();
        assert_eq!(level, Value::from("serializable"));
        assert_eq!(connection.status(), TransactionStatus::Active);
        connection.control(if commit { "commit" } else { "rollback" }).unwrap();
        assert_eq!(connection.status(), TransactionStatus::Idle);
        assert_eq!(one(connection, "select count(*) from t", &[]).unwrap(), Value::Int(1));
    }
    connection.begin("begin").unwrap();
    connection.control("savepoint a").unwrap();
    assert!(run(connection, "select nothing", &[]).is_err());
    assert_eq!(connection.status(), TransactionStatus::Failed);
    connection.control("rollback to a").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    assert!(run(connection, "select nothing", &[]).is_err());
    assert_eq!(connection.control("commit").unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(connection.status(), TransactionStatus::Idle);
    connection.begin("begin").unwrap();
    connection.control("commit").unwrap();
    connection.begin("begin").unwrap();
    connection.reset().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    // Rows that nobody has read: the transaction is open all the same.
    connection.begin("begin").unwrap();
    connection.execute("insert into t values (7), (8) returning id", &[]).unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    connection.control("rollback").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    connection.begin("begin nonsense").unwrap();
    assert_eq!(run(connection, insert, &[Value::Int(9)]).unwrap_err().kind(), ErrorKind::Statement);
    assert_eq!(connection.status(), TransactionStatus::Idle);
    // A deferred constraint fails where the server commits.
    assert_eq!(run(connection, insert, &[Value::Int(1)]).unwrap_err().kind(), ErrorKind::UniqueViolation);
    // Without a transaction a run is all or nothing, over many batches.
    let sets: Vec<Value> = (100..3000).chain([1]).map(Value::Int).collect();
    let error = run_many(connection, insert, &sets, 1).unwrap_err();
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::UniqueViolation, Some("t_pkey")));
    assert_eq!(one(connection, "select count(*) from t", &[]).unwrap(), Value::Int(1));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn errors_have_their_kinds() {
    let mut connection = open();
    let connection = &mut *connection;
    connection
        .control(
            "create temp table t (id int primary key, parent int references t, name varchar(3) not null, \
             constraint positive check (id > 0))",
        )
        .unwrap();
    let insert = "insert into t values ($1, $2, $3)";
    let row = |id: i64, parent: Option<i64>, name: Option<&str>| [id.into(), parent.into(), name.into()];
    run(connection, insert, &row(1, None, Some("a"))).unwrap();
    for (values, kind) in [
        (row(1, None, Some("a")), ErrorKind::UniqueViolation),
        (row(2, Some(9), Some("a")), ErrorKind::ForeignKeyViolation),
        (row(2, None, None), ErrorKind::NotNullViolation),
        (row(-1, None, Some("a")), ErrorKind::CheckViolation),
        (row(2, None, Some("abcd")), ErrorKind::Data),
        (row(1 << 40, None, Some("a")), ErrorKind::Data),
        (row(2, None, Some("a\0")), ErrorKind::Data),
    ] {
        let error = run(connection, insert, &values).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.sql(), Some(insert));
        assert!(error.sqlstate().is_some() && !error.is_disconnect());
    }
    for (sql, kind) in [
        ("select * from nowhere", ErrorKind::Statement),
        ("selec", ErrorKind::Statement),
        ("select 1 where \0", ErrorKind::Statement),
        ("select $1::int", ErrorKind::Bind),
        ("set statement_timeout = 50; select pg_sleep(5)", ErrorKind::Statement),
    ] {
        connection.begin("begin").unwrap();
        let error = run(connection, sql, &[]).unwrap_err();
        assert_eq!(error.kind(), kind, "{sql}: {error}");
        connection.reset().unwrap();
    }
    assert_eq!(
        run(connection, "select 1", &[Value::Int(1), "x".into()]).unwrap_err().kind(),
        ErrorKind::Statement
    );
    connection.control("set statement_timeout = 50").unwrap();
    let error = run(connection, "select pg_sleep(5)", &[]).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false));
    let error = connection.execute(insert, &vec![ValueRef::Null; 65_536]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert_eq!(run(connection, "", &[]).unwrap(), 0);
    assert_eq!(run(connection, "update t set name = 'b'", &[]).unwrap(), 1);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_killed_session_is_a_disconnect() {
    let mut killer = open();
    for in_answer in [false, true] {
        let mut victim = open();
        let pid = Value::from(victim.server().session_id.unwrap() as i64);
        let kill = |killer: &mut dyn Connection| {
            run(killer, "select pg_terminate_backend($1)", std::slice::from_ref(&pid)).unwrap();
            let alive = "select count(*) from pg_stat_activity where pid = $1";
            while one(killer, alive, std::slice::from_ref(&pid)).unwrap() != Value::Int(0) {}
        };
        let error = if in_answer {
            let sql = "select repeat('x', 1000) from generate_series(1, 1000000)";
            let cursor = victim.execute(sql, &[]).unwrap();
            kill(&mut *killer);
            loop {
                if let Err(error) = cursor.advance() {
                    break error;
                }
            }
        } else {
            victim.begin("begin").unwrap();
            run(&mut *victim, "select 1", &[]).unwrap();
            kill(&mut *killer);
            run(&mut *victim, "select 1", &[]).unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
        assert!(victim.is_broken() && error.is_disconnect());
        assert_eq!(victim.control("rollback").unwrap_err().kind(), ErrorKind::Disconnected);
        victim.close();
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_unix_socket_serves() {
    let mut connection = open();
    let directories = one(&mut *connection, "show unix_socket_directories", &[]).unwrap();
    let port = one(&mut *connection, "show port", &[]).unwrap();
    let url: Url = std::env::var("REBIS_TEST_POSTGRES_URL").unwrap().parse().unwrap();
    let (Value::Text(directories), Value::Text(port)) = (directories, port) else { panic!("text") };
    let Some(directory) = directories.split(',').find(|directory| directory.starts_with('/')) else { return };
    let account = format!("{}:{}", url.user().unwrap(), url.password().unwrap_or_default());
    let database = url.database().unwrap_or("postgres");
    let unix = format!(
        "postgresql://{account}@/{database}?host={directory}&port={port}&application_name=it&options=-c search_path=x"
    );
    let mut local = connect(&unix).unwrap();
    let sql = "select inet_client_addr() is null, current_setting('application_name'), current_setting('search_path')";
    let row = rows(&mut *local, sql, &[]).unwrap();
    assert_eq!(row, [[Value::Bool(true), "it".into(), "x".into()]]);
    local.close();
    assert!(local.is_broken());
}
