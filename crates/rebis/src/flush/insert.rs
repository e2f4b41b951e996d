//! New rows, and what the database makes of them.

use std::cell::Ref;
use std::rc::Rc;

use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::keys::{write, write_into};
use super::row::{NewRows, Row, names, values_of_new};
use super::work::key_of_record;
use crate::mapper::{Mapper, Object, Record, State};
use crate::unit::{Unit, conflict};

pub(super) fn inserted(unit: &Unit, object: &Rc<Object>, rows: &mut NewRows) -> Result<Row> {
    let mapper = object.head.mapper;
    if let Some(version) = mapper.version() {
        write(unit, object, version, &Value::Int(1))?;
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(Row { shape: rows.shape_of(mapper, &*record), values: Vec::new() })
}

pub(super) fn insert(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    objects: &[Rc<Object>],
    columns: &[usize],
    wanted: &[usize],
) -> Result<()> {
    let made = {
        let records = objects.iter().map(|object| object.data.get().ok_or_else(|| conflict(&object.head)));
        let records: Vec<Ref<'_, dyn Record>> = records.collect::<Result<_>>()?;
        let values = values_of_new(records.iter().map(|record| &**record), columns);
        let (columns, wanted) = (names(mapper, columns), names(mapper, wanted));
        conn.insert_values(mapper.table(), &columns, objects.len(), values, &wanted)?
    };
    if made.len() != objects.len() * wanted.len() {
        let text = format!(
            "{} rows were inserted into '{}', and {} came back",
            objects.len(),
            mapper.table().name(),
            made.len() / wanted.len().max(1)
        );
        return Err(Error::new(ErrorKind::Protocol, text));
    }
    unit.expect_keys(mapper, objects.len());
    let mut made = made.into_iter();
    for object in objects {
        let key = {
            let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
            for (column, value) in wanted.iter().zip(made.by_ref()) {
                write_into(unit, &object.head, &mut *record, *column, &value)?;
            }
            key_of_record(mapper, &*record)?
        };
        unit.set_state(&object.head, State::Persistent);
        unit.remember_key(&object.head, key);
        unit.note_read(&object.head);
        unit.is_flushed(&object.head);
    }
    Ok(())
}
