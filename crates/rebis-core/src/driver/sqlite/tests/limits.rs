//! Time limits, cancels, transactions that only read, new sessions.

use super::*;
use crate::driver::contract::{self, Slow};

const SLOW: Slow = Slow {
    silent: "with recursive c(i) as (select 1 union all select i + 1 from c) select count(*) from c",
    rows: "with recursive c(i) as (select 1 union all select i + 1 from c) select i from c",
    per_set: "with recursive c(i) as (select ?1 union all select i + 1 from c where i < 1000000) select count(*) from c",
};

fn file(name: &str) -> (String, impl Drop) {
    struct Removed(std::path::PathBuf);
    impl Drop for Removed {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
    let path = std::env::temp_dir().join(format!("rebis-limits-{}-{name}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    (format!("sqlite:///{}", path.display()), Removed(path))
}

#[test]
fn an_answer_ends_with_the_next_call() {
    contract::ends_its_answer(&mut *connect("sqlite://"));
}

#[test]
fn statements_time_out() {
    contract::times_out(&mut *connect("sqlite://"), &SLOW);
    contract::times_out_between_rows(&mut *connect("sqlite://"), &SLOW);
}

#[test]
fn statements_are_cancelled() {
    contract::cancels(&mut *connect("sqlite://"), &SLOW);
    let short = "with recursive c(i) as (select 1 union all select i + 1 from c where i < 20000) select count(*) from c";
    let hit = contract::never_hits_the_next(&mut *connect("sqlite://"), short, 300);
    assert!(hit > 0);
}

#[test]
fn a_wait_for_a_lock_times_out() {
    let (url, _file) = file("lock");
    let mut one = connect(&url);
    let mut other = connect(&url);
    one.control("create table t (i int)").unwrap();
    one.control("BEGIN IMMEDIATE").unwrap();
    let start = std::time::Instant::now();
    let soon = || Deadline::after(Duration::from_millis(100));
    other.limit_statement(soon()).unwrap();
    let write = other.execute("insert into t values (1)", &[]).map(drop).unwrap_err();
    other.limit_statement(soon()).unwrap();
    let begin = other.begin("BEGIN IMMEDIATE").unwrap_err();
    for error in [write, begin] {
        assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(3));
    other.limit_statement(Deadline::NEVER).unwrap();
    let canceller = other.canceller().unwrap();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| contract::cancel_soon(&*canceller));
        other.execute("insert into t values (1)", &[]).map(drop).unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    one.control("ROLLBACK").unwrap();
    other.execute("insert into t values (1)", &[]).unwrap();
}

#[test]
fn a_write_that_is_stopped_ends_its_transaction() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (i int)").unwrap();
    connection.begin("BEGIN").unwrap();
    connection.execute("insert into t values (1)", &[]).unwrap();
    connection.limit_statement(Deadline::after(Duration::from_millis(50))).unwrap();
    let sql = "insert into t with recursive c(i) as (select 1 union all select i + 1 from c) select i from c";
    let error = connection.execute(sql, &[]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_eq!(connection.status(), TransactionStatus::Failed);
    connection.control("ROLLBACK").unwrap();
    connection.execute("insert into t values (1)", &[]).unwrap();
}

#[test]
fn a_transaction_that_only_reads_takes_no_lock_and_writes_nothing() {
    let (url, _file) = file("read_only");
    let mut writer = connect(&format!("{url}?begin=immediate"));
    writer.control("create table t (i int)").unwrap();
    let mut reader = connect(&format!("{url}?begin=immediate"));
    for end in ["COMMIT", "ROLLBACK"] {
        writer.begin("BEGIN").unwrap();
        reader.begin("BEGIN READ ONLY").unwrap();
        reader.execute("select count(*) from t", &[]).unwrap();
        for _ in 0..2 {
            let error = reader.execute("insert into t values (1)", &[]).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Statement, "{error:?}");
            assert!(error.to_string().contains("read-only"), "{error}");
        }
        assert_eq!(reader.status(), TransactionStatus::Active);
        reader.control(end).unwrap();
        writer.control("ROLLBACK").unwrap();
        reader.begin("BEGIN").unwrap();
        reader.execute("insert into t values (1)", &[]).unwrap();
        reader.control("ROLLBACK").unwrap();
    }
    reader.begin("BEGIN READ ONLY").unwrap();
    reader.reset().unwrap();
    reader.execute("insert into t values (1)", &[]).unwrap();
}

#[test]
fn a_new_session_knows_nothing_of_the_old() {
    let mut connection = connect("sqlite://");
    contract::forgets(&mut *connection, "pragma query_only = on", "pragma query_only");
    contract::forgets(&mut *connection, "pragma foreign_keys = off", "pragma foreign_keys");
    contract::forgets(
        &mut *connection,
        "attach ':memory:' as \"a \"\"b\"",
        "select count(*) from pragma_database_list where seq <> 1",
    );
    for made in ["create temp table \"t\"\"x\" (i int)", "create temp view v as select 1"] {
        contract::forgets(&mut *connection, made, "select count(*) from sqlite_temp_master");
    }
}
