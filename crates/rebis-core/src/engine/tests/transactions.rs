//! How transactions begin and end.

use super::*;

#[test]
fn the_first_statement_begins_and_commit_ends() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    assert!(!conn.in_transaction());
    conn.execute(text("q")).unwrap();
    conn.execute(text("q")).unwrap();
    assert!(conn.in_transaction());
    conn.commit().unwrap();
    conn.commit().unwrap();
    drop(conn);
    let calls = script.calls();
    assert_eq!(
        calls,
        ["1 connect", "1 begin BEGIN", "1 execute q", "1 execute q", "1 control COMMIT", "1 reset"]
    );
}

#[test]
fn a_guarded_transaction_is_ended_by_its_guard_only() {
    let (_script, engine) = scripted();
    let mut tx = engine.begin().unwrap();
    // Through `Deref` the connection's own commit is in reach; it refuses.
    assert_eq!(crate::Connection::commit(&mut tx).unwrap_err().kind(), ErrorKind::InvalidState);
    assert_eq!(crate::Connection::begin(&mut tx).map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidState);
    tx.commit().unwrap();
}

#[test]
fn closures_commit_or_roll_back_c7() {
    let (script, engine) = scripted();
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    let error = engine.transaction(|_| Err::<(), _>(Error::other("no"))).unwrap_err();
    assert_eq!(error.to_string(), "no");
    let caught = std::panic::catch_unwind(|| engine.transaction(|_| -> crate::Result<()> { panic!("oh") }));
    assert!(caught.is_err());
    let calls = script.calls();
    let ends: Vec<_> = calls.iter().filter(|call| call.contains("control")).collect();
    assert_eq!(ends, ["1 control COMMIT", "1 control ROLLBACK", "1 control ROLLBACK"]);
    assert_eq!(engine.pool().status().leased, 0);
}

#[test]
fn own_error_types_pass_through_the_try_form() {
    #[derive(Debug)]
    enum Mine {
        Refused,
        #[expect(dead_code, reason = "made by From only")]
        Database(Error),
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Mine::Database(error)
        }
    }
    let (_script, engine) = scripted();
    let result = engine.try_transaction(|tx| {
        tx.execute(text("q"))?;
        Err::<(), _>(Mine::Refused)
    });
    assert!(matches!(result, Err(Mine::Refused)));
}

#[test]
fn a_lost_connection_in_a_transaction_waits_for_rollback_a62() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("q")).unwrap();
    script.fail("execute q", 1, lost);
    let error = conn.execute(text("q")).map(|_| ()).unwrap_err();
    assert!(error.is_disconnect());
    assert_eq!(error.sql(), Some("q"));
    for _ in 0..2 {
        assert_eq!(conn.execute(text("q")).map(|_| ()).unwrap_err().kind(), ErrorKind::PendingRollback);
    }
    assert_eq!(conn.commit().unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("q")).unwrap(), 1);
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

#[test]
fn a_lost_commit_is_unknown() {
    let (script, engine) = scripted();
    script.fail("control COMMIT", 1, lost);
    let error = engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown);
    assert!(!error.is_retryable());
    assert!(error.chain().contains("the server went away"));
    // The next transaction has a new connection.
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    assert_eq!(script.opened(), 2);
}

#[test]
fn what_follows_a_commit_in_sql_is_a_transaction_again() {
    let engine = Engine::new("sqlite://").unwrap();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("create table t (i int)")).unwrap();
    conn.execute(text("commit")).unwrap();
    conn.execute(text("insert into t values (1)")).unwrap();
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
    conn.execute(text("commit")).unwrap();
    conn.commit().unwrap();
    let mut tx = conn.begin().unwrap();
    tx.execute(text("rollback")).unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(text("insert into t values (2)")).unwrap();
    savepoint.commit().unwrap();
    drop(tx);
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
}

#[test]
fn a_transaction_begun_in_sql_is_committed_and_rolled_back_too() {
    let engine = Engine::new("sqlite://").unwrap();
    let mut conn = engine.connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    conn.execute(text("create table t (i int)")).unwrap();
    for (commit, rows) in [(true, 1), (false, 1)] {
        conn.execute(text("begin")).unwrap();
        assert!(conn.in_transaction());
        assert_eq!(conn.begin().map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidState);
        conn.execute(text("insert into t values (1)")).unwrap();
        if commit { conn.commit() } else { conn.rollback() }.unwrap();
        assert!(!conn.in_transaction());
        assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), rows);
    }
}

#[test]
fn guards_know_their_connection() {
    let file = std::env::temp_dir().join(format!("rebis-guards-{}.db", std::process::id()));
    let engine = Engine::new(format!("sqlite:///{}", file.display())).unwrap();
    engine.transaction(|tx| tx.execute(text("create table t (i int)")).map(|_| ())).unwrap();
    let mut conn = engine.connect().unwrap();
    let mut tx = engine.begin().unwrap();
    tx.execute(text("insert into t values (1)")).unwrap();
    std::mem::swap(&mut *tx, &mut conn);
    assert_eq!(
        tx.commit().unwrap_err().kind(),
        ErrorKind::InvalidState,
        "it would commit nothing, and say Ok"
    );
    conn.rollback().unwrap();
    // One that was forgotten does not shut its connection for ever.
    std::mem::forget(conn.begin().unwrap());
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
    drop((conn, engine));
    std::fs::remove_file(file).unwrap();
}

#[test]
fn the_first_statement_begins_a_transaction_c1() {
    let (script, engine) = heard();
    for end in ["commit!", "rollback!", "drop"] {
        let mut conn = engine.connect().unwrap();
        assert!(!conn.in_transaction());
        let begun = ends(&script, || drop(conn.execute(text("q")).unwrap()));
        assert_eq!(begun, ["begin!", "1 begin BEGIN"]);
        assert!(ends(&script, || drop(conn.execute(text("q")).unwrap())).is_empty());
        assert!(conn.in_transaction());
        let heard = ends(&script, || {
            match end {
                "commit!" => conn.commit().unwrap(),
                "rollback!" => conn.rollback().unwrap(),
                _ => return drop(conn),
            }
            assert!(!conn.in_transaction());
        });
        let (event, call) = if end == "commit!" { (end, "COMMIT") } else { ("rollback!", "ROLLBACK") };
        assert_eq!(heard[..2], [event.to_owned(), format!("1 control {call}")]);
    }
}

#[test]
fn nothing_to_end_is_no_error_and_no_event_c2() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    let heard = ends(&script, || {
        conn.commit().unwrap();
        conn.rollback().unwrap();
    });
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(engine.counters(), super::super::EngineCounters::default());
}

#[test]
fn a_connection_without_a_transaction_ends_without_events_c4() {
    let (script, engine) = heard();
    assert_eq!(ends(&script, || drop(engine.connect().unwrap())), ["1 reset"]);
    let heard = ends(&script, || {
        let result = (|| -> crate::Result<()> {
            let _conn = engine.connect()?;
            Err(Error::other("the scope ends"))
        })();
        result.unwrap_err();
    });
    assert_eq!(heard, ["1 reset"]);
}

#[test]
fn a_transaction_does_not_begin_twice_c5() {
    let (_script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    for commit in [true, false] {
        conn.execute(text("q")).unwrap();
        assert_eq!(kind(conn.begin()), ErrorKind::InvalidState);
        if commit { conn.commit() } else { conn.rollback() }.unwrap();
        let mut tx = conn.begin().unwrap();
        assert_eq!(kind(crate::Connection::begin(&mut tx)), ErrorKind::InvalidState);
        if commit { tx.commit() } else { tx.rollback() }.unwrap();
        conn.begin().unwrap().commit().unwrap();
    }
}

/// A guard's own end consumes it. What ends its transaction all the same is its connection's rollback, within reach by `Deref`:
/// what follows is a transaction of its own, which the guard neither commits nor undoes.
#[test]
fn a_guard_whose_transaction_was_ended_inside_ends_nothing_c8() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    let mut tx = conn.begin().unwrap();
    crate::Connection::rollback(&mut tx).unwrap();
    tx.execute(text("q")).unwrap();
    let heard = ends(&script, || assert_eq!(kind(tx.commit()), ErrorKind::InvalidState));
    assert!(heard.is_empty(), "{heard:?}");
    assert!(conn.in_transaction());
    assert_eq!(ends(&script, || conn.rollback().unwrap()), ["rollback!", "1 control ROLLBACK"]);
    let mut tx = conn.begin().unwrap();
    crate::Connection::rollback(&mut tx).unwrap();
    assert!(ends(&script, || drop(tx)).is_empty(), "the scope ends quietly");
}

#[test]
fn an_error_in_a_scope_is_one_rollback_c10() {
    for by_hand in [true, false] {
        let (script, engine) = heard();
        let mut conn = engine.connect().unwrap();
        let heard = ends(&script, || {
            let error = conn
                .transaction(|tx| {
                    tx.execute(text("q"))?;
                    if by_hand {
                        crate::Connection::rollback(tx)?;
                    }
                    Err::<(), _>(Error::other("of the program"))
                })
                .unwrap_err();
            assert_eq!(error.to_string(), "of the program");
        });
        assert_eq!(heard, ["begin!", "1 begin BEGIN", "rollback!", "1 control ROLLBACK"]);
    }
}

#[test]
fn a_failed_statement_ends_nothing_c11() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    script.fail("execute bad", 1, failed);
    let heard = ends(&script, || assert_eq!(kind(conn.execute(text("bad"))), ErrorKind::Statement));
    assert_eq!(heard, ["begin!", "1 begin BEGIN"]);
    assert!(conn.in_transaction());
    conn.execute(text("q")).unwrap();
    conn.commit().unwrap();
}

#[test]
fn a_guard_that_is_dropped_rolls_back_c13() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    let tx = conn.begin().unwrap();
    assert_eq!(ends(&script, || drop(tx)), ["rollback!", "1 control ROLLBACK"]);
    assert!(!conn.in_transaction());
}

/// A guard's failed commit rolls back; a connection's leaves the choice: try again, or roll back.
#[test]
fn a_failed_commit_blocks_nothing_c14() {
    let (script, engine) = heard();
    let busy = || Error::new(ErrorKind::Locked, "busy");
    let mut conn = engine.connect().unwrap();
    let tx = conn.begin().unwrap();
    script.fail("control COMMIT", 1, busy);
    let heard = ends(&script, || assert_eq!(kind(tx.commit()), ErrorKind::Locked));
    assert_eq!(heard, ["commit!", "1 control COMMIT", "rollback!", "1 control ROLLBACK"]);
    conn.execute(text("q")).unwrap();
    script.fail("control COMMIT", 1, busy);
    assert_eq!(kind(conn.commit()), ErrorKind::Locked);
    assert!(conn.in_transaction());
    assert_eq!(ends(&script, || conn.commit().unwrap()), ["commit!", "1 control COMMIT"]);
    assert!(!conn.in_transaction());
}

#[test]
fn a_panic_rolls_back_and_goes_on_c16() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    let heard = ends(&script, || {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            conn.transaction(|tx| -> crate::Result<()> {
                tx.execute(text("q"))?;
                std::panic::panic_any("meant");
            })
        }));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"meant"));
    });
    assert_eq!(heard, ["begin!", "1 begin BEGIN", "rollback!", "1 control ROLLBACK"]);
    assert_eq!(conn.scalar::<i64>(text("q")).unwrap(), 1, "the connection is as good as before");
}

#[test]
fn counters_count() {
    let (script, engine) = scripted();
    engine
        .transaction(|tx| {
            tx.begin_nested()?.commit()?;
            tx.execute_many(text("insert :i"), (0..2500).map(|i| (i,)))?;
            tx.execute(text("q")).map(drop)
        })
        .unwrap();
    let mut conn = engine.connect().unwrap();
    script.fail("execute q", 1, failed);
    conn.execute(text("q")).map(drop).unwrap_err();
    conn.rollback().unwrap();
    let counters = engine.counters();
    assert_eq!((counters.statements, counters.errors), (3 + 1 + 1, 1));
    assert_eq!((counters.begins, counters.commits, counters.rollbacks, counters.savepoints), (2, 1, 1, 1));
}
