//! Two transactions in each other's way.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use rebis::{Connection, Engine, Error, ErrorKind, IsolationLevel, Result, text};

use super::{Database, Outcome, Scenario, passed, table};

pub(super) const CASES: &[Scenario] = &[
    ("locks_deadlock", deadlock),
    ("locks_serialization", serialization),
    ("locks_waited_for_in_vain", waited),
    ("locks_freed_by_the_return_c17", freed),
];

fn prepare(engine: &Engine) {
    let mut conn = engine.connect().unwrap();
    table(&mut conn, "conf_lock", "i int not null primary key, v int not null");
    conn.execute(text("insert into conf_lock values (1, 0), (2, 0)")).unwrap();
    conn.commit().unwrap();
}

fn add(conn: &mut Connection, i: i64) -> Result<()> {
    conn.execute(text("update conf_lock set v = v + 1 where i = :i").bind("i", i)).map(drop)
}

fn read(conn: &mut Connection, i: i64) -> i64 {
    conn.scalar(text("select v from conf_lock where i = :i").bind("i", i)).unwrap()
}

/// Until the rollback nothing is taken; then the connection works as before.
fn recovers(conn: &mut Connection, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Serialization, "{error:?}");
    assert!(error.is_retryable() && !error.is_disconnect());
    assert!(error.sqlstate().is_some());
    let next = conn.execute(text("select 1")).map(drop).unwrap_err();
    assert_eq!(next.kind(), ErrorKind::PendingRollback, "{next:?}");
    conn.rollback().unwrap();
    add(conn, 1).unwrap();
    conn.rollback().unwrap();
}

fn deadlock(database: &Database) -> Outcome {
    if !database.is_server() {
        return Outcome::Skipped("SQLite has one writer: no two can wait for each other".to_owned());
    }
    let engine = database.engine(2);
    prepare(&engine);
    let barrier = Barrier::new(2);
    let cross = |first: i64, second: i64| -> bool {
        let mut conn = engine.connect().unwrap();
        add(&mut conn, first).unwrap();
        barrier.wait();
        match add(&mut conn, second) {
            Ok(()) => {
                conn.commit().unwrap();
                true
            }
            Err(error) => {
                assert_eq!(error.code(), super::pick(database, None, Some(1213), None));
                recovers(&mut conn, &error);
                false
            }
        }
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| cross(1, 2));
        let other = scope.spawn(|| cross(2, 1));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(one != other, "one goes through, the other is the victim");
    let mut conn = engine.connect().unwrap();
    assert_eq!((read(&mut conn, 1), read(&mut conn, 2)), (1, 1));
    passed("1 victim, 1 commit")
}

/// A transaction that has seen an old state wants to write on it.
fn serialization(database: &Database) -> Outcome {
    let engine = database.reader(2);
    prepare(&engine);
    let mut one = engine.connect().unwrap();
    let mut other = engine.connect().unwrap();
    let levels: &[Option<IsolationLevel>] = match database.name {
        "PostgreSQL" => &[Some(IsolationLevel::RepeatableRead), Some(IsolationLevel::Serializable)],
        "MariaDB" => return snapshot_isolation(&mut one, &mut other),
        _ => &[None],
    };
    for level in levels {
        if let Some(level) = level {
            one.set_isolation_level(*level).unwrap();
        }
        read(&mut one, 1);
        add(&mut other, 1).unwrap();
        other.commit().unwrap();
        let error = add(&mut one, 1).unwrap_err();
        if database.is_server() {
            recovers(&mut one, &error);
        } else {
            assert_eq!(error.kind(), ErrorKind::Serialization, "{error:?}");
            assert!(error.is_retryable());
            assert!(error.to_string().contains("begin=immediate"), "{error}");
            one.rollback().unwrap();
            add(&mut one, 1).unwrap();
            one.rollback().unwrap();
        }
    }
    if database.is_server() {
        // Each reads what the other writes: the second commit would fit no order.
        other.set_isolation_level(IsolationLevel::Serializable).unwrap();
        read(&mut one, 1);
        read(&mut other, 2);
        add(&mut one, 2).unwrap();
        add(&mut other, 1).unwrap();
        one.commit().unwrap();
        let error = other.commit().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Serialization, "{error:?}");
        assert!(!other.in_transaction(), "the failed commit was the end of it");
        add(&mut other, 1).unwrap();
        other.rollback().unwrap();
    }
    passed(format!("{} levels", levels.len()))
}

/// MariaDB can be asked to refuse what it otherwise lets through: writing on what another has changed since.
fn snapshot_isolation(one: &mut Connection, other: &mut Connection) -> Outcome {
    if one.execute(text("set session innodb_snapshot_isolation = on")).map(drop).is_err() {
        return Outcome::Skipped("this server has no innodb_snapshot_isolation".to_owned());
    }
    one.rollback().unwrap();
    read(one, 1);
    add(other, 1).unwrap();
    other.commit().unwrap();
    let error = add(one, 1).unwrap_err();
    recovers(one, &error);
    passed("1 snapshot")
}

fn waited(database: &Database) -> Outcome {
    let engine = if database.is_server() {
        database.engine(2)
    } else {
        Engine::new(database.url_with("begin=immediate").replace("busy_timeout=30", "busy_timeout=1"))
            .unwrap()
    };
    prepare(&engine);
    let mut one = engine.connect().unwrap();
    let mut other = engine.connect().unwrap();
    match database.name {
        "PostgreSQL" => super::run_raw(&mut other, "set lock_timeout = '1s'"),
        "MariaDB" => super::run_raw(&mut other, "set session innodb_lock_wait_timeout = 1"),
        _ => {}
    }
    other.commit().unwrap();
    add(&mut one, 1).unwrap();
    let start = Instant::now();
    let error = add(&mut other, 1).unwrap_err();
    let waited = start.elapsed();
    assert!((Duration::from_millis(500)..Duration::from_secs(5)).contains(&waited), "waited {waited:?}");
    assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
    assert!(error.is_retryable() && !error.is_disconnect());
    other.rollback().unwrap();
    one.commit().unwrap();
    add(&mut other, 1).unwrap();
    other.commit().unwrap();
    assert_eq!(read(&mut one, 1), 2);
    passed(format!("refused after {:.1} s, had after the rollback", waited.as_secs_f64()))
}

/// A connection that comes back with locks held is rolled back, and whoever waits for them goes on.
fn freed(database: &Database) -> Outcome {
    let engine = database.engine(2);
    prepare(&engine);
    for guarded in [false, true] {
        let mut one = engine.connect().unwrap();
        let mut other = engine.connect().unwrap();
        let start = Instant::now();
        if guarded {
            let mut tx = one.begin().unwrap();
            add(&mut tx, 1).unwrap();
            drop(tx);
        } else {
            add(&mut one, 1).unwrap();
        }
        drop(one);
        add(&mut other, 1).unwrap();
        other.rollback().unwrap();
        assert!(start.elapsed() < Duration::from_secs(10), "it waited for a lock");
    }
    assert_eq!(read(&mut engine.connect().unwrap(), 1), 0);
    passed("2 locks freed")
}
