//! The hooks round `fork`: hold what a child must find whole, and let the child close what it must not keep.
//!
//! Correctness never hangs on them (raw `clone` skips them); they make a child prompt: a parent that is killed must not
//! leave server sessions alive because an idle child still holds copies of its sockets.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::time::Duration;

use super::generation::{self, Generation};
use super::{gate, registry};

/// How long `fork` waits for a socket that is just being made or closed, and for a call into SQLite to end.
const PATIENCE: Duration = Duration::from_secs(2);

static CLAIMED: AtomicU64 = AtomicU64::new(0);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Registers the hooks once per family of processes. A fork between the claim and the registration, by another thread,
/// leaves a child without hooks: it claims again, which may register them twice; so the hooks bear being called twice.
pub(super) fn install() {
    // The pid only tells a claim of this process from an inherited one; the wiped page does not exist yet.
    let me = u64::from(std::process::id());
    let claimed = CLAIMED.load(Ordering::Acquire);
    if INSTALLED.load(Ordering::Acquire) || claimed == me {
        return;
    }
    if CLAIMED.compare_exchange(claimed, me, Ordering::AcqRel, Ordering::Acquire).is_err() {
        return;
    }
    // SAFETY: the hooks are plain functions for the life of the process (a library that holds them is not unloaded:
    // glibc drops a library's hooks with it).
    unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    INSTALLED.store(true, Ordering::Release);
}

extern "C" fn prepare() {
    // A child of a raw clone may fork before it ever looked: its locks may be its parent's.
    generation::look();
    registry::hold(PATIENCE);
    gate::hold(PATIENCE);
}

extern "C" fn parent() {
    gate::release();
    registry::release();
}

extern "C" fn child() {
    generation::reset_in_child();
    generation::look();
}

/// What runs once in every new process, before anybody there sees the new generation: called by the hook, or by the
/// first look where no hook ran. Only atomics, `fstat` and `close`, and SQLite's `xClose` when its gate was held.
pub(super) fn entered_new_process(generation: Generation) {
    registry::release_in_child();
    registry::close_inherited(generation);
    let safe = gate::release_in_child();
    let abandon = ABANDON.load(Ordering::Acquire);
    if !abandon.is_null() {
        // SAFETY: only `on_new_process` stores here, and it stores an `Abandon`.
        let abandon = unsafe { std::mem::transmute::<*mut (), Abandon>(abandon) };
        abandon(safe);
    }
}

/// What a driver does with handles that were inherited. `safe` is false when another thread may have been inside the
/// library at the moment of the fork, so that nothing of it may be called.
pub(crate) type Abandon = fn(safe: bool);

static ABANDON: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Registers what SQLite's driver does in a new process. One slot: SQLite is the only library that needs one.
pub(crate) fn on_new_process(abandon: Abandon) {
    ABANDON.store(abandon as *mut (), Ordering::Release);
}
