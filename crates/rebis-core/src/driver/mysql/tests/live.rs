//! Against a real server: one statement at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::{connect, references, rows};
use crate::driver::mysql::MysqlConnection;
use crate::driver::{Connection, TransactionStatus};
use crate::error::{Error, ErrorKind};
use crate::value::{Value, ValueRef};

/// The server's URL; the tests that ask for it are ignored where there is none.
pub(super) fn url() -> String {
    std::env::var("REBIS_TEST_MYSQL_URL").expect("REBIS_TEST_MYSQL_URL")
}

pub(super) fn live() -> MysqlConnection {
    connect(&url()).unwrap()
}

/// A new table of this connection alone.
pub(super) fn table(connection: &mut MysqlConnection, columns: &str) -> String {
    create(connection, "TEMPORARY TABLE", columns)
}

/// A new table that others see; the test drops it.
fn shared_table(connection: &mut MysqlConnection, columns: &str) -> String {
    create(connection, "TABLE", columns)
}

fn create(connection: &mut MysqlConnection, what: &str, columns: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("driver_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let sql = format!("CREATE {what} {name} ({columns}) ENGINE = InnoDB CHARACTER SET utf8mb4");
    connection.control(&sql).unwrap();
    name
}

pub(super) fn select(connection: &mut MysqlConnection, sql: &str) -> Vec<Vec<Value>> {
    rows(connection.execute(sql, &[]).unwrap()).unwrap()
}

fn fails(connection: &mut MysqlConnection, sql: &str) -> Error {
    match connection.execute(sql, &[]) {
        Err(error) => error,
        Ok(cursor) => rows(cursor).unwrap_err(),
    }
}

fn date_time(day: (i32, u32, u32), time: (u32, u32, u32, u32)) -> chrono::NaiveDateTime {
    let date = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
    date.and_hms_micro_opt(time.0, time.1, time.2, time.3).unwrap()
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn the_server_introduces_itself() {
    let mut connection = live();
    let server = connection.server().clone();
    assert!(["MariaDB", "MySQL"].contains(&server.product.as_str()), "{server:?}");
    let id = select(&mut connection, "SELECT connection_id()");
    assert_eq!(id, [[Value::from(server.session_id.unwrap())]]);
    let session =
        "SELECT @@time_zone, @@autocommit, @@character_set_client, @@sql_mode LIKE '%STRICT_ALL_TABLES%'";
    let expected = [Value::from("+00:00"), Value::Int(1), Value::from("utf8mb4"), Value::Int(1)];
    assert_eq!(select(&mut connection, session), [expected]);
    connection.ping().unwrap();
    connection.close();
    assert!(connection.is_broken());
}

const COLUMNS: &str = "id INT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT UNSIGNED, e BIGINT, \
    f BIGINT UNSIGNED, g FLOAT, h DOUBLE, i DECIMAL(30,10), j DATE, k TIME(6), l DATETIME(6), m TIMESTAMP(6) NULL, \
    n VARCHAR(200), o LONGTEXT, p VARBINARY(200), q LONGBLOB, r BIT(64), s ENUM('x','y'), t SET('u','v'), u YEAR, \
    v BOOLEAN, w JSON, x CHAR(4)";

fn everything(id: i64) -> Vec<Value> {
    let moment = date_time((2038, 1, 19), (3, 14, 6, 999_999));
    vec![
        Value::Int(id),
        Value::Int(-128),
        Value::Int(65_535),
        Value::Int(-8_388_608),
        Value::Int(4_294_967_295),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        Value::Float(1.5),
        Value::Float(-1.0e300),
        Value::Decimal("123456789012345678.0123456789".parse().unwrap()),
        Value::Date(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap()),
        Value::Time(NaiveTime::from_hms_micro_opt(23, 59, 59, 1).unwrap()),
        Value::DateTime(date_time((1000, 1, 1), (0, 0, 0, 0))),
        Value::Timestamp(DateTime::from_naive_utc_and_offset(moment, chrono::Utc)),
        Value::from("naïve 🦀 'quoted' \\ \0"),
        Value::from("x".repeat(70_000)),
        Value::Bytes(vec![0, 255, 39, 92]),
        Value::Bytes(vec![7; 300]),
        Value::UInt(1 << 63),
        Value::from("y"),
        Value::from("u,v"),
        Value::Int(2155),
        Value::Int(1),
        Value::from("{\"a\": 1}"),
        Value::from("ab"),
    ]
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn every_type_goes_there_and_back() {
    let mut connection = live();
    let name = table(&mut connection, COLUMNS);
    let marks = vec!["?"; 25].join(",");
    let insert = format!("INSERT INTO {name} VALUES ({marks})");
    let full = everything(1);
    let mut nulls = vec![Value::Null; 25];
    nulls[0] = Value::Int(2);
    for row in [&full, &nulls] {
        // Bits are an unsigned number.
        let cursor = connection.execute(&insert, &references(row)).unwrap();
        assert_eq!(cursor.rows_affected(), 1);
        assert!(cursor.columns().is_empty());
    }
    let expected = [full, nulls];
    let sql = format!("SELECT * FROM {name} ORDER BY id");
    assert_eq!(select(&mut connection, &sql), expected);
    // The second time from the cache, with the same columns.
    let first = Arc::clone(connection.execute(&sql, &[]).unwrap().columns());
    let cursor = connection.execute(&sql, &[]).unwrap();
    assert!(Arc::ptr_eq(&first, cursor.columns()));
    let types: Vec<&str> = cursor.columns().iter().map(|column| column.sql_type.as_str()).collect();
    let known = "int tinyint,smallint unsigned,mediumint,int unsigned,bigint,bigint unsigned,float,double,decimal,\
        date,time,datetime,timestamp,varchar,text,varbinary,blob,bit,enum,set,year,tinyint";
    assert_eq!(types[..23].join(","), known.replace("int tiny", "int,tiny"));
    // As text.
    let text = super::text_rows(&mut connection, &sql);
    assert_eq!(text, expected);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn what_no_calendar_has_is_refused() {
    let url = url();
    let mut connection =
        connect(&format!("{url}{}sql_mode=NO_ENGINE_SUBSTITUTION", super::separator(&url))).unwrap();
    for (sql, word) in [
        ("SELECT CAST('0000-00-00' AS DATE) AS x", "0000-00-00"),
        ("SELECT CAST('2001-00-00 10:00:00' AS DATETIME) AS x", "zero part"),
    ] {
        let error = rows(connection.execute(sql, &[]).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion, "{sql}");
        assert!(error.chain().contains(word), "{}", error.chain());
        assert!(!connection.is_broken());
    }
    for value in [Value::Float(f64::NAN), Value::Date(NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap())] {
        let error = connection.execute("SELECT ?", &references(&[value])).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
    }
    assert_eq!(select(&mut connection, "SELECT 1"), [[Value::Int(1)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn errors_have_kinds() {
    let mut connection = live();
    let connection = &mut connection;
    let parent = shared_table(connection, "id INT PRIMARY KEY, name VARCHAR(5) NOT NULL UNIQUE");
    let child = shared_table(
        connection,
        &format!(
            "id INT, n INT, CONSTRAINT positive_{parent} CHECK (n > 0), \
                  CONSTRAINT to_{parent} FOREIGN KEY (id) REFERENCES {parent} (id)"
        ),
    );
    connection.control(&format!("INSERT INTO {parent} VALUES (1, 'topse')")).unwrap();
    connection.control(&format!("INSERT INTO {child} VALUES (1, 1)")).unwrap();
    let mut check = |sql: String, kind: ErrorKind, constraint: Option<&str>| {
        let error = fails(connection, &sql);
        assert_eq!(error.kind(), kind, "{sql}: {error:?}");
        assert_eq!(error.constraint(), constraint, "{sql}: {error:?}");
        assert!(!error.is_disconnect() && error.code().is_some() && error.sqlstate().is_some());
        assert!(!error.to_string().contains("topse"), "{error}");
    };
    check(format!("INSERT INTO {parent} VALUES (2, 'topse')"), ErrorKind::UniqueViolation, Some("name"));
    check(format!("INSERT INTO {parent} VALUES (1, 'x')"), ErrorKind::UniqueViolation, Some("PRIMARY"));
    let key = format!("to_{parent}");
    check(format!("INSERT INTO {child} VALUES (7, 1)"), ErrorKind::ForeignKeyViolation, Some(&key));
    check(format!("DELETE FROM {parent}"), ErrorKind::ForeignKeyViolation, Some(&key));
    let key = format!("positive_{parent}");
    check(format!("INSERT INTO {child} VALUES (1, -1)"), ErrorKind::CheckViolation, Some(&key));
    check(format!("INSERT INTO {parent} VALUES (2, NULL)"), ErrorKind::NotNullViolation, None);
    check(format!("INSERT INTO {parent} (id) VALUES (2)"), ErrorKind::NotNullViolation, None);
    check(format!("INSERT INTO {parent} VALUES ('topsecret', 'x')"), ErrorKind::Data, None);
    check(format!("INSERT INTO {parent} VALUES (3, 'topsecret')"), ErrorKind::Data, None);
    check("SELEC 1".to_owned(), ErrorKind::Statement, None);
    check("SELECT nothing".to_owned(), ErrorKind::Statement, None);
    check("SELECT * FROM nothing_here".to_owned(), ErrorKind::Statement, None);
    check("SELECT 1; SELECT 2".to_owned(), ErrorKind::Statement, None);
    let error = connection.execute("SELECT ?", &[]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bind);
    connection.control(&format!("DROP TABLE {child}, {parent}")).unwrap();
    assert_eq!(select(connection, "SELECT 1"), [[Value::Int(1)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn login_is_refused_without_the_password_in_the_error() {
    let url = url();
    let url: crate::Url = url.parse().unwrap();
    let text = url.to_string_with_password();
    let password = url.password().unwrap();
    let error = connect(&text.replace(password, "wrongsecret")).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error:?}");
    assert!(!format!("{error:?} {}", error.chain()).contains("wrongsecret"));
    let error = connect(&text.replacen(&format!("/{}", url.database().unwrap()), "/no_such_database", 1));
    assert_eq!(error.map(drop).unwrap_err().kind(), ErrorKind::Authentication);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_transaction_begins_with_its_first_statement() {
    let mut connection = live();
    let name = table(&mut connection, "id INT PRIMARY KEY");
    let insert = format!("INSERT INTO {name} VALUES (?)");
    assert_eq!(connection.status(), TransactionStatus::Idle);
    connection.begin("START TRANSACTION").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    connection.execute(&insert, &[ValueRef::Int(1)]).unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    connection.control("ROLLBACK").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    assert!(select(&mut connection, &format!("SELECT id FROM {name}")).is_empty());
    // A begin that was never sent has not happened.
    connection.begin("BEGIN").unwrap();
    connection.reset().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    // But what was set for it alone must not wait for the next one.
    let shared = shared_table(&mut connection, "id INT PRIMARY KEY");
    connection.control("SET TRANSACTION READ ONLY").unwrap();
    connection.begin("BEGIN").unwrap();
    connection.reset().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    connection.begin("BEGIN").unwrap();
    connection.execute(&format!("INSERT INTO {shared} VALUES (1)"), &[]).unwrap();
    connection.control("ROLLBACK").unwrap();
    connection.control(&format!("DROP TABLE {shared}")).unwrap();
    // With a statement that is prepared already.
    connection.begin("BEGIN").unwrap();
    connection.execute(&insert, &[ValueRef::Int(2)]).unwrap();
    connection.reset().unwrap();
    assert!(select(&mut connection, &format!("SELECT id FROM {name}")).is_empty());
    // The begin fails: its error is told, whatever the statement did.
    connection.begin("BEGIN NONSENSE").unwrap();
    let error = connection.execute(&insert, &[ValueRef::Int(3)]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert!(error.to_string().contains("ran outside a transaction"), "{error}");
    connection.begin("BEGIN NONSENSE").unwrap();
    let error = connection.execute("SELECT 17", &[]).map(drop).unwrap_err();
    assert!(!error.to_string().contains("outside"), "not prepared yet, so not run: {error}");
    assert_eq!(select(&mut connection, "SELECT 1"), [[Value::Int(1)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_deadlock_leaves_nothing_to_go_on_with() {
    let mut one = live();
    let mut other = live();
    let name = shared_table(&mut one, "id INT PRIMARY KEY, n INT");
    one.control(&format!("INSERT INTO {name} VALUES (1, 0), (2, 0)")).unwrap();
    let update = format!("UPDATE {name} SET n = n + 1 WHERE id = ?");
    one.begin("BEGIN").unwrap();
    other.begin("BEGIN").unwrap();
    one.execute(&update, &[ValueRef::Int(1)]).unwrap();
    other.execute(&update, &[ValueRef::Int(2)]).unwrap();
    let sql = update.clone();
    let waiting = std::thread::spawn(move || {
        let error = other.execute(&sql, &[ValueRef::Int(1)]).map(drop).err();
        (other, error)
    });
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mine = one.execute(&update, &[ValueRef::Int(2)]).map(drop).err();
    // The loser's transaction is gone; the winner goes on once it is.
    let (other, theirs) = waiting.join().unwrap();
    let (mut loser, mut winner, error) =
        if let Some(error) = mine { (one, other, error) } else { (other, one, theirs.unwrap()) };
    assert_eq!(error.kind(), ErrorKind::Serialization);
    assert_eq!(loser.status(), TransactionStatus::Failed);
    loser.reset().unwrap();
    assert_eq!(loser.status(), TransactionStatus::Idle);
    winner.reset().unwrap();
    loser.control(&format!("DROP TABLE {name}")).unwrap();
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_killed_connection_is_a_disconnect() {
    let mut connection = live();
    let mut killer = live();
    let id = connection.server().session_id.unwrap();
    killer.control(&format!("KILL {id}")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let error = connection.execute("SELECT 1", &[]).map(drop).unwrap_err();
    assert!(error.is_disconnect() && error.kind() == ErrorKind::Disconnected, "{error:?}");
    assert!(connection.is_broken());
    assert!(connection.ping().unwrap_err().is_disconnect());
    // In the middle of a statement.
    let mut connection = live();
    let id = connection.server().session_id.unwrap();
    let killing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        killer.control(&format!("KILL {id}")).unwrap();
        killer
    });
    let error = fails(&mut connection, "SELECT SLEEP(10)");
    assert!(error.is_disconnect() && connection.is_broken(), "{error:?}");
    let mut killer = killing.join().unwrap();
    // Only the query: the connection lives.
    let mut connection = live();
    let id = connection.server().session_id.unwrap();
    let killing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        killer.control(&format!("KILL QUERY {id}")).unwrap();
    });
    let four = ["a", "b", "c", "d"].map(|name| format!("information_schema.collations {name}"));
    let error = fails(&mut connection, &format!("SELECT COUNT(*) FROM {}", four.join(", ")));
    killing.join().unwrap();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Cancelled, false), "{error:?}");
    assert_eq!(select(&mut connection, "SELECT 1"), [[Value::Int(1)]]);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_read_deadline_breaks_the_connection() {
    let url = url();
    let mut connection = connect(&format!("{url}{}read_timeout=0.3", super::separator(&url))).unwrap();
    let error = fails(&mut connection, "SELECT SLEEP(5)");
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, true));
    assert!(connection.is_broken());
}
