//! A value that only the process that made it drops.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use super::generation::{Generation, generation};

/// A value with the generation it was made in. In any other process its drop does nothing: what it holds, locks and
/// descriptors among it, belongs to the parent.
pub(crate) struct Owned<T> {
    generation: Generation,
    value: ManuallyDrop<T>,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Owned { generation: generation(), value: ManuallyDrop::new(value) }
    }

    /// Whether another process made it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.generation != generation()
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_inherited() {
            // SAFETY: this is the value's only drop, and nothing can reach it afterwards.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_inherited() { f.write_str("Inherited") } else { self.value.fmt(f) }
    }
}

/// [`Owned`] in a box: one word, which travels in a register where two would lie in memory.
pub(crate) struct OwnedBox<T>(ManuallyDrop<Box<Stamped<T>>>);

struct Stamped<T> {
    generation: Generation,
    value: T,
}

impl<T> OwnedBox<T> {
    pub(crate) fn new(value: T) -> Self {
        OwnedBox(ManuallyDrop::new(Box::new(Stamped { generation: generation(), value })))
    }

    /// Whether another process made it.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.0.generation != generation()
    }
}

impl<T> Deref for OwnedBox<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> DerefMut for OwnedBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}

impl<T> Drop for OwnedBox<T> {
    fn drop(&mut self) {
        if !self.is_inherited() {
            // SAFETY: this is the value's only drop, and nothing can reach it afterwards.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}
