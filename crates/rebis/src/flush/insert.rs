//! New rows, and what the database makes of them.

use std::rc::Rc;

use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::keys::{write, write_into};
use super::row::{NewRows, Row, names};
use super::work::key_of_record;
use crate::mapper::{Mapper, Object, State};
use crate::unit::{Unit, conflict};

pub(super) fn inserted(object: &Rc<Object>, rows: &mut NewRows) -> Result<Row> {
    let mapper = object.head.mapper;
    if let Some(version) = mapper.version() {
        write(object, version, &Value::Int(1))?;
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(rows.row(mapper, &*record))
}

pub(super) fn insert(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    objects: &[Rc<Object>],
    values: Vec<Vec<Value>>,
    columns: &[usize],
    wanted: &[usize],
) -> Result<()> {
    let (columns, names_wanted) = (names(mapper, columns), names(mapper, wanted));
    let made = conn.insert_rows(mapper.table(), &columns, values, &names_wanted)?;
    if !wanted.is_empty() && made.len() != objects.len() {
        let text = format!(
            "{} rows were inserted into '{}', and {} came back",
            objects.len(),
            mapper.table().name(),
            made.len()
        );
        return Err(Error::new(ErrorKind::Protocol, text));
    }
    unit.expect_keys(mapper, objects.len());
    let mut made = made.into_iter();
    for object in objects {
        let made = made.next().unwrap_or_default();
        let key = {
            let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
            for (column, value) in wanted.iter().zip(&made) {
                write_into(&object.head, &mut *record, *column, value)?;
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
