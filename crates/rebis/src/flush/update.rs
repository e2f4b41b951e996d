//! Rows that change: their changed columns, found by the key and the version that they had.

use std::rc::Rc;

use rebis_core::sql::{Expr, Expression, all, update_table};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::keys::{missing_parent, write};
use super::row::{Row, Shape, names};
use super::work::own_key;
use crate::load::key_in_database;
use crate::mapper::{Mapper, Object, State};
use crate::unit::{Unit, conflict};

/// Rows of changed objects; those behind one another that have changed in the same columns share their shape.
#[derive(Default)]
pub(super) struct ChangedRows {
    columns: Vec<usize>,
    last: Option<Rc<Shape>>,
}

impl ChangedRows {
    /// The columns that have changed; nothing when none has.
    pub(super) fn row(&mut self, unit: &Unit, object: &Rc<Object>) -> Result<Option<Row>> {
        let mapper = object.head.mapper;
        self.columns.clear();
        {
            let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
            let Some(base) = object.head.base() else { return Ok(None) };
            let writable =
                |column: &usize| !mapper.mapped()[*column].computed && Some(*column) != mapper.version();
            let columns = (0..mapper.mapped().len()).filter(writable);
            self.columns
                .extend(columns.filter(|column| !record.same(&**base, *column) && record.is_loaded(*column)));
            if mapper.version().is_none() {
                if self.columns.is_empty() {
                    return Ok(None);
                }
                let mut values = Vec::with_capacity(mapper.key().len() + self.columns.len());
                values.extend(mapper.key().iter().map(|column| base.read(*column)));
                values.extend(self.columns.iter().map(|column| record.read(*column)));
                return Ok(Some(Row { shape: self.shape(mapper), values }));
            }
            // Set by hand, the version alone is a change.
            let is_set = mapper.version().is_some_and(|version| !record.same(&**base, version));
            if self.columns.is_empty() && !is_set {
                return Ok(None);
            }
        }
        row_of_update(unit, object, key_in_database(object)?, self.columns.clone()).map(Some)
    }

    fn shape(&mut self, mapper: &'static Mapper) -> Rc<Shape> {
        if let Some(last) = &self.last
            && last.mapper == mapper
            && last.columns == self.columns
        {
            return Rc::clone(last);
        }
        Rc::clone(self.last.insert(Shape::of_update(mapper, self.columns.clone())))
    }
}

/// A new object in the row of a deleted one: all columns are written.
pub(super) fn switch(unit: &Unit, object: &Rc<Object>, old: u64) -> Result<Option<Row>> {
    let mapper = object.head.mapper;
    let old = unit.object(old).ok_or_else(|| missing_parent(object))?;
    let writable = |column: &usize| {
        !mapper.mapped()[*column].computed
            && Some(*column) != mapper.version()
            && !mapper.key().contains(column)
    };
    let columns: Vec<usize> = (0..mapper.mapped().len()).filter(writable).collect();
    let key = key_in_database(&old)?;
    unit.touch_links(&old.head);
    unit.forget_key(&old.head);
    unit.set_state(&old.head, State::Deleted);
    old.head.doomed.set(false);
    if let Some(version) = mapper.version() {
        let value = old.data.get().ok_or_else(|| conflict(&old.head))?.read(version);
        write(unit, object, version, &value)?;
    }
    if columns.is_empty() && mapper.version().is_none() {
        // Nothing but the key, which the row has.
        unit.set_state(&object.head, State::Persistent);
        let key = own_key(object)?;
        unit.remember_key(&object.head, key);
        return Ok(None);
    }
    row_of_update(unit, object, key, columns).map(Some)
}

pub(super) fn row_of_update(
    unit: &Unit,
    object: &Rc<Object>,
    key: Vec<Value>,
    mut columns: Vec<usize>,
) -> Result<Row> {
    let mapper = object.head.mapper;
    let mut values = key;
    if let Some(version) = mapper.version() {
        let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
        let old = object.head.base().map_or_else(|| record.read(version), |base| base.read(version));
        // By hand, a program may set another one than the next.
        let now = record.read(version);
        let next = match (&old, &now) {
            (Value::Int(number), _) if old == now => next_version(mapper, *number)?,
            _ => now,
        };
        drop(record);
        values.push(old);
        write(unit, object, version, &next)?;
        columns.push(version);
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    values.extend(columns.iter().map(|column| record.read(*column)));
    Ok(Row::of_update(mapper, columns, values))
}

/// The version that a row has after this one.
///
/// # Errors
/// [`ErrorKind::InvalidState`] when there is none.
pub(super) fn next_version(mapper: &Mapper, number: i64) -> Result<Value> {
    number.checked_add(1).map(Value::Int).ok_or_else(|| {
        let text = format!("the version of a row of '{}' is the last there is", mapper.table().name());
        Error::new(ErrorKind::InvalidState, text)
    })
}

pub(super) fn update(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    objects: &[Rc<Object>],
    values: Vec<Vec<Value>>,
    columns: &[usize],
) -> Result<()> {
    let mut found_by: Vec<usize> = mapper.key().to_vec();
    found_by.extend(mapper.version());
    // A row whose key changes is found by the old one, and the batch compares with what is there: one at a time.
    let key_changes = columns.iter().any(|column| mapper.key().contains(column));
    let expected = objects.len() as u64;
    let found = if key_changes || objects.len() == 1 {
        let mut found = 0;
        for row in values {
            found += update_one(conn, mapper, &found_by, columns, row)?;
        }
        found
    } else {
        conn.update_rows(mapper.table(), &names(mapper, &found_by), &names(mapper, columns), values)?
    };
    if found != expected {
        return Err(stale(mapper, "update", expected, found));
    }
    for object in objects {
        unit.set_state(&object.head, State::Persistent);
        // A new object that took over a row has no key yet.
        if !key_changes && object.head.with_key(|key| key.is_some()) {
            continue;
        }
        let key = own_key(object)?;
        if object.head.with_key(|known| known != key.as_ref()) {
            unit.touch_links(&object.head);
            unit.remember_key(&object.head, key);
        }
    }
    Ok(())
}

fn update_one(
    conn: &mut Connection,
    mapper: &'static Mapper,
    found_by: &[usize],
    columns: &[usize],
    mut row: Vec<Value>,
) -> Result<u64> {
    let values = row.split_off(found_by.len());
    let mut update = update_table(mapper.table());
    for (name, value) in names(mapper, columns).into_iter().zip(values) {
        update = update.set_column(name.to_owned(), value);
    }
    let update = update.filter(equal(mapper, found_by, row));
    Ok(conn.execute(update)?.rows_affected())
}

pub(super) fn equal(mapper: &Mapper, columns: &[usize], values: Vec<Value>) -> Expr<bool> {
    let columns = names(mapper, columns).into_iter().map(|name| mapper.table().c(name.to_owned()));
    all(columns.zip(values).map(|(column, value)| column.eq(value)))
}

pub(super) fn stale(mapper: &Mapper, verb: &str, expected: u64, found: u64) -> Error {
    Error::new(
        ErrorKind::StaleData,
        format!(
            "expected to {verb} {expected} row(s) of '{}', and {found} matched: somebody else has changed or deleted the rest; roll \
             back and read again",
            mapper.table().name()
        ),
    )
}
