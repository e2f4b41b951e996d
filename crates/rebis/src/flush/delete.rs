//! Rows that go.

use std::rc::Rc;

use rebis_core::sql::{Expr, any, delete_from};
use rebis_core::{Connection, Result};

use super::update::{equal, stale};
use crate::load::{key_in_database, key_is};
use crate::mapper::{Mapper, Object, State};
use crate::unit::{Unit, conflict};

/// How many rows one DELETE names.
pub(super) const DELETED_AT_A_TIME: usize = 500;

fn names_itself(mapper: &Mapper) -> bool {
    mapper.table().foreign_keys().iter().any(|key| key.leads(mapper.table(), mapper.table()))
}

pub(super) fn delete(unit: &Unit, conn: &mut Connection, deleted: &[Rc<Object>]) -> Result<()> {
    let mut left = deleted;
    while let Some(first) = left.first() {
        let mapper = first.head.mapper;
        // MariaDB looks at foreign keys row by row, in an order of its own: rows that may name one another go one by one.
        let most = if names_itself(mapper) { 1 } else { DELETED_AT_A_TIME };
        let same = left.iter().take_while(|object| object.head.mapper == mapper).count().min(most);
        let (some, rest) = left.split_at(same);
        left = rest;
        let conditions = some.iter().map(|object| is_row(object)).collect::<Result<Vec<_>>>()?;
        let found = conn.execute(delete_from(mapper.table()).filter(any(conditions)))?.rows_affected();
        if found != some.len() as u64 {
            return Err(stale(mapper, "delete", some.len() as u64, found));
        }
        for object in some {
            unit.forget_key(&object.head);
            object.head.doomed.set(false);
            unit.set_state(&object.head, State::Deleted);
        }
    }
    Ok(())
}

/// The condition that finds an object's row as it was.
fn is_row(object: &Object) -> Result<Expr<bool>> {
    let mapper = object.head.mapper;
    let key = key_is(mapper, key_in_database(object)?);
    let Some(version) = mapper.version() else { return Ok(key) };
    let value = match object.head.base() {
        Some(base) => base.read(version),
        None => object.data.get().ok_or_else(|| conflict(&object.head))?.read(version),
    };
    Ok(key & equal(mapper, &[version], vec![value]))
}
