//! Sizes, waiting, and who is served when.

use std::sync::atomic::AtomicBool;
use std::sync::{Barrier, mpsc};

use super::*;

#[test]
fn defaults_are_sqlalchemys_a1() {
    let options = PoolOptions::default();
    assert_eq!((options.size, options.overflow, options.timeout), (5, Some(10), Duration::from_secs(30)));
    assert!(options.recycle.is_none() && !options.pre_ping);
    assert_eq!(options.reset_on_return, ResetOnReturn::Rollback);
    assert_eq!(options.order, Order::FirstInFirstOut);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let check = |change: fn(&mut PoolOptions)| {
        let mut options = PoolOptions::default();
        change(&mut options);
        options.check().map_err(|error| error.kind())
    };
    assert_eq!(check(|options| options.size = 0), Ok(()));
    assert_eq!(
        check(|options| (options.size, options.overflow) = (0, Some(0))),
        Err(ErrorKind::Configuration)
    );
    assert_eq!(check(|options| options.recycle_jitter = 1.1), Err(ErrorKind::Configuration));
    assert_eq!(check(|options| options.recycle_jitter = f64::NAN), Err(ErrorKind::Configuration));
    assert_eq!(check(|options| options.connect_attempts = 0), Err(ErrorKind::Configuration));
    assert_eq!(check(|options| options.connect_timeout = Duration::ZERO), Err(ErrorKind::Configuration));
}

#[test]
fn nothing_is_opened_before_the_first_checkout_a2() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    assert_eq!(script.opened(), 0);
    drop(lend(&pool).unwrap());
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (1, 0));
}

#[test]
fn overflow_opens_and_closes_a4() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 2;
        options.overflow = Some(2);
    });
    for _ in 0..5 {
        let leases: Vec<_> = (0..4).map(|_| lend(&pool).unwrap()).collect();
        drop(leases);
    }
    assert_eq!((script.opened(), script.closed()), (12, 10));
    assert_eq!(pool.status().idle, 2);
}

#[test]
fn forty_threads_stay_within_the_limit_a5() {
    for overflow in [0, 2] {
        let script = Script::new();
        let pool = queue(&script, |options| {
            options.size = 3;
            options.overflow = Some(overflow);
            options.timeout = Duration::from_secs(60);
        });
        let (out, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let lease = lend(&pool).unwrap();
                        most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        out.fetch_sub(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3 + overflow);
        assert_eq!((pool.status().leased, pool.status().waiting), (0, 0));
        assert_eq!(pool.counters().checkouts, 40 * 50);
    }
}

#[test]
fn the_timeout_says_what_is_known_a7() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 1;
        options.overflow = Some(0);
    });
    script.fail("connect", 1, || Error::new(ErrorKind::Connect, "refused once"));
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
    // By another thread: a nested checkout is another error.
    let held = thread::scope(|scope| scope.spawn(|| lend(&pool).unwrap()).join().unwrap());
    let start = Instant::now();
    let error = lend(&pool).map(|_| ()).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(error.kind(), ErrorKind::PoolTimeout);
    for part in ["50ms", "size 1", "overflow 0", "leased 1", "idle 0", "waiting 0", "refused once"] {
        assert!(error.to_string().contains(part), "{error}: {part}");
    }
    assert_eq!(pool.counters().timeouts, 1);
    drop(held);
    lend(&pool).unwrap();
}

/// None fails at once because it lost a race for the last place.
#[test]
fn whoever_fails_has_waited_the_whole_timeout_a8() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    listeners.do_connect.push(Box::new(|_| {
        thread::sleep(Duration::from_millis(5));
        Ok(None)
    }));
    let pool = listened(&script, &listeners, |options| {
        options.size = 2;
        options.overflow = Some(1);
        options.timeout = TIMEOUT;
    });
    let start = Barrier::new(10);
    let (done, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..10 {
            let (pool, start, done) = (&pool, &start, done.clone());
            scope.spawn(move || {
                start.wait();
                let asked = Instant::now();
                done.send((lend(pool), asked.elapsed())).unwrap();
            });
        }
    });
    drop(done);
    let results: Vec<_> = results.iter().collect();
    let failed: Vec<_> = results.iter().filter(|(lease, _)| lease.is_err()).collect();
    assert_eq!(failed.len(), 7);
    for (lease, waited) in failed {
        assert_eq!(lease.as_ref().map(|_| ()).unwrap_err().kind(), ErrorKind::PoolTimeout);
        assert!(*waited >= TIMEOUT, "{waited:?}");
    }
}

#[test]
fn a_failed_connect_gives_its_place_back_a10() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 1;
        options.overflow = Some(0);
    });
    script.fail("connect", 3, refused);
    for _ in 0..3 {
        assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!(pool.status().leased, 0);
    }
    lend(&pool).unwrap();
    let counters = pool.counters();
    assert_eq!((counters.connect_failures, counters.opened, counters.checkouts), (3, 1, 1));
}

#[test]
fn a_connect_that_hangs_holds_nobody_up_a11() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    let (first, entered, release) = (AtomicBool::new(true), Barrier::new(2), Barrier::new(2));
    let gates = Arc::new((first, entered, release));
    let gate = Arc::clone(&gates);
    listeners.do_connect.push(Box::new(move |_| {
        if gate.0.swap(false, Ordering::SeqCst) {
            gate.1.wait();
            gate.2.wait();
        }
        Ok(None)
    }));
    let pool = listened(&script, &listeners, |options| {
        options.size = 2;
        options.overflow = Some(3);
    });
    thread::scope(|scope| {
        let hanging = scope.spawn(|| lend(&pool).unwrap());
        gates.1.wait();
        let others: Vec<_> = (0..4).map(|_| lend(&pool).unwrap()).collect();
        assert_eq!((pool.status().leased, script.opened()), (5, 4));
        gates.2.wait();
        drop(hanging.join().unwrap());
        drop(others);
    });
    assert_eq!(pool.status().leased, 0);
}

#[test]
fn five_waiters_are_served_over_one_new_connection_a13() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let mut held = lend(&pool).unwrap();
    thread::scope(|scope| {
        let waiters: Vec<_> =
            (0..5).map(|_| scope.spawn(|| lend(&pool).map(|lease| number(&lease)))).collect();
        await_waiting(&pool, 5);
        held.invalidate(None);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap().unwrap(), 2);
        }
    });
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

fn first_three(order: Order) -> [u64; 3] {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 3;
        options.order = order;
    });
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap(), lend(&pool).unwrap()];
    for lease in leases {
        drop(lease);
    }
    [0, 1, 2].map(|_| number(&lend(&pool).unwrap()))
}

#[test]
fn what_idles_longest_goes_first_a14() {
    assert_eq!(first_three(Order::FirstInFirstOut), [1, 2, 3]);
}

#[test]
fn last_in_first_out_uses_one_and_lets_the_others_age() {
    assert_eq!(first_three(Order::LastInFirstOut), [3, 3, 3]);
}

#[test]
fn counters_count() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 1;
        options.overflow = Some(1);
        options.pre_ping = true;
    });
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    script.fail("ping", 1, lost);
    lend(&pool).unwrap().invalidate(None);
    drop(lend(&pool).unwrap());
    pool.invalidate();
    drop(lend(&pool).unwrap());
    let expected = PoolCounters {
        checkouts: 5,
        opened: 5,
        closed: 4,
        pings: 1,
        ping_failures: 1,
        invalidated: 2,
        recycled: 1,
        ..PoolCounters::default()
    };
    assert_eq!(pool.counters(), expected);
    assert_eq!((script.opened(), script.closed()), (5, 4));
}
