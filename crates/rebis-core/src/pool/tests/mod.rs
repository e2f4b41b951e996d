//! Pools on the scripted driver. A name that ends in `_a14` is the test of that entry in SQLAlchemy's list of behaviours.

mod disconnect;
mod dispose;
mod events;
mod fairness;
mod kinds;
mod leaks;
mod ledger;
mod nested;
mod panics;
mod recycle;
mod reset;
mod sizing;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::driver::Connection;
use crate::driver::scripted::{Script, ScriptedClock};
use crate::error::{Error, ErrorKind};

type TestLease = Lease<Arc<Lending>>;

#[track_caller]
fn lend(pool: &Arc<Lending>) -> Result<TestLease> {
    Lease::checkout(Arc::clone(pool))
}

fn queue(script: &Script, change: impl FnOnce(&mut PoolOptions)) -> Arc<Lending> {
    listened(script, &Arc::default(), change)
}

fn listened(
    script: &Script,
    listeners: &Arc<PoolListeners>,
    change: impl FnOnce(&mut PoolOptions),
) -> Arc<Lending> {
    let mut options = PoolOptions { timeout: Duration::from_millis(50), ..PoolOptions::default() };
    change(&mut options);
    Arc::new(Lending::new(Arc::new(script.connector()), &options, Arc::clone(listeners)))
}

/// A pool that waits long and opens no more than that many, so that an error that comes soon is not the timeout's.
fn patient(script: &Script, size: usize) -> Arc<Lending> {
    queue(script, |options| be_patient(options, size))
}

fn be_patient(options: &mut PoolOptions, size: usize) {
    options.size = size;
    options.overflow = Some(0);
    options.timeout = Duration::from_secs(60);
}

fn refused() -> Error {
    Error::new(ErrorKind::Connect, "refused")
}

fn lost() -> Error {
    Error::new(ErrorKind::Disconnected, "gone")
}

/// The number of the connection in its script.
fn number(lease: &TestLease) -> u64 {
    lease.connection().and_then(|connection| connection.server().session_id).unwrap()
}

/// The pool hears that this connection was lost, as it does from a statement.
fn report_loss(lease: &mut TestLease) {
    let (_, mut loss, _) = lease.parts().unwrap();
    loss.handle(lost(), "select 1");
}

fn count_calls(script: &Script, end: &str) -> usize {
    script.calls().iter().filter(|call| call.ends_with(end)).count()
}

fn await_waiting(pool: &Lending, count: usize) {
    let start = Instant::now();
    while pool.status().waiting != count {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", pool.status());
        thread::yield_now();
    }
}

/// Listeners to everything, each of which leaves a line among the script's calls.
fn hear_all(script: &Script) -> Arc<PoolListeners> {
    let note = |line: &'static str| {
        let script = script.clone();
        move || script.note(line)
    };
    let listeners = PoolListeners::default();
    let connect = |line| {
        let note = note(line);
        Box::new(move |_: &mut (dyn Connection + 'static), _: &mut ConnectionRecord| {
            note();
            Ok(())
        })
    };
    listeners.connect.push(connect("connect!"));
    listeners.first_connect.push(connect("first_connect!"));
    let heard = note("checkout!");
    listeners.checkout.push(Box::new(move |_, _, _| {
        heard();
        Ok(())
    }));
    let noted = script.clone();
    listeners.checkin.push(Box::new(move |raw, _| {
        noted.note(if raw.is_some() { "checkin!" } else { "checkin without connection!" });
    }));
    let noted = script.clone();
    listeners.reset.push(Box::new(move |_, _, state| {
        let ResetState { transaction_was_reset, terminate_only, .. } = state;
        noted.note(match (transaction_was_reset, terminate_only) {
            (false, false) => "reset!",
            (true, false) => "reset after the engine's!",
            (_, true) => "reset to terminate!",
        });
        Ok(())
    }));
    let heard = note("invalidate!");
    listeners.invalidate.push(Box::new(move |_, _| heard()));
    let heard = note("soft_invalidate!");
    listeners.soft_invalidate.push(Box::new(move |_, _| heard()));
    let heard = note("close!");
    listeners.close.push(Box::new(move |_, _| heard()));
    let heard = note("detach!");
    listeners.detach.push(Box::new(move |_, _| heard()));
    let heard = note("close_detached!");
    listeners.close_detached.push(Box::new(move |_| heard()));
    Arc::new(listeners)
}

/// What was called and heard while the closure ran.
fn during<T>(script: &Script, run: impl FnOnce() -> T) -> (Vec<String>, T) {
    let before = script.calls().len();
    let value = run();
    (script.calls().split_off(before), value)
}
