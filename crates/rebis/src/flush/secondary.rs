//! Rows of the tables between two sides.

use std::rc::Rc;

use rebis_core::sql::{Expression, all, any, delete_from, update_table};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::delete::DELETED_AT_A_TIME;
use super::sync::LinkRows;
use crate::load::values_in_database;
use crate::mapper::{Object, Relation, State};
use crate::unit::{Unit, conflict};

/// The values of a row between two objects; those that they have, or had at the last flush.
fn between(unit: &Unit, rows: &LinkRows, pair: (u64, u64), before: bool) -> Result<Vec<Value>> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(Vec::new()) };
    let mut values = Vec::new();
    for (id, side) in [(pair.0, &secondary.near), (pair.1, &secondary.far)] {
        let gone = || Error::new(ErrorKind::InvalidState, "a related object is not in the session any more");
        let object = unit.object(id).ok_or_else(gone)?;
        let columns: Vec<usize> = side.iter().map(|(column, _)| *column).collect();
        // What has changed of an object that is deleted was never sent.
        let goes = object.head.doomed.get() || object.head.state.get() == State::Deleted;
        if before || goes {
            values.extend(values_in_database(&object, &columns)?);
        } else {
            let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
            values.extend(columns.iter().map(|column| record.read(*column)));
        }
    }
    Ok(values)
}

pub(super) fn link(unit: &Unit, conn: &mut Connection, rows: &LinkRows) -> Result<()> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(()) };
    if rows.added.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> =
        secondary.near.iter().chain(&secondary.far).map(|(_, name)| name.as_str()).collect();
    let values = rows.added.iter().map(|pair| between(unit, rows, *pair, false)).collect::<Result<_>>()?;
    conn.insert_rows(&secondary.table, &names, values, &[]).map(|_| ())
}

/// Takes rows out; `before` anything else is written, both sides have the keys that they had.
pub(super) fn unlink(unit: &Unit, conn: &mut Connection, rows: &LinkRows, before: bool) -> Result<()> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(()) };
    let removed: Vec<(u64, u64)> = rows.removed.iter().copied().collect();
    for some in removed.chunks(DELETED_AT_A_TIME) {
        let mut conditions = Vec::new();
        for pair in some {
            let values = between(unit, rows, *pair, before)?;
            let columns =
                secondary.near.iter().chain(&secondary.far).map(|(_, name)| secondary.table.c(name.clone()));
            conditions.push(all(columns.zip(values).map(|(column, value)| column.eq(value))));
        }
        let found = conn.execute(delete_from(&secondary.table).filter(any(conditions)))?.rows_affected();
        if found != some.len() as u64 {
            let text = format!(
                "expected to delete {} row(s) of '{}', and {found} matched: somebody else has deleted the rest; roll back and \
                 read again",
                some.len(),
                secondary.table.name()
            );
            return Err(Error::new(ErrorKind::StaleData, text));
        }
    }
    Ok(())
}

/// Gives the rows of objects whose keys have changed the new ones: who takes over the key of another one comes behind that.
///
/// # Errors
/// [`ErrorKind::InvalidState`] when keys are exchanged: nothing would tell the rows apart meanwhile.
pub(super) fn carry_all(conn: &mut Connection, carried: &[(Rc<Object>, &'static Relation)]) -> Result<()> {
    let mut left: Vec<&(Rc<Object>, &'static Relation)> = carried.iter().collect();
    while !left.is_empty() {
        let mut free = None;
        for (place, (object, relation)) in left.iter().enumerate() {
            let (now, mut taken) = (near(object, relation, false)?, false);
            for (other, others) in left.iter().filter(|(other, _)| other.head.id != object.head.id) {
                taken |= std::ptr::eq(*relation, *others) && near(other, others, true)? == now;
            }
            if !taken {
                free = Some(place);
                break;
            }
        }
        let Some(place) = free else {
            let text = "objects exchange the keys by which the session itself changes rows between two sides; flush in between, or                         let the database change them (passive_updates)";
            return Err(Error::new(ErrorKind::InvalidState, text));
        };
        let (object, relation) = left.remove(place);
        carry(conn, object, relation)?;
    }
    Ok(())
}

/// The values that rows between two sides name an object by: now, or at the last flush.
fn near(object: &Object, relation: &Relation, before: bool) -> Result<Vec<Value>> {
    let columns = relation.secondary.iter().flat_map(|secondary| &secondary.near).map(|(column, _)| *column);
    let columns: Vec<usize> = columns.collect();
    if before {
        return values_in_database(object, &columns);
    }
    let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
    Ok(columns.iter().map(|column| record.read(*column)).collect())
}

fn carry(conn: &mut Connection, object: &Object, relation: &Relation) -> Result<()> {
    let Some(secondary) = &relation.secondary else { return Ok(()) };
    let columns: Vec<usize> = secondary.near.iter().map(|(column, _)| *column).collect();
    let old = values_in_database(object, &columns)?;
    let mut update = update_table(&secondary.table);
    {
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        for (column, name) in &secondary.near {
            update = update.set_column(name.clone(), record.read(*column));
        }
    }
    let names = secondary.near.iter().map(|(_, name)| secondary.table.c(name.clone()));
    let named = all(names.zip(old).map(|(column, value)| column.eq(value)));
    conn.execute(update.filter(named)).map(|_| ())
}
