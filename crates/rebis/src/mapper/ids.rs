//! Lists of objects' numbers, most of which have one or none.

use std::ops::Deref;

/// Numbers of objects, in their order. A single one lies in place.
#[derive(Debug, Clone)]
pub(crate) enum Ids {
    One(u64),
    List(Vec<u64>),
}

impl Ids {
    pub(crate) fn push(&mut self, id: u64) {
        match self {
            Ids::One(only) => {
                let mut list = Vec::with_capacity(4);
                list.extend([*only, id]);
                *self = Ids::List(list);
            }
            Ids::List(list) if list.capacity() == 0 => *self = Ids::One(id),
            Ids::List(list) => list.push(id),
        }
    }

    /// Takes one out, wherever it is.
    pub(crate) fn remove(&mut self, id: u64) {
        match self {
            Ids::One(only) if *only == id => *self = Ids::default(),
            Ids::One(_) => {}
            Ids::List(list) => list.retain(|known| *known != id),
        }
    }
}

impl Default for Ids {
    fn default() -> Self {
        Ids::List(Vec::new())
    }
}

impl Deref for Ids {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Ids::One(only) => std::slice::from_ref(only),
            Ids::List(list) => list,
        }
    }
}

impl From<Vec<u64>> for Ids {
    fn from(list: Vec<u64>) -> Self {
        match list.as_slice() {
            [only] => Ids::One(*only),
            _ => Ids::List(list),
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
        assert_eq!((*ids).len(), 1);
        ids.remove(5);
        assert!(ids.is_empty());
    }
}
