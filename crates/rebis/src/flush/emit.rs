//! Statements, in batches, and what the database made of them.

use std::rc::Rc;

use rebis_core::{Connection, Result, Value};

use super::delete::delete;
use super::follow::{Parked, follow, follow_parked};
use super::hooks::Hooks;
use super::insert::{insert, inserted};
use super::keys::write_keys;
use super::park::Park;
use super::post_update;
use super::row::{NewRows, Row, Shape, alike};
use super::secondary::{carry_all, link, unlink};
use super::update::{ChangedRows, switch, update};
use super::work::{Action, Work};
use crate::mapper::{Expiry, Mapper, Object, State};
use crate::unit::{Kind, Numbers, Unit};

pub(super) fn emit(unit: &Unit, conn: &mut Connection, work: Work, hooks: &dyn Hooks) -> Result<()> {
    let Work { saved, early, deleted, cleared, syncs, links, carried, switched, mut uniques } = work;
    cleared.iter().try_for_each(|clear| clear.send(conn))?;
    if !early.is_empty() {
        // By the keys that rows have before one is parked.
        links.iter().try_for_each(|rows| unlink(unit, conn, rows, true))?;
    }
    let parked = park(unit, conn, std::mem::take(&mut uniques.parks))?;
    remove(unit, conn, &early, hooks)?;
    let mut later = Vec::new();
    let (mut batch, mut new_rows, mut changed_rows) =
        (Batch::new(&parked), NewRows::default(), ChangedRows::default());
    for (object, action) in saved {
        let id = object.head.id;
        let keys = syncs.of(id);
        // A key that is not there yet, or a value that is not free yet, is of a row in the batch. What follows from a row that has
        // changed is known when that was sent.
        let waits = batch.is_of_other(object.head.mapper)
            || keys.iter().any(|key| !key.post_update && key.parent.is_some_and(|parent| batch.has(parent)))
            || uniques.freers(id).any(|freer| batch.has(freer));
        if waits {
            batch.send(unit, conn)?;
        }
        write_keys(unit, &object, keys, &mut later)?;
        // A new object that takes over a row is an insert to its listeners.
        let is_new = object.head.state.get() == State::Pending;
        hooks.before(if is_new { Kind::BeforeInsert } else { Kind::BeforeUpdate }, &object)?;
        let mut row = match action {
            Action::Insert => Some(inserted(unit, &object, &mut new_rows)?),
            Action::Update | Action::Delete => match switched.get(&id) {
                Some(old) => switch(unit, &object, *old)?,
                None => changed_rows.row(unit, &object)?,
            },
        };
        if let Some(row) = &row {
            hooks.changed(&object, &row.shape.columns)?;
        }
        // A row that is parked is there already.
        let parks = parked.get(&id).filter(|_| action != Action::Insert);
        for (park, value) in parks.into_iter().flatten() {
            row = Some(park.mend(unit, &object, row, value)?);
        }
        let Some(row) = row else { continue };
        batch.push(unit, conn, object, row)?;
    }
    batch.send(unit, conn)?;
    for (object, row) in post_update::rows(unit, later)? {
        batch.push(unit, conn, object, row)?;
    }
    batch.send(unit, conn)?;
    carry_all(conn, &carried)?;
    if early.is_empty() {
        links.iter().try_for_each(|rows| unlink(unit, conn, rows, false))?;
    }
    links.iter().try_for_each(|rows| link(unit, conn, rows))?;
    remove(unit, conn, &deleted, hooks)
}

/// Parks rows; what stands in them now.
fn park(unit: &Unit, conn: &mut Connection, parks: Vec<Park>) -> Result<Parked> {
    let mut parked = Parked::new();
    for park in parks {
        let value = park.send(conn, parked.get(&park.id).map_or(&[], Vec::as_slice))?;
        follow_parked(unit, &park, &value, &parked)?;
        parked.entry(park.id).or_default().push((park, value));
    }
    Ok(parked)
}

fn remove(unit: &Unit, conn: &mut Connection, objects: &[Rc<Object>], hooks: &dyn Hooks) -> Result<()> {
    objects.iter().try_for_each(|object| hooks.before(Kind::BeforeDelete, object))?;
    delete(unit, conn, objects)
}

/// Rows of one shape, and the objects that they are of.
struct Batch<'p> {
    shape: Option<Rc<Shape>>,
    objects: Vec<Rc<Object>>,
    /// Of an UPDATE.
    values: Vec<Vec<Value>>,
    ids: Numbers,
    parked: &'p Parked,
}

impl<'p> Batch<'p> {
    fn new(parked: &'p Parked) -> Self {
        Batch { shape: None, objects: Vec::new(), values: Vec::new(), ids: Numbers::default(), parked }
    }

    fn has(&self, id: u64) -> bool {
        self.ids.contains(id)
    }

    fn is_of_other(&self, mapper: &Mapper) -> bool {
        self.shape.as_ref().is_some_and(|shape| shape.mapper != mapper)
    }

    /// Takes a row in; rows of another shape are sent before.
    fn push(&mut self, unit: &Unit, conn: &mut Connection, object: Rc<Object>, row: Row) -> Result<()> {
        if self.shape.as_ref().is_some_and(|shape| !alike(shape, &row.shape)) {
            self.send(unit, conn)?;
        }
        // Rows of the same table may follow from it.
        let moves = row.shape.action == Action::Update
            && row.shape.columns.iter().any(|column| row.shape.mapper.key().contains(column));
        self.ids.insert(object.head.id);
        self.objects.push(object);
        if row.shape.action != Action::Insert {
            self.values.push(row.values);
        }
        self.shape.get_or_insert(row.shape);
        if moves { self.send(unit, conn) } else { Ok(()) }
    }

    fn send(&mut self, unit: &Unit, conn: &mut Connection) -> Result<()> {
        let Some(shape) = self.shape.take() else { return Ok(()) };
        self.ids.clear();
        let (objects, values) = (std::mem::take(&mut self.objects), std::mem::take(&mut self.values));
        let Shape { action, mapper, columns, wanted } = &*shape;
        if *action == Action::Insert {
            return insert(unit, conn, mapper, &objects, columns, wanted);
        }
        update(unit, conn, mapper, &objects, values, columns)?;
        if mapper.computes() {
            // What the database has computed is read when it is next looked at.
            objects.iter().for_each(|object| object.head.expiry.set(Expiry::Expired));
        }
        follow(unit, &objects, columns, self.parked)
    }
}
