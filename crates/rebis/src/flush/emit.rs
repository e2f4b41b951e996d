//! Statements, in batches, and what the database made of them.

use std::rc::Rc;

use rebis_core::{Connection, Result, Value};

use super::delete::delete;
use super::hooks::Hooks;
use super::insert::{insert, inserted};
use super::keys::write_keys;
use super::row::Row;
use super::secondary::{link, unlink};
use super::update::{post_updates, switch, update, updated};
use super::work::{Action, Work};
use crate::mapper::{Object, State};
use crate::unit::{Kind, NumberSet, Unit};

pub(super) fn emit(unit: &Unit, conn: &mut Connection, work: Work, hooks: &dyn Hooks) -> Result<()> {
    let Work { saved, deleted, mut syncs, links, switched } = work;
    let mut later = Vec::new();
    let mut batch = Batch::default();
    for (object, action) in saved {
        let keys = syncs.remove(&object.head.id).unwrap_or_default();
        // A key that is not there yet is of a row in the batch.
        if keys.iter().any(|key| key.parent.is_some_and(|parent| batch.has(parent))) {
            batch.send(unit, conn)?;
        }
        write_keys(unit, &object, &keys, action, &mut later)?;
        // A new object that takes over a row is an insert to its listeners.
        let is_new = object.head.state.get() == State::Pending;
        hooks.before(if is_new { Kind::BeforeInsert } else { Kind::BeforeUpdate }, &object)?;
        let row = match action {
            Action::Insert => inserted(&object)?,
            Action::Update | Action::Delete => match switched.get(&object.head.id) {
                Some(old) => switch(unit, &object, *old)?,
                None => updated(&object)?,
            },
        };
        let Some(row) = row else { continue };
        hooks.changed(&object, &row.columns)?;
        if !batch.takes(&row) {
            batch.send(unit, conn)?;
        }
        batch.push(object, row);
    }
    batch.send(unit, conn)?;
    post_updates(unit, conn, later)?;
    for rows in &links {
        unlink(unit, conn, rows)?;
    }
    for rows in &links {
        link(unit, conn, rows)?;
    }
    deleted.iter().try_for_each(|object| hooks.before(Kind::BeforeDelete, object))?;
    delete(unit, conn, &deleted)
}

#[derive(Default)]
struct Batch {
    rows: Vec<(Rc<Object>, Row)>,
    ids: NumberSet,
}

impl Batch {
    fn has(&self, id: u64) -> bool {
        self.ids.contains(&id)
    }

    fn push(&mut self, object: Rc<Object>, row: Row) {
        self.ids.insert(object.head.id);
        self.rows.push((object, row));
    }

    fn takes(&self, row: &Row) -> bool {
        self.rows.first().is_none_or(|(_, first)| {
            first.action == row.action
                && first.mapper == row.mapper
                && first.columns == row.columns
                && first.wanted == row.wanted
        })
    }

    fn send(&mut self, unit: &Unit, conn: &mut Connection) -> Result<()> {
        self.ids.clear();
        let rows = std::mem::take(&mut self.rows);
        let Some((_, Row { action, mapper, columns, wanted, .. })) = rows.first() else { return Ok(()) };
        let (action, mapper, columns, wanted) = (*action, *mapper, columns.clone(), wanted.clone());
        let (objects, values): (Vec<Rc<Object>>, Vec<Vec<Value>>) =
            rows.into_iter().map(|(object, row)| (object, row.values)).unzip();
        match action {
            Action::Insert => insert(unit, conn, mapper, &objects, values, &columns, &wanted),
            Action::Update | Action::Delete => update(unit, conn, mapper, &objects, values, &columns),
        }
    }
}
