//! Which events there are, in which order, and what listeners may do.

use std::sync::Mutex;

use super::*;
use crate::error::ErrorKind::InvalidState;

fn heard_pool() -> (Script, Arc<Lending>) {
    let script = Script::new();
    let pool = listened(&script, &hear_all(&script), |options| {
        options.size = 1;
        options.overflow = Some(1);
    });
    (script, pool)
}

#[test]
fn an_idle_connection_is_only_checked_out_a28() {
    let (script, pool) = heard_pool();
    let (heard, lease) = during(&script, || lend(&pool).unwrap());
    assert_eq!(heard, ["1 connect", "first_connect!", "connect!", "checkout!"]);
    drop(lease);
    let (heard, lease) = during(&script, || lend(&pool).unwrap());
    assert_eq!(heard, ["checkout!"]);
    drop(lease);
}

#[test]
fn invalidate_close_checkin_a29() {
    let (script, pool) = heard_pool();
    let mut lease = lend(&pool).unwrap();
    let (heard, ()) = during(&script, || lease.invalidate(None));
    assert_eq!(heard, ["invalidate!", "close!", "1 close", "checkin without connection!"]);
    let (heard, _lease) = during(&script, || lend(&pool).unwrap());
    assert_eq!(heard, ["2 connect", "connect!", "checkout!"]);
}

#[test]
fn a_detached_connection_frees_its_place_a31() {
    let script = Script::new();
    let pool = listened(&script, &hear_all(&script), |options| {
        options.size = 1;
        options.overflow = Some(0);
    });
    let mut lease = lend(&pool).unwrap();
    let (heard, ()) = during(&script, || lease.detach());
    assert_eq!(heard, ["detach!"]);
    assert_eq!(pool.status().leased, 0);
    let second = lend(&pool).unwrap();
    assert_eq!(number(&second), 2);
    lease.detach();
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!(heard, ["reset to terminate!", "1 reset", "close_detached!", "1 close"]);
    assert_eq!((pool.status().leased, script.closed()), (1, 1));
}

#[test]
fn overflow_is_reset_checked_in_and_closed_a32() {
    let (script, pool) = heard_pool();
    let (kept, overflow) = (lend(&pool).unwrap(), lend(&pool).unwrap());
    drop(kept);
    let (heard, ()) = during(&script, || drop(overflow));
    assert_eq!(heard, ["reset!", "2 reset", "checkin!", "close!", "2 close"]);
}

#[test]
fn soft_invalidation_replaces_after_the_return() {
    let (script, pool) = heard_pool();
    let mut lease = lend(&pool).unwrap();
    let (heard, ()) = during(&script, || lease.soft_invalidate());
    assert_eq!(heard, ["soft_invalidate!"]);
    assert!(lease.working().is_some());
    let (heard, ()) = during(&script, || drop(lease));
    assert_eq!(heard, ["reset!", "1 reset", "checkin!", "close!", "1 close"]);
    assert_eq!(number(&lend(&pool).unwrap()), 2);
}

#[test]
fn listeners_are_called_in_the_order_in_which_they_were_added_a34() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    for name in ["first", "second", "third"] {
        let noted = script.clone();
        listeners.connect.push(Box::new(move |_, _| {
            noted.note(name);
            Ok(())
        }));
    }
    let pool = listened(&script, &listeners, |_| {});
    let (heard, _lease) = during(&script, || lend(&pool).unwrap());
    assert_eq!(heard, ["1 connect", "first", "second", "third"]);
}

#[test]
fn first_connect_is_once_for_a_pool_a35() {
    let script = Script::new();
    let listeners = hear_all(&script);
    let firsts = || count_calls(&script, "first_connect!");
    let pool = listened(&script, &listeners, |_| {});
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    lend(&pool).unwrap().invalidate(None);
    drop(lend(&pool).unwrap());
    assert_eq!((firsts(), script.opened()), (1, 2));
    let other = listened(&script, &listeners, |_| {});
    drop(lend(&other).unwrap());
    assert_eq!(firsts(), 2);
    pool.dispose(true);
    drop(lend(&pool).unwrap());
    assert_eq!(firsts(), 3);
}

/// A listener that fails as long as the counter says so.
fn failing(times: usize, error: fn() -> Error) -> impl Fn() -> Result<()> + Send + Sync {
    let left = AtomicUsize::new(times);
    move || {
        let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails { Err(error()) } else { Ok(()) }
    }
}

#[test]
fn a_connect_listener_that_fails_costs_no_place_a37() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    let fail = failing(1, || Error::other("not ready"));
    listeners.connect.push(Box::new(move |_, _| fail()));
    let pool = listened(&script, &listeners, |options| be_patient(options, 1));
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().to_string(), "not ready");
    assert_eq!((pool.status().leased, script.closed()), (0, 1));
    assert_eq!(number(&lend(&pool).unwrap()), 2);
}

fn checkout_fails(times: usize, error: fn() -> Error) -> (Script, Arc<Lending>) {
    let script = Script::new();
    let listeners = hear_all(&script);
    let (fail, noted) = (failing(times, error), script.clone());
    listeners.checkout.push(Box::new(move |_, _, _| fail().inspect_err(|_| noted.note("refused!"))));
    let pool = listened(&script, &listeners, |options| be_patient(options, 1));
    (script, pool)
}

#[test]
fn a_refused_connection_is_replaced_in_silence_a38() {
    let (script, pool) = checkout_fails(1, || Disconnection::new("of another process").into());
    let (heard, lease) = during(&script, || lend(&pool).unwrap());
    let expected = [
        "1 connect",
        "first_connect!",
        "connect!",
        "checkout!",
        "refused!",
        "invalidate!",
        "close!",
        "1 close",
        "2 connect",
        "connect!",
        "checkout!",
    ];
    assert_eq!((heard, number(&lease)), (expected.map(str::to_owned).to_vec(), 2));
}

/// Twice, and three connects: as SQLAlchemy does it, whatever its documentation says.
#[test]
fn a_checkout_that_is_always_refused_ends_a38() {
    let (script, pool) = checkout_fails(usize::MAX, || Disconnection::new("never").into());
    let error = lend(&pool).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), InvalidState);
    assert!(error.to_string().contains("never"), "{error}");
    assert_eq!((count_calls(&script, "refused!"), script.opened(), script.closed()), (2, 3, 3));
    assert_eq!(pool.status().leased, 0);
}

#[test]
fn any_other_error_of_a_checkout_listener_reaches_the_caller_a40() {
    let (script, pool) = checkout_fails(1, || Error::other("no"));
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().to_string(), "no");
    assert_eq!((pool.status().leased, script.closed()), (0, 1));
    assert_eq!(number(&lend(&pool).unwrap()), 2);
}

#[test]
fn a_refusal_may_take_the_older_ones_with_it_a41() {
    fn one() -> Error {
        Disconnection::new("this one").into()
    }
    fn all() -> Error {
        Disconnection::new("all").invalidate_pool().into()
    }
    for (error, opened) in [(one as fn() -> Error, 4), (all, 6)] {
        let script = Script::new();
        let listeners = Arc::new(PoolListeners::default());
        let pool = listened(&script, &listeners, |_| {});
        drop([lend(&pool).unwrap(), lend(&pool).unwrap(), lend(&pool).unwrap()]);
        let fail = failing(1, error);
        listeners.checkout.push(Box::new(move |_, _, _| fail()));
        let leases = [lend(&pool).unwrap(), lend(&pool).unwrap(), lend(&pool).unwrap()];
        assert_eq!((script.opened(), script.closed()), (opened, opened - 3));
        drop(leases);
    }
}

#[derive(Debug, PartialEq)]
struct Warm(usize);

#[test]
fn a_failed_reconnect_calls_no_listener_a43() {
    let script = Script::new();
    let listeners = hear_all(&script);
    let made = AtomicUsize::new(0);
    listeners.connect.push(Box::new(move |_, record| {
        record.info().insert(Warm(made.fetch_add(1, Ordering::SeqCst)));
        Ok(())
    }));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    listeners.checkout.push(Box::new(move |_, record, _| {
        sees.lock().unwrap().push(record.info().get::<Warm>().map(|warm| warm.0));
        Ok(())
    }));
    let pool = listened(&script, &listeners, |_| {});
    lend(&pool).unwrap().invalidate(None);
    script.fail("connect", 2, refused);
    for _ in 0..2 {
        let (heard, error) = during(&script, || lend(&pool).map(|_| ()).unwrap_err());
        assert_eq!((heard, error.kind()), (vec!["2 connect".to_owned()], ErrorKind::Connect));
    }
    let (heard, _lease) = during(&script, || lend(&pool).unwrap());
    assert_eq!(heard, ["2 connect", "connect!", "checkout!"]);
    assert_eq!(*seen.lock().unwrap(), [Some(0), Some(1)], "what connect put there is always seen");
}

#[test]
fn a_failed_reconnect_costs_no_place_a44() {
    for by_age in [false, true] {
        let (script, clock) = (Script::new(), ScriptedClock::default());
        let pool = queue(&script, |options| {
            options.size = 1;
            options.overflow = Some(2);
            options.recycle = Some(Duration::from_secs(60));
            options.clock = clock.clock();
        });
        let mut lease = lend(&pool).unwrap();
        if by_age {
            drop(lease);
            clock.advance(Duration::from_secs(61));
        } else {
            lease.invalidate(None);
        }
        script.fail("connect", 1, refused);
        assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!((pool.status().leased, pool.status().idle), (0, 0));
        let three = [lend(&pool).unwrap(), lend(&pool).unwrap(), lend(&pool).unwrap()];
        let fourth = thread::scope(|scope| scope.spawn(|| lend(&pool).map(|_| ())).join().unwrap());
        assert_eq!(fourth.unwrap_err().kind(), ErrorKind::PoolTimeout);
        drop(three);
    }
}

#[test]
fn info_goes_with_the_connection_and_record_info_stays() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let mut lease = lend(&pool).unwrap();
    let record = lease.record().unwrap();
    record.info().insert(Warm(1));
    record.record_info().insert(Warm(2));
    drop(lease);
    let mut lease = lend(&pool).unwrap();
    assert_eq!(lease.record().unwrap().info().get::<Warm>(), Some(&Warm(1)));
    lease.invalidate(None);
    drop(lease);
    let mut lease = lend(&pool).unwrap();
    assert_eq!(number(&lease), 2);
    let record = lease.record().unwrap();
    assert_eq!(record.info().get::<Warm>(), None);
    assert_eq!(record.record_info().get::<Warm>(), Some(&Warm(2)));
    // A connection that leaves takes its facts along; the place keeps its own.
    record.info().insert(Warm(3));
    lease.detach();
    let mut next = lend(&pool).unwrap();
    assert_eq!(lease.record().unwrap().info().get::<Warm>(), Some(&Warm(3)));
    assert_eq!(lease.record().unwrap().record_info().get::<Warm>(), None);
    assert_eq!(next.record().unwrap().info().get::<Warm>(), None);
    assert_eq!(next.record().unwrap().record_info().get::<Warm>(), Some(&Warm(2)));
}

#[test]
fn a_removed_listener_is_not_called() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    let calls = Arc::new(AtomicUsize::new(0));
    let add = || {
        let calls = Arc::clone(&calls);
        Listener::new(listeners.checkout.push(Box::new(move |_, _, _| {
            calls.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })))
    };
    let (first, second) = (add(), add());
    let pool = listened(&script, &listeners, |_| {});
    drop(lend(&pool).unwrap());
    first.remove();
    assert!(!first.is_active() && second.is_active());
    drop(lend(&pool).unwrap());
    second.remove();
    drop(lend(&pool).unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn eight_threads_add_listeners_while_others_are_called() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    let pool = listened(&script, &listeners, |options| be_patient(options, 4));
    let calls = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let calls = Arc::clone(&calls);
                    listeners.checkout.push(Box::new(move |_, _, _| {
                        calls.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    }));
                    drop(lend(&pool).unwrap());
                }
            });
        }
    });
    assert_eq!(listeners.checkout.iter().count(), 400);
    calls.store(0, Ordering::SeqCst);
    drop(lend(&pool).unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 400);
}
