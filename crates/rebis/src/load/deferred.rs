//! Deferred columns: out of the row of their object, or by a statement of their own.

use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::sql::{Expr, select};
use rebis_core::{Connection, Result, Value};

use super::{gone, key_in_database, key_is, put};
use crate::mapper::Object;
use crate::model::LoadOptions;
use crate::unit::{Unit, conflict};

/// Takes the deferred columns that options have put behind an object's others; what is loaded or set stays as it is.
pub(super) fn take(object: &Object, row: &RowView<'_>, first: usize, options: &LoadOptions) -> Result<()> {
    let mapper = object.head.mapper;
    if mapper.width() == mapper.mapped().len() {
        return Ok(());
    }
    for (number, position) in mapper.undeferred(options).enumerate() {
        let is_loaded = object.data.get().is_none_or(|record| record.is_loaded(position));
        if !is_loaded {
            put(object, position, &row.value::<Value>(first + mapper.width() + number)?)?;
        }
    }
    Ok(())
}

/// Loads a deferred column of an object, and those of its group, unless they are there.
///
/// # Errors
/// [`ObjectDeleted`](rebis_core::ErrorKind::ObjectDeleted) when the row is gone; [`Conflict`](rebis_core::ErrorKind::Conflict) when a guard is alive.
pub(crate) fn load_deferred(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    position: usize,
) -> Result<()> {
    let head = &object.head;
    let mapper = head.mapper;
    if object.data.get_mut().is_none() {
        return Err(conflict(head));
    }
    let group = mapper.mapped()[position].group;
    let belongs =
        |other: &usize| *other == position || (group.is_some() && mapper.mapped()[*other].group == group);
    let wanted: Vec<usize> = {
        let Some(record) = object.data.get() else { return Err(conflict(head)) };
        let deferred = mapper.width()..mapper.mapped().len();
        deferred.filter(belongs).filter(|position| !record.is_loaded(*position)).collect()
    };
    if wanted.is_empty() {
        return Ok(());
    }
    let columns: Vec<Expr<Value>> = wanted.iter().map(|position| mapper.column(*position)).collect();
    let query = select(columns).from(mapper.table()).filter(key_is(mapper, key_in_database(object)?));
    let Some(row) = conn.execute(query)?.first()? else { return Err(gone(mapper)) };
    for (number, position) in wanted.into_iter().enumerate() {
        put(object, position, &row.value::<Value>(number)?)?;
    }
    unit.note_read(head);
    Ok(())
}
