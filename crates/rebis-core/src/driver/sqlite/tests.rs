mod limits;

use super::error::classify_running;
use super::*;

fn connect(url: &str) -> Box<dyn Connection> {
    let url: Url = url.parse().unwrap();
    let mut options = url.options();
    let connector = SqliteConnector::new(&url, &mut options).unwrap();
    options.finish().unwrap();
    connector.connect(&Login::default(), Deadline::NEVER).unwrap()
}

#[test]
fn cells_come_in_place_and_read_twice() {
    let mut connection = connect("sqlite://");
    let cursor = connection.execute("select 1, 2.5, 'é', x'00ff', null, ''", &[]).unwrap();
    assert!(cursor.advance().unwrap());
    for _ in 0..2 {
        assert_eq!(cursor.cell(0).unwrap(), ValueRef::Int(1));
        assert_eq!(cursor.cell(1).unwrap(), ValueRef::Float(2.5));
        assert_eq!(cursor.cell(2).unwrap(), ValueRef::Text("é"));
        assert_eq!(cursor.cell(3).unwrap(), ValueRef::Bytes(&[0, 255]));
        assert_eq!(cursor.cell(4).unwrap(), ValueRef::Null);
        assert_eq!(cursor.cell(5).unwrap(), ValueRef::Text(""));
    }
    assert!(cursor.cell(6).is_err());
    assert!(!cursor.advance().unwrap());
}

#[test]
fn a_statement_with_a_nul_is_not_run_by_half() {
    let mut conn = connect("sqlite://");
    assert_eq!(conn.execute("select 1\0 where x", &[]).map(drop).unwrap_err().kind(), ErrorKind::Statement);
}

#[test]
fn a_forgotten_cursor_does_not_block_the_next_statement() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (i integer primary key)").unwrap();
    connection.execute_many("insert into t values (?1)", &[ValueRef::Int(1), ValueRef::Int(2)], 1).unwrap();
    let cursor = connection.execute("select i from t", &[]).unwrap();
    cursor.advance().unwrap();
    connection.control("drop table t").unwrap();
}

#[test]
fn affected_rows_count_the_statement_itself() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (i integer primary key, v int)").unwrap();
    let sets = [ValueRef::Int(1), ValueRef::Int(2), ValueRef::Int(3)];
    assert_eq!(connection.execute_many("insert into t (v) values (?1)", &sets, 1).unwrap(), 3);
    assert_eq!(connection.execute("update t set v = 9 where v > 1", &[]).unwrap().rows_affected(), 2);
    assert_eq!(connection.execute("update t set v = 9 where v > 100", &[]).unwrap().rows_affected(), 0);
    assert_eq!(connection.execute("create table u (i int)", &[]).unwrap().rows_affected(), 0);
    assert_eq!(connection.execute("insert into t (v) values (1)", &[]).unwrap().last_insert_id(), Some(4));
    for (sql, id) in [
        ("update t set v = 1", None),
        ("delete from t where i = 1", None),
        ("select 1", None),
        (" -- a comment\n insert into t (v) values (1)", Some(5)),
        ("with x as (select 1 as v) insert into t (v) select v from x", Some(6)),
        ("with x as (select 1 as v) update t set v = 2 where v in x", None),
        ("insert into t (v) select 1 where 0", None),
    ] {
        assert_eq!(connection.execute(sql, &[]).unwrap().last_insert_id(), id, "{sql}");
    }
}

#[test]
fn errors_are_classified() {
    let mut connection = connect("sqlite://");
    connection
        .control("create table p (i integer primary key, u text unique not null, c int check (c > 0))")
        .unwrap();
    connection.control("create table q (p int references p)").unwrap();
    connection.control("insert into p values (1, 'a', 1)").unwrap();
    let mut kind = |sql: &str| connection.control(sql).unwrap_err().kind();
    assert_eq!(kind("insert into p values (1, 'b', 1)"), ErrorKind::UniqueViolation);
    assert_eq!(kind("insert into p values (2, 'a', 1)"), ErrorKind::UniqueViolation);
    assert_eq!(kind("insert into p values (2, null, 1)"), ErrorKind::NotNullViolation);
    assert_eq!(kind("insert into p values (2, 'c', -1)"), ErrorKind::CheckViolation);
    assert_eq!(kind("insert into q values (7)"), ErrorKind::ForeignKeyViolation);
    assert_eq!(kind("select * from nothing"), ErrorKind::Statement);
    assert_eq!(kind("selec 1"), ErrorKind::Statement);
    assert_eq!(kind(""), ErrorKind::Statement);
    assert_eq!(kind("select 1; select 2"), ErrorKind::Statement);
    let error = connection.control("insert into p values (3, 'a', 1)").unwrap_err();
    assert_eq!(error.constraint(), Some("p.u"));
    connection.control("select 1; -- and no more").unwrap();
}

#[test]
fn a_transaction_that_sqlite_gave_up_has_failed() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (i integer primary key)").unwrap();
    connection.control("insert into t values (1)").unwrap();
    let give_up = "insert or rollback into t values (?1)";
    let one = [ValueRef::Int(1)];
    connection.execute(give_up, &one).map(|_| ()).unwrap_err();
    assert_eq!(connection.status(), TransactionStatus::Idle, "there was none");
    for many in [false, true] {
        connection.begin("BEGIN").unwrap();
        connection.execute("insert into t values (2)", &[]).unwrap();
        assert_eq!(connection.status(), TransactionStatus::Active);
        if many {
            connection.execute_many(give_up, &one, 1).unwrap_err();
        } else {
            connection.execute(give_up, &one).map(|_| ()).unwrap_err();
        }
        assert_eq!(connection.status(), TransactionStatus::Failed);
        if many {
            connection.reset().unwrap();
        } else {
            connection.control("ROLLBACK").unwrap();
        }
        assert_eq!(connection.status(), TransactionStatus::Idle);
    }
}

#[test]
fn errors_of_functions_hold_no_values() {
    let mut connection = connect("sqlite://");
    for sql in ["select json_extract('{}', ?1)", "select json_extract('{}', '$.a', ?1)"] {
        let error = connection.execute(sql, &[ValueRef::Text("s3cret: 's3cret'")]).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement);
        assert_eq!(error.to_string(), "bad JSON path: …");
    }
    let error = classify_running(1, "no such column: s3cret".to_owned());
    assert_eq!(error.to_string(), "no such column");
    assert_eq!(classify_running(1, "integer overflow".to_owned()).to_string(), "integer overflow");
    // Before the statement runs there are no values: the text is the program's own.
    assert_eq!(connection.control("select x").unwrap_err().to_string(), "no such column: x");
}

#[test]
fn what_sqlite_cannot_store_is_refused() {
    let mut connection = connect("sqlite://");
    for value in [ValueRef::Float(f64::NAN), ValueRef::UInt(u64::MAX)] {
        let error = connection.execute("select ?1", &[value]).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
    }
    let error = connection.execute("select ?1", &[]).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bind);
}

#[test]
fn a_lock_is_waited_for_and_then_named() {
    let file = std::env::temp_dir().join(format!("rebis-lock-{}.db", std::process::id()));
    let url = format!("sqlite:///{}?busy_timeout=0.05", file.display());
    let (mut one, mut two) = (connect(&url), connect(&url));
    one.control("create table t (i int)").unwrap();
    one.control("BEGIN IMMEDIATE").unwrap();
    let error = two.control("insert into t values (1)").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.is_retryable());
    one.control("COMMIT").unwrap();
    two.control("insert into t values (1)").unwrap();
    std::fs::remove_file(file).unwrap();
}

/// Two that open a new file at the same time both want its journal's mode changed, and SQLite calls no busy handler there.
#[test]
fn a_journal_mode_waits_for_a_writer() {
    let file = std::env::temp_dir().join(format!("rebis-journal-{}.db", std::process::id()));
    let mut one = connect(&format!("sqlite:///{}", file.display()));
    one.control("create table t (i int)").unwrap();
    one.control("BEGIN IMMEDIATE").unwrap();
    let opening = std::thread::scope(|scope| {
        let url = format!("sqlite:///{}?journal_mode=wal&busy_timeout=60", file.display());
        let opening = scope.spawn(move || connect(&url).control("insert into t values (1)"));
        std::thread::sleep(Duration::from_millis(100));
        one.control("COMMIT").unwrap();
        opening.join()
    });
    opening.unwrap().unwrap();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[test]
fn a_schema_change_shows_in_the_columns() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (a int)").unwrap();
    connection.control("insert into t values (1)").unwrap();
    assert_eq!(connection.execute("select * from t", &[]).unwrap().columns().len(), 1);
    connection.control("alter table t add column b text").unwrap();
    let cursor = connection.execute("select * from t", &[]).unwrap();
    assert!(cursor.advance().unwrap());
    assert_eq!(cursor.columns().len(), 2);
    assert_eq!(cursor.cell(1).unwrap(), ValueRef::Null);
    // As many columns, under other names, and no row to notice it by.
    connection.control("drop table t").unwrap();
    connection.control("create table t (b text, a int)").unwrap();
    let cursor = connection.execute("select * from t", &[]).unwrap();
    assert_eq!(cursor.columns()[0].name, "b");
}

#[test]
fn a_savepoint_does_not_make_a_lost_transaction_whole() {
    let mut connection = connect("sqlite://");
    connection.control("create table t (i integer primary key)").unwrap();
    connection.begin("BEGIN").unwrap();
    connection.control("insert into t values (1)").unwrap();
    connection.control("SAVEPOINT s").unwrap();
    connection.execute("insert or rollback into t values (1)", &[]).map(drop).unwrap_err();
    for sql in ["ROLLBACK TO SAVEPOINT s", "RELEASE SAVEPOINT s", "SAVEPOINT s", "COMMIT"] {
        assert_eq!(connection.control(sql).unwrap_err().kind(), ErrorKind::PendingRollback, "{sql}");
        assert_eq!(connection.status(), TransactionStatus::Failed);
    }
    connection.control("ROLLBACK").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
}

#[test]
fn parameters_that_are_not_copied_are_let_go_at_the_end_of_the_run() {
    let mut connection = connect("sqlite://");
    let two = "select ?1 || i from (select 1 as i union select 2)";
    let bind = |word: &str| format!("{word} and more than SQLite keeps in place");
    let mut seen = Vec::new();
    {
        let word = bind("one");
        let mut show = |cursor: &dyn Cursor| {
            seen.push(format!("{:?}", cursor.cell(0)?));
            Ok(())
        };
        connection.execute_to_end(two, &[ValueRef::Text(&word)], &mut show).unwrap();
    }
    assert_eq!(seen.len(), 2);
    // The same statement, ended by an error and by a panic in the middle.
    for panics in [false, true] {
        let word = bind("two");
        let mut show = |_: &dyn Cursor| {
            assert!(!panics, "on purpose");
            Err(Error::new(ErrorKind::Data, "enough"))
        };
        let run = std::panic::AssertUnwindSafe(|| {
            connection.execute_to_end(two, &[ValueRef::Text(&word)], &mut show)
        });
        match std::panic::catch_unwind(run) {
            Ok(ended) => assert_eq!(ended.unwrap_err().kind(), ErrorKind::Data),
            Err(_) => assert!(panics),
        }
        assert!(connection.cursor().unwrap().cell(0).is_err(), "there is no row any more");
    }
    let cursor = connection.execute(two, &[ValueRef::Text("x")]).unwrap();
    assert!(cursor.advance().unwrap());
    assert_eq!(cursor.cell(0).unwrap(), ValueRef::Text("x1"));
}
