//! Changes → statements, in an order that no foreign key objects to, and what the database made of them back into the objects.
//!
//! 1. [`prepare`]: what follows from the changes: relation fields that were assigned, orphans, cascades.
//! 2. [`sync`]: which foreign keys follow from the relations, and which rows of the tables between two sides.
//! 3. [`unique`]: who takes a unique value that another row gives up; [`park`]: what stands there where rows exchange theirs.
//! 4. [`order`]: parents before children, by the tables' foreign keys; row by row, in [`layers`], where tables form a circle.
//! 5. [`emit`]: statements, in batches, by [`insert`], [`update`], [`post_update`], [`secondary`] and [`delete`]; generated keys and
//!    defaults come back, and keys that the database has changed along are changed in memory ([`follow`]).

mod bulk;
mod delete;
mod emit;
mod follow;
mod hooks;
mod insert;
mod keys;
mod layers;
mod order;
mod park;
mod post_update;
mod prepare;
mod row;
mod secondary;
mod sync;
mod unique;
mod update;
mod values;
mod work;

use rebis_core::{Connection, Result};

pub(crate) use self::bulk::{insert_records, update_records};
pub(crate) use self::hooks::Hooks;
pub(crate) use self::row::columns_of_new;
use self::work::Work;
use crate::unit::Unit;

/// Sends everything that has changed.
///
/// # Errors
/// What the database says; [`StaleData`](rebis_core::ErrorKind::StaleData) when a row that was changed or deleted is not as it was;
/// [`Conflict`](rebis_core::ErrorKind::Conflict), before anything is sent, when an object is borrowed.
pub(crate) fn flush(unit: &Unit, conn: &mut Connection, hooks: &dyn Hooks) -> Result<()> {
    let changed = prepare::prepare(unit, conn)?;
    // Most collations there know no case; elsewhere a text is a text.
    let folds = matches!(conn.dialect().name, "mysql" | "mariadb");
    let work = Work::of(unit, changed, folds)?;
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
