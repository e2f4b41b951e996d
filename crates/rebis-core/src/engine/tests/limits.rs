use std::sync::Barrier;
use std::time::Duration;

use super::{lost, scripted, scripted_as};
use crate::driver::scripted::Script;
use crate::{Dialect, Engine, ErrorKind, IsolationLevel, text};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_nearest_timeout_counts_and_the_lease_forgets_its_own() {
    let script = Script::new();
    let engine = Engine::builder_with_connector(script.connector(), Dialect::POSTGRESQL)
        .statement_timeout(seconds(30))
        .pool_size(1)
        .build()
        .unwrap();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("a")).unwrap();
    conn.set_statement_timeout(Some(seconds(20)));
    conn.execute(text("b")).unwrap();
    conn.execute(text("c").timeout(seconds(10))).unwrap();
    conn.execute_many(text("d :i").timeout(seconds(10)), (0..1001).map(|i| (i,))).unwrap();
    conn.set_statement_timeout(None);
    conn.execute(text("e")).unwrap();
    drop(conn);
    engine.connect().unwrap().execute(text("f")).unwrap();
    let expected = [
        "1 connect",
        "1 limit 30 s",
        "1 begin BEGIN",
        "1 limit 30 s",
        "1 execute a",
        "1 limit 20 s",
        "1 execute b",
        "1 limit 10 s",
        "1 execute c",
        "1 limit 10 s",
        "1 execute_many d $1 x 1000",
        "1 limit 10 s",
        "1 execute_many d $1 x 1",
        "1 execute e",
        "1 control ROLLBACK",
        "1 reset",
        "1 limit 30 s",
        "1 begin BEGIN",
        "1 limit 30 s",
        "1 execute f",
        "1 control ROLLBACK",
        "1 reset",
    ];
    assert_eq!(script.calls(), expected);
}

#[test]
fn a_handle_is_over_with_its_lease() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    let handle = conn.cancel_handle();
    let same = conn.cancel_handle().clone();
    assert!(handle.cancel().unwrap() && same.cancel().unwrap());
    drop(conn);
    let mut next = engine.connect().unwrap();
    next.execute(text("q")).unwrap();
    assert!(!handle.cancel().unwrap() && !same.cancel().unwrap());
    assert!(next.cancel_handle().cancel().unwrap());
    drop(next);
    assert_eq!(script.calls().iter().filter(|call| call.ends_with("cancel")).count(), 3);
}

#[test]
fn a_handle_follows_a_replaced_connection() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    let handle = conn.cancel_handle();
    script.fail("execute q", 1, lost);
    conn.execute(text("q")).map(drop).unwrap_err();
    conn.rollback().unwrap();
    conn.execute(text("q")).unwrap();
    handle.cancel().unwrap();
    assert!(script.calls().contains(&"2 cancel".to_owned()), "{:?}", script.calls());
}

/// The end of a lease and a cancel at the same time: the cancel is over before the rollback, or never sent.
#[test]
fn no_cancel_comes_after_the_return() {
    let (script, engine) = scripted();
    for _ in 0..500 {
        let mut conn = engine.connect().unwrap();
        let handle = conn.cancel_handle();
        conn.execute(text("q")).unwrap();
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                handle.cancel().unwrap()
            });
            barrier.wait();
            drop(conn);
        });
    }
    let calls = script.calls();
    let after =
        calls.windows(2).filter(|pair| !pair[0].ends_with("execute q") && pair[1].ends_with("cancel"));
    assert_eq!(after.count(), 0);
    let cancels = calls.iter().filter(|call| call.ends_with("cancel")).count();
    assert_eq!(calls.len(), 1 + 500 * 4 + cancels);
}

#[test]
fn transactions_say_what_they_are() {
    let both = Some(IsolationLevel::Serializable);
    for (dialect, level, read_only, expected) in [
        (Dialect::POSTGRESQL, None, false, vec!["begin BEGIN"]),
        (Dialect::POSTGRESQL, None, true, vec!["begin BEGIN READ ONLY"]),
        (Dialect::POSTGRESQL, both, true, vec!["begin BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY"]),
        (Dialect::MYSQL, None, true, vec!["begin START TRANSACTION READ ONLY"]),
        (
            Dialect::MYSQL,
            both,
            true,
            vec!["control SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "begin START TRANSACTION READ ONLY"],
        ),
        (Dialect::SQLITE, both, false, vec!["begin BEGIN"]),
        (Dialect::SQLITE, None, true, vec!["begin BEGIN READ ONLY"]),
    ] {
        let (script, engine) = scripted_as(dialect);
        let mut conn = engine.connect().unwrap();
        if let Some(level) = level {
            conn.set_isolation_level(level).unwrap();
        }
        conn.set_read_only(read_only).unwrap();
        conn.execute(text("q")).unwrap();
        let refused = conn.set_read_only(!read_only).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidState);
        let calls: Vec<String> = script.calls().iter().map(|call| call[2..].to_owned()).collect();
        assert_eq!(calls[1..calls.len() - 1], expected, "{dialect:?} {level:?} {read_only}");
        drop(conn);
        engine.connect().unwrap().execute(text("q")).unwrap();
        assert!(script.calls().contains(&"1 begin BEGIN".to_owned()), "the next lease begins anew");
    }
}

#[test]
fn deferrable_is_postgresqls() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.set_deferrable(true).unwrap();
    conn.set_read_only(true).unwrap();
    conn.set_isolation_level(IsolationLevel::Serializable).unwrap();
    conn.execute(text("q")).unwrap();
    let begin = "1 begin BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE".to_owned();
    assert!(script.calls().contains(&begin), "{:?}", script.calls());
    for dialect in [Dialect::MYSQL, Dialect::SQLITE] {
        let (script, engine) = scripted_as(dialect);
        let error = engine.connect().unwrap().set_deferrable(true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(script.calls(), ["1 connect", "1 reset"]);
    }
}

#[test]
fn autocommit_has_nothing_that_only_reads() {
    let script = Script::new();
    let builder = Engine::builder_with_connector(script.connector(), Dialect::SQLITE);
    let error = builder.isolation_level(IsolationLevel::Autocommit).read_only(true).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn isolation_levels_are_read_as_they_are_written() {
    use IsolationLevel::{Autocommit, ReadCommitted, ReadUncommitted, RepeatableRead, Serializable};
    for level in [ReadUncommitted, ReadCommitted, RepeatableRead, Serializable, Autocommit] {
        let name = level.to_string();
        for name in [name.clone(), name.to_lowercase(), name.replace(' ', "_"), format!(" {name} ")] {
            assert_eq!(name.parse::<IsolationLevel>().unwrap(), level);
        }
    }
    for unknown in ["", "READCOMMITTED", "snapshot"] {
        let error = unknown.parse::<IsolationLevel>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("READ UNCOMMITTED, READ COMMITTED, REPEATABLE READ"), "{error}");
    }
    let engine = Engine::new("sqlite://?isolation_level=serializable").unwrap();
    engine.connect().unwrap().execute(text("select 1")).unwrap();
    let error = Engine::new("sqlite://?isolation-level=repeatable_read").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = Engine::new("sqlite://?isolation_level=none").unwrap_err();
    assert!(error.to_string().contains("AUTOCOMMIT"), "{error}");
}
