//! The books, without threads.

use std::collections::VecDeque;

use super::super::ledger::{Grant, Ledger, Next, Order};

#[test]
fn newcomers_do_not_jump_the_queue() {
    let mut ledger: Ledger<&str, &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    assert_eq!(ledger.take(), Grant::Make);
    assert_eq!(ledger.take(), Grant::Wait);
    ledger.wait("first");
    ledger.wait("second");
    assert_eq!(ledger.give("c", 0, true), Next::Hand("first", "c"));
    assert_eq!(ledger.take(), Grant::Wait, "a newcomer, while somebody waits");
    assert_eq!(ledger.give("vacant", 0, false), Next::Hand("second", "vacant"));
    assert_eq!(ledger.give("d", 0, true), Next::Kept);
    assert_eq!(ledger.take(), Grant::Lend("d"));
}

#[test]
fn overflow_is_closed_on_return() {
    let mut ledger: Ledger<i32, ()> = Ledger::new(2, Some(1), Order::FirstInFirstOut);
    assert_eq!([ledger.take(), ledger.take(), ledger.take()], [Grant::Make, Grant::Make, Grant::Make]);
    assert_eq!(ledger.take(), Grant::Wait);
    assert_eq!(
        [ledger.give(1, 0, true), ledger.give(2, 0, true), ledger.give(3, 0, true)],
        [Next::Kept, Next::Kept, Next::Close(3)]
    );
    assert_eq!(ledger.take(), Grant::Lend(1), "the one idle longest goes first");
}

#[test]
fn a_ticket_is_good_once() {
    let mut ledger: Ledger<(), &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    ledger.take();
    let (first, second) = (ledger.wait("first"), ledger.wait("second"));
    assert!(ledger.leave(first));
    assert!(!ledger.leave(first));
    assert_eq!(ledger.give((), 0, true), Next::Hand("second", ()));
    assert!(!ledger.leave(second), "it was handed something, so it cannot leave empty-handed");
}

#[test]
fn what_was_lent_before_a_disposal_comes_back_to_nothing() {
    let mut ledger: Ledger<i32, &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    ledger.take();
    ledger.wait("waiter");
    assert_eq!(ledger.dispose(), (vec![], vec!["waiter"]));
    assert_eq!(ledger.give(1, 0, true), Next::Close(1));
    assert_eq!(ledger.give(2, 0, false), Next::Close(2));
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
    let mut ledger: Ledger<u64, u64> = Ledger::new(3, Some(2), Order::FirstInFirstOut);
    let (mut lent, mut opened, mut waiting) = (Vec::new(), 0, VecDeque::new());
    for step in 0..100_000 {
        match next(4) {
            0 | 1 => match ledger.take() {
                Grant::Lend(connection) => lent.push(connection),
                Grant::Make => {
                    opened += 1;
                    lent.push(opened);
                }
                Grant::Wait => waiting.push_back((ledger.wait(step), step)),
            },
            2 if !lent.is_empty() => {
                let connection = lent.swap_remove(usize::try_from(next(lent.len() as u64)).unwrap());
                if let Next::Hand(who, connection) = ledger.give(connection, 0, true) {
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
