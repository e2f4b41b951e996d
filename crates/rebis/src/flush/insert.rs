//! New rows, and what the database makes of them.

use std::rc::Rc;

use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::keys::write;
use super::row::{NewRows, Row, names};
use super::work::own_key;
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
    for (index, object) in objects.iter().enumerate() {
        for (column, value) in wanted.iter().zip(made.get(index).into_iter().flatten()) {
            write(object, *column, value)?;
        }
        unit.set_state(&object.head, State::Persistent);
        let key = own_key(object)?;
        unit.remember_key(&object.head, key);
        unit.note_read(&object.head);
    }
    Ok(())
}
