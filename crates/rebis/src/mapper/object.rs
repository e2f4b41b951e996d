//! The place where an object of a session lives: its data in one cell, and what the session notes of it.

use std::any::Any;
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::panic::Location;
use std::rc::Rc;

use rebis_core::Value;

use super::{Mapper, Record};
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

/// What the session notes of an object.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "the session's own; an instance is shown")]
pub struct Head {
    pub(crate) id: u64,
    pub(crate) mapper: &'static Mapper,
    pub(crate) state: Cell<State>,
    pub(crate) expiry: Cell<Expiry>,
    /// Whether it is deleted at the next flush, or, of a detached one, was deleted.
    pub(crate) doomed: Cell<bool>,
    /// By which it is in the identity map.
    pub(crate) key: RefCell<Option<Key>>,
    /// One for each relation, as soon as one is looked at.
    pub(crate) links: RefCell<Vec<Links>>,
    /// The columns at the last flush, kept at the first change since.
    pub(crate) base: RefCell<Option<Rc<dyn Record>>>,
    pub(crate) undo: RefCell<Vec<Undo>>,
    /// What the query that loaded it said of its relations.
    pub(crate) options: RefCell<Option<Rc<LoadOptions>>>,
    /// Where `write` was called last, for the message of a clash.
    pub(crate) writer: Cell<Option<&'static Location<'static>>>,
    pub(crate) reader: Cell<Option<&'static Location<'static>>>,
}

/// Whether the columns have to be read again before they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// They are good until this number of ends of transactions is passed.
    ReadIn(u32),
    /// They have to be read.
    Expired,
}

/// The objects on the other side of one relation, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// All of them; `None` until they are loaded.
    pub(crate) loaded: Option<Vec<u64>>,
    /// Those at the last flush, once something has changed.
    pub(crate) before: Option<Vec<u64>>,
    /// Put in while the others are not loaded.
    pub(crate) added: Vec<u64>,
    /// Taken out while the others are not loaded.
    pub(crate) removed: Vec<u64>,
    /// Taken out by the program since the last flush, whether or not they were there at that time.
    pub(crate) left: Vec<u64>,
}

impl Links {
    /// Whether something has changed since the last flush.
    pub(crate) fn is_changed(&self) -> bool {
        self.before.is_some() || !self.added.is_empty() || !self.removed.is_empty()
    }

    /// All that are named here, now or as they were.
    pub(crate) fn all(&self) -> impl Iterator<Item = &u64> {
        let now = self.loaded.iter().flatten().chain(&self.added);
        now.chain(self.before.iter().flatten()).chain(&self.removed).chain(&self.left)
    }
}

/// How an object was when a transaction or a savepoint first changed it.
pub(crate) struct Undo {
    /// Of the transaction, 0, or the savepoint.
    pub(crate) level: u32,
    /// The columns, if they were changed.
    pub(crate) record: Option<Rc<dyn Record>>,
    /// Of an object that was new: what a flush has put other values in place of, the earliest first. It saves the copy of all columns.
    pub(crate) written: Vec<(usize, Value)>,
    pub(crate) base: Option<Rc<dyn Record>>,
    pub(crate) links: Vec<Links>,
    pub(crate) state: State,
    pub(crate) expiry: Expiry,
    pub(crate) doomed: bool,
    pub(crate) key: Option<Key>,
}

impl Head {
    pub(crate) fn new(id: u64, mapper: &'static Mapper, state: State, expiry: Expiry) -> Self {
        Head {
            id,
            mapper,
            state: Cell::new(state),
            expiry: Cell::new(expiry),
            doomed: Cell::new(false),
            key: RefCell::new(None),
            links: RefCell::new(Vec::new()),
            base: RefCell::new(None),
            undo: RefCell::new(Vec::new()),
            options: RefCell::new(None),
            writer: Cell::new(None),
            reader: Cell::new(None),
        }
    }
}
