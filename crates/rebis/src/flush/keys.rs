//! Foreign keys that follow from relations, written into the objects.

use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result, Value};

use super::sync::Sync;
use crate::mapper::{Head, Object, Record};
use crate::unit::{Unit, conflict};

/// Writes the foreign keys that follow from the relations into the object.
pub(super) fn write_keys(
    unit: &Unit,
    object: &Rc<Object>,
    keys: &[Sync],
    later: &mut Vec<(Rc<Object>, Sync)>,
) -> Result<()> {
    for sync in keys {
        if sync.post_update {
            later.push((Rc::clone(object), sync.clone()));
        } else {
            write_key(unit, object, sync)?;
        }
    }
    Ok(())
}

pub(super) fn write_key(unit: &Unit, object: &Rc<Object>, sync: &Sync) -> Result<()> {
    let parent = sync.parent.map(|id| unit.object(id).ok_or_else(|| missing_parent(object))).transpose()?;
    unit.touch_written(object)?;
    for (near, far) in sync.columns {
        let value = match &parent {
            Some(parent) if parent.head.id == object.head.id => {
                object.data.get().ok_or_else(|| conflict(&object.head))?.read(*far)
            }
            Some(parent) => parent.data.get().ok_or_else(|| conflict(&parent.head))?.read(*far),
            None => Value::Null,
        };
        write(unit, object, *near, &value)?;
    }
    Ok(())
}

pub(super) fn missing_parent(object: &Object) -> Error {
    let text = format!(
        "the object that a {} is related to is not in the session any more",
        object.head.mapper.name()
    );
    Error::new(ErrorKind::InvalidState, text)
}

pub(super) fn write(unit: &Unit, object: &Object, column: usize, value: &Value) -> Result<()> {
    let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
    write_into(unit, &object.head, &mut *record, column, value)
}

/// The same, for who has the columns at hand.
pub(super) fn write_into(
    unit: &Unit,
    head: &Head,
    record: &mut dyn Record,
    column: usize,
    value: &Value,
) -> Result<()> {
    unit.keep_column(head, record, column);
    record.write(column, value.as_ref()).map_err(|mismatch| {
        let mapper = head.mapper;
        let (model, name) = (mapper.name(), &mapper.mapped()[column].name);
        let what = if *value == Value::Null {
            "NULL: make the field an Option, or delete the object"
        } else {
            "what the database made"
        };
        Error::new(
            ErrorKind::Conversion,
            format!("the field of '{name}' of {model} cannot hold {what} ({mismatch:?})"),
        )
    })
}
