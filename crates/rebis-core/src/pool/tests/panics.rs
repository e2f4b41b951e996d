//! Listeners that panic: a place is never lost, and no panic becomes an abort.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Panics once, at its first call.
fn panics_once() -> impl Fn() + Send + Sync {
    let first = std::sync::atomic::AtomicBool::new(true);
    move || {
        if first.swap(false, Ordering::SeqCst) {
            std::panic::panic_any("meant");
        }
    }
}

fn panics(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err_and(|panic| panic.downcast_ref() == Some(&"meant"))
}

/// A pool of one place with the listener that this adds.
fn pool_with(add: impl FnOnce(&PoolListeners)) -> (Script, Arc<Lending>) {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    add(&listeners);
    let pool = listened(&script, &listeners, |options| be_patient(options, 1));
    (script, pool)
}

fn works(script: &Script, pool: &Arc<Lending>) {
    assert_eq!((pool.status().leased, pool.status().waiting), (0, 0));
    drop(lend(pool).unwrap());
    assert!(script.opened() - script.closed() <= 1);
    assert_eq!(pool.counters().closed, script.closed() as u64);
}

#[test]
fn on_the_way_out() {
    let adds: [fn(&PoolListeners); 4] = [
        |listeners| {
            let panics = panics_once();
            listeners.do_connect.push(Box::new(move |_| {
                panics();
                Ok(None)
            }));
        },
        |listeners| {
            let panics = panics_once();
            listeners.first_connect.push(Box::new(move |_, _| {
                panics();
                Ok(())
            }));
        },
        |listeners| {
            let panics = panics_once();
            listeners.connect.push(Box::new(move |_, _| {
                panics();
                Ok(())
            }));
        },
        |listeners| {
            let panics = panics_once();
            listeners.checkout.push(Box::new(move |_, _, _| {
                panics();
                Ok(())
            }));
        },
    ];
    for add in adds {
        let (script, pool) = pool_with(add);
        assert!(panics(|| drop(lend(&pool))));
        works(&script, &pool);
    }
}

#[test]
fn on_the_way_back() {
    let adds: [fn(&PoolListeners); 2] = [
        |listeners| {
            let panics = panics_once();
            listeners.reset.push(Box::new(move |_, _, _| {
                panics();
                Ok(())
            }));
        },
        |listeners| {
            let panics = panics_once();
            listeners.checkin.push(Box::new(move |_, _| panics()));
        },
    ];
    for add in adds {
        let (script, pool) = pool_with(add);
        let lease = lend(&pool).unwrap();
        assert!(panics(|| drop(lease)));
        works(&script, &pool);
    }
}

#[test]
fn at_the_end_of_a_connection() {
    let adds: [fn(&PoolListeners); 2] = [
        |listeners| {
            let panics = panics_once();
            listeners.invalidate.push(Box::new(move |_, _| panics()));
        },
        |listeners| {
            let panics = panics_once();
            listeners.close.push(Box::new(move |_, _| panics()));
        },
    ];
    for add in adds {
        let (script, pool) = pool_with(add);
        let mut lease = lend(&pool).unwrap();
        assert!(panics(|| lease.invalidate(None)));
        drop(lease);
        works(&script, &pool);
        // A refused connection's place goes back although its goodbye panics.
        let (script, pool) = pool_with(|listeners| {
            let refuse = AtomicUsize::new(0);
            listeners.checkout.push(Box::new(move |_, _, _| match refuse.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Error::other("no")),
                _ => Ok(()),
            }));
            let panics = panics_once();
            listeners.close.push(Box::new(move |_, _| panics()));
        });
        assert!(panics(|| drop(lend(&pool))));
        works(&script, &pool);
    }
    let (script, pool) = pool_with(|listeners| {
        let panics = panics_once();
        listeners.detach.push(Box::new(move |_, _| panics()));
    });
    let mut lease = lend(&pool).unwrap();
    assert!(panics(|| lease.detach()));
    drop(lease);
    works(&script, &pool);
}

/// The second panic would abort the process: this test would not fail, it would end all of them.
#[test]
fn in_the_middle_of_another_panic() {
    let (script, pool) = pool_with(|listeners| {
        listeners.reset.push(Box::new(|_, _, _| panic!("of the reset listener")));
        listeners.checkin.push(Box::new(|_, _| panic!("of the checkin listener")));
        listeners.close.push(Box::new(|_, _| panic!("of the close listener")));
    });
    assert!(panics(|| {
        let _lease = lend(&pool).unwrap();
        std::panic::panic_any("meant");
    }));
    assert_eq!((pool.status().leased, script.opened(), script.closed()), (0, 1, 1));
    let mut lease = lend(&pool).unwrap();
    lease.detach();
    assert!(panics(move || {
        let _lease = lease;
        std::panic::panic_any("meant");
    }));
    assert_eq!((pool.status().leased, script.opened(), script.closed()), (0, 2, 2));
}
