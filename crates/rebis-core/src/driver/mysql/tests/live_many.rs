//! Against a real server: many rows, large values, many statements.

use std::time::Instant;

use super::live::{live, select, table, url};
use super::{connect, references, rows};
use crate::driver::Connection;
use crate::driver::mysql::MysqlConnection;
use crate::error::ErrorKind;
use crate::value::{Value, ValueRef};

fn count(connection: &mut MysqlConnection, name: &str) -> i64 {
    let rows = select(connection, &format!("SELECT COUNT(*) FROM {name}"));
    let Value::Int(count) = rows[0][0] else { panic!("{rows:?}") };
    count
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_hundred_thousand_rows_go_in_and_come_out() {
    let mut connection = live();
    let name =
        table(&mut connection, "id INT PRIMARY KEY, name VARCHAR(40), score DOUBLE, born DATE, note TEXT");
    let day = chrono::NaiveDate::from_ymd_opt(2001, 2, 3).unwrap();
    let mut parameters = Vec::new();
    for id in 0..100_000 {
        let note = if id % 3 == 0 { ValueRef::Null } else { ValueRef::Text("a note of some length") };
        parameters.extend([
            ValueRef::Int(id),
            ValueRef::Text("a name"),
            ValueRef::Float(0.5),
            ValueRef::Date(day),
            note,
        ]);
    }
    let started = Instant::now();
    connection.begin("BEGIN").unwrap();
    let insert = format!("INSERT INTO {name} VALUES (?, ?, ?, ?, ?)");
    assert_eq!(connection.execute_many(&insert, &parameters, 5).unwrap(), 100_000);
    connection.control("COMMIT").unwrap();
    println!("execute_many: {:.0} rows/s", 100_000.0 / started.elapsed().as_secs_f64());

    let sql = format!("SELECT * FROM {name}");
    let started = Instant::now();
    let cursor = connection.execute(&sql, &[]).unwrap();
    let (mut seen, mut nulls) = (0, 0);
    while cursor.advance().unwrap() {
        assert_eq!(cursor.cell(0).unwrap(), ValueRef::Int(seen));
        for index in 1..4 {
            cursor.cell(index).unwrap();
        }
        nulls += i32::from(cursor.cell(4).unwrap() == ValueRef::Null);
        seen += 1;
    }
    println!("select: {:.0} rows/s", 100_000.0 / started.elapsed().as_secs_f64());
    assert_eq!((seen, nulls), (100_000, 33_334));

    // Dropped, forgotten, and reset in the middle: the next statement reads past the rest.
    let cursor = connection.execute(&sql, &[]).unwrap();
    assert!(cursor.advance().unwrap());
    assert_eq!(count(&mut connection, &name), 100_000);
    let cursor = connection.execute(&sql, &[]).unwrap();
    assert!(cursor.advance().unwrap());
    assert_eq!(count(&mut connection, &name), 100_000);
    connection.execute(&sql, &[]).unwrap();
    connection.reset().unwrap();
    assert_eq!(count(&mut connection, &name), 100_000);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn many_rows_with_everything_mixed() {
    let mut connection = live();
    let name =
        table(&mut connection, "id BIGINT UNSIGNED, flag INT, text VARCHAR(20), t TIME(6), d DECIMAL(10,2)");
    let time = chrono::NaiveTime::from_hms_opt(1, 2, 3).unwrap();
    let row = |id: Value, flag: Value, text: Value| vec![id, flag, text, Value::Time(time), Value::Null];
    let first = [
        row(Value::Int(1), Value::Bool(true), Value::Null),
        row(Value::UInt(u64::MAX), Value::Int(-7), Value::from("x")),
        row(Value::Int(3), Value::Null, Value::from("")),
    ];
    // Text beside numbers: no one type holds both, and MySQL converts them one by one.
    let second =
        [row(Value::Int(4), Value::Null, Value::Int(12)), row(Value::Null, Value::Null, Value::from("y"))];
    let insert = format!("INSERT INTO {name} VALUES (?, ?, ?, ?, ?)");
    assert_eq!(connection.execute_many(&insert, &references(&first.concat()), 5).unwrap(), 3);
    assert_eq!(connection.execute_many(&insert, &references(&second.concat()), 5).unwrap(), 2);
    let found = select(&mut connection, &format!("SELECT id, flag, text, d FROM {name}"));
    let expected = [
        [Value::Int(1), Value::Int(1), Value::Null, Value::Null],
        [Value::UInt(u64::MAX), Value::Int(-7), Value::from("x"), Value::Null],
        [Value::Int(3), Value::Null, Value::from(""), Value::Null],
        [Value::Int(4), Value::Null, Value::from("12"), Value::Null],
        [Value::Null, Value::Null, Value::from("y"), Value::Null],
    ];
    assert_eq!(found, expected);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_run_ends_with_its_first_error_and_counts_what_it_found() {
    let mut connection = live();
    let connection = &mut connection;
    let name = table(connection, "id INT PRIMARY KEY, n INT NOT NULL");
    let insert = format!("INSERT INTO {name} VALUES (?, ?)");
    let pair = |a: i64, b: i64| [ValueRef::Int(a), ValueRef::Int(b)];
    assert_eq!(
        connection.execute_many(&insert, &[pair(1, 1), pair(2, 2), pair(3, 3)].concat(), 2).unwrap(),
        3
    );
    // Found counts, also where nothing changes.
    let update = format!("UPDATE {name} SET n = ? WHERE id = ?");
    let same = [pair(1, 1), pair(20, 2), pair(0, 99)].concat();
    assert_eq!(connection.execute_many(&update, &same, 2).unwrap(), 2);
    let delete = format!("DELETE FROM {name} WHERE id = ?");
    assert_eq!(connection.execute_many(&delete, &[ValueRef::Int(1), ValueRef::Int(77)], 1).unwrap(), 1);
    for (bad, kind) in [
        ([ValueRef::Int(2), ValueRef::Int(5)], ErrorKind::UniqueViolation),
        ([ValueRef::Int(50), ValueRef::Null], ErrorKind::NotNullViolation),
    ] {
        connection.begin("BEGIN").unwrap();
        let run = [pair(10, 1).to_vec(), bad.to_vec(), pair(11, 1).to_vec()].concat();
        let error = connection.execute_many(&insert, &run, 2).unwrap_err();
        assert_eq!(error.kind(), kind);
        let after = format!("SELECT id FROM {name} WHERE id IN (11, 50)");
        assert!(select(connection, &after).is_empty(), "nothing runs after the error");
        connection.control("ROLLBACK").unwrap();
        assert_eq!(count(connection, &name), 2);
    }
    // What cannot run in bulk runs one by one, and rows are read past.
    assert_eq!(connection.execute_many("SELECT ?", &[ValueRef::Int(1), ValueRef::Int(2)], 1).unwrap(), 0);
    assert_eq!(connection.execute_many("DO ?", &[ValueRef::Int(1), ValueRef::Int(2)], 1).unwrap(), 0);
    assert_eq!(connection.execute_many(&insert, &[], 2).unwrap(), 0);
    let error = connection.execute_many(&insert, &[ValueRef::Int(1), ValueRef::Int(2)], 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bind);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn rows_come_back_from_changes() {
    let mut connection = live();
    assert_eq!(connection.server().product, "MariaDB", "RETURNING is MariaDB's");
    let name = table(&mut connection, "id INT AUTO_INCREMENT PRIMARY KEY, n INT");
    let plain = format!("INSERT INTO {name} (n) VALUES (?)");
    let cursor = connection.execute(&plain, &[ValueRef::Int(5)]).unwrap();
    assert_eq!((cursor.rows_affected(), cursor.last_insert_id()), (1, Some(1)));
    let returning = format!("{plain} RETURNING id");
    let found = rows(connection.execute(&returning, &[ValueRef::Int(5)]).unwrap()).unwrap();
    assert_eq!(found, [[Value::Int(2)]]);
    connection.execute_many(&returning, &[ValueRef::Int(6), ValueRef::Int(7)], 1).unwrap();
    assert_eq!(count(&mut connection, &name), 4);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_procedure_answers_more_than_once() {
    let mut connection = live();
    let name = format!("procedure_{}", std::process::id());
    let body = "BEGIN SELECT 1; SELECT 'a', 'b' UNION ALL SELECT 'c', 'd'; SELECT 3; END";
    connection.control(&format!("CREATE OR REPLACE PROCEDURE {name}() {body}")).unwrap();
    let call = format!("CALL {name}()");
    assert_eq!(select(&mut connection, &call), [[Value::Int(1)]]);
    connection.execute(&call, &[]).unwrap();
    connection.control(&call).unwrap();
    assert_eq!(select(&mut connection, "SELECT 4"), [[Value::Int(4)]]);
    connection.control(&format!("DROP PROCEDURE {name}")).unwrap();
}

/// Of this session: the others' tests run beside.
fn counter(connection: &mut MysqlConnection, name: &str) -> i64 {
    let sql = format!("SHOW SESSION STATUS LIKE '{name}'");
    let Value::Text(count) = &super::text_rows(connection, &sql)[0][1] else { panic!("a count") };
    count.parse().unwrap()
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn the_statement_cache_is_bounded_and_its_loss_is_noticed() {
    let url = url();
    let separator = super::separator(&url);
    let mut connection = connect(&format!("{url}{separator}prepared_statement_cache_size=2")).unwrap();
    for round in 0..3 {
        for number in 0..10 {
            let found = select(&mut connection, &format!("SELECT {number} + {round}"));
            assert_eq!(found, [[Value::Int(number + round)]]);
        }
    }
    let prepared = counter(&mut connection, "Com_stmt_prepare");
    let closed = counter(&mut connection, "Com_stmt_close");
    assert_eq!((prepared, closed), (30, 28));
    // The table changes under a prepared statement.
    let name = table(&mut connection, "a INT");
    connection.control(&format!("INSERT INTO {name} VALUES (1)")).unwrap();
    let sql = format!("SELECT * FROM {name}");
    assert_eq!(select(&mut connection, &sql), [[Value::Int(1)]]);
    connection.control(&format!("ALTER TABLE {name} MODIFY a VARCHAR(9), ADD b INT DEFAULT 7")).unwrap();
    assert_eq!(select(&mut connection, &sql), [[Value::from("1"), Value::Int(7)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_statement_follows_the_database_in_use() {
    let mut connection = live();
    let sql = "SELECT DATABASE()";
    let name = table(&mut connection, "a INT");
    let other = format!("other_{}", std::process::id());
    connection.control(&format!("CREATE DATABASE {other}")).unwrap();
    connection.control(&format!("CREATE TABLE {other}.{name} SELECT 7 AS a")).unwrap();
    let from = format!("SELECT a FROM {name}");
    assert!(select(&mut connection, &from).is_empty());
    assert!(matches!(&select(&mut connection, sql)[0][0], Value::Text(first) if *first != other));
    connection.execute(&format!("USE {other}"), &[]).unwrap();
    assert_eq!(select(&mut connection, &from), [[Value::Int(7)]]);
    assert_eq!(select(&mut connection, sql)[0][0], Value::from(other.as_str()));
    connection.control(&format!("DROP DATABASE {other}")).unwrap();
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn values_of_many_packets() {
    let mut connection = live();
    let longest = select(&mut connection, "SELECT @@max_allowed_packet");
    let Value::Int(longest) = longest[0][0] else { panic!("{longest:?}") };
    let name = table(&mut connection, "id INT, value LONGBLOB");
    let insert = format!("INSERT INTO {name} VALUES (?, ?)");
    assert!(longest >= 64 << 20, "the test server needs max_allowed_packet = 64M");
    // Around the length of one packet, and well above.
    for length in [0xff_ffff - 40, 0xff_ffff - 10, 0xff_ffff, 20_000_000] {
        let value: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
        let row = [ValueRef::Int(length as i64), ValueRef::Bytes(&value)];
        connection.execute(&insert, &row).unwrap();
        let sql = format!("SELECT value FROM {name} WHERE id = {length}");
        let cursor = connection.execute(&sql, &[]).unwrap();
        assert!(cursor.advance().unwrap());
        assert!(cursor.cell(0).unwrap() == ValueRef::Bytes(&value));
        assert!(!cursor.advance().unwrap());
    }
    let value = vec![1; 5_000_000];
    let row = [ValueRef::Int(1), ValueRef::Bytes(&value)];
    assert_eq!(connection.execute_many(&insert, &vec![row; 6].concat(), 2).unwrap(), 6);
    // Refused before anything is sent.
    let value = vec![1; longest as usize];
    let error =
        connection.execute(&insert, &[ValueRef::Int(1), ValueRef::Bytes(&value)]).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Data, false));
    assert!(error.to_string().contains("max_allowed_packet"));
    assert_eq!(select(&mut connection, "SELECT 1"), [[Value::Int(1)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_unix_socket_serves_as_well() {
    let url = url();
    let mut connection = connect(&url).unwrap();
    let path = select(&mut connection, "SELECT @@socket");
    let Value::Text(path) = &path[0][0] else { panic!("{path:?}") };
    assert!(std::path::Path::new(path).exists(), "the test server must run on this machine: {path}");
    let parsed: crate::Url = url.parse().unwrap();
    let (user, password) = (parsed.user().unwrap(), parsed.password().unwrap());
    let database = parsed.database().unwrap();
    let mut connection =
        connect(&format!("mysql://{user}:{password}@/{database}?unix_socket={path}")).unwrap();
    assert_eq!(select(&mut connection, "SELECT 1"), [[Value::Int(1)]]);
}

/// A row that fits by itself is not refused because the one before it took part of the packet.
#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_batch_is_no_longer_than_the_server_takes() {
    let mut connection = live();
    let name = table(&mut connection, "note LONGTEXT");
    connection.session.longest = 1 << 20;
    let notes = [500_000, 600_000, 10, 1_000_000, 10].map(|length| "x".repeat(length));
    let values: Vec<_> = notes.iter().map(|note| ValueRef::Text(note)).collect();
    let insert = format!("INSERT INTO {name} VALUES (?)");
    assert_eq!(connection.execute_many(&insert, &values, 1).unwrap(), 5);
    let sum = select(&mut connection, &format!("SELECT CAST(SUM(LENGTH(note)) AS SIGNED) FROM {name}"));
    assert_eq!(sum, [[Value::Int(2_100_020)]]);
    let long = "x".repeat(1 << 20);
    let values = [ValueRef::Text("short"), ValueRef::Text(&long)];
    connection.begin("BEGIN").unwrap();
    let error = connection.execute_many(&insert, &values, 1).unwrap_err();
    assert_eq!((error.kind(), connection.is_broken()), (ErrorKind::Data, false), "{error:?}");
    connection.control("ROLLBACK").unwrap();
    assert_eq!(count(&mut connection, &name), 5);
}
