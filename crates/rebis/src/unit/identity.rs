//! The identity map: for each row of the database at most one object.

use std::collections::BTreeMap;
use std::rc::Rc;

use rebis_core::Result;

use super::keys::KeyMap;
use super::{Kind, Unit};
use crate::mapper::{Expiry, Head, Mapper, Object, State};
use crate::model::Key;

/// What a row's key leads to.
pub(crate) enum Claim {
    Known(Rc<Object>),
    New(Head),
}

impl Unit {
    /// The object of a row, when the session has it.
    pub(crate) fn find(&self, mapper: &Mapper, key: &Key) -> Option<Rc<Object>> {
        let identity = self.identity.borrow();
        let keys = identity.get(&mapper.number())?;
        keys.find(key, keys.hash(key), &self.objects.borrow()).map(Rc::clone)
    }

    /// Some object of this mapper, when the session has one.
    pub(crate) fn some_of(&self, mapper: &Mapper) -> Option<Rc<Object>> {
        let id = self.identity.borrow().get(&mapper.number())?.numbers().next()?;
        self.object(id)
    }

    /// The objects of this mapper that have a key, in the order in which they came.
    pub(crate) fn all_of(&self, mapper: &Mapper) -> Vec<Rc<Object>> {
        let identity = self.identity.borrow();
        let mut ids: Vec<u64> =
            identity.get(&mapper.number()).into_iter().flat_map(KeyMap::numbers).collect();
        ids.sort_unstable();
        self.objects(&ids)
    }

    /// The mappers of its objects that have a key.
    pub(crate) fn mappers_in_database(&self) -> Vec<&'static Mapper> {
        let objects = self.objects.borrow();
        let identity = self.identity.borrow();
        let some = identity.values().filter_map(|keys| objects.get(keys.numbers().next()?));
        let mut mappers: Vec<&'static Mapper> = some.map(|object| object.head.mapper).collect();
        mappers.sort_unstable_by_key(|mapper| mapper.number());
        mappers
    }

    /// The mappers of its objects.
    pub(crate) fn mappers(&self) -> Vec<&'static Mapper> {
        let objects = self.objects.borrow();
        let mappers: BTreeMap<u32, &'static Mapper> =
            objects.values().map(|object| (object.head.mapper.number(), object.head.mapper)).collect();
        mappers.into_values().collect()
    }

    /// The object of a row, or the head of a new one, which has the key from now on: it is read next, and [entered](Unit::enter).
    pub(crate) fn claim(&self, mapper: &'static Mapper, key: Key) -> Claim {
        let mut identity = self.identity.borrow_mut();
        let keys = identity.entry(mapper.number()).or_default();
        let hash = keys.hash(&key);
        if let Some(object) = keys.find(&key, hash, &self.objects.borrow()) {
            return Claim::Known(Rc::clone(object));
        }
        let head = self.head(mapper, State::Persistent);
        keys.insert_new(hash, head.id);
        head.set_key(Some(key));
        Claim::New(head)
    }

    /// The row of a claimed key could not be read.
    pub(crate) fn disclaim(&self, mapper: &Mapper, id: u64) {
        if let Some(keys) = self.identity.borrow_mut().get_mut(&mapper.number()) {
            keys.forget(id);
        }
    }

    /// Takes in an object that was read for a claimed key: nothing is noted of its number yet that would have to be looked for.
    pub(crate) fn enter(&self, object: &Rc<Object>) {
        self.note_late(&object.head);
        self.note_loaded(Kind::Load, object);
        self.objects.borrow_mut().insert(object.head.id, Rc::clone(object));
    }

    /// Takes in an object that was read.
    pub(crate) fn adopt(&self, object: Rc<Object>, key: Key) -> Rc<Object> {
        object.head.state.set(State::Persistent);
        self.remember_key(&object.head, Some(key));
        self.note_read(&object.head);
        self.note_loaded(Kind::Load, &object);
        self.place(object)
    }

    /// Takes in an object again that had left: what has changed of it counts.
    ///
    /// # Errors
    /// [`Conflict`](rebis_core::ErrorKind::Conflict) when it is borrowed.
    pub(crate) fn take_back(&self, object: &Rc<Object>, key: Key) -> Result<()> {
        self.place(Rc::clone(object));
        // Those on the other side may have left as well.
        self.forget_relations(&object.head);
        self.set_state(&object.head, State::Persistent);
        self.adopt(Rc::clone(object), key);
        if object.head.base().is_some() {
            self.touch(object)?;
        }
        Ok(())
    }

    /// Notes that the columns of an object are as the database has them now.
    pub(crate) fn note_read(&self, head: &Head) {
        if self.is_expired(head) {
            // What was loaded of its relations is as old.
            self.forget_relations(head);
        }
        head.expiry.set(Expiry::ReadIn(self.ends.get()));
        self.forget_parts(head);
        self.note_late(head);
    }

    /// What is read once the transaction has written may be gone after a rollback.
    fn note_late(&self, head: &Head) {
        if self.wrote.get() {
            self.read_late.borrow_mut().push((self.level.get(), head.id));
        }
    }

    /// Whether the columns have to be read before they are shown.
    pub(crate) fn is_expired(&self, head: &Head) -> bool {
        match head.expiry.get() {
            Expiry::Expired => true,
            Expiry::ReadIn(ends) => ends != self.ends.get() && head.state.get() == State::Persistent,
        }
    }

    /// Makes room for that many more keys.
    pub(crate) fn expect_keys(&self, mapper: &Mapper, more: usize) {
        self.identity.borrow_mut().entry(mapper.number()).or_default().reserve(more);
    }

    /// Makes this the key by which the object is found.
    pub(crate) fn remember_key(&self, head: &Head, key: Option<Key>) {
        self.forget_key(head);
        if let Some(key) = &key {
            let mut identity = self.identity.borrow_mut();
            identity.entry(head.mapper.number()).or_default().insert(key, head.id, &self.objects.borrow());
        }
        head.set_key(key);
    }

    /// The object is not found by its key any more; another one may have it already.
    pub(crate) fn forget_key(&self, head: &Head) {
        if let Some(key) = head.take_key() {
            let mut identity = self.identity.borrow_mut();
            if let Some(keys) = identity.get_mut(&head.mapper.number()) {
                keys.remove(&key, head.id);
            }
        }
    }
}
