//! A value that is made once and lives for ever: what a child inherits whole, without a lock on its way.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value made at its first use, for a `static`. `LazyLock` has a lock that a child can inherit locked; this has none: two
/// threads may both make it, one is published, the other one dropped.
///
/// ```
/// use rebis_core::process::Published;
///
/// static WORD: Published<String> = Published::new();
/// assert_eq!(WORD.get_or_init(|| "once".to_owned()), "once");
/// assert_eq!(WORD.get_or_init(|| "again".to_owned()), "once");
/// ```
pub struct Published<T: Send + Sync + 'static>(AtomicPtr<T>);

impl<T: Send + Sync> Published<T> {
    /// One without a value.
    pub const fn new() -> Self {
        Published(AtomicPtr::new(ptr::null_mut()))
    }

    /// The value, if there is one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // Acquire: whoever finds the pointer finds the value whole.
        // SAFETY: null, or what was published below, which is never freed and never written to.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The value; `make` runs when there is none yet.
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(value) => value,
            None => self.publish(make()),
        }
    }

    /// Out of the way of those who find a value, and made once for each type.
    #[cold]
    fn publish(&self, value: T) -> &T {
        let made = Box::into_raw(Box::new(value));
        // AcqRel: ours is whole for others, the winner's for us.
        match self.0.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: it is published now, and lives for ever.
            Ok(_) => unsafe { &*made },
            Err(winner) => {
                // SAFETY: it was not published, so it is still ours alone.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: as above.
                unsafe { &*winner }
            }
        }
    }
}

impl<T: Send + Sync> Default for Published<T> {
    fn default() -> Self {
        Published::new()
    }
}

impl<T: Send + Sync> fmt::Debug for Published<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").finish_non_exhaustive()
    }
}
