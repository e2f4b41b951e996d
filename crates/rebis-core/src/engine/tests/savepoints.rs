//! Savepoints: parts of a transaction that can be undone.

use super::*;

#[test]
fn guards_roll_back_on_drop_and_savepoints_nest() {
    let (script, engine) = scripted();
    let mut tx = engine.begin().unwrap();
    {
        let mut outer = tx.begin_nested().unwrap();
        outer.begin_nested().unwrap().commit().unwrap();
    }
    drop(tx);
    let calls = script.calls();
    assert_eq!(
        calls[2..],
        [
            "1 control SAVEPOINT rebis_1",
            "1 control SAVEPOINT rebis_2",
            "1 control RELEASE SAVEPOINT rebis_2",
            "1 control ROLLBACK TO SAVEPOINT rebis_1",
            "1 control ROLLBACK",
            "1 reset",
        ]
    );
}

/// SQLAlchemy's savepoint begins a transaction where there is none; here it is a part of a guard's transaction, so one is there.
/// To keep it is no commit.
#[test]
fn a_savepoint_kept_is_not_a_commit_c23() {
    let (script, engine) = heard();
    let heard = ends(&script, || {
        let mut tx = engine.begin().unwrap();
        tx.begin_nested().unwrap().commit().unwrap();
    });
    let expected = [
        "begin!",
        "1 begin BEGIN",
        "savepoint!",
        "1 control SAVEPOINT rebis_1",
        "release_savepoint!",
        "1 control RELEASE SAVEPOINT rebis_1",
        "rollback!",
        "1 control ROLLBACK",
        "1 reset",
    ];
    assert_eq!(heard, expected);
}

#[test]
fn an_error_in_a_savepoint_leaves_the_transaction_usable_c25() {
    let (script, engine) = heard();
    let mut tx = engine.begin().unwrap();
    script.fail("execute bad", 1, failed);
    let heard = ends(&script, || {
        let mut savepoint = tx.begin_nested().unwrap();
        assert_eq!(kind(savepoint.execute(text("bad"))), ErrorKind::Statement);
    });
    let expected = [
        "savepoint!",
        "1 control SAVEPOINT rebis_1",
        "rollback_savepoint!",
        "1 control ROLLBACK TO SAVEPOINT rebis_1",
    ];
    assert_eq!(heard, expected);
    tx.execute(text("q")).unwrap();
    tx.commit().unwrap();
}

/// A guard that was forgotten is a savepoint that is open still.
#[test]
fn the_end_of_the_transaction_is_that_of_its_savepoints_c22() {
    for commit in [true, false] {
        let (script, engine) = heard();
        let mut tx = engine.begin().unwrap();
        let mut outer = tx.begin_nested().unwrap();
        std::mem::forget(outer.begin_nested().unwrap());
        std::mem::forget(outer);
        let heard = ends(&script, || if commit { tx.commit().unwrap() } else { tx.rollback().unwrap() });
        let (event, call) = if commit { ("commit!", "COMMIT") } else { ("rollback!", "ROLLBACK") };
        assert_eq!(heard, [event, &format!("1 control {call}"), "1 reset"]);
    }
}

/// Where Rebis differs: what could not be kept is undone, so that the transaction can go on.
#[test]
fn a_savepoint_that_cannot_be_kept_is_rolled_back_c26() {
    let (script, engine) = heard();
    let mut tx = engine.begin().unwrap();
    let savepoint = tx.begin_nested().unwrap();
    script.fail("control RELEASE", 1, failed);
    let heard = ends(&script, || assert_eq!(kind(savepoint.commit()), ErrorKind::Statement));
    let expected = [
        "release_savepoint!",
        "1 control RELEASE SAVEPOINT rebis_1",
        "rollback_savepoint!",
        "1 control ROLLBACK TO SAVEPOINT rebis_1",
    ];
    assert_eq!(heard, expected);
    tx.rollback().unwrap();
}

/// A savepoint cannot be used while one inside it lives; where that was forgotten, it goes with the outer one.
#[test]
fn the_outer_savepoint_takes_the_inner_one_with_it_c29() {
    let (script, engine) = heard();
    let mut tx = engine.begin().unwrap();
    let mut outer = tx.begin_nested().unwrap();
    std::mem::forget(outer.begin_nested().unwrap());
    let heard = ends(&script, || outer.rollback().unwrap());
    assert_eq!(heard, ["rollback_savepoint!", "1 control ROLLBACK TO SAVEPOINT rebis_1"]);
    tx.execute(text("q")).unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_connection_closed_in_a_savepoint_is_one_rollback_c31() {
    let (script, engine) = heard();
    let mut tx = engine.begin().unwrap();
    std::mem::forget(tx.begin_nested().unwrap());
    assert_eq!(ends(&script, || drop(tx)), ["rollback!", "1 control ROLLBACK", "1 reset"]);
}

#[test]
fn a_lost_connection_ends_savepoints_quietly() {
    let (script, engine) = heard();
    let mut tx = engine.begin().unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    script.fail("execute q", 1, lost);
    assert_eq!(kind(savepoint.execute(text("q"))), ErrorKind::Disconnected);
    assert_eq!(kind(savepoint.begin_nested()), ErrorKind::PendingRollback);
    assert_eq!(kind(savepoint.commit()), ErrorKind::PendingRollback);
    assert_eq!(kind(tx.commit()), ErrorKind::PendingRollback);
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    assert_eq!((script.opened(), script.closed()), (2, 1));
}
