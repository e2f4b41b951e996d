//! Values and objects that come into a session: merged with what is there, or taken in again.

use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result, Value};

use super::Session;
use super::core::Core;
use super::instance::Instance;
use crate::load::{Populate, key_of, load_by_key, load_related};
use crate::mapper::{Given, Object, Record, State};
use crate::unit::{conflict, keep_columns};

impl Session {
    /// Takes over a value that may have a row already: the object with its key gets all its columns, and what is in its relation
    /// fields, which is merged as well. Without such a row it is added.
    ///
    /// ```
    /// # use rebis::mapper::{DynamicRecord, Mapper};
    /// # use rebis::schema::Table;
    /// # use rebis::{Engine, Session, text};
    /// # let engine = Engine::new("sqlite://")?;
    /// # let mut conn = engine.connect()?;
    /// # conn.execute(text("create table users (id integer primary key, name text)"))?;
    /// # conn.execute(text("insert into users values (1, 'ed')"))?;
    /// # conn.commit()?;
    /// # let users = Mapper::of_table(&Table::reflect(&mut conn, "users")?)?;
    /// # drop(conn);
    /// let session = Session::new(&engine);
    /// let ed = session.get_of::<DynamicRecord>(users, 1)?.expect("a row");
    /// let same = session.merge(users.record([("id", 1.into()), ("name", rebis::Value::from("eddie"))])?)?;
    /// assert_eq!(ed, same);
    /// assert_eq!(ed.column("name")?, "eddie".into());
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add`](Session::add), [`ErrorKind::Conflict`] when the object is borrowed, and what the database says.
    #[track_caller]
    pub fn merge<T: Record>(&self, value: T) -> Result<Instance<T>> {
        self.core.autoflush()?;
        let object = self.core.merge(Box::new(value))?;
        self.core.tell_happenings();
        Ok(Instance::new(&self.core, object))
    }

    /// Takes over a value as what the database has now, without asking it: out of a cache, say. What is in its relation fields is taken
    /// over as what is related. SQLAlchemy's `merge(load=False)`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for a value without a key, and for one whose object in the session has changes that are not flushed;
    /// [`ErrorKind::Conflict`] when that is borrowed.
    pub fn merge_loaded<T: Record>(&self, value: T) -> Result<Instance<T>> {
        self.core.check()?;
        let object = self.core.merge_loaded(Box::new(value))?;
        self.core.tell_happenings();
        Ok(Instance::new(&self.core, object))
    }

    /// Takes an object in again: one that was rolled back or expunged before it had a row, one that was detached, or one that was
    /// marked to be deleted and is not to be.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for one that is deleted, one of another session, or one whose row has another object by now.
    pub fn add_instance<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.core.check()?;
        self.core.check_begun()?;
        self.own(instance)?;
        self.core.take_in(&instance.object)?;
        self.core.tell_happenings();
        Ok(())
    }
}

/// Takes over the columns of another record, but for deferred ones that it has no value for.
fn take_over(object: &Object, record: &dyn Record) -> Result<()> {
    let mapper = object.head.mapper;
    let Some(mut data) = object.data.get_mut() else { return Err(conflict(&object.head)) };
    let deferred = mapper.width()..mapper.mapped().len();
    let kept: Vec<(usize, Value)> = deferred
        .filter(|position| data.is_loaded(*position) && !record.is_loaded(*position))
        .map(|position| (position, data.read(position)))
        .collect();
    data.restore(record);
    for (position, value) in kept {
        data.write(position, value.as_ref()).map_err(|mismatch| {
            let text = format!("the {} does not take its own value back ({mismatch:?})", mapper.name());
            Error::new(ErrorKind::Conversion, text)
        })?;
    }
    Ok(())
}

impl Core {
    #[track_caller]
    fn merge(&self, mut record: Box<dyn Record>) -> Result<Rc<Object>> {
        let mapper = record.mapper();
        let values: Vec<Value> = mapper.key().iter().map(|column| record.read(*column)).collect();
        let counted = mapper.key().iter().zip(&values).any(|(column, value)| mapper.is_unset(*column, value));
        let existing = match key_of(mapper, &values)? {
            Some(key) if !counted => match self.unit.find(mapper, &key) {
                Some(object) => Some(object),
                None => self.on_connection(|conn| {
                    load_by_key(&self.unit, conn, mapper, values, Rc::default(), Populate::Expired)
                })?,
            },
            _ => None,
        };
        let Some(object) = existing else { return self.merge_new(record) };
        self.freshen(&object)?;
        if let Some(version) = mapper.version() {
            let there = object.data.get().ok_or_else(|| conflict(&object.head))?.read(version);
            if there != record.read(version) {
                let text = format!(
                    "the {} that is merged has another version than its row: somebody else has changed it since it was read",
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::StaleData, text));
            }
        }
        // They are no part of the columns: taken over with those, they would be assigned once more by the flush.
        let given: Vec<Option<Vec<Given>>> =
            (0..mapper.relations()?.len()).map(|relation| record.take_related(relation)).collect();
        self.unit.touch(&object)?;
        take_over(&object, &*record)?;
        for (relation, given) in given.into_iter().enumerate() {
            if let Some(given) = given {
                self.on_connection(|conn| load_related(&self.unit, conn, &object, relation))?;
                let others = self.merge_all(given)?;
                self.unit.assign(&object, relation, &others)?;
            }
        }
        Ok(object)
    }

    fn merge_loaded(&self, mut record: Box<dyn Record>) -> Result<Rc<Object>> {
        let mapper = record.mapper();
        let relations = mapper.relations()?.len();
        let given: Vec<Option<Vec<Given>>> =
            (0..relations).map(|relation| record.take_related(relation)).collect();
        let values: Vec<Value> = mapper.key().iter().map(|column| record.read(*column)).collect();
        let counted = mapper.key().iter().zip(&values).any(|(column, value)| mapper.is_unset(*column, value));
        let refused = |what: &str| {
            let text =
                format!("the {} {what}, so it is not what the database has; use merge()", mapper.name());
            Err(Error::new(ErrorKind::InvalidState, text))
        };
        let key = match key_of(mapper, &values)? {
            Some(key) if !counted => key,
            _ => return refused("has no key"),
        };
        let object = match self.unit.find(mapper, &key) {
            Some(object) if self.unit.is_modified(&object)? => {
                return refused("has changes that are not flushed");
            }
            Some(object) => {
                let mut data = object.data.get_mut().ok_or_else(|| conflict(&object.head))?;
                keep_columns(&object.head, &*data);
                data.restore(&*record);
                drop(data);
                self.unit.note_read(&object.head);
                object
            }
            None => self.unit.adopt(record.into_object(self.unit.head(mapper, State::Persistent)), key),
        };
        for (relation, given) in given.into_iter().enumerate() {
            let Some(given) = given else { continue };
            let mut others = Vec::with_capacity(given.len());
            for given in given {
                let other = match given {
                    Given::New(record) => self.merge_loaded(record)?,
                    Given::Existing(reference) => self.unit.referred(reference)?,
                };
                others.push(other.head.id);
            }
            self.unit.expire_relation(&object.head, relation);
            self.unit.set_loaded(&object, relation, others)?;
        }
        Ok(object)
    }

    /// A value without a row; what is in its relation fields may have rows.
    #[track_caller]
    fn merge_new(&self, mut record: Box<dyn Record>) -> Result<Rc<Object>> {
        let relations = record.mapper().relations()?.len();
        let given: Vec<Option<Vec<Given>>> =
            (0..relations).map(|relation| record.take_related(relation)).collect();
        let object = self.unit.add(record)?;
        for (relation, given) in given.into_iter().enumerate() {
            if let Some(given) = given {
                let others = self.merge_all(given)?;
                self.unit.assign(&object, relation, &others)?;
            }
        }
        Ok(object)
    }

    #[track_caller]
    fn merge_all(&self, given: Vec<Given>) -> Result<Vec<Rc<Object>>> {
        let one = |given| match given {
            Given::New(record) => self.merge(record),
            Given::Existing(reference) => self.unit.referred(reference),
        };
        given.into_iter().map(one).collect()
    }

    pub(super) fn take_in(&self, object: &Rc<Object>) -> Result<()> {
        let head = &object.head;
        let refused = |what: &str| {
            let text = format!("the {} {what}", head.mapper.name());
            Err(Error::new(ErrorKind::InvalidState, text))
        };
        match head.state.get() {
            State::Pending => Ok(()),
            State::Persistent => {
                self.unit.spare(head);
                Ok(())
            }
            State::Deleted => refused("has been deleted; add a copy of its value"),
            State::Detached if head.doomed.get() => refused("has been deleted; add a copy of its value"),
            State::Transient => {
                self.unit.place(Rc::clone(object));
                self.unit.touch(object)?;
                self.unit.set_state(head, State::Pending);
                Ok(())
            }
            State::Detached => {
                let Some(record) = object.data.get() else { return Err(conflict(head)) };
                let key = key_of(
                    head.mapper,
                    &head.mapper.key().iter().map(|column| record.read(*column)).collect::<Vec<_>>(),
                )?;
                match key {
                    Some(key) if self.unit.find(head.mapper, &key).is_some() => {
                        refused("has another object in the session by now; merge its value")
                    }
                    Some(key) => {
                        drop(record);
                        self.unit.take_back(object, key)
                    }
                    None => refused("has no key, and so no row"),
                }
            }
        }
    }
}
