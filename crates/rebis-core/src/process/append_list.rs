//! A list that only grows and is read without a lock: what listeners are kept in.
//!
//! Listeners are called on every path, also in a child whose parent was registering one on another thread. So there is no
//! lock to inherit: a new entry is one compare-and-swap at the end of a chain, and a removed one is only marked.

use std::fmt;
use std::ptr;
use std::sync::Arc;

use super::sync::{AtomicBool, AtomicPtr, Ordering};

/// Values in the order in which they were pushed.
pub struct AppendList<T: Send + Sync> {
    first: AtomicPtr<Node<T>>,
}

struct Node<T> {
    value: T,
    removed: Arc<AtomicBool>,
    next: AtomicPtr<Node<T>>,
}

impl<T: Send + Sync> AppendList<T> {
    /// An empty list.
    pub fn new() -> Self {
        AppendList { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Adds a value at the end; storing true in what it returns makes the list pass over it from then on.
    pub fn push(&self, value: T) -> Arc<AtomicBool> {
        let removed = Arc::new(AtomicBool::new(false));
        let node = Node { value, removed: Arc::clone(&removed), next: AtomicPtr::new(ptr::null_mut()) };
        let node = Box::into_raw(Box::new(node));
        let mut link = &self.first;
        // Release: whoever finds the node finds it whole. The loser of a race goes on from the winner's node.
        while let Err(taken) =
            link.compare_exchange(ptr::null_mut(), node, Ordering::AcqRel, Ordering::Acquire)
        {
            // SAFETY: a node in the chain is freed only by our drop, never while `self` is borrowed.
            link = unsafe { &(*taken).next };
        }
        removed
    }

    /// The values that are not removed.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let mut link = &self.first;
        std::iter::from_fn(move || {
            loop {
                // SAFETY: null or a node in the chain, freed only by our drop, never while `self` is borrowed.
                let node = unsafe { link.load(Ordering::Acquire).as_ref() }?;
                link = &node.next;
                if !node.removed.load(Ordering::Relaxed) {
                    return Some(&node.value);
                }
            }
        })
    }

    /// Whether nothing was ever pushed, at the price of one load.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.load(Ordering::Acquire).is_null()
    }
}

impl<T: Send + Sync> Default for AppendList<T> {
    fn default() -> Self {
        AppendList::new()
    }
}

impl<T: Send + Sync> Drop for AppendList<T> {
    fn drop(&mut self) {
        let mut next = self.first.load(Ordering::Acquire);
        while !next.is_null() {
            // SAFETY: nobody borrows the list any more, and each node of the chain came from a box and is visited once.
            let node = unsafe { Box::from_raw(next) };
            next = node.next.load(Ordering::Acquire);
        }
    }
}

impl<T: Send + Sync> fmt::Debug for AppendList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppendList({})", self.iter().count())
    }
}
