//! Lists of which most have one thing, or none.

use std::ops::{Deref, DerefMut};

/// A list whose only thing lies in place.
#[derive(Debug, Clone)]
pub(crate) enum Few<T> {
    One(T),
    List(Vec<T>),
}

/// Numbers of objects, in their order.
pub(crate) type Ids = Few<u64>;

impl<T> Few<T> {
    pub(crate) fn push(&mut self, thing: T) {
        *self = match std::mem::take(self) {
            Few::One(only) => {
                let mut list = Vec::with_capacity(4);
                list.extend([only, thing]);
                Few::List(list)
            }
            Few::List(list) if list.capacity() == 0 => Few::One(thing),
            Few::List(mut list) => {
                list.push(thing);
                Few::List(list)
            }
        }
    }

    /// Makes it at least so long.
    pub(crate) fn grow(&mut self, length: usize)
    where
        T: Default,
    {
        if self.len() >= length {
            return;
        }
        *self = match std::mem::take(self) {
            Few::List(list) if list.is_empty() && length == 1 => Few::One(T::default()),
            few => {
                let mut list = Vec::with_capacity(length);
                match few {
                    Few::One(only) => list.push(only),
                    Few::List(known) => list.extend(known),
                }
                list.resize_with(length, T::default);
                Few::List(list)
            }
        }
    }
}

impl Ids {
    /// Takes one out, wherever it is.
    pub(crate) fn remove(&mut self, id: u64) {
        match self {
            Few::One(only) if *only == id => *self = Few::default(),
            Few::One(_) => {}
            Few::List(list) => list.retain(|known| *known != id),
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::List(Vec::new())
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Few::One(only) => std::slice::from_ref(only),
            Few::List(list) => list,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Few::One(only) => std::slice::from_mut(only),
            Few::List(list) => list,
        }
    }
}

impl From<Vec<u64>> for Ids {
    fn from(list: Vec<u64>) -> Self {
        match list.as_slice() {
            [only] => Few::One(*only),
            _ => Few::List(list),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_a_list() {
        let (mut ids, mut known) = (Ids::default(), Vec::new());
        for id in [7, 8, 7, 9, 10] {
            ids.push(id);
            known.push(id);
            assert_eq!(*ids, known);
        }
        for id in [8, 7, 1, 10, 9, 9] {
            ids.remove(id);
            known.retain(|other| *other != id);
            assert_eq!(*ids, known);
        }
        ids = Ids::from(vec![5]);
        ids.remove(6);
        assert_eq!(*ids, [5]);
        ids.remove(5);
        assert!(ids.is_empty());
    }

    #[test]
    fn they_grow_and_keep_what_they_have() {
        for first in 0..4 {
            for second in 0..4 {
                let mut ids = Ids::default();
                ids.grow(first);
                ids.iter_mut().for_each(|id| *id = 7);
                ids.grow(second);
                let mut known = vec![7; first];
                known.resize(first.max(second), 0);
                assert_eq!(*ids, known);
            }
        }
    }
}
