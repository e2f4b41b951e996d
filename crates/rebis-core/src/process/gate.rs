//! The gate round calls into SQLite: many threads inside, or one fork.
//!
//! SQLite has global mutexes. A child born while another thread holds one hangs on its first call, even on another file
//! (41 of 192 children did). So each call passes this gate, and the prepare hook closes it: no fork happens inside a call.
//! Waits for locks on a file happen outside, and a long query opens the gate for a waiting fork from its progress handler.
//! No std lock serves here: a child could not reset it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::generation::{Generation, generation};

/// The number of threads inside; the top bit says that a fork waits or runs.
static STATE: AtomicU32 = AtomicU32::new(0);
const FORKING: u32 = 1 << 31;

/// Where a thread is.
struct Here {
    /// How deep it is inside: a callback of SQLite may call SQLite.
    depth: Cell<u32>,
    /// It holds the gate for a fork.
    holds: Cell<bool>,
}

thread_local! {
    static HERE: Here = const { Here { depth: Cell::new(0), holds: Cell::new(false) } };
}

/// A thread's stay inside; leaving happens on drop.
#[derive(Debug)]
pub(crate) struct Inside {
    generation: Generation,
    /// False on the thread that holds the gate for a fork: another library's atfork hook uses SQLite.
    counted: bool,
}

/// Goes inside, once no fork is under way.
pub(crate) fn enter() -> Inside {
    let generation = generation();
    let counted = HERE.with(|here| {
        if here.holds.get() {
            return false;
        }
        let depth = here.depth.get();
        if depth == 0 {
            come_in();
        }
        here.depth.set(depth + 1);
        true
    });
    Inside { generation, counted }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        let depth = HERE.with(|here| {
            let depth = here.depth.get().saturating_sub(1);
            here.depth.set(depth);
            depth
        });
        // A callback may fork: then the child comes out of a call that it never went into, and the count is fresh.
        if depth == 0 && self.generation == generation() {
            STATE.fetch_sub(1, Ordering::Release);
        }
    }
}

fn come_in() {
    let mut tries = 0_u32;
    loop {
        let state = STATE.load(Ordering::Relaxed);
        if state & FORKING != 0 {
            wait(&mut tries);
        } else if STATE.compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
        {
            return;
        }
    }
}

/// Called inside a long call, at a point where SQLite holds no global mutex: lets a waiting fork happen.
pub(crate) fn let_fork_pass() {
    if STATE.load(Ordering::Relaxed) & FORKING != 0 && HERE.with(|here| here.depth.get()) == 1 {
        STATE.fetch_sub(1, Ordering::Release);
        come_in();
    }
}

/// A fork takes some tens of microseconds up to milliseconds: spin shortly, then sleep.
fn wait(tries: &mut u32) {
    *tries += 1;
    if *tries < 16 {
        std::thread::yield_now();
    } else {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// The prepare hook: closes the gate and waits until nobody is inside. Not had in time, or when this very thread is inside
/// (a callback forks), the fork goes on and the child refuses SQLite.
pub(super) fn hold(patience: Duration) {
    if HERE.with(|here| here.holds.get() || here.depth.get() > 0) {
        return;
    }
    let start = Instant::now();
    let mut tries = 0;
    let mut closed = false;
    loop {
        // One fork at a time has the bit; the others wait for it here.
        closed = closed || STATE.fetch_or(FORKING, Ordering::AcqRel) & FORKING == 0;
        // Acquire: what the threads did inside happened before the fork.
        if closed && STATE.load(Ordering::Acquire) == FORKING {
            HERE.with(|here| here.holds.set(true));
            return;
        }
        if start.elapsed() > patience {
            if closed {
                STATE.fetch_and(!FORKING, Ordering::Release);
            }
            return;
        }
        wait(&mut tries);
    }
}

/// The parent hook.
pub(super) fn release() {
    if HERE.with(|here| here.holds.replace(false)) {
        STATE.fetch_and(!FORKING, Ordering::Release);
    }
}

/// In a child: the gate is open and empty. Returns whether SQLite was whole at the moment of the fork.
pub(super) fn release_in_child() -> bool {
    let held = HERE.with(|here| here.holds.replace(false));
    let inside = STATE.swap(0, Ordering::AcqRel) & !FORKING;
    held || inside == 0
}
