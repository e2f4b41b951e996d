//! A value that can be replaced while others read it, without a lock that a child could inherit locked.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value or none, for a `static`. Readers and writers never wait. What is replaced is leaked on purpose, for somebody may be
/// reading it: this is for settings, which change a few times in the life of a program.
///
/// ```
/// use rebis_core::process::Replaceable;
///
/// static LIMIT: Replaceable<u32> = Replaceable::empty();
/// assert_eq!(LIMIT.get(), None);
/// LIMIT.set(7);
/// LIMIT.update(|limit| limit.map_or(1, |limit| limit + 1));
/// assert_eq!(LIMIT.get(), Some(&8));
/// ```
pub struct Replaceable<T: Send + Sync + 'static>(AtomicPtr<T>);

impl<T: Send + Sync> Replaceable<T> {
    /// One without a value.
    pub const fn empty() -> Self {
        Replaceable(AtomicPtr::new(ptr::null_mut()))
    }

    /// One with a value.
    pub fn new(value: T) -> Self {
        Replaceable(AtomicPtr::new(Box::into_raw(Box::new(value))))
    }

    /// The value that is there now; it stays readable when another one takes its place.
    pub fn get(&self) -> Option<&T> {
        // SAFETY: null, or from a box that is freed only by our drop, never while `self` is borrowed, and never written to.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// Puts a value in place of what is there.
    pub fn set(&self, value: T) {
        // Release: whoever finds the pointer finds the value whole.
        self.0.store(Box::into_raw(Box::new(value)), Ordering::Release);
    }

    /// Puts what the closure makes of the value in its place. When another thread is faster, the closure runs again.
    pub fn update(&self, mut change: impl FnMut(Option<&T>) -> T) {
        // Acquire: whoever finds the pointer finds the value whole.
        let mut old = self.0.load(Ordering::Acquire);
        loop {
            // SAFETY: as in `get`.
            let new = Box::into_raw(Box::new(change(unsafe { old.as_ref() })));
            // AcqRel: ours is whole for others, the faster one's for us.
            match self.0.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(faster) => {
                    // SAFETY: it was not published, so it is still ours alone.
                    drop(unsafe { Box::from_raw(new) });
                    old = faster;
                }
            }
        }
    }
}

impl<T: Send + Sync> Default for Replaceable<T> {
    fn default() -> Self {
        Replaceable::empty()
    }
}

impl<T: Send + Sync> Drop for Replaceable<T> {
    fn drop(&mut self) {
        let current = *self.0.get_mut();
        if !current.is_null() {
            // SAFETY: nobody borrows `self` any more, and it came from a box that only this frees.
            drop(unsafe { Box::from_raw(current) });
        }
    }
}

impl<T: Send + Sync + fmt::Debug> fmt::Debug for Replaceable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replaceable").field(&self.get()).finish()
    }
}
