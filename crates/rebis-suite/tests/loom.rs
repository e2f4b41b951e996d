//! What is lock-free, and the pool's hand-off, under every interleaving of threads that loom finds.
//!
//! The files of `rebis-core` are included as they stand; only the atomics under them are loom's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unsafe_code,
    dead_code,
    missing_docs,
    unreachable_pub
)]

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicI32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

#[path = "../../rebis-core/src/process/append_list.rs"]
mod append_list;
#[path = "../../rebis-core/src/process/fork_cell.rs"]
mod fork_cell;
#[path = "../../rebis-core/src/pool/ledger.rs"]
mod ledger;

/// What `process/sync.rs` is in Rebis.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
}

/// One process all along: a fork is no matter of interleavings.
mod generation {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Generation(u64);

    pub(crate) fn generation() -> Generation {
        Generation(1)
    }
}

/// The ledger's answer to `status`.
#[derive(Debug, Default)]
pub struct PoolStatus {
    size: usize,
    overflow: Option<usize>,
    leased: usize,
    idle: usize,
    waiting: usize,
}

use append_list::AppendList;
use fork_cell::ForkCell;
use ledger::{Grant, Ledger, Next, Order};

/// A value that loom watches: to read it without having synchronized with its maker is an error.
struct Watched(UnsafeCell<i32>);

// SAFETY: written only where it is made; that whoever reads it comes after that is what is tested.
unsafe impl Send for Watched {}
// SAFETY: as above.
unsafe impl Sync for Watched {}

impl Watched {
    fn new(number: i32) -> Self {
        Watched(UnsafeCell::new(number))
    }

    fn read(&self) -> i32 {
        // SAFETY: nobody writes it any more; loom checks that.
        self.0.with(|number| unsafe { *number })
    }
}

/// Three threads: a few thousand interleavings with two preemptions each, in seconds.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

#[test]
fn pushers_lose_nothing_and_readers_see_whole_nodes() {
    model(|| {
        let list = Arc::new(AppendList::new());
        let pushers = [1, 2].map(|number| {
            let list = Arc::clone(&list);
            thread::spawn(move || {
                list.push(Watched::new(number));
            })
        });
        let seen: Vec<i32> = list.iter().map(Watched::read).collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        let all: Vec<i32> = list.iter().map(Watched::read).collect();
        assert!(all == [1, 2] || all == [2, 1], "{all:?}");
        assert!(all.starts_with(&seen), "the order stays");
    });
}

#[test]
fn a_removed_value_is_passed_over() {
    model(|| {
        let list = Arc::new(AppendList::new());
        let first = list.push(1);
        let remover = thread::spawn(move || first.store(true, Ordering::Relaxed));
        let pusher = {
            let list = Arc::clone(&list);
            thread::spawn(move || drop(list.push(2)))
        };
        let seen: Vec<i32> = list.iter().copied().collect();
        assert!(seen.is_sorted() && seen.len() <= 2, "{seen:?}");
        remover.join().unwrap();
        pusher.join().unwrap();
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [2]);
    });
}

#[test]
fn two_threads_make_one_state() {
    model(|| {
        let cell = Arc::new(ForkCell::new());
        let made = Arc::new(AtomicI32::new(0));
        let makers = [0; 2].map(|_| {
            let (cell, made) = (Arc::clone(&cell), Arc::clone(&made));
            thread::spawn(move || {
                let value: &Watched = cell.get_or_init(|| Watched::new(made.fetch_add(1, Ordering::Relaxed)));
                (std::ptr::from_ref(value) as usize, value.read())
            })
        });
        let [one, other] = makers.map(|maker| maker.join().unwrap());
        assert_eq!(one, other, "both use the same");
        assert_eq!(cell.get_or_init(|| panic!("it is there")).read(), one.1);
        assert!((1..=2).contains(&made.load(Ordering::Relaxed)));
    });
}

// ---- the hand-off of `pool/queue.rs` ----

/// A queue pool: the ledger that it has, under loom's lock, and waiters as there: handed under their lock, then woken; or called,
/// to look for what is free.
struct Pool {
    ledger: Mutex<Ledger<u32, Arc<Waiter>>>,
    /// Whether who waits is handed what comes back. By the clock there; loom has none, so both are tried.
    due: bool,
}

struct Waiter {
    token: Token,
    handed: Mutex<Option<u32>>,
}

/// What `thread::park` waits for. That of loom is lost when it is given to a thread that waits for a lock; the standard library's is
/// kept.
#[derive(Default)]
struct Token {
    there: Mutex<bool>,
    given: Condvar,
}

impl Token {
    fn park(&self) {
        let mut there = self.there.lock().unwrap();
        while !*there {
            there = self.given.wait(there).unwrap();
        }
        *there = false;
    }

    fn unpark(&self) {
        *self.there.lock().unwrap() = true;
        self.given.notify_one();
    }
}

impl Pool {
    fn new(places: usize, due: bool) -> Arc<Pool> {
        let ledger = Mutex::new(Ledger::new(places, Some(0), Order::FirstInFirstOut));
        Arc::new(Pool { ledger, due })
    }

    /// `None` when patience ends, which it does at once: at the very moment, that is, at which a place may be on its way.
    fn take(&self, patient: bool) -> Option<u32> {
        let mut ledger = self.ledger.lock().unwrap();
        let (waiter, ticket) = match ledger.take() {
            Grant::Lend(place) => return Some(place),
            Grant::Make => return Some(1),
            Grant::Wait => {
                let waiter = Arc::new(Waiter { token: Token::default(), handed: Mutex::new(None) });
                let ticket = ledger.wait(Arc::clone(&waiter));
                (waiter, ticket)
            }
        };
        drop(ledger);
        loop {
            let handed = waiter.handed.lock().unwrap().take();
            if let Some(place) = handed.or_else(|| self.look(ticket)) {
                return Some(place);
            }
            if patient {
                waiter.token.park();
            } else if self.leave(ticket) {
                return None;
            } else {
                // It was our turn in the last moment.
                thread::yield_now();
            }
        }
    }

    fn look(&self, ticket: u64) -> Option<u32> {
        let mut ledger = self.ledger.lock().unwrap();
        let place = ledger.look(ticket)?;
        let next = ledger.call();
        drop(ledger);
        wake(next);
        Some(place)
    }

    fn leave(&self, ticket: u64) -> bool {
        let mut ledger = self.ledger.lock().unwrap();
        let left = ledger.leave(ticket);
        let next = if left { ledger.call() } else { None };
        drop(ledger);
        wake(next);
        left
    }

    fn give(&self, place: u32) {
        let mut ledger = self.ledger.lock().unwrap();
        let next = ledger.give(place, 0, true, |_| self.due);
        let called = ledger.call();
        drop(ledger);
        wake(called);
        match next {
            Next::Hand(waiter, place) => {
                *waiter.handed.lock().unwrap() = Some(place);
                waiter.token.unpark();
            }
            Next::Kept => {}
            Next::Close(_) => panic!("nothing is closed here"),
        }
    }
}

fn wake(waiter: Option<Arc<Waiter>>) {
    if let Some(waiter) = waiter {
        waiter.token.unpark();
    }
}

/// A lost wake-up is a deadlock, which loom reports.
#[test]
fn who_waits_is_served() {
    served(true);
}

/// The same while others may be faster.
#[test]
fn who_is_called_is_served() {
    served(false);
}

fn served(due: bool) {
    model(move || {
        let pool = Pool::new(1, due);
        let takers = [0; 2].map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                let place = pool.take(true).expect("patience does not end");
                pool.give(place);
            })
        });
        let place = pool.take(true).expect("patience does not end");
        pool.give(place);
        for taker in takers {
            taker.join().unwrap();
        }
        let status = pool.ledger.lock().unwrap().status();
        assert_eq!((status.leased, status.idle, status.waiting), (0, 1, 0));
    });
}

/// Whoever gives up either leaves the line or takes what was handed: the place is never lost between the two.
#[test]
fn who_gives_up_loses_no_place() {
    given_up(true);
}

/// The same of who was called and did not look.
#[test]
fn who_gives_up_though_called_loses_no_place() {
    given_up(false);
}

fn given_up(due: bool) {
    model(move || {
        let pool = Pool::new(1, due);
        let place = pool.take(true).expect("the only one");
        let takers = [true, false].map(|patient| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                if let Some(place) = pool.take(patient) {
                    pool.give(place);
                }
            })
        });
        pool.give(place);
        for taker in takers {
            taker.join().unwrap();
        }
        let status = pool.ledger.lock().unwrap().status();
        assert_eq!((status.leased, status.idle, status.waiting), (0, 1, 0));
        assert!(pool.take(false).is_some());
    });
}
