//! The objects of one mapper by their primary keys.

use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::HashTable;

use super::numbers::Keyed;
use super::pages::Pages;
use crate::mapper::Object;
use crate::model::Key;

/// For each key the number of its object. The key itself stands in the object alone, and its hash here: so a table that grows
/// looks at no object, and a row that is new costs one hash.
#[derive(Debug, Default)]
pub(super) struct KeyMap {
    places: HashTable<Place>,
    secret: Keyed,
}

#[derive(Debug)]
struct Place {
    hash: u64,
    number: u64,
}

impl KeyMap {
    pub(super) fn hash(&self, key: &Key) -> u64 {
        match key {
            // Most are: without the kind of the key it is half of the work. Others are told apart by comparing them.
            Key::Integer(number) => self.secret.hash_one(number),
            key => self.secret.hash_one(key),
        }
    }

    /// The object with this key and its hash.
    pub(super) fn find<'o>(
        &self,
        key: &Key,
        hash: u64,
        objects: &'o Pages<Rc<Object>>,
    ) -> Option<&'o Rc<Object>> {
        let place = self.places.find(hash, |place| place.has(key, hash, objects))?;
        objects.get(place.number)
    }

    /// Notes an object by its key, in place of another one with the same.
    pub(super) fn insert(&mut self, key: &Key, number: u64, objects: &Pages<Rc<Object>>) {
        let hash = self.hash(key);
        match self.places.find_mut(hash, |place| place.has(key, hash, objects)) {
            Some(place) => place.number = number,
            None => self.insert_new(hash, number),
        }
    }

    /// The same, where no object has the key with this hash.
    pub(super) fn insert_new(&mut self, hash: u64, number: u64) {
        self.places.insert_unique(hash, Place { hash, number }, |place| place.hash);
    }

    /// The object is not found by this key any more.
    pub(super) fn remove(&mut self, key: &Key, number: u64) {
        if let Ok(place) = self.places.find_entry(self.hash(key), |place| place.number == number) {
            place.remove();
        }
    }

    /// The same, by whatever key.
    pub(super) fn forget(&mut self, number: u64) {
        self.places.retain(|place| place.number != number);
    }

    /// Makes room for that many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.places.reserve(more, |place| place.hash);
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.places.iter().map(|place| place.number)
    }
}

impl Place {
    fn has(&self, key: &Key, hash: u64, objects: &Pages<Rc<Object>>) -> bool {
        self.hash == hash && objects.get(self.number).is_some_and(|object| object.head.has_key(key))
    }
}
