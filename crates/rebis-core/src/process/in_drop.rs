//! What a `Drop` may run of the program's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// Runs what a `Drop` does where listeners are called in it. A panic of theirs goes on as any other, but in the middle of another
/// panic, where it would abort the process, it is swallowed.
pub fn in_drop(run: impl FnOnce()) {
    if !thread::panicking() {
        return run();
    }
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        tracing::error!(target: "rebis::pool", "a listener panicked while another panic was under way");
    }
}
