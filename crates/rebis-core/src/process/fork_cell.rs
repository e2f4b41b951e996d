//! State that every process makes anew: the child gets its own, the parent's is left where it is.

use std::fmt;
use std::ptr;

use super::generation::{Generation, generation};
use super::sync::{AtomicPtr, Ordering};

/// A value per process generation, made at its first use there.
///
/// The value of another generation is leaked on purpose: a mutex in it may be held by a thread that does not exist in
/// this process, so it is never locked, unlocked or dropped here.
pub(crate) struct ForkCell<T: Send + Sync> {
    current: AtomicPtr<Stamped<T>>,
}

struct Stamped<T> {
    generation: Generation,
    value: T,
}

impl<T: Send + Sync> ForkCell<T> {
    pub(crate) fn new() -> Self {
        ForkCell { current: AtomicPtr::new(ptr::null_mut()) }
    }

    /// This process's value; `make` runs when there is none yet, and its value is dropped if another thread was faster.
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let generation = generation();
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: what was published is freed only by our own drop, never while `self` is borrowed.
        match unsafe { current.as_ref() } {
            Some(stamped) if stamped.generation == generation => &stamped.value,
            _ => self.replace(current, Stamped { generation, value: make() }),
        }
    }

    fn replace(&self, old: *mut Stamped<T>, new: Stamped<T>) -> &T {
        let generation = new.generation;
        let new = Box::into_raw(Box::new(new));
        // Compare-and-swap, no lock and no `Once`: a fork in the middle leaves nobody waiting. `old` is leaked.
        match self.current.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: `new` is a live allocation, published and from now on freed only by our drop.
            Ok(_) => unsafe { &(*new).value },
            Err(winner) => {
                // SAFETY: `new` was not published, so it is still ours alone.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: a thread of this process published the winner; only the generation can change it again.
                let winner = unsafe { &*winner };
                debug_assert!(winner.generation == generation, "a cell never goes back a generation");
                &winner.value
            }
        }
    }
}

impl<T: Send + Sync> Drop for ForkCell<T> {
    fn drop(&mut self) {
        let current = self.current.load(Ordering::Acquire);
        // SAFETY: nobody borrows `self` any more; null, or an allocation that `replace` made.
        if let Some(stamped) = unsafe { current.as_ref() }
            && stamped.generation == generation()
        {
            // SAFETY: as above, and no other pointer to it is left.
            drop(unsafe { Box::from_raw(current) });
        }
    }
}

impl<T: Send + Sync + fmt::Debug> fmt::Debug for ForkCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkCell").finish_non_exhaustive()
    }
}
