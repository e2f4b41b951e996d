//! Rows → objects: by key, by relation, by query.

mod lazy;

use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::sql::{Expr, Expression, IntoStatement, Select, Source, Untyped, select};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

pub(crate) use lazy::load_related;

use crate::mapper::{Mapper, Object, State};
use crate::model::Key;
use crate::unit::{Kind, Unit, conflict};

/// What becomes of an object that the session has already when its row is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Populate {
    /// It stays as it is, unless it is expired.
    Expired,
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

/// The object of the row whose columns begin at this position; `None` when there is no row, as on the missing side of a join.
pub(crate) fn hydrate(
    unit: &Unit,
    mapper: &'static Mapper,
    row: &RowView<'_>,
    first: usize,
    populate: Populate,
) -> Result<Option<Rc<Object>>> {
    let Some(key) = mapper.decoder().key(mapper, row, first)? else { return Ok(None) };
    let Some(object) = unit.find(mapper, &key) else {
        let object = mapper.decoder().object(row, first, unit.head(mapper, State::Persistent))?;
        return Ok(Some(unit.adopt(object, key)));
    };
    let head = &object.head;
    if populate == Populate::Existing || unit.is_expired(head) {
        // A query passes by what the program is looking at; it is refreshed when the guard has ended.
        if let Some(mut data) = object.data.get_mut() {
            data.restore(&*mapper.decoder().record(mapper, row, first)?);
            if populate == Populate::Existing {
                unit.expire(head);
            }
            unit.note_read(head);
            unit.note_loaded(Kind::Refresh, &object);
        }
    }
    Ok(Some(object))
}

/// The objects of a query for all columns of one mapper.
pub(crate) fn load(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    query: impl IntoStatement,
    populate: Populate,
) -> Result<Vec<Rc<Object>>> {
    let mut rows = conn.execute(query)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(hydrate(unit, mapper, &row.view(), 0, populate)?);
    }
    Ok(found)
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
    populate: Populate,
) -> Result<Option<Rc<Object>>> {
    let query = select_all(mapper).filter(key_is(mapper, values));
    Ok(load(unit, conn, mapper, query, populate)?.pop())
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
    match load_by_key(unit, conn, mapper, key_in_database(object)?, populate)? {
        Some(found) if found.head.id == head.id => Ok(()),
        _ => {
            let text = format!("the row of this {} is gone from '{}'", mapper.name(), mapper.table().name());
            Err(Error::new(ErrorKind::ObjectDeleted, text))
        }
    }
}

/// The values by which the database knows an object: those of the last flush, where the key has changed since.
pub(crate) fn key_in_database(object: &Object) -> Result<Vec<Value>> {
    let columns = object.head.mapper.key().iter();
    if let Some(base) = &*object.head.base.borrow() {
        return Ok(columns.map(|column| base.read(*column)).collect());
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(columns.map(|column| record.read(*column)).collect())
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
