//! A collection by the values of a column.

use std::fmt;

use rebis_core::sql::Column;
use rebis_core::{FromValue, Result, Value};

use super::instance::{Instance, mismatched};
use super::related::{Child, Collection};
use crate::mapper::Record;

/// A collection by the values of a column, as a map: made by [`Collection::keyed`]. It is a view: what is put in and taken out is the
/// collection's, and keys are what the objects' columns are now. Where two objects have one key, the last one has it.
///
/// ```
/// use rebis::prelude::*;
///
/// #[derive(Clone, Default, Model)]
/// struct Item {
///     #[rebis(primary_key)]
///     id: i64,
///     #[rebis(relationship(back_populates = "item", cascade = "all, delete-orphan"))]
///     notes: Many<Note>,
/// }
///
/// #[derive(Clone, Default, Model)]
/// struct Note {
///     #[rebis(primary_key)]
///     id: i64,
///     keyword: String,
///     text: String,
///     #[rebis(foreign_key = Item::id)]
///     item_id: Option<i64>,
///     #[rebis(relationship(back_populates = "notes"))]
///     item: One<Item>,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<(Item, Note)>(&engine)?;
/// let session = Session::new(&engine);
/// let note = |keyword: &str, text: &str| Note { keyword: keyword.into(), text: text.into(), ..Note::default() };
/// let item = session.add(Item { notes: [note("a", "first"), note("b", "other")].into(), ..Item::default() })?;
/// session.commit()?;
///
/// let notes = item.related(Item::notes)?.keyed(Note::keyword);
/// assert_eq!(notes.get("a")?.expect("a note").get(Note::text)?, "first");
/// notes.insert(note("a", "second"))?; // in the place of the first one, which is an orphan now
/// session.commit()?;
/// assert_eq!(session.query::<Note>().count()?, 2);
/// # Ok::<(), rebis::Error>(())
/// ```
pub struct Keyed<U, V> {
    collection: Collection<U>,
    column: Column<U, V>,
}

impl<U: Record, V> Keyed<U, V> {
    pub(super) fn new(collection: Collection<U>, column: Column<U, V>) -> Self {
        Keyed { collection, column }
    }

    /// The collection.
    pub fn collection(&self) -> &Collection<U> {
        &self.collection
    }

    #[track_caller]
    fn find(&self, key: &Value) -> Result<Option<Instance<U>>> {
        for instance in self.collection.loaded_instances()?.into_iter().rev() {
            if instance.column(self.column.name())? == *key {
                return Ok(Some(instance));
            }
        }
        Ok(None)
    }

    /// The object with this key.
    ///
    /// # Errors
    /// As [`Instance::read`], for each of the objects.
    #[track_caller]
    pub fn get(&self, key: impl Into<Value>) -> Result<Option<Instance<U>>> {
        self.find(&key.into())
    }

    /// Whether there is an object with this key.
    ///
    /// # Errors
    /// As [`get`](Keyed::get).
    #[track_caller]
    pub fn contains_key(&self, key: impl Into<Value>) -> Result<bool> {
        Ok(self.get(key)?.is_some())
    }

    /// Puts an object in by its key, in the place of the one that has the key there. That one is an orphan then, where the relation
    /// owns its objects.
    ///
    /// # Errors
    /// As [`get`](Keyed::get) and [`Collection::push`].
    #[track_caller]
    pub fn insert(&self, child: impl Into<Child<U>>) -> Result<Instance<U>> {
        let child = child.into();
        let (key, same) = match &child {
            Child::Value(value) => (value.read(value.mapper().position(self.column.name())?), None),
            Child::Instance(instance) => (instance.column(self.column.name())?, Some(instance)),
        };
        if let Some(old) = self.find(&key)?
            && same != Some(&old)
        {
            self.collection.remove(&old)?;
        }
        self.collection.push(child)
    }

    /// Takes the object with this key out.
    ///
    /// # Errors
    /// As [`get`](Keyed::get) and [`Collection::remove`].
    pub fn remove(&self, key: impl Into<Value>) -> Result<Option<Instance<U>>> {
        let found = self.get(key)?;
        if let Some(instance) = &found {
            self.collection.remove(instance)?;
        }
        Ok(found)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.collection.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.collection.is_empty()
    }
}

impl<U: Record, V: FromValue> Keyed<U, V> {
    /// The keys and their objects, in the order of the collection.
    ///
    /// # Errors
    /// As [`get`](Keyed::get).
    #[track_caller]
    pub fn entries(&self) -> Result<Vec<(V, Instance<U>)>> {
        let entry = |instance: Instance<U>| {
            let name = self.column.name();
            let key = V::from_value(instance.column(name)?.as_ref());
            Ok((key.map_err(|mismatch| mismatched(name, &mismatch))?, instance))
        };
        self.collection.loaded_instances()?.into_iter().map(entry).collect()
    }
}

impl<U, V> fmt::Debug for Keyed<U, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyed({:?} by {})", self.collection, self.column.name())
    }
}
