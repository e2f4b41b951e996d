//! A handle on an object of a session.

use std::any::type_name;
use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::rc::Rc;

use rebis_core::sql::Column;
use rebis_core::value::IntoValue;
use rebis_core::{Error, ErrorKind, FromValue, Result, Value};

use super::assigned::ValueFor;
use super::core::Core;
use crate::mapper::{Object, Record, State};
use crate::model::{ObjectRef, One};
use crate::unit::conflict;

/// An object of a [`Session`](crate::Session): a handle, cheap to clone. Two handles on one row are equal.
///
/// It stays on the thread of its session. [`read`](Instance::read) and [`write`](Instance::write) give guards on the struct;
/// [`get`](Instance::get) and [`set`](Instance::set) one column, without a guard. What the guards change is found out at the flush.
pub struct Instance<T> {
    pub(super) core: Rc<Core>,
    pub(super) object: Rc<Object>,
    marker: PhantomData<T>,
}

impl<T: Record> Instance<T> {
    pub(super) fn new(core: &Rc<Core>, object: Rc<Object>) -> Self {
        Instance { core: Rc::clone(core), object, marker: PhantomData }
    }

    fn cell(&self) -> Result<&RefCell<T>> {
        self.object.data.as_any().downcast_ref::<RefCell<T>>().ok_or_else(|| {
            let text =
                format!("the object is a {}, and no {}", self.object.head.mapper.name(), type_name::<T>());
            Error::new(ErrorKind::Internal, text)
        })
    }

    /// The struct, to be looked at. It is read from the database first when a commit has expired it.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] while somebody writes to it; [`ErrorKind::ObjectDeleted`] when its row is gone;
    /// [`ErrorKind::Forked`] in a child.
    #[track_caller]
    pub fn read(&self) -> Result<ReadGuard<'_, T>> {
        self.core.freshen(&self.object)?;
        let guard = self.cell()?.try_borrow().map_err(|_| conflict(&self.object.head))?;
        self.object.head.guarded.set(Some(Location::caller()));
        Ok(ReadGuard(guard))
    }

    /// The struct, to be changed. Which columns have changed is found out at the next flush.
    ///
    /// # Errors
    /// As [`read`](Instance::read); [`ErrorKind::Conflict`] also while somebody reads it.
    #[track_caller]
    pub fn write(&self) -> Result<WriteGuard<'_, T>> {
        self.core.freshen(&self.object)?;
        self.core.check_writable(&self.object.head)?;
        let guard = self.cell()?.try_borrow_mut().map_err(|_| conflict(&self.object.head))?;
        self.core.unit.touch_record(&self.object.head, &*guard);
        self.object.head.guarded.set(Some(Location::caller()));
        Ok(WriteGuard(guard))
    }

    /// The value of one column. A [`Deferred`](crate::Deferred) one is loaded when it is first asked for.
    ///
    /// # Errors
    /// As [`read`](Instance::read); [`ErrorKind::Detached`] for a deferred one when the object is in no session any more.
    #[track_caller]
    pub fn get<V: FromValue>(&self, column: Column<T, V>) -> Result<V> {
        let position = self.object.head.mapper.position(column.name())?;
        let value = self.value_at(position)?;
        V::from_value(value.as_ref()).map_err(|mismatch| mismatched(column.name(), &mismatch))
    }

    /// Changes one column, or a relation to one. A column takes its field's type, or what [becomes](ValueFor) one without loss.
    ///
    /// ```
    /// use rebis::prelude::*;
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct User {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     name: String,
    ///     fullname: Option<String>,
    ///     age: Option<i64>,
    /// }
    ///
    /// let session = Session::new(&Engine::new("sqlite://")?);
    /// let ed = session.add(User::default())?;
    /// ed.set(User::name, "ed")?;
    /// ed.set(User::fullname, "Ed J.")?;
    /// ed.set(User::fullname, Some("Ed J.".into()))?;
    /// ed.set(User::fullname, None)?;
    /// ed.set(User::age, 7)?;
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`write`](Instance::write); [`ErrorKind::Conversion`] for a value that the field cannot hold.
    #[track_caller]
    pub fn set<A: Attribute<T, V>, V>(&self, attribute: A, value: V) -> Result<()> {
        attribute.assign(self, value)
    }

    /// The value of a column by its name, for what is known at run time only.
    ///
    /// # Errors
    /// As [`read`](Instance::read); [`ErrorKind::Configuration`] for a name that is none of its columns.
    #[track_caller]
    pub fn column(&self, name: &str) -> Result<Value> {
        let position = self.object.head.mapper.position(name)?;
        self.value_at(position)
    }

    /// The value of a column; one that is deferred is loaded for it.
    #[track_caller]
    fn value_at(&self, position: usize) -> Result<Value> {
        let record = self.read()?;
        if record.is_loaded(position) {
            return Ok(record.read(position));
        }
        drop(record);
        self.core.load_deferred(&self.object, position)?;
        Ok(self.read()?.read(position))
    }

    /// Loads a [`Deferred`](crate::Deferred) column, and those of its group, unless it is there: [`read`](Instance::read) shows it then.
    ///
    /// ```
    /// use rebis::Deferred;
    /// use rebis::prelude::*;
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct Note {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     words: Deferred<String>,
    /// }
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// rebis::create_all::<Note>(&engine)?;
    /// let session = Session::new(&engine);
    /// let note = session.add(Note { words: "milk".to_owned().into(), ..Note::default() })?;
    /// session.commit()?;
    /// assert!(!note.read()?.words.is_loaded(), "the commit has expired it");
    /// note.load(Note::words)?;
    /// assert_eq!(note.read()?.words.value().map(String::as_str), Some("milk"));
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Instance::read), [`ErrorKind::Detached`] when the object is in no session any more, and what the database says.
    #[track_caller]
    pub fn load<V>(&self, column: Column<T, V>) -> Result<()> {
        let position = self.object.head.mapper.position(column.name())?;
        self.value_at(position).map(drop)
    }

    /// Changes a column by its name.
    ///
    /// # Errors
    /// As [`write`](Instance::write) and [`column`](Instance::column).
    #[track_caller]
    pub fn set_column(&self, name: &str, value: impl IntoValue) -> Result<()> {
        let position = self.object.head.mapper.position(name)?;
        let value = value.into_value();
        self.write()?.write(position, value.as_ref()).map_err(|mismatch| mismatched(name, &mismatch))
    }

    /// How it stands to its session.
    pub fn state(&self) -> State {
        self.object.head.state.get()
    }

    /// Whether it is deleted at the next flush.
    pub fn is_doomed(&self) -> bool {
        self.object.head.doomed.get() && self.state() == State::Persistent
    }

    /// Whether its row was deleted: in the transaction that is under way, or in one that was committed.
    pub fn was_deleted(&self) -> bool {
        self.state() == State::Deleted || (self.object.head.doomed.get() && self.state() == State::Detached)
    }

    /// The object as plain data, to be put into a relation field.
    pub fn reference(&self) -> ObjectRef {
        self.core.unit.reference(&self.object)
    }

    /// A copy of the struct, without relations.
    ///
    /// # Errors
    /// As [`read`](Instance::read).
    #[track_caller]
    pub fn to_value(&self) -> Result<T>
    where
        T: Clone,
    {
        Ok(self.read()?.clone())
    }

    /// Whether both are one object.
    pub fn ptr_eq(one: &Self, other: &Self) -> bool {
        Rc::ptr_eq(&one.object, &other.object)
    }
}

pub(super) fn mismatched(column: &str, mismatch: &rebis_core::value::Mismatch) -> Error {
    Error::new(
        ErrorKind::Conversion,
        format!("the column '{column}' cannot be read or written so ({mismatch:?})"),
    )
}

/// What [`Instance::set`] takes: a column with a value, a relation to one with an instance.
#[diagnostic::on_unimplemented(
    message = "`{V}` cannot be assigned to this attribute of `{T}`",
    note = "a column takes a value of its type; a relation to one takes `&instance`, or `None::<&Instance<_>>`"
)]
pub trait Attribute<T: Record, V> {
    #[doc(hidden)]
    fn assign(self, instance: &Instance<T>, value: V) -> Result<()>;
}

impl<T: Record, C, V: ValueFor<C>> Attribute<T, V> for Column<T, C> {
    #[track_caller]
    fn assign(self, instance: &Instance<T>, value: V) -> Result<()> {
        instance.set_column(self.name(), value)
    }
}

impl<T> Clone for Instance<T> {
    fn clone(&self) -> Self {
        Instance { core: Rc::clone(&self.core), object: Rc::clone(&self.object), marker: PhantomData }
    }
}

impl<T> PartialEq for Instance<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.object, &other.object)
    }
}

impl<T> Eq for Instance<T> {}

impl<T> Hash for Instance<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Rc::as_ptr(&self.object).cast::<()>().hash(state);
    }
}

/// No I/O, and no borrow that could clash.
impl<T> fmt::Debug for Instance<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self.object.head;
        write!(f, "Instance<{}>({:?}", head.mapper.name(), head.state.get())?;
        if let Some(key) = head.key() {
            write!(f, ", {key:?}")?;
        }
        f.write_str(")")
    }
}

impl<T: Record> From<&Instance<T>> for One<T> {
    fn from(instance: &Instance<T>) -> Self {
        One::existing(instance.reference())
    }
}

/// A struct of a session that is looked at.
#[derive(Debug)]
#[must_use]
pub struct ReadGuard<'i, T>(Ref<'i, T>);

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A struct of a session that is changed.
#[derive(Debug)]
#[must_use]
pub struct WriteGuard<'i, T>(RefMut<'i, T>);

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
