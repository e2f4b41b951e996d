//! Connections that are lost under a program, and those it gives up.

use super::*;

/// An engine with three connections open; two of them idle.
fn three() -> (Script, Engine, crate::Connection) {
    let script = Script::new();
    let engine = builder(&script, Dialect::POSTGRESQL).pool_size(3).build().unwrap();
    let [one, two, three] = [0; 3].map(|_| engine.connect().unwrap());
    drop((two, three));
    (script, engine, one)
}

/// How many of two connections leased now are new.
fn replaced(script: &Script, engine: &Engine) -> usize {
    let before = script.opened();
    let two = [engine.connect().unwrap(), engine.connect().unwrap()];
    drop(two);
    script.opened() - before
}

#[test]
fn a_disconnect_shows_in_error_and_connection_a61() {
    let (script, engine, mut conn) = three();
    script.fail("execute q", 1, lost);
    let error = conn.execute(text("q")).map(|_| ()).unwrap_err();
    assert!(error.is_disconnect() && error.invalidates_pool());
    assert!(conn.is_invalidated());
    assert!(conn.server().is_some(), "what was known of it is known still");
    assert_eq!(replaced(&script, &engine), 2);
}

#[test]
fn without_pre_ping_the_first_statement_meets_it_a59() {
    let (script, engine) = scripted();
    drop(engine.connect().unwrap());
    script.fail("begin", 1, lost);
    let mut conn = engine.connect().unwrap();
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::Disconnected);
    assert!(!conn.in_transaction(), "it has not begun");
    assert_eq!(conn.scalar::<i64>(text("q")).unwrap(), 1, "so the next statement connects anew by itself");
    assert_eq!(script.opened(), 2);
}

#[test]
fn a_commit_that_meets_a_disconnect_waits_for_rollback_a64() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("q")).unwrap();
    script.fail("control COMMIT", 1, lost);
    assert_eq!(kind(conn.commit()), ErrorKind::CommitUnknown);
    assert!(conn.is_invalidated());
    for _ in 0..2 {
        assert_eq!(kind(conn.execute(text("q"))), ErrorKind::PendingRollback);
        assert_eq!(kind(conn.commit()), ErrorKind::CommitUnknown, "asked again, it is no better known");
    }
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("q")).unwrap(), 1);
    conn.commit().unwrap();
}

#[test]
fn an_answer_that_ends_in_a_disconnect_costs_the_connection_a67() {
    let (script, engine, mut conn) = three();
    script.answer("rows", Answer::rows(["i"], [[1.into()], [2.into()]]));
    let mut rows = conn.execute(text("rows")).unwrap();
    rows.next().unwrap().unwrap();
    script.fail("fetch rows", 1, lost);
    let error = rows.next().map(|_| ()).unwrap_err();
    assert!(error.is_disconnect() && error.sql() == Some("rows"));
    assert!(conn.is_invalidated());
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::PendingRollback);
    assert_eq!(replaced(&script, &engine), 2);
    assert_eq!(engine.pool().counters().invalidated, 1, "what was idle was recycled instead");
}

/// What SQLAlchemy says of a cancelled statement is true here of a deadline: that wire is lost, the others are not.
#[test]
fn a_deadline_costs_one_connection_a68() {
    let (script, engine, mut conn) = three();
    script.fail("execute q", 1, || Error::new(ErrorKind::Timeout, "no answer").with_disconnect());
    let error = conn.execute(text("q")).map(|_| ()).unwrap_err();
    assert!(error.is_disconnect() && !error.invalidates_pool());
    assert!(conn.is_invalidated());
    assert_eq!(replaced(&script, &engine), 0);
    conn.rollback().unwrap();
    conn.execute(text("q")).unwrap();
}

#[test]
fn a_connection_that_is_given_up_outside_a_transaction_is_replaced() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.invalidate();
    assert!(conn.is_invalidated());
    assert_eq!(conn.info().map(drop).unwrap_err().kind(), ErrorKind::Disconnected);
    assert_eq!(conn.record_info().map(drop).unwrap_err().kind(), ErrorKind::Disconnected);
    assert_eq!(engine.pool().status().leased, 0);
    conn.execute(text("q")).unwrap();
    assert_eq!((script.opened(), script.closed(), engine.pool().status().leased), (2, 1, 1));
    conn.invalidate();
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::PendingRollback, "inside one, rollback comes first");
    conn.rollback().unwrap();
    conn.execute(text("q")).unwrap();
    // Marked, it goes on until its return.
    conn.soft_invalidate();
    conn.execute(text("q")).unwrap();
    drop(conn);
    assert_eq!((script.opened(), script.closed()), (3, 3));
}

#[test]
fn a_detached_connection_is_not_replaced() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.detach().unwrap();
    conn.execute(text("q")).unwrap();
    engine.connect().unwrap();
    assert_eq!((script.opened(), engine.pool().status().idle), (2, 1));
    script.fail("execute q", 1, lost);
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::Disconnected);
    conn.rollback().unwrap();
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::Disconnected);
    drop(conn);
    assert_eq!(script.opened(), 2);
}

#[test]
fn a_lost_connection_cannot_be_detached() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.invalidate();
    assert_eq!(kind(conn.detach()), ErrorKind::Disconnected);
    conn.execute(text("q")).unwrap();
    conn.rollback().unwrap();
    assert_eq!(engine.pool().status().leased, 1, "another one of the pool's");
    // A handler's word is enough: detaching does not bring it back to life.
    engine.on_handle_error(|context| context.set_disconnect(true));
    script.fail("execute q", 1, || Error::new(ErrorKind::Statement, "q"));
    assert!(conn.execute(text("q")).map(drop).unwrap_err().is_disconnect());
    assert_eq!(kind(conn.detach()), ErrorKind::Disconnected);
    assert_eq!(kind(conn.execute(text("q"))), ErrorKind::PendingRollback);
}

#[test]
fn a_raw_connection_is_the_drivers() {
    let (script, engine) = heard();
    let (heard, mut raw) = during(&script, || engine.raw_connection().unwrap());
    assert_eq!(heard, ["1 connect"]);
    let (heard, ()) = during(&script, || {
        raw.driver_connection().unwrap().begin("BEGIN").unwrap();
        raw.driver_connection().unwrap().execute("q", &[]).map(drop).unwrap();
        drop(raw);
    });
    assert_eq!(heard, ["1 begin BEGIN", "1 execute q", "1 reset"], "no event of the engine's");
    let mut raw = engine.raw_connection().unwrap();
    raw.invalidate();
    assert_eq!(raw.driver_connection().unwrap().server().session_id, Some(2));
}
