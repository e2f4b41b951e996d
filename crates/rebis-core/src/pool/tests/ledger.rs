//! The books, without threads.

use std::collections::VecDeque;

use super::super::ledger::{Grant, Ledger, Next, Order};

fn always<W>(_: &W) -> bool {
    true
}

fn never<W>(_: &W) -> bool {
    false
}

#[test]
fn newcomers_do_not_jump_the_queue() {
    let mut ledger: Ledger<&str, &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    assert_eq!(ledger.take(), Grant::Make);
    assert_eq!(ledger.take(), Grant::Wait);
    ledger.wait("first");
    ledger.wait("second");
    assert_eq!(ledger.give("c", 0, true, always), Next::Hand("first", "c"));
    assert_eq!(ledger.take(), Grant::Wait, "a newcomer, while somebody waits");
    assert_eq!(ledger.give("vacant", 0, false, always), Next::Hand("second", "vacant"));
    assert_eq!(ledger.give("d", 0, true, always), Next::Kept);
    assert_eq!(ledger.take(), Grant::Lend("d"));
}

#[test]
fn a_waiter_that_is_not_due_may_be_overtaken_and_keeps_its_place() {
    let mut ledger: Ledger<&str, &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    ledger.take();
    let (first, second) = (ledger.wait("first"), ledger.wait("second"));
    assert_eq!(ledger.give("a", 0, true, never), Next::Kept);
    assert_eq!((ledger.call(), ledger.call()), (Some("first"), None), "called once");
    assert_eq!(ledger.take(), Grant::Lend("a"), "a newcomer is faster");
    assert_eq!((ledger.look(second), ledger.look(first)), (None, None), "it comes too late");
    assert_eq!(ledger.give("b", 0, true, never), Next::Kept);
    assert_eq!(ledger.call(), Some("first"), "and is called again");
    assert_eq!(ledger.look(second), None, "the second waits for the first");
    assert_eq!(ledger.look(first), Some("b"));
    assert_eq!(ledger.call(), None, "nothing is free for the second");
    assert_eq!(ledger.give("c", 0, true, always), Next::Hand("second", "c"));
}

#[test]
fn whoever_goes_without_looking_passes_the_call_on() {
    let mut ledger: Ledger<i32, &str> = Ledger::new(2, Some(0), Order::FirstInFirstOut);
    assert_eq!([ledger.take(), ledger.take()], [Grant::Make, Grant::Make]);
    let (first, second) = (ledger.wait("first"), ledger.wait("second"));
    ledger.give(1, 0, true, never);
    assert_eq!(ledger.call(), Some("first"));
    assert!(ledger.leave(first), "its time was up");
    assert_eq!(ledger.call(), Some("second"));
    let third = ledger.wait("third");
    assert_eq!(ledger.give(2, 0, true, always), Next::Hand("second", 2), "due, and 1 is still free");
    assert_eq!(ledger.call(), Some("third"));
    assert_eq!((ledger.look(third), ledger.leave(second)), (Some(1), false));
}

#[test]
fn overflow_is_closed_on_return() {
    let mut ledger: Ledger<i32, ()> = Ledger::new(2, Some(1), Order::FirstInFirstOut);
    assert_eq!([ledger.take(), ledger.take(), ledger.take()], [Grant::Make, Grant::Make, Grant::Make]);
    assert_eq!(ledger.take(), Grant::Wait);
    assert_eq!(
        [ledger.give(1, 0, true, always), ledger.give(2, 0, true, always), ledger.give(3, 0, true, always)],
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
    assert_eq!(ledger.give((), 0, true, always), Next::Hand("second", ()));
    assert!(!ledger.leave(second), "it was handed something, so it cannot leave empty-handed");
}

#[test]
fn what_was_lent_before_a_disposal_comes_back_to_nothing() {
    let mut ledger: Ledger<i32, &str> = Ledger::new(1, Some(0), Order::FirstInFirstOut);
    ledger.take();
    ledger.wait("waiter");
    assert_eq!(ledger.dispose(), (vec![], vec!["waiter"]));
    assert_eq!(ledger.give(1, 0, true, always), Next::Close(1));
    assert_eq!(ledger.give(2, 0, false, always), Next::Close(2));
    assert_eq!(ledger.status().leased, 1, "the waiter's");
}

/// Random takes, gives, looks and timeouts against a model that only counts.
#[test]
fn the_books_balance() {
    let mut random = 1_u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut ledger: Ledger<u64, u64> = Ledger::new(3, Some(2), Order::FirstInFirstOut);
    let (mut lent, mut opened, mut waiting) = (Vec::new(), 0, VecDeque::new());
    let (mut called, mut looks) = (false, 0);
    for step in 0..100_000 {
        match next(6) {
            0 | 1 => match ledger.take() {
                Grant::Lend(connection) => lent.push(connection),
                Grant::Make => {
                    opened += 1;
                    lent.push(opened);
                }
                Grant::Wait => waiting.push_back((ledger.wait(step), step)),
            },
            2 | 3 if !lent.is_empty() => {
                let connection = lent.swap_remove(usize::try_from(next(lent.len() as u64)).unwrap());
                let due = next(2) == 0;
                if let Next::Hand(who, connection) = ledger.give(connection, 0, true, |_| due) {
                    let first = waiting.pop_front().map(|(_, who)| who);
                    assert_eq!(first, Some(who), "first come, first served");
                    lent.push(connection);
                    called = false;
                }
            }
            4 if called => {
                called = false;
                if let Some(connection) = ledger.look(waiting[0].0) {
                    waiting.pop_front();
                    lent.push(connection);
                    looks += 1;
                }
            }
            5 if !waiting.is_empty() => {
                let at = usize::try_from(next(waiting.len() as u64)).unwrap();
                called &= at > 0;
                let (ticket, _) = waiting.remove(at).unwrap();
                assert!(ledger.leave(ticket));
            }
            _ => {}
        }
        if let Some(who) = ledger.call() {
            assert_eq!((called, waiting[0].1), (false, who));
            called = true;
        }
        let status = ledger.status();
        assert_eq!((status.leased, status.waiting), (lent.len(), waiting.len()));
        assert!(status.leased + status.idle <= 5 && status.idle <= 3);
        assert!(status.waiting == 0 || status.idle == 0 || called, "nobody sleeps while something is free");
    }
    assert!(looks > 1_000, "{looks}");
}
