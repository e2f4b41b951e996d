//! What is in memory and what the database has: read again, now or later, or let go.

use std::rc::Rc;

use rebis_core::sql::Column;
use rebis_core::{Error, ErrorKind, Result};

use super::core::Core;
use super::{AnyInstance, Instance, Session};
use crate::load::{Populate, refresh, refresh_columns};
use crate::mapper::{Mapper, Object, Record, State};
use crate::model::{ToMany, ToOne};
use crate::unit::conflict;

/// A part of an object: a column or a relation, as [`Session::expire_part`] takes it.
pub trait Part<T: Record> {
    #[doc(hidden)]
    fn place(self, mapper: &'static Mapper) -> Result<Place>;
}

#[doc(hidden)]
#[derive(Debug)]
pub enum Place {
    Column(usize),
    Relation(usize),
}

impl<T: Record, V> Part<T> for Column<T, V> {
    fn place(self, mapper: &'static Mapper) -> Result<Place> {
        mapper.position(self.name()).map(Place::Column)
    }
}

impl<T: Record, U: Record> Part<T> for ToMany<T, U> {
    fn place(self, _: &'static Mapper) -> Result<Place> {
        Ok(Place::Relation(self.0))
    }
}

impl<T: Record, U: Record> Part<T> for ToOne<T, U> {
    fn place(self, _: &'static Mapper) -> Result<Place> {
        Ok(Place::Relation(self.0))
    }
}

impl Session {
    /// Reads an object again. With autoflush, what has changed in the session is sent first; without, what has changed of the object is
    /// lost. Related objects are expired along with it, where the relation's cascade says `refresh-expire`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for one that is not persistent; [`ErrorKind::ObjectDeleted`] when its row is gone; and as
    /// [`flush`](Session::flush).
    #[track_caller]
    pub fn refresh<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.core.check()?;
        self.persistent(instance)?;
        self.core.autoflush()?;
        self.expire_along(&instance.object, false)?;
        self.core.on_connection(|conn| refresh(&self.core.unit, conn, &instance.object, Populate::Existing))
    }

    /// Lets an object be read again when it is next looked at; what has changed of it is lost. Related objects go along, where the
    /// relation's cascade says `refresh-expire`; new ones of a relation that owns its objects leave the session.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for one that is not persistent.
    pub fn expire<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.core.check()?;
        self.persistent(instance)?;
        self.expire_along(&instance.object, true)?;
        self.core.tell_happenings();
        Ok(())
    }

    #[track_caller]
    fn expire_along(&self, object: &Rc<Object>, itself: bool) -> Result<()> {
        let unit = &self.core.unit;
        for other in unit.along(object, |cascade| cascade.refresh_expire)? {
            for orphan in unit.pending_orphans(&other)? {
                unit.let_go_along(&orphan)?;
            }
            let is_object = Rc::ptr_eq(object, &other);
            if other.head.state.get() == State::Persistent && (itself || !is_object) {
                unit.expire(&other.head);
            }
        }
        Ok(())
    }

    /// Lets all objects be read again when they are next looked at; what has changed and is not flushed is lost.
    ///
    /// # Errors
    /// [`ErrorKind::Forked`], [`ErrorKind::InvalidState`] when the session is closed.
    pub fn expire_all(&self) -> Result<()> {
        self.core.check()?;
        for object in self.core.unit.changed() {
            if object.head.state.get() == State::Persistent && !object.head.doomed.get() {
                self.core.unit.expire(&object.head);
            }
        }
        self.core.unit.expire_all();
        Ok(())
    }

    /// Lets one column or relation be read again when the object is next looked at; what has changed of it is lost, and the rest stays as
    /// it is.
    ///
    /// ```
    /// # use rebis::{Model, Result, Session, ToMany, Instance, sql::Column};
    /// # fn with<User: Model, Address: Model>(
    /// #     name: Column<User, String>,
    /// #     addresses: ToMany<User, Address>,
    /// #     ed: &Instance<User>,
    /// #     session: &Session,
    /// # ) -> Result<()> {
    /// // With `User::name` and `User::addresses` of a model:
    /// session.expire_part(ed, name)?;
    /// session.expire_part(ed, addresses)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for an object that is not persistent, and for a column of an embedded value that was taken away;
    /// [`ErrorKind::Conflict`] when it is borrowed.
    pub fn expire_part<T: Record>(&self, instance: &Instance<T>, part: impl Part<T>) -> Result<()> {
        self.core.check()?;
        self.persistent(instance)?;
        let object = &instance.object;
        match part.place(object.head.mapper)? {
            // As a whole already.
            Place::Column(_) if self.core.unit.is_expired(&object.head) => Ok(()),
            Place::Column(column) => self.core.unit.expire_column(object, column),
            Place::Relation(relation) => {
                self.core.unit.expire_relation(&object.head, relation);
                Ok(())
            }
        }
    }

    /// Whether a flush has something to send of an object: it is new, to be deleted, or changed, its relations included.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for an object of another session; [`ErrorKind::Conflict`] when it is being written.
    pub fn is_modified<T: Record>(&self, instance: &Instance<T>) -> Result<bool> {
        self.core.check_process()?;
        self.own(instance)?;
        self.core.unit.is_modified(&instance.object)
    }

    /// Whether an object is in this session: to be inserted, or persistent.
    pub fn contains<T: Record>(&self, instance: &Instance<T>) -> bool {
        self.own(instance).is_ok() && matches!(instance.state(), State::Pending | State::Persistent)
    }

    /// The objects of which a flush has something to send, in the order in which they came. What they are says
    /// [`AnyInstance::state`].
    ///
    /// # Errors
    /// As [`is_modified`](Session::is_modified).
    pub fn modified(&self) -> Result<Vec<AnyInstance>> {
        self.modified_if(|_| true)
    }

    /// The new objects, which a flush inserts.
    ///
    /// ```
    /// use rebis::prelude::*;
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct User {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     name: String,
    /// }
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// rebis::create_all::<User>(&engine)?;
    /// let session = Session::new(&engine);
    /// let (ed, jo) = (session.add(User::default())?, session.add(User::default())?);
    /// assert_eq!(session.pending()?.len(), 2);
    /// session.commit()?;
    /// ed.set(User::name, "ed")?;
    /// session.delete(&jo)?;
    /// assert_eq!(session.dirty()?[0].downcast::<User>(), Some(ed));
    /// assert_eq!(session.deleted()?[0].downcast::<User>(), Some(jo));
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`is_modified`](Session::is_modified).
    pub fn pending(&self) -> Result<Vec<AnyInstance>> {
        self.modified_if(|object| object.head.state.get() == State::Pending)
    }

    /// The changed objects, which a flush updates.
    ///
    /// # Errors
    /// As [`is_modified`](Session::is_modified).
    pub fn dirty(&self) -> Result<Vec<AnyInstance>> {
        self.modified_if(|object| object.head.state.get() == State::Persistent && !object.head.doomed.get())
    }

    /// The objects that are marked to be deleted, which a flush deletes.
    ///
    /// # Errors
    /// As [`is_modified`](Session::is_modified).
    pub fn deleted(&self) -> Result<Vec<AnyInstance>> {
        self.modified_if(|object| object.head.state.get() == State::Persistent && object.head.doomed.get())
    }

    fn modified_if(&self, wanted: impl Fn(&Object) -> bool) -> Result<Vec<AnyInstance>> {
        self.core.check_process()?;
        let mut found = Vec::new();
        for object in self.core.unit.changed() {
            if wanted(&object) && self.core.unit.is_modified(&object)? {
                found.push(AnyInstance::new(&self.core, &object));
            }
        }
        Ok(found)
    }

    /// Lets an object go: it is in no session then, and keeps its values. Related objects go along, where the relation's cascade says
    /// `expunge`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for an object that is not in this session.
    pub fn expunge<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.core.check()?;
        self.own(instance)?;
        if matches!(instance.state(), State::Transient | State::Detached) {
            return Err(Error::new(ErrorKind::InvalidState, "the object is in no session"));
        }
        let gone = self.core.unit.along(&instance.object, |cascade| cascade.expunge)?;
        for object in &gone {
            let state = match object.head.state.get() {
                State::Pending => State::Transient,
                _ => State::Detached,
            };
            self.core.unit.let_go(object, state);
        }
        self.core.unit.keep_left(gone);
        self.core.tell_happenings();
        Ok(())
    }

    fn persistent<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.own(instance)?;
        if instance.state() == State::Persistent {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidState, "the object is not persistent in this session"))
    }
}

impl Core {
    /// Reads the columns of an object that are to be read again, if they are not all.
    #[track_caller]
    pub(super) fn freshen_parts(&self, object: &Rc<Object>) -> Result<()> {
        match self.unit.expired_columns(&object.head) {
            Some(columns) if self.unit.is_open() && object.head.state.get() == State::Persistent => {
                self.on_connection(|conn| refresh_columns(&self.unit, conn, object, &columns))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what [`reread`](Core::reread) could not do afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when one that has changed is borrowed.
    pub(super) fn check_rereadable(&self, objects: &[Rc<Object>]) -> Result<()> {
        for object in objects {
            if self.unit.is_modified(object)? && object.data.get_mut().is_none() {
                return Err(conflict(&object.head));
            }
        }
        Ok(())
    }

    /// A statement past the unit of work has written these columns of objects: they are read again. Of one that has changed, at once,
    /// and the rest of it stays.
    pub(super) fn reread(&self, objects: &[Rc<Object>], columns: &[usize]) -> Result<()> {
        for object in objects {
            let (head, mapper) = (&object.head, object.head.mapper);
            let stays = self.unit.is_modified(object)? && !self.unit.is_expired(head);
            if !stays || head.doomed.get() || columns.iter().any(|column| mapper.key().contains(column)) {
                self.unit.expire(head);
                continue;
            }
            let mut columns = columns.to_vec();
            columns.extend(self.unit.expired_columns(head).into_iter().flatten());
            self.unit.forget_relations(head);
            self.on_connection(|conn| refresh_columns(&self.unit, conn, object, &columns))?;
        }
        Ok(())
    }
}
