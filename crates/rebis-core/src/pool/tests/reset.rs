//! What is done with a connection that comes back.

use super::*;

fn begin(lease: &mut TestLease) {
    lease.working_mut().unwrap().begin("BEGIN").unwrap();
}

/// The calls of a return, and whether the connection is kept: with a transaction open, and without.
fn returns(mode: ResetOnReturn) -> [(Vec<String>, bool); 2] {
    [true, false].map(|in_transaction| {
        let script = Script::new();
        let pool = queue(&script, |options| options.reset_on_return = mode);
        let mut lease = lend(&pool).unwrap();
        if in_transaction {
            begin(&mut lease);
        }
        let (calls, ()) = during(&script, || drop(lease));
        (calls, pool.status().idle == 1)
    })
}

fn calls<const N: usize>(calls: [&str; N], kept: bool) -> (Vec<String>, bool) {
    (calls.map(str::to_owned).to_vec(), kept)
}

/// The driver is asked once, also when nothing ran; with no transaction open it sends nothing.
#[test]
fn each_return_is_reset_once_a17() {
    assert_eq!(returns(ResetOnReturn::Rollback), [calls(["1 reset"], true), calls(["1 reset"], true)]);
}

#[test]
fn other_modes_of_reset() {
    assert_eq!(
        returns(ResetOnReturn::Commit),
        [calls(["1 control COMMIT", "1 reset"], true), calls(["1 reset"], true)]
    );
    assert_eq!(
        returns(ResetOnReturn::Nothing),
        [calls(["1 close"], false), calls([], true)],
        "an open transaction is nobody else's"
    );
    assert_eq!(
        returns(ResetOnReturn::Session),
        [calls(["1 reset_session"], true), calls(["1 reset_session"], true)]
    );
}

#[test]
fn a_connection_that_does_not_come_back_clean_is_closed() {
    for (mode, call) in [
        (ResetOnReturn::Rollback, "reset"),
        (ResetOnReturn::Commit, "control COMMIT"),
        (ResetOnReturn::Session, "reset_session"),
    ] {
        let script = Script::new();
        let pool = queue(&script, |options| options.reset_on_return = mode);
        let mut lease = lend(&pool).unwrap();
        begin(&mut lease);
        script.fail(call, 1, || Error::new(ErrorKind::Timeout, "no answer"));
        drop(lease);
        assert_eq!((script.closed(), pool.status().idle, pool.status().leased), (1, 0, 0), "{mode:?}");
    }
}

#[test]
fn the_reset_event_comes_before_the_rollback_a19() {
    let script = Script::new();
    let pool = listened(&script, &hear_all(&script), |_| {});
    let lease = lend(&pool).unwrap();
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!(heard, ["reset!", "1 reset", "checkin!"]);
}

#[test]
fn a_reset_listener_may_do_it_all_itself() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    listeners.reset.push(Box::new(|raw, _, state| {
        assert!(!state.transaction_was_reset && !state.terminate_only);
        raw.control("ROLLBACK")
    }));
    let pool = listened(&script, &listeners, |options| options.reset_on_return = ResetOnReturn::Nothing);
    let mut lease = lend(&pool).unwrap();
    begin(&mut lease);
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!((heard, pool.status().idle), (vec!["1 control ROLLBACK".to_owned()], 1));
    let lease = lend(&pool).unwrap();
    script.fail("control ROLLBACK", 1, || Error::new(ErrorKind::Timeout, "no answer"));
    drop(lease);
    assert_eq!((script.closed(), pool.status().idle), (1, 0), "a listener's error closes it");
}

#[test]
fn a_detached_connection_is_reset_to_be_closed_a22() {
    let script = Script::new();
    let pool = listened(&script, &hear_all(&script), |_| {});
    let mut lease = lend(&pool).unwrap();
    lease.detach();
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!(heard, ["reset to terminate!", "1 reset", "close_detached!", "1 close"]);
}

#[test]
fn an_invalidated_connection_is_not_reset_a23() {
    let script = Script::new();
    let pool = listened(&script, &hear_all(&script), |_| {});
    let mut lease = lend(&pool).unwrap();
    lease.invalidate(None);
    let (heard, ()) = during(&script, || drop(lease));
    assert!(heard.is_empty(), "{heard:?}");
    // Lost, and not given up before its return.
    let mut lease = lend(&pool).unwrap();
    report_loss(&mut lease);
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!(heard, ["close!", "2 close", "checkin without connection!"]);
}

/// A return ends the lease: what is left of A25 is giving a connection up twice.
#[test]
fn giving_up_twice_is_giving_up_once_a25() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    let mut lease = lend(&pool).unwrap();
    lease.invalidate(None);
    lease.invalidate(None);
    assert_eq!((pool.status().leased, pool.counters().invalidated), (0, 1));
    drop(lease);
    assert_eq!((pool.status().leased, script.closed(), pool.counters().closed), (0, 1, 1));
}
