//! Rows → objects: by key, by relation, by query.

mod deferred;
mod fetch;
mod lazy;
mod selectin;

use std::cell::RefCell;
use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::sql::{Expr, Expression, Select, Source, Untyped, select};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

pub(crate) use deferred::load_deferred;
pub(crate) use fetch::{Assembly, Fetch};
pub(crate) use lazy::{check_lazy, find_related, load_related};
pub(crate) use selectin::{after, typed};

use self::selectin::follows;
use crate::mapper::{Mapper, Object, Record, Relation};
use crate::model::{Key, LoadOptions, Loading};
use crate::unit::{Claim, Kind, NumberSet, Unit, conflict, keep_columns};

/// What becomes of an object that the session has already when its row is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Populate {
    /// It stays as it is, unless it is expired.
    Expired,
    /// It stays as it is, unless it is expired; when its row has another version by now, that is an error.
    Locked,
    /// It takes over the row; what has changed of it is lost.
    Existing,
}

/// The columns from which an object is read: all that are not deferred, in the order of the struct, then the deferred ones that options
/// load all the same.
pub(crate) fn columns(mapper: &Mapper, source: &Source, options: &LoadOptions) -> Vec<Expr<Value>> {
    let positions = (0..mapper.width()).chain(mapper.undeferred(options));
    positions.map(|position| source.c(mapper.mapped()[position].name.to_string())).collect()
}

/// The same of the mapper's own table.
pub(crate) fn own_columns(mapper: &Mapper, options: &LoadOptions) -> Vec<Expr<Value>> {
    let undeferred = mapper.undeferred(options).map(|position| &*mapper.mapped()[position].name);
    let undeferred = undeferred.map(|name| mapper.table().c(name.to_owned()));
    mapper.selected().iter().cloned().chain(undeferred).collect()
}

/// How many these are.
pub(crate) fn columns_wide(mapper: &Mapper, options: &LoadOptions) -> usize {
    mapper.width() + mapper.undeferred(options).count()
}

/// All rows of a mapper's table, without what is deferred.
pub(crate) fn select_all(mapper: &Mapper) -> Select<Untyped> {
    select(mapper.selected()).from(Source::from(mapper.table()))
}

/// How the objects of a relation come, by what a query says or else the model.
fn strategy(options: &LoadOptions, number: usize, relation: &Relation) -> Loading {
    options.strategy(number, relation.definition.loading)
}

/// One reading of objects, with everything that comes along and after.
pub(crate) struct Reading<'u> {
    unit: &'u Unit,
    populate: Populate,
    /// The number of the first object that comes by it.
    since: u64,
    /// The objects that have taken over a row; the next row of the same object says nothing new.
    filled: RefCell<NumberSet>,
}

impl<'u> Reading<'u> {
    pub(crate) fn new(unit: &'u Unit, populate: Populate) -> Self {
        Reading { unit, populate, since: unit.next_number(), filled: RefCell::default() }
    }

    /// Whether an object that is in memory need not be read.
    fn may_keep(&self, object: &Object) -> bool {
        !self.unit.is_expired(&object.head)
            && (self.populate != Populate::Existing || self.filled.borrow().contains(&object.head.id))
    }

    /// The object of the row whose columns begin at this position; `None` when there is no row, as on the missing side of a join. It may
    /// be the one that the row before had there.
    pub(crate) fn hydrate(
        &self,
        mapper: &'static Mapper,
        row: &RowView<'_>,
        first: usize,
        options: &Rc<LoadOptions>,
        last: Option<&Rc<Object>>,
    ) -> Result<Option<Rc<Object>>> {
        let Some(key) = mapper.decoder().key(mapper, row, first)? else { return Ok(None) };
        if let Some(last) = last.filter(|last| last.head.has_key(&key)) {
            return Ok(Some(Rc::clone(last)));
        }
        let unit = self.unit;
        let object = match unit.claim(mapper, key) {
            Claim::Known(object) => object,
            Claim::New(head) => {
                let id = head.id;
                let read = |object: Rc<Object>| deferred::take(&object, row, first, options).map(|()| object);
                let object = mapper.decoder().object(row, first, head).and_then(read);
                let object = object.inspect_err(|_| unit.disclaim(mapper, id))?;
                self.note(&object, options);
                unit.enter(&object);
                return Ok(Some(object));
            }
        };
        if self.populate == Populate::Locked && self.may_keep(&object) {
            check_version(&object, &*mapper.decoder().record(mapper, row, first)?)?;
        }
        if !self.may_keep(&object) {
            let head = &object.head;
            // A query passes by what the program is looking at; it is refreshed when the guard has ended.
            if let Some(mut data) = object.data.get_mut() {
                keep_columns(head, &*data);
                data.restore(&*mapper.decoder().record(mapper, row, first)?);
                drop(data);
                deferred::take(&object, row, first, options)?;
                if self.populate == Populate::Existing {
                    unit.expire(head);
                }
                unit.note_read(head);
                unit.note_loaded(Kind::Refresh, &object);
                self.note(&object, options);
            }
        } else {
            deferred::take(&object, row, first, options)?;
        }
        Ok(Some(object))
    }

    /// Notes that an object has taken over its row, and by which options.
    fn note(&self, object: &Object, options: &Rc<LoadOptions>) {
        if self.populate == Populate::Existing {
            self.filled.borrow_mut().insert(object.head.id);
        }
        if !options.is_empty() {
            object.head.notes().options.replace(Some(Rc::clone(options)));
        } else if let Some(notes) = object.head.noted() {
            notes.options.take();
        }
    }
}

/// A row that was locked is the truth: an object that was read before it changed is stale.
fn check_version(object: &Object, row: &dyn Record) -> Result<()> {
    let mapper = object.head.mapper;
    let Some(version) = mapper.version() else { return Ok(()) };
    if values_in_database(object, &[version])? == [row.read(version)] {
        return Ok(());
    }
    let text = format!(
        "the row of this {} has another version than the object: somebody else has changed it since it was read; refresh it",
        mapper.name()
    );
    Err(Error::new(ErrorKind::StaleData, text))
}

/// The condition that a row has this key, by the values of a record.
pub(crate) fn key_is(mapper: &Mapper, values: impl IntoIterator<Item = Value>) -> Expr<bool> {
    // A key is never deferred.
    let columns = mapper.key().iter().filter_map(|column| mapper.selected().get(*column));
    rebis_core::sql::all(columns.zip(values).map(|(column, value)| column.clone().eq(value)))
}

/// The object with these values of the primary key, from the database.
pub(crate) fn load_by_key(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    values: Vec<Value>,
    options: Rc<LoadOptions>,
    populate: Populate,
) -> Result<Option<Rc<Object>>> {
    let query = select_all(mapper).filter(key_is(mapper, values));
    let fetch = Fetch::new(mapper, query, options);
    // Who is named by the key is meant, whatever a query asks of others.
    Ok(Fetch { by_key: true, ..fetch }.all(unit, conn, populate)?.pop())
}

/// Reads an object's columns again.
///
/// # Errors
/// [`ErrorKind::ObjectDeleted`] when its row is gone; [`ErrorKind::Conflict`] when a guard is alive.
pub(crate) fn refresh(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    populate: Populate,
) -> Result<()> {
    let head = &object.head;
    let mapper = head.mapper;
    if object.data.get_mut().is_none() {
        return Err(conflict(head));
    }
    let options = head.options().map(|options| options.for_refresh()).unwrap_or_default();
    match load_by_key(unit, conn, mapper, key_in_database(object)?, Rc::new(options), populate)? {
        Some(found) if found.head.id == head.id => Ok(()),
        _ => Err(gone(mapper)),
    }
}

/// Reads some columns of an object again; the others stay as they are.
///
/// # Errors
/// As [`refresh`].
pub(crate) fn refresh_columns(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    wanted: &[usize],
) -> Result<()> {
    let (head, mapper) = (&object.head, object.head.mapper);
    let columns: Vec<Expr<Value>> = wanted.iter().map(|column| mapper.column(*column)).collect();
    let query = select(columns).from(Source::from(mapper.table()));
    let query = query.filter(key_is(mapper, key_in_database(object)?));
    let Some(row) = conn.execute(query)?.first()? else { return Err(gone(mapper)) };
    if object.data.get_mut().is_none() {
        return Err(conflict(head));
    }
    for (place, column) in wanted.iter().enumerate() {
        put(object, *column, &row.value::<Value>(place)?)?;
    }
    unit.note_read(head);
    unit.note_loaded(Kind::Refresh, object);
    Ok(())
}

/// Takes over a value that was read, also in the copy of the last flush, so that it is no change.
fn put(object: &Object, position: usize, value: &Value) -> Result<()> {
    let head = &object.head;
    // A query passes by what the program is looking at.
    let Some(mut record) = object.data.get_mut() else { return Ok(()) };
    keep_columns(head, &*record);
    let mut written = record.write(position, value.as_ref());
    if let Some(base) = &mut *head.notes().base.borrow_mut() {
        // It is shared with what a rollback puts back.
        let mut copy = base.copy();
        written = written.and_then(|()| copy.write(position, value.as_ref()));
        *base = copy.into();
    }
    written.map_err(|mismatch| {
        let (model, name) = (head.mapper.name(), &head.mapper.mapped()[position].name);
        let text =
            format!("the field of '{name}' of {model} cannot hold what the database has ({mismatch:?})");
        Error::new(ErrorKind::Conversion, text)
    })
}

fn gone(mapper: &Mapper) -> Error {
    let text = format!("the row of this {} is gone from '{}'", mapper.name(), mapper.table().name());
    Error::new(ErrorKind::ObjectDeleted, text)
}

/// The values by which the database knows an object: those of the last flush, where the key has changed since.
pub(crate) fn key_in_database(object: &Object) -> Result<Vec<Value>> {
    values_in_database(object, object.head.mapper.key())
}

/// The values of these columns at the last flush.
pub(crate) fn values_in_database(object: &Object, columns: &[usize]) -> Result<Vec<Value>> {
    let mut values = Vec::with_capacity(columns.len());
    extend_by_database(&mut values, object, columns).map(|()| values)
}

/// The same, behind other ones.
fn extend_by_database(values: &mut Vec<Value>, object: &Object, columns: &[usize]) -> Result<()> {
    if let Some(base) = object.head.base() {
        values.extend(columns.iter().map(|column| base.read(*column)));
        return Ok(());
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    values.extend(columns.iter().map(|column| record.read(*column)));
    Ok(())
}

/// The key that values given by the program name.
///
/// # Errors
/// [`ErrorKind::Bind`] when they are not as many as the key has columns.
pub(crate) fn key_of(mapper: &Mapper, values: &[Value]) -> Result<Option<Key>> {
    if values.len() != mapper.key().len() {
        let names: Vec<&str> = mapper.key().iter().map(|column| &*mapper.mapped()[*column].name).collect();
        let text = format!(
            "the key of {} has the columns {}, and {} values were given",
            mapper.name(),
            names.join(", "),
            values.len()
        );
        return Err(Error::new(ErrorKind::Bind, text));
    }
    Key::of(values.iter().cloned())
}
