//! Starting over.

use super::*;

#[test]
fn dispose_starts_over_a71() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    let held = lend(&pool).unwrap();
    drop(lend(&pool).unwrap());
    pool.dispose(true);
    assert_eq!((script.opened(), script.closed()), (2, 1));
    assert_eq!((pool.status().leased, pool.status().idle), (0, 0));
    assert!(held.working().is_some(), "what is out goes on working");
    drop(held);
    assert_eq!((script.closed(), pool.status().leased), (2, 0));
    drop(lend(&pool).unwrap());
    assert_eq!(pool.status().idle, 1);
}

#[test]
fn dispose_without_closing_leaves_them_open_a73() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    pool.dispose(false);
    assert_eq!((script.opened(), script.closed(), pool.status().idle), (2, 0, 0));
    assert_eq!(number(&lend(&pool).unwrap()), 3);
    assert_eq!(count_calls(&script, "close"), 0, "nobody said goodbye for them");
}

/// Whoever waits while everything is given up gets a new connection.
#[test]
fn dispose_serves_who_waits() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let held = lend(&pool).unwrap();
    thread::scope(|scope| {
        let waiters: Vec<_> =
            (0..3).map(|_| scope.spawn(|| lend(&pool).map(|lease| number(&lease)))).collect();
        await_waiting(&pool, 3);
        pool.dispose(true);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap().unwrap(), 2);
        }
    });
    drop(held);
    assert_eq!((script.opened(), script.closed(), pool.status().leased), (2, 1, 0));
}

#[test]
fn a_pool_that_ends_closes_what_is_idle() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    drop(pool);
    assert_eq!((script.closed(), count_calls(&script, "close")), (2, 2));
}

/// A pool that starts over while a first_connect listener runs has not met its first connection yet.
#[test]
fn dispose_amid_a_first_connect_listener() {
    let script = Script::new();
    let pool = queue(&script, |_| {});
    let (calls, disposes) = (Arc::new(AtomicUsize::new(0)), Arc::downgrade(&pool));
    let counted = Arc::clone(&calls);
    pool.listeners.first_connect.push(Box::new(move |_, _| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            disposes.upgrade().unwrap().dispose(true);
        }
        Ok(())
    }));
    for expected in [1, 2, 2] {
        drop(lend(&pool).unwrap());
        assert_eq!(calls.load(Ordering::SeqCst), expected);
    }
}
