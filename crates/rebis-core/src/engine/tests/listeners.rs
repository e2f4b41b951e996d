//! Listeners that panic, check out, are removed, or are added by many threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::every_event::{Add, EVENTS};
use super::*;
use crate::Connection;

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err_and(|panic| panic.downcast_ref() == Some(&"meant"))
}

fn panic_once() -> impl Fn() + Send + Sync {
    let first = AtomicBool::new(true);
    move || {
        if first.swap(false, Ordering::SeqCst) {
            std::panic::panic_any("meant");
        }
    }
}

fn count(calls: &AtomicUsize) {
    calls.fetch_add(1, Ordering::SeqCst);
}

/// The events of `program`, whose statements do not fail.
fn events() -> impl Iterator<Item = (&'static str, Add)> {
    EVENTS.into_iter().filter(|(name, _)| *name != "handle_error")
}

/// Meets every one of `events`.
fn program(engine: &Engine) {
    let mut tx = engine.begin().unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(text("q")).unwrap();
    savepoint.commit().unwrap();
    tx.begin_nested().unwrap().rollback().unwrap();
    tx.commit().unwrap();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("q")).unwrap();
    conn.rollback().unwrap();
}

#[test]
fn a_panic_of_a_listener_costs_no_place() {
    for (name, add) in events() {
        let (script, engine) = scripted();
        add(&engine, Box::new(panic_once()));
        assert!(panics(|| program(&engine)), "{name}");
        assert_eq!(engine.pool().status().leased, 0, "{name}");
        program(&engine);
        assert!(script.opened() <= script.closed() + 1, "{name}");
        assert_eq!(engine.pool().counters().closed, script.closed() as u64, "{name}");
    }
}

/// A panic of the program's own ends a transaction, whose listeners panic too: that would abort the process.
#[test]
fn a_panic_of_a_listener_in_the_middle_of_another_is_swallowed() {
    for (name, add) in events() {
        let (_script, engine) = scripted();
        let armed = Arc::new(AtomicBool::new(false));
        let is_armed = Arc::clone(&armed);
        add(&engine, Box::new(move || assert!(!is_armed.load(Ordering::SeqCst), "of a listener")));
        let panicked = panics(|| {
            let mut conn = engine.connect().unwrap();
            let mut tx = conn.begin().unwrap();
            let _savepoint = tx.begin_nested().unwrap();
            armed.store(true, Ordering::SeqCst);
            std::panic::panic_any("meant");
        });
        assert!(panicked, "{name}");
        assert_eq!(engine.pool().status().leased, 0, "{name}");
        armed.store(false, Ordering::SeqCst);
        program(&engine);
    }
}

/// Listeners use the engine that calls them; none of them is called inside itself.
#[test]
fn listeners_check_out_from_the_same_engine() {
    for (name, add) in events() {
        let script = Script::new();
        let engine = builder(&script, Dialect::POSTGRESQL).pool_size(3).build().unwrap();
        let (inner, inside, runs) = (engine.clone(), AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
        let ran = Arc::clone(&runs);
        let run = move || {
            if !inside.swap(true, Ordering::SeqCst) {
                inner.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
                ran.fetch_add(1, Ordering::SeqCst);
                inside.store(false, Ordering::SeqCst);
            }
        };
        add(&engine, Box::new(run));
        program(&engine);
        assert!(runs.load(Ordering::SeqCst) > 0, "{name}");
        assert_eq!((engine.pool().status().leased, engine.pool().status().waiting), (0, 0), "{name}");
    }
}

/// With one place, a checkout inside a listener of the lease that has it is told so, and nobody hangs.
#[test]
fn a_listener_that_checks_out_the_only_place_is_told() {
    for (name, add) in events() {
        let script = Script::new();
        let engine =
            builder(&script, Dialect::POSTGRESQL).pool_timeout(Duration::from_secs(60)).build().unwrap();
        let (inner, first) = (engine.clone(), AtomicBool::new(true));
        let told = Arc::new(AtomicBool::new(false));
        let tells = Arc::clone(&told);
        let run = move || {
            if first.swap(false, Ordering::SeqCst) {
                tells.store(kind(inner.connect()) == ErrorKind::NestedCheckout, Ordering::SeqCst);
            }
        };
        add(&engine, Box::new(run));
        program(&engine);
        assert!(told.load(Ordering::SeqCst), "{name}");
    }
}

#[test]
fn an_engine_connect_listener_may_refuse() {
    let (_script, engine) = scripted();
    let listener = engine.on_engine_connect(|_: &mut Connection| Err(Error::other("not today")));
    assert_eq!(engine.connect().map(|_| ()).unwrap_err().to_string(), "not today");
    assert_eq!(engine.pool().status().leased, 0);
    listener.remove();
    assert!(!listener.is_active());
    engine.connect().unwrap();
}

#[test]
fn a_removed_listener_is_not_called() {
    for (name, add) in events() {
        let (_script, engine) = scripted();
        let calls = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&calls);
        add(&engine, Box::new(move || count(&counts)));
        program(&engine);
        assert!(calls.load(Ordering::SeqCst) > 0, "{name}");
    }
    let (_script, engine) = scripted();
    let listener = engine.on_begin(|_| std::panic::panic_any("removed"));
    listener.clone().remove();
    program(&engine);
    assert!(!listener.is_active());
}

#[test]
fn eight_threads_add_and_remove_listeners() {
    let script = Script::new();
    let engine = builder(&script, Dialect::POSTGRESQL)
        .pool_size(4)
        .pool_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..25 {
                    let counts = Arc::clone(&calls);
                    let listener = engine.on_begin(move |_| count(&counts));
                    program(&engine);
                    if round % 5 != 0 {
                        listener.remove();
                    }
                }
            });
        }
    });
    calls.store(0, Ordering::SeqCst);
    drop(engine.begin().unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 8 * 5);
}
