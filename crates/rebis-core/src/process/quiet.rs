//! Work at the end of a thread, when its locals are being destroyed.
//!
//! A log subscriber or a listener may use a thread-local that is gone by then. That panics, and a panic in the destructor of a
//! thread-local aborts the process. So what a scoped session does there says nothing to anybody.

use std::cell::Cell;

thread_local! {
    // It has no destructor, so it can be asked to the last.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a closure in which nothing is logged.
pub(crate) fn quietly<T>(run: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }
    let _before = Before(QUIET.replace(true));
    run()
}

/// Whether nothing may be logged now.
pub(crate) fn is_quiet() -> bool {
    QUIET.get()
}
