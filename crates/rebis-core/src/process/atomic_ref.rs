//! A shared place for a reference that lives for ever: where a connection was checked out, say.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Holds a `&'static T`, or nothing.
pub(crate) struct AtomicRef<T: 'static>(AtomicPtr<T>);

impl<T> AtomicRef<T> {
    pub(crate) const fn empty() -> Self {
        AtomicRef(AtomicPtr::new(ptr::null_mut()))
    }

    pub(crate) fn set(&self, value: &'static T) {
        // Relaxed: what is behind a `&'static` was there before any thread could be given it.
        self.0.store(ptr::from_ref(value).cast_mut(), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<&'static T> {
        // SAFETY: null, or from a `&'static T`; nobody ever writes through it.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for AtomicRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
