//! Statements that run too long or are stopped, transactions that only read, what servers say beside their answers.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use rebis::{CancelHandle, Connection, Engine, Error, ErrorKind, IsolationLevel, Text, raw, text};

use super::{Database, Outcome, Scenario, count, failure, passed, pick, run_raw, table};

pub(super) const CASES: &[Scenario] = &[
    ("limits_of_time", timeouts),
    ("limits_of_time_on_a_lock", lock),
    ("limits_a_cancel_from_another_thread", cancel),
    ("limits_a_cancel_after_the_lease", cancel_after_lease),
    ("limits_a_cancel_meets_the_end_of_the_lease", cancel_at_lease_end),
    ("limits_notices", notices),
    ("limits_of_a_reader", read_only),
    ("limits_by_name_in_the_url", isolation_names),
];

const SOON: Duration = Duration::from_millis(200);
/// Far less than what the statements would take, far more than stopping one does.
const LATEST: Duration = Duration::from_secs(10);

/// A statement that computes for long without a row.
fn silent(database: &Database) -> Text {
    text(pick(
        database,
        "with recursive c(i) as (select 1 union all select i + 1 from c) select count(*) from c",
        "select sleep(30)",
        "select pg_sleep(30)::text",
    ))
}

/// A statement whose rows do not end.
fn rows(database: &Database) -> Text {
    text(pick(
        database,
        "with recursive c(i) as (select 1 union all select i + 1 from c) select i from c",
        "select a.ordinal_position, repeat('x', 500) from information_schema.columns a, \
            information_schema.columns b, information_schema.columns c",
        "select generate_series(1, 1000000000), repeat('x', 500)",
    ))
}

/// A statement of some milliseconds.
fn short(database: &Database) -> Text {
    text(pick(
        database,
        "with recursive c(i) as (select 1 union all select i + 1 from c where i < 20000) select count(*) from c",
        "select sleep(0.003)",
        "select pg_sleep(0.003)::text",
    ))
}

/// The connection's transaction is undone, and it works; it is the same one as before.
fn works(conn: &mut Connection, session: Option<u64>) {
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert_eq!(conn.server().unwrap().session_id, session, "the connection was not replaced");
    conn.rollback().unwrap();
}

fn assert_stopped(error: &Error, kind: ErrorKind, start: Instant) {
    assert_eq!((error.kind(), error.is_disconnect()), (kind, false), "{error:?}");
    assert!(error.sql().is_some() && !error.is_retryable());
    assert!(start.elapsed() < LATEST, "it took {:?}", start.elapsed());
}

fn timeouts(database: &Database) -> Outcome {
    let engine = database.builder().pool_size(1).max_overflow(0).statement_timeout(SOON).build().unwrap();
    let mut conn = engine.connect().unwrap();
    let session = conn.server().unwrap().session_id;
    let mut stopped = 0;
    for statement in [silent(database), rows(database)] {
        for _ in 0..2 {
            let start = Instant::now();
            let error = failure(conn.execute(statement.clone()));
            assert_stopped(&error, ErrorKind::Timeout, start);
            works(&mut conn, session);
            stopped += 1;
        }
    }
    // The statement's own counts before the connection's, and that before the engine's.
    conn.set_statement_timeout(None);
    std::thread::sleep(SOON);
    conn.execute(short(database)).unwrap();
    let start = Instant::now();
    let error = failure(conn.execute(rows(database).timeout(SOON)));
    assert_stopped(&error, ErrorKind::Timeout, start);
    works(&mut conn, session);
    // Many sets are one statement.
    table(&mut conn, "conf_limits", "i int");
    let insert = text("insert into conf_limits values (:i)").timeout(SOON);
    let start = Instant::now();
    let error = conn.execute_many(insert, (0..).map(|i: i32| (i % 1000,))).unwrap_err();
    assert_stopped(&error, ErrorKind::Timeout, start);
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_limits"), 0);
    works(&mut conn, session);
    drop(conn);
    // A new lease has the engine's again.
    let mut conn = engine.connect().unwrap();
    let start = Instant::now();
    assert_stopped(&failure(conn.execute(silent(database))), ErrorKind::Timeout, start);
    works(&mut conn, session);
    passed(format!("{} statements on one connection", stopped + 3))
}

fn lock(database: &Database) -> Outcome {
    let engine = database.engine(2);
    let mut one = engine.connect().unwrap();
    table(&mut one, "conf_limits", "i int not null primary key, v int not null");
    one.execute(text("insert into conf_limits values (1, 0)")).unwrap();
    one.commit().unwrap();
    let update = || text("update conf_limits set v = v + 1 where i = 1");
    let mut other = engine.connect().unwrap();
    let session = other.server().unwrap().session_id;
    one.execute(update()).unwrap();
    let start = Instant::now();
    let error = other.execute(update().timeout(SOON)).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
    let waited = start.elapsed();
    assert!((SOON / 2..LATEST).contains(&waited), "waited {waited:?}");
    one.commit().unwrap();
    works(&mut other, session);
    other.execute(update().timeout(LATEST)).unwrap();
    other.commit().unwrap();
    assert_eq!(one.scalar::<i64>(text("select v from conf_limits")).unwrap(), 2);
    passed(format!("stopped after {:.1} s", waited.as_secs_f64()))
}

/// Runs a statement while another thread stops it.
fn stop(conn: &mut Connection, handle: &CancelHandle, statement: Text) -> Error {
    let start = Instant::now();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| failure(conn.execute(statement)));
        std::thread::sleep(SOON);
        while !running.is_finished() {
            assert!(start.elapsed() < LATEST, "a cancel does not arrive");
            handle.cancel().unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        let error = running.join().unwrap();
        assert_stopped(&error, ErrorKind::Cancelled, start);
        error
    })
}

fn cancel(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    let session = conn.server().unwrap().session_id;
    let handle = conn.cancel_handle();
    assert!(!handle.cancel().unwrap(), "nothing runs yet");
    for _ in 0..3 {
        for statement in [silent(database), rows(database)] {
            stop(&mut conn, &handle, statement);
            // Nothing runs now, so that the next statement is not hit.
            assert!(!handle.cancel().unwrap());
            works(&mut conn, session);
        }
    }
    let insert = || text("insert into conf_limits values (:i)");
    table(&mut conn, "conf_limits", "i int");
    let start = Instant::now();
    let error = std::thread::scope(|scope| {
        let running =
            scope.spawn(|| conn.execute_many(insert(), (0..).map(|i: i32| (i % 1000,))).unwrap_err());
        std::thread::sleep(SOON);
        while !running.is_finished() {
            assert!(start.elapsed() < LATEST, "a cancel does not arrive");
            handle.clone().cancel().unwrap();
        }
        running.join().unwrap()
    });
    assert_stopped(&error, ErrorKind::Cancelled, start);
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_limits"), 0);
    passed("7 statements on one connection")
}

/// The pooled connection has another user when the handle is used: nobody is hit.
fn cancel_after_lease(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut first = engine.connect().unwrap();
    let session = first.server().unwrap().session_id;
    let handle = first.cancel_handle();
    let statement = silent(database);
    stop(&mut first, &handle, statement);
    drop(first);
    for _ in 0..200 {
        let mut next = engine.connect().unwrap();
        assert_eq!(next.server().unwrap().session_id, session);
        std::thread::scope(|scope| {
            let running = scope.spawn(|| next.execute(short(database)).unwrap().all().unwrap().len());
            while !running.is_finished() {
                assert!(!handle.cancel().unwrap());
            }
            assert_eq!(running.join().unwrap(), 1);
        });
    }
    passed("200 leases untouched")
}

/// The cancel is sent while the lease ends: whoever gets the connection then is not hit.
fn cancel_at_lease_end(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let (mut told, mut hit) = (0, 0);
    for round in 0..200_u64 {
        let mut conn = engine.connect().unwrap();
        let handle = conn.cancel_handle();
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                barrier.wait();
                std::thread::sleep(Duration::from_micros(round % 50 * 100));
                handle.cancel().unwrap()
            });
            barrier.wait();
            if let Err(error) = conn.execute(short(database)).and_then(rebis::Rows::all) {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                hit += 1;
            }
            drop(conn);
            let mut next = engine.connect().unwrap();
            assert_eq!(next.execute(short(database)).unwrap().all().unwrap().len(), 1, "round {round}");
            next.commit().unwrap();
            told += i32::from(canceller.join().unwrap());
        });
    }
    assert!(told >= hit && hit > 0, "{told} told, {hit} hit");
    passed(format!("200 leases, {told} cancels sent, {hit} hit their own, none the next"))
}

fn notices(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    assert!(conn.notices().is_empty());
    match database.name {
        "PostgreSQL" => {
            run_raw(&mut conn, "do $$ begin raise notice 'seven is %', 7; raise warning 'eight'; end $$");
            let notices = conn.notices();
            let told: Vec<_> = notices.iter().map(|n| (&*n.severity, &*n.code, &*n.message)).collect();
            assert_eq!(told, [("NOTICE", "00000", "seven is 7"), ("WARNING", "01000", "eight")]);
            assert!(conn.notices().is_empty());
            assert_eq!(conn.warnings().unwrap_err().kind(), ErrorKind::Unsupported);
            passed("2 notices")
        }
        "MariaDB" => {
            conn.execute(text("select cast('12x' as signed)")).unwrap().all().unwrap();
            let warnings = conn.warnings().unwrap();
            assert_eq!((&*warnings[0].severity, &*warnings[0].code), ("Warning", "1292"));
            assert!(conn.notices().is_empty());
            passed("1 warning, asked for")
        }
        _ => {
            assert_eq!(conn.warnings().unwrap_err().kind(), ErrorKind::Unsupported);
            passed("SQLite says nothing beside its answers")
        }
    }
}

fn read_only(database: &Database) -> Outcome {
    let engine = database.engine(2);
    let mut writer = engine.connect().unwrap();
    table(&mut writer, "conf_limits", "i int");
    writer.execute(text("insert into conf_limits values (1)")).unwrap();
    writer.commit().unwrap();
    let mut reader = engine.connect().unwrap();
    reader.set_read_only(true).unwrap();
    let mut refused = 0;
    for level in [None, Some(IsolationLevel::Serializable)] {
        if let Some(level) = level {
            reader.set_isolation_level(level).unwrap();
        }
        for sql in
            ["insert into conf_limits values (2)", "update conf_limits set i = 3", "delete from conf_limits"]
        {
            assert_eq!(count(&mut reader, "conf_limits"), 1);
            let error = failure(reader.execute(raw(sql)));
            assert_eq!(error.kind(), ErrorKind::Statement, "{sql}: {error:?}");
            reader.rollback().unwrap();
            refused += 1;
        }
        // A reader does not wait for a writer, nor a writer for a reader; but MariaDB's serializable readers lock.
        if level.is_some() && database.name == "MariaDB" {
            continue;
        }
        writer.execute(text("insert into conf_limits values (9)")).unwrap();
        assert_eq!(reader.scalar::<i64>(text("select min(i) from conf_limits").timeout(LATEST)).unwrap(), 1);
        reader.commit().unwrap();
        writer.rollback().unwrap();
    }
    reader.set_read_only(false).unwrap();
    reader.execute(text("insert into conf_limits values (2)")).unwrap();
    reader.commit().unwrap();
    reader.set_read_only(true).unwrap();
    drop(reader);
    // The next lease is a writer again.
    let mut next = engine.connect().unwrap();
    next.execute(text("insert into conf_limits values (3)")).unwrap();
    next.commit().unwrap();
    let engine = database.builder().read_only(true).build().unwrap();
    let error = failure(engine.connect().unwrap().execute(text("delete from conf_limits")));
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert_eq!(count(&mut next, "conf_limits"), 3);
    let deferrable = next.rollback().and_then(|()| next.set_deferrable(true));
    if database.name == "PostgreSQL" {
        deferrable.unwrap();
        next.set_read_only(true).unwrap();
        next.set_isolation_level(IsolationLevel::Serializable).unwrap();
        let now: String = next.scalar(text("show transaction_deferrable")).unwrap();
        assert_eq!(now, "on");
    } else {
        assert_eq!(deferrable.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    passed(format!("{} writes refused", refused + 1))
}

fn isolation_names(database: &Database) -> Outcome {
    let ask = text(pick(
        database,
        "select 'serializable'",
        "select lower(replace(variable_value, '-', ' ')) from information_schema.session_variables \
            where variable_name = 'tx_isolation'",
        "show transaction_isolation",
    ));
    let engine = Engine::new(database.url_with("isolation_level=Serializable")).unwrap();
    let mut conn = engine.connect().unwrap();
    if database.name != "MariaDB" {
        // MariaDB tells the session's level, not the transaction's.
        assert_eq!(conn.scalar::<String>(ask).unwrap(), "serializable");
    }
    let autocommit = Engine::new(database.url_with("isolation_level=AUTOCOMMIT")).unwrap();
    let mut conn = autocommit.connect().unwrap();
    conn.execute(text("select 1")).unwrap();
    assert!(!conn.in_transaction());
    let error = Engine::new(database.url_with("isolation_level=chaos")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("REPEATABLE READ"), "{error}");
    passed("3 names")
}
