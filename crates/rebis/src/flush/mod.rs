//! Changes → statements, in an order that no foreign key objects to, and what the database made of them back into the objects.
//!
//! 1. [`prepare`]: what follows from the changes: relation fields that were assigned, orphans, cascades.
//! 2. [`sync`]: which foreign keys follow from the relations, and which rows of the tables between two sides.
//! 3. [`order`]: parents before children, by the tables' foreign keys; row by row where tables form a circle.
//! 4. [`emit`]: statements, in batches, by [`insert`], [`update`], [`secondary`] and [`delete`]; generated keys and defaults come back.

mod bulk;
mod delete;
mod emit;
mod hooks;
mod insert;
mod keys;
mod order;
mod prepare;
mod row;
mod secondary;
mod sync;
mod update;
mod work;

use rebis_core::{Connection, Result};

pub(crate) use self::bulk::{insert_records, update_records};
pub(crate) use self::hooks::Hooks;
use self::work::Work;
use crate::unit::Unit;

/// Sends everything that has changed.
///
/// # Errors
/// What the database says; [`StaleData`](rebis_core::ErrorKind::StaleData) when a row that was changed or deleted is not as it was;
/// [`Conflict`](rebis_core::ErrorKind::Conflict), before anything is sent, when an object is borrowed.
pub(crate) fn flush(unit: &Unit, conn: &mut Connection, hooks: &dyn Hooks) -> Result<()> {
    prepare::prepare(unit, conn)?;
    let work = Work::of(unit)?;
    if work.is_empty() {
        unit.flushed();
        return Ok(());
    }
    unit.note_write();
    hooks.sending();
    emit::emit(unit, conn, work, hooks)?;
    unit.flushed();
    Ok(())
}
