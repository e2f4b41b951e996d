//! Many rows and large values, against the same server as in `server`.

use std::time::Instant;

use rust_decimal::Decimal;

use super::super::*;
use super::server::{moment, one, open, run_many};
use crate::value::Value;

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn rows_stream_and_may_be_left() {
    let mut connection = open();
    let sql = "select i, 'row ' || i from generate_series(1, 100000) i";
    let start = Instant::now();
    let cursor = connection.execute(sql, &[]).unwrap();
    let mut sum = 0;
    while cursor.advance().unwrap() {
        let ValueRef::Int(value) = cursor.cell(0).unwrap() else { panic!("an integer") };
        assert!(matches!(cursor.cell(1).unwrap(), ValueRef::Text(text) if text.starts_with("row ")));
        sum += value;
    }
    println!("select: {:.0} rows/s", 100_000.0 / start.elapsed().as_secs_f64());
    assert_eq!(sum, 5_000_050_000);
    assert!(cursor.cell(0).is_err() && !cursor.advance().unwrap());
    let left = connection.execute(sql, &[]).unwrap();
    assert!(left.cell(0).is_err(), "before the first advance");
    assert!(left.advance().unwrap() && left.cell(0).unwrap() == ValueRef::Int(1) && left.cell(2).is_err());
    assert_eq!(one(&mut *connection, "select 7", &[]).unwrap(), Value::Int(7));
    connection.execute(sql, &[]).unwrap();
    connection.ping().unwrap();
    connection.execute(sql, &[]).unwrap();
    connection.control("begin").unwrap();
    connection.execute(sql, &[]).unwrap();
    connection.reset().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    // An error far down in an answer that is left costs the transaction, and is seen there.
    connection.begin("begin").unwrap();
    let late = "select 1 / (i - 100000) from generate_series(1, 100000) i";
    connection.execute(late, &[]).unwrap();
    connection.ping().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Failed);
    let error = connection.execute("select 1", &[]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    connection.reset().unwrap();
    let reading = connection.execute(late, &[]).unwrap();
    let error = loop {
        if let Err(error) = reading.advance() {
            break error;
        }
    };
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Data, Some("22012")));
    assert!(!connection.is_broken());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn large_values_pass() {
    let mut connection = open();
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|index| index as u8).collect();
    let back = one(&mut *connection, "select $1", &[bytes.clone().into()]).unwrap();
    assert!(back == Value::Bytes(bytes.clone()));
    connection.control("create temp table t (id int, v bytea)").unwrap();
    let sets: Vec<Value> = (0..6).flat_map(|id| [Value::Int(id), bytes.clone().into()]).collect();
    // The answers are discarded, and must not stop the requests.
    let sql = "insert into t values ($1, $2) returning id, v";
    assert_eq!(run_many(&mut *connection, sql, &sets, 2).unwrap(), 6);
    let length = one(&mut *connection, "select sum(length(v)) from t", &[]).unwrap();
    assert_eq!(length, Value::Int(30_000_000));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn many_rows_go_in_quickly() {
    let mut connection = open();
    let ddl = "create temp table t (id int8, name text, price numeric, at timestamp, active bool)";
    connection.control(ddl).unwrap();
    let sets: Vec<Value> = (0..100_000_i64)
        .flat_map(|id| {
            let name = if id % 10 == 0 { Value::Null } else { format!("name {id}").into() };
            let price = Value::from(Decimal::new(id, 2));
            [id.into(), name, price, moment("2024-01-02 03:04:05").into(), (id % 2 == 0).into()]
        })
        .collect();
    connection.begin("begin").unwrap();
    let start = Instant::now();
    let sql = "insert into t values ($1, $2, $3, $4, $5)";
    assert_eq!(run_many(&mut *connection, sql, &sets, 5).unwrap(), 100_000);
    println!("execute_many: {:.0} rows/s", 100_000.0 / start.elapsed().as_secs_f64());
    connection.control("commit").unwrap();
    let start = Instant::now();
    let cursor = connection.execute("select * from t", &[]).unwrap();
    let mut cells = 0;
    while cursor.advance().unwrap() {
        cells += (0..5).filter(|index| cursor.cell(*index).unwrap() != ValueRef::Null).count();
    }
    println!("select of 5 columns: {:.0} rows/s", 100_000.0 / start.elapsed().as_secs_f64());
    assert_eq!(cells, 490_000);
}
