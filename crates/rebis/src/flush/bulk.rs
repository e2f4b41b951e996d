//! Rows that are written past the unit of work: no objects, no relations, no events.

use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::row::{NewRows, Shape, alike, names, values_of_new};
use super::update::stale;
use crate::mapper::{Mapper, Record};

/// Inserts records as rows; equal shapes behind each other go out together.
///
/// # Errors
/// [`ErrorKind::InvalidState`] for a record with something in a relation field, before anything is sent; and what the database says.
pub(crate) fn insert_records<T: Record>(conn: &mut Connection, mut records: Vec<T>) -> Result<u64> {
    let (mut shapes, mut new_rows) = (Vec::with_capacity(records.len()), NewRows::default());
    for record in &mut records {
        let mapper = record.mapper();
        check_relations(mapper, record)?;
        if let Some(version) = mapper.version() {
            record.write(version, Value::Int(1).as_ref()).map_err(|_| unwritable(mapper, version))?;
        }
        shapes.push(new_rows.shape_of(mapper, record));
    }
    let mut left = records.as_slice();
    for shapes in shapes.chunk_by(alike) {
        let (some, rest) = left.split_at(shapes.len());
        left = rest;
        let Some(Shape { mapper, columns, .. }) = shapes.first().map(|shape| &**shape) else { continue };
        let values = values_of_new(some.iter().map(|record| record as &dyn Record), columns);
        conn.insert_values(mapper.table(), &names(mapper, columns), some.len(), values, &[])?;
    }
    Ok(records.len() as u64)
}

/// Writes these columns of records into their rows, found by key and version.
///
/// # Errors
/// [`ErrorKind::Configuration`] for a name that is no column; [`ErrorKind::StaleData`] when a row is not there, or not as the record
/// has it; and what the database says.
pub(crate) fn update_records<T: Record>(
    conn: &mut Connection,
    mapper: &'static Mapper,
    columns: &[&str],
    records: &[T],
) -> Result<()> {
    let mut written: Vec<usize> = columns.iter().map(|name| mapper.position(name)).collect::<Result<_>>()?;
    let mut found_by = mapper.key().to_vec();
    if let Some(key) = written.iter().find(|column| found_by.contains(column)) {
        let text = format!(
            "'{}' of {} is the key, by which the rows are found",
            mapper.mapped()[*key].name,
            mapper.name()
        );
        return Err(Error::new(ErrorKind::Configuration, text));
    }
    let version = mapper.version();
    written.retain(|column| Some(*column) != version);
    found_by.extend(version);
    let row = |record: &T| -> Vec<Value> {
        let found = found_by.iter().chain(&written).map(|column| record.read(*column));
        let next = version.map(|version| match record.read(version) {
            Value::Int(number) => Value::Int(number.saturating_add(1)),
            other => other,
        });
        found.chain(next).collect()
    };
    let rows = records.iter().map(row).collect();
    written.extend(version);
    let found =
        conn.update_rows(mapper.table(), &names(mapper, &found_by), &names(mapper, &written), rows)?;
    let expected = records.len() as u64;
    if found == expected { Ok(()) } else { Err(stale(mapper, "update", expected, found)) }
}

fn check_relations(mapper: &'static Mapper, record: &mut dyn Record) -> Result<()> {
    for (number, relation) in mapper.definitions().iter().enumerate() {
        if record.take_related(number).is_some() {
            let text = format!(
                "{}::{} holds objects, and a bulk insert writes columns only; use add()",
                mapper.name(),
                relation.name
            );
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
    }
    Ok(())
}

fn unwritable(mapper: &Mapper, column: usize) -> Error {
    let text = format!("the field of '{}' of {} cannot hold 1", mapper.mapped()[column].name, mapper.name());
    Error::new(ErrorKind::Conversion, text)
}
