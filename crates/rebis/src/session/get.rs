//! An object by its key, with more to say of it.

use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::schema::SqlType;
use rebis_core::sql::{LockWait, Select, Untyped};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::core::Core;
use super::{Instance, IntoKey, Session};
use crate::load::{Fetch, Populate, Reading, after, key_is, key_of, select_all};
use crate::mapper::{Mapper, Model, Object, mapper};
use crate::model::{Key, LoadOption, LoadOptions, Loading};

/// How [`Session::get_with`] looks for an object.
#[derive(Debug, Clone)]
#[must_use]
pub struct GetOptions<T> {
    wanted: Wanted,
    marker: PhantomData<fn() -> T>,
}

/// What they say, whatever the type of the object.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    populate_existing: bool,
    lock: Option<LockWait>,
    options: LoadOptions,
}

impl<T> Default for GetOptions<T> {
    fn default() -> Self {
        GetOptions::new()
    }
}

impl<T> GetOptions<T> {
    /// As [`Session::get`].
    pub fn new() -> Self {
        GetOptions { wanted: Wanted::default(), marker: PhantomData }
    }

    /// The row is read, also when the object is in memory; what has changed of it and is not flushed is lost.
    pub fn populate_existing(mut self) -> Self {
        self.wanted.populate_existing = true;
        self
    }

    /// The row is locked until the end of the transaction, and read for that. An object that is in memory stays as it is, unless
    /// [`populate_existing`](GetOptions::populate_existing) says otherwise; where it has a version, and the row another one, that is
    /// [`StaleData`](ErrorKind::StaleData). SQLite locks nothing.
    pub fn for_update(mut self, wait: LockWait) -> Self {
        self.wanted.lock = Some(wait);
        self
    }

    /// As [`Query::option`](crate::Query::option), when the row is read.
    pub fn option(mut self, option: impl LoadOption<T>) -> Self {
        option.add_to(&mut self.wanted.options);
        self
    }
}

/// A key of another kind names no row on one database, is converted on the next, and an error on the third.
fn check_kinds(mapper: &Mapper, values: &[Value]) -> Result<()> {
    for (position, value) in mapper.key().iter().zip(values) {
        let name = &*mapper.mapped()[*position].name;
        let Some(wanted) = mapper.table().column(name).and_then(|column| kind(column.sql_type())) else {
            continue;
        };
        let fits = match value {
            Value::Null | Value::Refused(_) => true,
            Value::Int(_) | Value::UInt(_) => wanted == "integer",
            Value::Bool(_) | Value::Float(_) => false,
            Value::Text(_) => wanted != "integer",
            Value::Bytes(_) | Value::Uuid(_) => wanted == "uuid",
            _ => wanted != "uuid",
        };
        if !fits {
            let text = format!(
                "the key of {} has the column '{name}' of the type {wanted}, and a value of the type {} was given",
                mapper.name(),
                value.as_ref().type_name()
            );
            return Err(Error::new(ErrorKind::Bind, text));
        }
    }
    Ok(())
}

/// What a key of this type is, where it is clear.
fn kind(sql_type: &SqlType) -> Option<&'static str> {
    Some(match sql_type {
        SqlType::SmallInteger
        | SqlType::Integer
        | SqlType::BigInteger
        | SqlType::UnsignedSmallInteger
        | SqlType::UnsignedInteger
        | SqlType::UnsignedBigInteger => "integer",
        SqlType::Char { .. } | SqlType::String { .. } | SqlType::Text => "text",
        SqlType::Uuid => "uuid",
        _ => return None,
    })
}

impl Session {
    /// The object with this primary key, by options.
    ///
    /// # Errors
    /// As [`get`](Session::get).
    #[track_caller]
    pub fn get_with<T: Model>(
        &self,
        key: impl IntoKey,
        options: GetOptions<T>,
    ) -> Result<Option<Instance<T>>> {
        let found = self.core.get(mapper::<T>()?, key.into_values(), options.wanted)?;
        Ok(found.map(|object| Instance::new(&self.core, object)))
    }
}

// Not of the session, and without its types: a program gets one copy of this, and not one for each model.
impl Core {
    /// What is in memory is found without a look at options.
    #[track_caller]
    pub(super) fn get_number(&self, mapper: &'static Mapper, number: i64) -> Result<Option<Rc<Object>>> {
        self.check()?;
        match self.unit.find(mapper, &Key::Integer(number)) {
            Some(object) => self.held(object),
            None => self.get(mapper, vec![Value::Int(number)], Wanted::default()),
        }
    }

    #[track_caller]
    pub(super) fn get(
        &self,
        mapper: &'static Mapper,
        values: Vec<Value>,
        wanted: Wanted,
    ) -> Result<Option<Rc<Object>>> {
        self.check()?;
        let key = key_of(mapper, &values)?;
        check_kinds(mapper, &values)?;
        let Some(key) = key else { return Ok(None) };
        let Wanted { populate_existing, lock, options } = wanted;
        if let Some(object) = self.unit.find(mapper, &key)
            && !populate_existing
            && lock.is_none()
        {
            return self.held(object);
        }
        let mut query = select_all(mapper).filter(key_is(mapper, values));
        let options = if lock.is_some() { options.without_joins() } else { options };
        if let Some(wait) = lock {
            query = query.for_update(wait);
        }
        let populate = match lock {
            _ if populate_existing => Populate::Existing,
            Some(_) => Populate::Locked,
            None => Populate::Expired,
        };
        let options = Rc::new(options);
        self.on_connection(|conn| {
            if joins(mapper, &options)? {
                return Ok(Fetch::new(mapper, query, options).all(&self.unit, conn, populate)?.pop());
            }
            read_row(&Reading::new(&self.unit, populate), conn, mapper, query, &options)
        })
    }

    /// An object that is in memory, unless its row turns out to be gone.
    #[track_caller]
    fn held(&self, object: Rc<Object>) -> Result<Option<Rc<Object>>> {
        match self.freshen(&object) {
            Ok(()) => Ok(Some(object)),
            Err(error) if error.kind() == ErrorKind::ObjectDeleted => {
                // A rollback brings it back, as it may bring back the row.
                self.unit.row_is_deleted(&object);
                self.tell_happenings();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the row of an object is not read alone.
fn joins(mapper: &'static Mapper, options: &LoadOptions) -> Result<bool> {
    let mut relations = mapper.relations()?.iter();
    Ok(!options.is_empty() || relations.any(|relation| relation.definition.loading == Loading::Joined))
}

/// The object of a query for one row and nothing beside it: there is nothing to plan.
fn read_row(
    reading: &Reading<'_>,
    conn: &mut Connection,
    mapper: &'static Mapper,
    query: Select<Untyped>,
    options: &Rc<LoadOptions>,
) -> Result<Option<Rc<Object>>> {
    let mut found = None;
    conn.execute(query)?.each(|row| {
        found = reading.hydrate(mapper, row, 0, options, None)?;
        Ok(())
    })?;
    if let Some(object) = &found {
        after(reading, conn, std::slice::from_ref(object), options)?;
    }
    Ok(found)
}
