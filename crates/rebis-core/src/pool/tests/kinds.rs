//! The pools beside the queue.

use std::sync::mpsc;

use super::*;

fn pool_of(script: &Script, kind: PoolKind) -> Arc<Lending> {
    queue(script, |options| options.kind = kind)
}

#[test]
fn the_null_pool_keeps_nothing() {
    let script = Script::new();
    let pool = pool_of(&script, PoolKind::Null);
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap()];
    assert_eq!(pool.status().leased, 2);
    drop(leases);
    assert_eq!((script.opened(), script.closed(), pool.status().leased), (2, 2, 0));
    script.fail("connect", 1, refused);
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(pool.status().leased, 0);
}

/// One connection for all, but for one at a time: one wire, one borrower.
#[test]
fn the_static_pool_lends_its_one_connection_in_turn_a46() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.kind = PoolKind::Static;
        options.timeout = Duration::from_secs(60);
    });
    let held = lend(&pool).unwrap();
    thread::scope(|scope| {
        let waiters: Vec<_> =
            (0..4).map(|_| scope.spawn(|| lend(&pool).map(|lease| number(&lease)))).collect();
        await_waiting(&pool, 4);
        drop(held);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap().unwrap(), 1);
        }
    });
    assert_eq!((script.opened(), script.closed()), (1, 0));
    // Whatever size the options name.
    assert_eq!((pool.status().size, pool.status().overflow), (1, Some(0)));
}

#[test]
fn the_assertion_pool_refuses_a_second_checkout_a47() {
    let script = Script::new();
    let pool = pool_of(&script, PoolKind::Assertion);
    let held_line = line!() + 1;
    let held = lend(&pool).unwrap();
    let (error, asked_line) = (lend(&pool).map(|_| ()).unwrap_err(), line!());
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    for line in [held_line, asked_line] {
        assert!(error.to_string().contains(&format!("kinds.rs:{line}:")), "{error}: line {line}");
    }
    drop(held);
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), pool.status().leased, pool.status().idle), (1, 0, 1));
    script.fail("connect", 1, refused);
    lend(&pool).unwrap().invalidate(None);
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Connect);
    drop(lend(&pool).unwrap());
}

#[test]
fn the_assertion_pool_starts_over_after_a_disposal() {
    let script = Script::new();
    let pool = pool_of(&script, PoolKind::Assertion);
    let old = lend(&pool).unwrap();
    pool.dispose(true);
    let new = lend(&pool).unwrap();
    drop(old);
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidState, "one is out still");
    drop(new);
    assert_eq!((script.opened(), script.closed(), pool.status().idle), (2, 1, 1));
}

fn singleton(script: &Script, size: usize) -> Arc<Lending> {
    queue(script, |options| {
        options.kind = PoolKind::SingletonThread;
        options.size = size;
    })
}

#[test]
fn the_singleton_thread_pool_keeps_one_for_each_thread() {
    let script = Script::new();
    let pool = singleton(&script, 3);
    let own = || {
        let first = number(&lend(&pool).unwrap());
        assert_eq!(number(&lend(&pool).unwrap()), first, "this thread's again");
        first
    };
    let mut numbers = vec![own()];
    for _ in 0..2 {
        numbers.push(thread::scope(|scope| scope.spawn(own).join().unwrap()));
    }
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(own(), 1);
    assert_eq!((pool.status().leased, pool.status().idle, script.closed()), (0, 3, 0));
}

#[test]
fn the_singleton_thread_pool_drops_whose_thread_was_away_longest() {
    let script = Script::new();
    let pool = singleton(&script, 2);
    let once = || number(&lend(&pool).unwrap());
    let (ask, asked) = mpsc::channel::<mpsc::Sender<u64>>();
    thread::scope(|scope| {
        let again = scope.spawn(move || asked.iter().for_each(|answer| answer.send(once()).unwrap()));
        let other = || {
            let (send, receive) = mpsc::channel();
            ask.send(send).unwrap();
            receive.recv().unwrap()
        };
        assert_eq!((once(), other()), (1, 2));
        assert_eq!(once(), 1);
        // A third thread: the second one's connection idles longest.
        assert_eq!(thread::scope(|scope| scope.spawn(once).join().unwrap()), 3);
        assert_eq!((pool.status().idle, script.closed()), (2, 1));
        assert_eq!((once(), other()), (1, 4));
        drop(ask);
        again.join().unwrap();
    });
}

#[test]
fn the_singleton_thread_pool_names_nested_checkouts() {
    let script = Script::new();
    let pool = singleton(&script, 5);
    let held_line = line!() + 1;
    let held = lend(&pool).unwrap();
    let (error, asked_line) = (lend(&pool).map(|_| ()).unwrap_err(), line!());
    assert_eq!(error.kind(), ErrorKind::NestedCheckout);
    for line in [held_line, asked_line] {
        assert!(error.to_string().contains(&format!("kinds.rs:{line}:")), "{error}: line {line}");
    }
    thread::scope(|scope| scope.spawn(|| lend(&pool).map(drop)).join().unwrap()).unwrap();
    drop(held);
    lend(&pool).unwrap();
}

#[test]
fn the_singleton_thread_pool_takes_back_what_another_thread_drops() {
    let script = Script::new();
    let pool = singleton(&script, 5);
    let held = lend(&pool).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let own = lend(&pool).unwrap();
            drop(held);
            assert_eq!(number(&own), 2);
        });
    });
    assert_eq!(number(&lend(&pool).unwrap()), 1, "it went back to the thread that took it");
    assert_eq!((script.opened(), script.closed(), pool.status().leased), (2, 0, 0));
}

#[test]
fn the_singleton_thread_pool_starts_over_after_a_disposal() {
    let script = Script::new();
    let pool = singleton(&script, 5);
    let old = lend(&pool).unwrap();
    pool.dispose(true);
    let new = lend(&pool).unwrap();
    drop(old);
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::NestedCheckout, "one is out still");
    drop(new);
    assert_eq!(number(&lend(&pool).unwrap()), 2);
    assert_eq!((script.opened(), script.closed(), pool.status().idle), (2, 1, 1));
}

/// One place, that is made when the pool is: the options reach it.
#[derive(Debug)]
struct Own {
    size: usize,
    kept: Mutex<Vec<Record>>,
}

impl Pool for Own {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        assert!(checkout.site().file().ends_with("kinds.rs"));
        let kept = self.kept.lock().unwrap().pop();
        Ok(kept.unwrap_or_else(|| checkout.new_record()))
    }

    fn give(&self, record: Record) -> Option<Record> {
        let mut kept = self.kept.lock().unwrap();
        if kept.len() == self.size {
            return Some(record);
        }
        kept.push(record);
        None
    }

    fn drain(&self) -> Vec<Record> {
        std::mem::take(&mut self.kept.lock().unwrap())
    }

    fn status(&self) -> PoolStatus {
        let (size, idle) = (self.size, self.kept.lock().unwrap().len());
        PoolStatus { size, idle, ..PoolStatus::default() }
    }
}

#[test]
fn a_pool_of_ones_own_has_all_that_pools_share() {
    let script = Script::new();
    let clock = ScriptedClock::default();
    let listeners = hear_all(&script);
    let pool = listened(&script, &listeners, |options| {
        options.kind =
            PoolKind::Own(Arc::new(|options| Box::new(Own { size: options.size, kept: Mutex::default() })));
        options.size = 1;
        options.recycle = Some(Duration::from_secs(60));
        options.clock = clock.clock();
    });
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap()];
    assert_eq!(pool.leases().len(), 2);
    let (heard, ()) = during(&script, || drop(leases));
    let back = ["reset!", "1 reset", "checkin!", "reset!", "2 reset", "checkin!", "close!", "2 close"];
    assert_eq!(heard, back);
    clock.advance(Duration::from_secs(61));
    assert_eq!(number(&lend(&pool).unwrap()), 3);
    pool.dispose(true);
    assert_eq!((script.opened(), script.closed(), pool.status().idle), (3, 3, 0));
    let counters = pool.counters();
    assert_eq!((counters.checkouts, counters.recycled, counters.closed), (3, 1, 3));
}
