//! Against a real server: time limits, cancels, warnings, new sessions.

use std::time::{Duration, Instant};

use super::live::{live, select, table};
use crate::driver::contract::{self, Slow};
use crate::driver::{Connection, TransactionStatus};
use crate::error::ErrorKind;
use crate::process::Deadline;
use crate::value::Value;

const SLOW: Slow = Slow {
    silent: "select sleep(20)",
    rows: "select a.ordinal_position, repeat('x', 500) from information_schema.columns a, \
        information_schema.columns b, information_schema.columns c",
    per_set: "do sleep(0.01 + 0 * ?)",
};

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn an_answer_ends_with_the_next_call() {
    contract::ends_its_answer(&mut live());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn statements_time_out() {
    contract::times_out(&mut live(), &SLOW);
    contract::times_out_between_rows(&mut live(), &SLOW);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn statements_are_cancelled() {
    contract::cancels(&mut live(), &SLOW);
    // Longer than elsewhere, since a cancel logs in first.
    let hit = contract::never_hits_the_next(&mut live(), "select sleep(0.02)", 150);
    assert!(hit > 0);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_wait_for_a_lock_times_out_and_the_transaction_stays() {
    let mut one = live();
    let name = format!("driver_limits_{}", std::process::id());
    one.control(&format!("CREATE TABLE {name} (i INT PRIMARY KEY, v INT) ENGINE = InnoDB")).unwrap();
    one.control(&format!("INSERT INTO {name} VALUES (1, 0), (2, 0)")).unwrap();
    let mut other = live();
    one.begin("BEGIN").unwrap();
    one.execute(&format!("UPDATE {name} SET v = 1 WHERE i = 1"), &[]).unwrap();
    other.begin("BEGIN").unwrap();
    other.execute(&format!("UPDATE {name} SET v = 2 WHERE i = 2"), &[]).unwrap();
    let start = Instant::now();
    other.limit_statement(Deadline::after(Duration::from_millis(200))).unwrap();
    let error = other.execute(&format!("UPDATE {name} SET v = 2 WHERE i = 1"), &[]).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(other.status(), TransactionStatus::Active);
    one.control("ROLLBACK").unwrap();
    other.control("COMMIT").unwrap();
    let rows = select(&mut one, &format!("SELECT v FROM {name} ORDER BY i"));
    assert_eq!(rows, [[Value::Int(0)], [Value::Int(2)]]);
    one.control(&format!("DROP TABLE {name}")).unwrap();
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn warnings_come_when_they_are_asked_for() {
    let mut connection = live();
    assert!(connection.warnings().unwrap().is_empty());
    select(&mut connection, "SELECT CAST('12x' AS SIGNED), CAST('x' AS SIGNED)");
    // It waits for the next statement, and does not disturb.
    connection.begin("BEGIN").unwrap();
    let warnings = connection.warnings().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!((warnings[0].severity.as_str(), warnings[0].code.as_str()), ("Warning", "1292"));
    assert!(warnings[0].message.contains("12x"), "{warnings:?}");
    assert_eq!(connection.status(), TransactionStatus::Active);
    // One without a table would leave the list as it is.
    select(&mut connection, "SELECT count(*) FROM information_schema.schemata");
    assert!(connection.warnings().unwrap().is_empty());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_new_session_knows_nothing_of_the_old() {
    let mut connection = live();
    contract::forgets(&mut connection, "SET @mine = 7", "SELECT @mine");
    contract::forgets(&mut connection, "SET SESSION sql_mode = ''", "SELECT @@sql_mode");
    contract::forgets(&mut connection, "SET SESSION time_zone = '+05:00'", "SELECT @@time_zone");
    contract::forgets(&mut connection, "USE information_schema", "SELECT database()");
    contract::forgets(
        &mut connection,
        "DO get_lock('rebis_limits', 0)",
        "SELECT is_free_lock('rebis_limits')",
    );
    let name = table(&mut connection, "i INT");
    connection.reset_session().unwrap();
    let error = connection.execute(&format!("SELECT i FROM {name}"), &[]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement, "{error:?}");
}
