mod ledger;
mod nested;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::driver::scripted::{Script, ScriptedClock};
use crate::error::{Error, ErrorKind};

fn lend(pool: &Arc<Lending>) -> Result<Lease<Arc<Lending>>> {
    Lease::checkout(Arc::clone(pool))
}

fn queue(script: &Script, change: impl FnOnce(&mut PoolOptions)) -> Arc<Lending> {
    let mut options = PoolOptions { timeout: Duration::from_millis(50), ..PoolOptions::default() };
    change(&mut options);
    Arc::new(Lending::new(Arc::new(script.connector()), &options, Arc::default()))
}

#[test]
fn defaults_are_sqlalchemys_a1() {
    let options = PoolOptions::default();
    assert_eq!((options.size, options.overflow, options.timeout), (5, Some(10), Duration::from_secs(30)));
    assert!(options.recycle.is_none() && !options.pre_ping);
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
    drop(held);
    lend(&pool).unwrap();
}

#[test]
fn a_failed_connect_gives_its_place_back_a10() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 1;
        options.overflow = Some(0);
    });
    script.fail("connect", 3, || Error::new(ErrorKind::Connect, "refused"));
    for _ in 0..3 {
        assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!(pool.status().leased, 0);
    }
    lend(&pool).unwrap();
}

#[test]
fn recycle_looks_at_the_age_on_checkout_a50() {
    let script = Script::new();
    let clock = ScriptedClock::default();
    let pool = queue(&script, |options| {
        options.recycle = Some(Duration::from_secs(30));
        options.clock = clock.clock();
    });
    drop(lend(&pool).unwrap());
    clock.advance(Duration::from_secs(1));
    drop(lend(&pool).unwrap());
    assert_eq!(script.opened(), 1);
    clock.advance(Duration::from_secs(34));
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

#[test]
fn pre_ping_replaces_silently_and_distrusts_the_others_a55_a56() {
    let script = Script::new();
    let pool = queue(&script, |options| options.pre_ping = true);
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap()];
    drop(leases);
    let pings = || script.calls().iter().filter(|call| call.ends_with("ping")).count();
    assert_eq!(pings(), 0, "a new connection is not pinged");
    script.fail("ping", 1, || Error::new(ErrorKind::Disconnected, "gone"));
    let first = lend(&pool).unwrap();
    assert_eq!((pings(), script.opened(), script.closed()), (1, 3, 1));
    let second = lend(&pool).unwrap();
    assert_eq!(
        (pings(), script.opened(), script.closed()),
        (1, 4, 2),
        "older than the loss: replaced without a ping"
    );
    drop((first, second));
}

#[test]
fn fifteen_losses_replace_fifteen_a53() {
    let script = Script::new();
    let pool = queue(&script, |options| options.size = 15);
    let leases: Vec<_> = (0..15).map(|_| lend(&pool).unwrap()).collect();
    for lease in &leases {
        lease.lender().invalidate();
    }
    drop(leases);
    let leases: Vec<_> = (0..15).map(|_| lend(&pool).unwrap()).collect();
    assert_eq!((script.opened(), script.closed()), (30, 15));
    drop(leases);
}

#[test]
fn a_connection_that_does_not_come_back_clean_is_closed() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    let lease = lend(&pool).unwrap();
    script.fail("reset", 1, || Error::new(ErrorKind::Timeout, "no answer"));
    drop(lease);
    assert_eq!((script.closed(), pool.status().idle, pool.status().leased), (1, 0, 0));
}

#[test]
fn dispose_starts_over_a71() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    let held = lend(&pool).unwrap();
    drop(lend(&pool).unwrap());
    pool.dispose(true);
    assert_eq!((script.opened(), script.closed()), (2, 1));
    assert_eq!((pool.status().leased, pool.status().idle), (0, 0));
    drop(held);
    assert_eq!((script.closed(), pool.status().leased), (2, 0));
    drop(lend(&pool).unwrap());
    assert_eq!(pool.status().idle, 1);
}

#[test]
fn the_null_pool_keeps_nothing() {
    let script = Script::new();
    let pool = queue(&script, |options| options.kind = PoolKind::Null);
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap()];
    assert_eq!(pool.status().leased, 2);
    drop(leases);
    assert_eq!((script.opened(), script.closed(), pool.status().leased), (2, 2, 0));
}

#[test]
fn forty_threads_stay_within_the_limit_a5() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 3;
        options.overflow = Some(2);
        options.timeout = Duration::from_secs(20);
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
    assert!(most.load(Ordering::SeqCst) <= 5);
    assert_eq!((pool.status().leased, pool.status().waiting), (0, 0));
}
