//! Values of rows: as the database has them, and as they are going to be.

use rebis_core::{Result, Value};

use super::sync::Sync;
use crate::load::values_in_database;
use crate::mapper::Object;
use crate::model::Key;
use crate::unit::{Unit, conflict, differs};

/// The values that a row has in the database; `None` when one is NULL, or of a kind that cannot be looked up.
pub(super) fn stored(object: &Object, columns: &[usize]) -> Result<Option<Key>> {
    Ok(key(values_in_database(object, columns)?))
}

/// Whether one of these columns is changed since the last flush.
pub(super) fn is_changed(object: &Object, columns: &[usize]) -> Result<bool> {
    differs(object, columns.iter().copied())
}

/// The values that a row is going to have, with foreign keys that follow from relations; `None` also while one has still to be made.
pub(super) fn coming(unit: &Unit, object: &Object, columns: &[usize], syncs: &[Sync]) -> Result<Option<Key>> {
    let mut values = Vec::with_capacity(columns.len());
    for column in columns {
        let Some(value) = coming_value(unit, object, *column, syncs)? else { return Ok(None) };
        values.push(value);
    }
    Ok(key(values))
}

fn coming_value(unit: &Unit, object: &Object, column: usize, syncs: &[Sync]) -> Result<Option<Value>> {
    let follows = syncs.iter().find_map(|sync| {
        sync.columns.iter().find(|(near, _)| *near == column).map(|(_, far)| (sync.parent, *far))
    });
    let read = |from: &Object, column: usize| -> Result<Option<Value>> {
        let value = from.data.get().ok_or_else(|| conflict(&from.head))?.read(column);
        Ok((!from.head.mapper.is_unset(column, &value)).then_some(value))
    };
    match follows {
        None => read(object, column),
        Some((None, _)) => Ok(None),
        Some((Some(parent), far)) => unit.object(parent).map_or(Ok(None), |parent| read(&parent, far)),
    }
}

fn key(values: Vec<Value>) -> Option<Key> {
    Key::of(values).ok().flatten()
}
