//! The place where an object of a session lives: its data in one cell, and what the session notes of it.

use std::any::Any;
use std::cell::{Cell, OnceCell, Ref, RefCell, RefMut};
use std::cmp::Ordering;
use std::num::NonZeroU32;
use std::panic::Location;
use std::rc::Rc;

use super::{Few, Ids, Mapper, Record};
use crate::model::{Key, LoadOptions};

/// An object of a session. The struct is the truth for the columns; relations are the session's.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "the session's own; an instance is shown")]
pub struct Object<D: ?Sized = dyn Slot> {
    pub(crate) head: Head,
    pub(crate) data: D,
}

/// A cell with a record in it, whatever its type.
#[doc(hidden)]
pub trait Slot: Any {
    fn get(&self) -> Option<Ref<'_, dyn Record>>;
    fn get_mut(&self) -> Option<RefMut<'_, dyn Record>>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Record> Slot for RefCell<T> {
    fn get(&self) -> Option<Ref<'_, dyn Record>> {
        self.try_borrow().ok().map(|guard| Ref::map(guard, |record| record as &dyn Record))
    }

    fn get_mut(&self) -> Option<RefMut<'_, dyn Record>> {
        self.try_borrow_mut().ok().map(|guard| RefMut::map(guard, |record| record as &mut dyn Record))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How an object stands to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In no session, and never in the database: it was rolled back or expunged before it was inserted.
    Transient,
    /// To be inserted at the next flush.
    Pending,
    /// In the session and in the database.
    Persistent,
    /// Its row was deleted in the transaction that is under way.
    Deleted,
    /// In no session any more.
    Detached,
}

/// What the session knows of an object. There is one for each row that is read: it is small, and [`Notes`] has what most objects
/// that are only looked at never need. Small things lie side by side: with 64 bytes here most objects are one size of the allocator less.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "the session's own; an instance is shown")]
pub struct Head {
    pub(crate) id: u64,
    pub(crate) mapper: &'static Mapper,
    pub(crate) state: Cell<State>,
    /// Whether it is deleted at the next flush, or, of a detached one, was deleted.
    pub(crate) doomed: Cell<bool>,
    /// Whether [`Notes`] may have something for a rollback: a commit looks at most new objects here alone.
    has_undo: Cell<bool>,
    /// The level at which it came as a new one, in the transaction that is under way; else [`NOT_NEW`], also inside more
    /// savepoints than are counted here.
    born: Cell<u8>,
    pub(crate) expiry: Cell<Expiry>,
    /// By which it is in the identity map.
    key: Cell<Option<Key>>,
    notes: OnceCell<Box<Notes>>,
    /// Where the last guard was made, for the message of a clash.
    pub(crate) guarded: Cell<Option<&'static Location<'static>>>,
}

/// What the session notes of an object that was changed, or whose relations were looked at.
#[derive(Default)]
pub(crate) struct Notes {
    /// One for each relation, as soon as one is looked at.
    pub(crate) links: RefCell<Few<Links>>,
    /// The columns at the last flush, kept at the first change since.
    pub(crate) base: RefCell<Option<Rc<dyn Record>>>,
    undo: RefCell<Vec<Undo>>,
    /// What the query that loaded it said of its relations.
    pub(crate) options: RefCell<Option<Rc<LoadOptions>>>,
}

/// Whether the columns have to be read again before they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// They are good until this number of ends of transactions is passed.
    ReadIn(NonZeroU32),
    /// They have to be read.
    Expired,
}

/// The objects on the other side of one relation, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// All of them; `None` until they are loaded.
    pub(crate) loaded: Option<Ids>,
    /// Those at the last flush, once something has changed.
    pub(crate) before: Option<Ids>,
    moved: Option<Box<Moved>>,
}

/// What few relations have to say, since the last flush.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moved {
    /// Put in while the others are not loaded.
    pub(crate) added: Vec<u64>,
    /// Taken out while the others are not loaded.
    pub(crate) removed: Vec<u64>,
    /// Taken out by the program, whether or not they were there at that time.
    pub(crate) left: Vec<u64>,
}

impl Links {
    /// Put in while the others are not loaded.
    pub(crate) fn added(&self) -> &[u64] {
        self.moved.as_ref().map_or(&[], |moved| &moved.added)
    }

    /// Taken out while the others are not loaded.
    pub(crate) fn removed(&self) -> &[u64] {
        self.moved.as_ref().map_or(&[], |moved| &moved.removed)
    }

    /// Taken out by the program since the last flush, whether or not they were there at that time.
    pub(crate) fn left(&self) -> &[u64] {
        self.moved.as_ref().map_or(&[], |moved| &moved.left)
    }

    /// To add to it.
    pub(crate) fn moved(&mut self) -> &mut Moved {
        self.moved.get_or_insert_default()
    }

    /// Takes one out of those that have left.
    pub(crate) fn returns(&mut self, id: u64) {
        if let Some(moved) = &mut self.moved {
            moved.left.retain(|known| *known != id);
        }
    }

    /// After a flush: what is in memory is what the database has.
    pub(crate) fn flushed(&mut self) {
        self.before = None;
        self.moved = None;
    }

    /// Whether something has changed since the last flush.
    pub(crate) fn is_changed(&self) -> bool {
        self.before.is_some() || !self.added().is_empty() || !self.removed().is_empty()
    }

    /// Those that are there.
    pub(crate) fn known(&self) -> &[u64] {
        self.loaded.as_deref().unwrap_or_default()
    }

    /// Those that were there at the last flush, where something has changed.
    pub(crate) fn known_before(&self) -> &[u64] {
        self.before.as_deref().unwrap_or_default()
    }

    /// Those that are there now, as far as the session knows.
    pub(crate) fn now(&self) -> impl Iterator<Item = &u64> {
        self.known().iter().chain(self.added())
    }

    /// All that are named here, now or as they were.
    pub(crate) fn all(&self) -> impl Iterator<Item = &u64> {
        self.now().chain(self.known_before()).chain(self.removed()).chain(self.left())
    }
}

/// The level of what did not come as new in the transaction that is under way.
const NOT_NEW: u8 = u8::MAX;

/// How an object was when a transaction or a savepoint first changed it.
pub(crate) struct Undo {
    /// Of the transaction, 0, or the savepoint.
    pub(crate) level: u32,
    /// The columns, if they were changed.
    pub(crate) record: Option<Rc<dyn Record>>,
    pub(crate) base: Option<Rc<dyn Record>>,
    pub(crate) links: Few<Links>,
    pub(crate) state: State,
    pub(crate) expiry: Expiry,
    pub(crate) doomed: bool,
    pub(crate) key: Option<Key>,
}

impl Undo {
    /// How an object was that came as new.
    pub(crate) fn of_new(level: u32, record: Option<Rc<dyn Record>>) -> Undo {
        Undo {
            level,
            record,
            base: None,
            links: Few::default(),
            state: State::Transient,
            expiry: Expiry::Expired,
            doomed: false,
            key: None,
        }
    }
}

impl Head {
    pub(crate) fn new(id: u64, mapper: &'static Mapper, state: State, expiry: Expiry) -> Self {
        Head {
            id,
            mapper,
            state: Cell::new(state),
            doomed: Cell::new(false),
            has_undo: Cell::new(false),
            born: Cell::new(NOT_NEW),
            expiry: Cell::new(expiry),
            key: Cell::new(None),
            notes: OnceCell::new(),
            guarded: Cell::new(None),
        }
    }

    /// Shows the key by which it is in the identity map.
    pub(crate) fn with_key<T>(&self, show: impl FnOnce(Option<&Key>) -> T) -> T {
        let key = self.key.take();
        let shown = show(key.as_ref());
        self.key.set(key);
        shown
    }

    /// A copy of it.
    pub(crate) fn key(&self) -> Option<Key> {
        self.with_key(|key| Some(key?.clone()))
    }

    /// It, where it is a number.
    pub(crate) fn number(&self) -> Option<i64> {
        self.with_key(|key| match key {
            Some(Key::Integer(number)) => Some(*number),
            _ => None,
        })
    }

    pub(crate) fn has_key(&self, key: &Key) -> bool {
        self.with_key(|own| own == Some(key))
    }

    pub(crate) fn set_key(&self, key: Option<Key>) {
        self.key.set(key);
    }

    pub(crate) fn take_key(&self) -> Option<Key> {
        self.key.take()
    }

    /// By their keys; those of one key, and those without, as they came.
    pub(crate) fn by_key(&self, other: &Head) -> Ordering {
        let by_id = self.id.cmp(&other.id);
        if by_id.is_eq() {
            return by_id;
        }
        self.with_key(|key| other.with_key(|others| key.cmp(&others))).then(by_id)
    }

    /// The level at which it came as a new one, in the transaction that is under way: a rollback makes it new again.
    pub(crate) fn born(&self) -> Option<u32> {
        Some(self.born.get()).filter(|level| *level != NOT_NEW).map(u32::from)
    }

    pub(crate) fn set_born(&self, level: Option<u32>) {
        self.born.set(level.and_then(|level| level.try_into().ok()).unwrap_or(NOT_NEW));
    }

    /// What is noted for a rollback, beside that it came as new; `None` when nothing is.
    pub(crate) fn undo(&self) -> Option<&RefCell<Vec<Undo>>> {
        if self.has_undo.get() { self.noted().map(|notes| &notes.undo) } else { None }
    }

    pub(crate) fn has_undo(&self) -> bool {
        self.undo().is_some_and(|undo| !undo.borrow().is_empty())
    }

    /// The same, to add to it.
    pub(crate) fn undo_to_add(&self) -> &RefCell<Vec<Undo>> {
        self.has_undo.set(true);
        &self.notes().undo
    }

    /// Nothing is to be undone any more.
    pub(crate) fn forget_undo(&self) {
        self.set_born(None);
        if let Some(undo) = self.undo() {
            undo.take();
        }
        self.has_undo.set(false);
    }

    /// What is noted, to add to it.
    pub(crate) fn notes(&self) -> &Notes {
        self.notes.get_or_init(Box::default)
    }

    /// What is noted; `None` when nothing ever was.
    pub(crate) fn noted(&self) -> Option<&Notes> {
        self.notes.get().map(|notes| &**notes)
    }

    /// The columns at the last flush, where they have been kept.
    pub(crate) fn base(&self) -> Option<Ref<'_, Rc<dyn Record>>> {
        Ref::filter_map(self.noted()?.base.borrow(), Option::as_ref).ok()
    }

    /// What is noted of its relations.
    pub(crate) fn links(&self) -> Option<Ref<'_, Few<Links>>> {
        self.noted().map(|notes| notes.links.borrow())
    }

    /// What is noted of one of its relations.
    pub(crate) fn link(&self, relation: usize) -> Option<Ref<'_, Links>> {
        Ref::filter_map(self.links()?, |links| links.get(relation)).ok()
    }

    /// What the query that loaded it said of its relations.
    pub(crate) fn options(&self) -> Option<Rc<LoadOptions>> {
        self.noted()?.options.borrow().clone()
    }

    /// Whether a flush has to look at its relations.
    pub(crate) fn has_changed_links(&self) -> bool {
        self.links().is_some_and(|links| links.iter().any(Links::is_changed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_stays_small() {
        assert_eq!(size_of::<Head>(), 64, "there is one for each row that is read");
    }
}
