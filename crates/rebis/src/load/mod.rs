//! Rows → objects: by key, by relation, by query.

mod fetch;
mod lazy;
mod selectin;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::sql::{Expr, Expression, Select, Source, Untyped, select};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

pub(crate) use fetch::{Assembly, Fetch};
pub(crate) use lazy::{check_lazy, find_related, load_related};
pub(crate) use selectin::after;

use crate::mapper::{Mapper, Object, Record, Relation, State};
use crate::model::{Key, LoadOptions, Loading};
use crate::unit::{Kind, Unit, conflict};

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

/// The columns of a mapper, in the order of its struct.
pub(crate) fn columns(mapper: &Mapper) -> Vec<Expr<Value>> {
    mapper.columns().map(|name| mapper.table().c(name.to_owned())).collect()
}

/// All rows of a mapper's table.
pub(crate) fn select_all(mapper: &Mapper) -> Select<Untyped> {
    select(columns(mapper)).from(Source::from(mapper.table()))
}

/// How the objects of a relation come, by what a query says or else the model.
fn strategy(options: &LoadOptions, number: usize, relation: &Relation) -> Loading {
    options.strategy(number, relation.definition.loading)
}

/// One reading of objects, with everything that comes along and after.
pub(crate) struct Reading<'u> {
    unit: &'u Unit,
    populate: Populate,
    /// The objects that have taken over a row; the next row of the same object says nothing new.
    filled: RefCell<HashSet<u64>>,
}

impl<'u> Reading<'u> {
    pub(crate) fn new(unit: &'u Unit, populate: Populate) -> Self {
        Reading { unit, populate, filled: RefCell::default() }
    }

    /// Whether an object that is in memory need not be read.
    fn may_keep(&self, object: &Object) -> bool {
        !self.unit.is_expired(&object.head)
            && (self.populate != Populate::Existing || self.filled.borrow().contains(&object.head.id))
    }

    /// The object of the row whose columns begin at this position; `None` when there is no row, as on the missing side of a join.
    pub(crate) fn hydrate(
        &self,
        mapper: &'static Mapper,
        row: &RowView<'_>,
        first: usize,
        options: &Rc<LoadOptions>,
    ) -> Result<Option<Rc<Object>>> {
        let Some(key) = mapper.decoder().key(mapper, row, first)? else { return Ok(None) };
        let unit = self.unit;
        let Some(object) = unit.find(mapper, &key) else {
            let object = mapper.decoder().object(row, first, unit.head(mapper, State::Persistent))?;
            self.note(&object, options);
            return Ok(Some(unit.adopt(object, key)));
        };
        if self.populate == Populate::Locked && self.may_keep(&object) {
            check_version(&object, &*mapper.decoder().record(mapper, row, first)?)?;
        }
        if !self.may_keep(&object) {
            let head = &object.head;
            // A query passes by what the program is looking at; it is refreshed when the guard has ended.
            if let Some(mut data) = object.data.get_mut() {
                data.restore(&*mapper.decoder().record(mapper, row, first)?);
                if self.populate == Populate::Existing {
                    unit.expire(head);
                }
                unit.note_read(head);
                unit.note_loaded(Kind::Refresh, &object);
                self.note(&object, options);
            }
        }
        Ok(Some(object))
    }

    /// Notes that an object has taken over its row, and by which options.
    fn note(&self, object: &Object, options: &Rc<LoadOptions>) {
        if self.populate == Populate::Existing {
            self.filled.borrow_mut().insert(object.head.id);
        }
        let options = (!options.is_empty()).then(|| Rc::clone(options));
        object.head.options.replace(options);
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
    let names = mapper.key().iter().filter_map(|column| mapper.mapped().get(*column));
    rebis_core::sql::all(
        names.zip(values).map(|(column, value)| mapper.table().c(column.name.to_string()).eq(value)),
    )
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
    Ok(Fetch::new(mapper, query, options).all(unit, conn, populate)?.pop())
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
    let options = head.options.borrow().as_ref().map(|options| options.for_refresh()).unwrap_or_default();
    match load_by_key(unit, conn, mapper, key_in_database(object)?, Rc::new(options), populate)? {
        Some(found) if found.head.id == head.id => Ok(()),
        _ => {
            let text = format!("the row of this {} is gone from '{}'", mapper.name(), mapper.table().name());
            Err(Error::new(ErrorKind::ObjectDeleted, text))
        }
    }
}

/// The values by which the database knows an object: those of the last flush, where the key has changed since.
pub(crate) fn key_in_database(object: &Object) -> Result<Vec<Value>> {
    values_in_database(object, object.head.mapper.key())
}

/// The values of these columns at the last flush.
pub(crate) fn values_in_database(object: &Object, columns: &[usize]) -> Result<Vec<Value>> {
    if let Some(base) = &*object.head.base.borrow() {
        return Ok(columns.iter().map(|column| base.read(*column)).collect());
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(columns.iter().map(|column| record.read(*column)).collect())
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
