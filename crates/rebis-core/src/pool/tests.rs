use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::ledger::{Grant, Ledger, Next};
use super::*;
use crate::driver::scripted::Script;
use crate::error::{Error, ErrorKind};

// ---- the books, without threads ----

#[test]
fn newcomers_do_not_jump_the_queue() {
    let mut ledger: Ledger<&str, &str> = Ledger::new(1, Some(0));
    assert_eq!(ledger.take(), Grant::Place);
    assert_eq!(ledger.take(), Grant::Nothing);
    ledger.wait("first");
    ledger.wait("second");
    assert_eq!(ledger.give("c", 0), Next::Hand("first", "c"));
    assert_eq!(ledger.take(), Grant::Nothing, "a newcomer, while somebody waits");
    assert_eq!(ledger.give_place(0), Next::Place("second", 0));
    assert_eq!(ledger.give("d", 0), Next::Kept);
    assert_eq!(ledger.take(), Grant::Idle("d"));
}

#[test]
fn overflow_is_closed_on_return() {
    let mut ledger: Ledger<i32, ()> = Ledger::new(2, Some(1));
    assert_eq!([ledger.take(), ledger.take(), ledger.take()], [Grant::Place, Grant::Place, Grant::Place]);
    assert_eq!(ledger.take(), Grant::Nothing);
    assert_eq!(
        [ledger.give(1, 0), ledger.give(2, 0), ledger.give(3, 0)],
        [Next::Kept, Next::Kept, Next::Close(3)]
    );
    assert_eq!(ledger.take(), Grant::Idle(1), "the one idle longest goes first (A14)");
}

#[test]
fn a_ticket_is_good_once() {
    let mut ledger: Ledger<(), &str> = Ledger::new(1, Some(0));
    ledger.take();
    let (first, second) = (ledger.wait("first"), ledger.wait("second"));
    assert!(ledger.leave(first));
    assert!(!ledger.leave(first));
    assert_eq!(ledger.give((), 0), Next::Hand("second", ()));
    assert!(!ledger.leave(second), "it was handed something, so it cannot leave empty-handed");
}

#[test]
fn what_was_lent_before_a_disposal_comes_back_to_nothing() {
    let mut ledger: Ledger<i32, &str> = Ledger::new(1, Some(0));
    ledger.take();
    ledger.wait("waiter");
    assert_eq!(ledger.dispose(), (vec![], vec!["waiter"]));
    assert_eq!(ledger.give(1, 0), Next::Close(1));
    assert_eq!(ledger.give_place(0), Next::Kept);
    assert_eq!(ledger.status().leased, 1, "the waiter's");
}

/// Random takes, gives and timeouts against a model that only counts.
#[test]
fn the_books_balance() {
    let mut random = 1_u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut ledger: Ledger<u64, u64> = Ledger::new(3, Some(2));
    let (mut lent, mut opened, mut waiting) = (Vec::new(), 0, VecDeque::new());
    for step in 0..100_000 {
        match next(4) {
            0 | 1 => match ledger.take() {
                Grant::Idle(connection) => lent.push(connection),
                Grant::Place => {
                    opened += 1;
                    lent.push(opened);
                }
                Grant::Nothing => waiting.push_back((ledger.wait(step), step)),
            },
            2 if !lent.is_empty() => {
                let connection = lent.swap_remove(usize::try_from(next(lent.len() as u64)).unwrap());
                if let Next::Hand(who, connection) = ledger.give(connection, 0) {
                    assert_eq!(
                        waiting.pop_front().map(|(_, who)| who),
                        Some(who),
                        "first come, first served"
                    );
                    lent.push(connection);
                }
            }
            _ if !waiting.is_empty() => {
                let (ticket, _) =
                    waiting.remove(usize::try_from(next(waiting.len() as u64)).unwrap()).unwrap();
                assert!(ledger.leave(ticket));
            }
            _ => {}
        }
        let status = ledger.status();
        assert_eq!((status.leased, status.waiting), (lent.len(), waiting.len()));
        assert!(status.leased + status.idle <= 5 && status.idle <= 3);
        assert!(status.waiting == 0 || status.idle == 0, "nobody waits while something is free");
    }
}

// ---- the pool ----

fn lend(pool: &Arc<dyn Pool>) -> Result<Lease<Arc<dyn Pool>>> {
    Lease::checkout(Arc::clone(pool))
}

fn queue(script: &Script, change: impl FnOnce(&mut PoolOptions)) -> Arc<dyn Pool> {
    let mut options = PoolOptions { timeout: Duration::from_millis(50), ..PoolOptions::default() };
    change(&mut options);
    build(Arc::new(script.connector()), &options)
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
    let held = lend(&pool).unwrap();
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
    let pool = queue(&script, |options| options.recycle = Some(Duration::from_millis(30)));
    drop(lend(&pool).unwrap());
    drop(lend(&pool).unwrap());
    assert_eq!(script.opened(), 1);
    thread::sleep(Duration::from_millis(40));
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
        lease.invalidate_pool();
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
    pool.dispose();
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
