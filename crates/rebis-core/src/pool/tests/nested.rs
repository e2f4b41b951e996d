//! Checkouts inside checkouts, and connections on their way from hand to hand.

use std::sync::mpsc;

use super::*;

#[test]
fn a_nested_checkout_names_both_places() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let held_line = line!() + 1;
    let held = lend(&pool).unwrap();
    let start = Instant::now();
    let (error, asked_line) = (lend(&pool).map(|_| ()).unwrap_err(), line!());
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(error.kind(), ErrorKind::NestedCheckout);
    let message = error.to_string();
    for line in [held_line, asked_line] {
        assert!(message.contains(&format!("nested.rs:{line}:")), "{message}: line {line}");
    }
    assert_eq!(pool.status().waiting, 0);
    drop(held);
    lend(&pool).unwrap();
    assert_eq!(pool.counters().timeouts, 0, "it did not time out");
}

#[test]
fn threads_that_wait_for_each_other_are_told() {
    let script = Script::new();
    let pool = patient(&script, 3);
    let barrier = std::sync::Barrier::new(3);
    let errors: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let first = lend(&pool).unwrap();
                    barrier.wait();
                    // Whoever closes the circle is told, gives up its own, and the others go on with that.
                    let second = lend(&pool);
                    let nested =
                        second.as_ref().is_err_and(|error| error.kind() == ErrorKind::NestedCheckout);
                    assert!(nested || second.is_ok());
                    drop((second, first));
                    usize::from(nested)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!((1..=3).contains(&errors), "{errors} of 3 threads were told");
    assert_eq!((pool.status().leased, pool.status().waiting), (0, 0));
}

#[test]
fn a_lease_that_another_thread_uses_is_waited_for() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let (send, receive) = mpsc::channel::<Lease<Arc<Lending>>>();
    let (used, is_used) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let lease = receive.recv().unwrap();
            lease.touch();
            used.send(()).unwrap();
            // Longer than a wait that looks vain is waited.
            thread::sleep(Duration::from_millis(400));
            drop(lease);
        });
        send.send(lend(&pool).unwrap()).unwrap();
        is_used.recv().unwrap();
        lend(&pool).unwrap();
    });
}

#[test]
fn a_lease_on_its_way_to_another_thread_is_waited_for() {
    let script = Script::new();
    let pool = patient(&script, 1);
    let (send, receive) = mpsc::channel::<Lease<Arc<Lending>>>();
    thread::scope(|scope| {
        scope.spawn(move || drop(receive.recv().unwrap()));
        for _ in 0..50 {
            let lease = lend(&pool).unwrap();
            if send.send(lease).is_ok() {
                lend(&pool).unwrap();
                break;
            }
        }
    });
}

#[test]
fn a_place_that_is_being_opened_is_nobodys_nested_lease() {
    let script = Script::new();
    let pool = patient(&script, 2);
    let held = lend(&pool).unwrap();
    // One more is there: not nested, although this thread holds one.
    let second = lend(&pool).unwrap();
    drop(second);
    drop(held);
}

#[test]
fn the_timeout_says_who_holds() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.size = 1;
        options.overflow = Some(0);
    });
    let lease = thread::scope(|scope| scope.spawn(|| lend(&pool).unwrap()).join().unwrap());
    let error = lend(&pool).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolTimeout, "its holder is gone, and waits nowhere");
    assert!(error.to_string().contains("held longest: since"), "{error}");
    drop(lease);
}
