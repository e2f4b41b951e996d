//! What there is to do: which objects are inserted, updated, deleted, and which of them first.

use std::collections::BTreeMap;
use std::rc::Rc;

use rebis_core::Result;

use super::order::{Saved, order};
use super::sync::{LinkRows, Sync, Syncs};
use crate::mapper::{Object, State};
use crate::model::Key;
use crate::unit::{NumberMap, NumberSet, Unit, conflict};

/// What becomes of an object's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Insert,
    Update,
    Delete,
}

/// The work of one flush.
pub(super) struct Work {
    /// In the order in which they are sent.
    pub(super) saved: Saved,
    /// In the order in which they are sent.
    pub(super) deleted: Vec<Rc<Object>>,
    pub(super) syncs: NumberMap<Vec<Sync>>,
    pub(super) links: Vec<LinkRows>,
    /// New objects that take over the row of a deleted one, with the number of that one.
    pub(super) switched: BTreeMap<u64, u64>,
}

impl Work {
    pub(super) fn of(unit: &Unit) -> Result<Work> {
        let changed = unit.changed();
        let Syncs { keys: syncs, links } = Syncs::of(unit, &changed)?;
        let switched = switches(unit, &changed)?;
        let gone: NumberSet = switched.values().copied().collect();
        let mut saved = Vec::new();
        let mut deleted = Vec::new();
        let mut seen = NumberSet::default();
        // A child may follow from its parent's collection without having been changed itself.
        let mut followers: Vec<u64> = syncs.keys().copied().collect();
        followers.sort_unstable();
        for object in changed.into_iter().chain(unit.objects(&followers)) {
            let head = &object.head;
            if !seen.insert(head.id) {
                continue;
            }
            match head.state.get() {
                State::Pending if switched.contains_key(&head.id) => saved.push((object, Action::Update)),
                State::Pending => saved.push((object, Action::Insert)),
                State::Persistent if head.doomed.get() && gone.contains(&head.id) => {}
                State::Persistent if head.doomed.get() => deleted.push(object),
                State::Persistent if syncs.contains_key(&head.id) || has_changed(&object)? => {
                    saved.push((object, Action::Update));
                }
                _ => {}
            }
        }
        let saved = order(unit, saved, &syncs)?;
        let deleted = order(
            unit,
            deleted.into_iter().map(|object| (object, Action::Delete)).collect(),
            &NumberMap::default(),
        )?;
        let deleted = deleted.into_iter().rev().map(|(object, _)| object).collect();
        Ok(Work { saved, deleted, syncs, links, switched })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.saved.is_empty()
            && self.deleted.is_empty()
            && self.switched.is_empty()
            && self.links.iter().all(|rows| rows.added.is_empty() && rows.removed.is_empty())
    }
}

fn has_changed(object: &Object) -> Result<bool> {
    let base = object.head.base.borrow();
    let Some(base) = base.as_ref() else { return Ok(false) };
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok((0..object.head.mapper.mapped().len()).any(|column| !record.same(&**base, column)))
}

/// New objects with the key of one that is deleted in the same flush: its row is changed instead.
fn switches(unit: &Unit, changed: &[Rc<Object>]) -> Result<BTreeMap<u64, u64>> {
    let mut switched = BTreeMap::new();
    if !changed.iter().any(|object| object.head.doomed.get()) {
        return Ok(switched);
    }
    for object in changed.iter().filter(|object| object.head.state.get() == State::Pending) {
        let Some(key) = own_key(object)? else { continue };
        if let Some(old) = unit.find(object.head.mapper, &key)
            && old.head.doomed.get()
            && old.head.state.get() == State::Persistent
        {
            switched.insert(object.head.id, old.head.id);
        }
    }
    Ok(switched)
}

/// The key that an object has now; `None` while the database has still to make it.
pub(super) fn own_key(object: &Object) -> Result<Option<Key>> {
    let mapper = object.head.mapper;
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    let unset = |column: &usize| mapper.is_unset(*column, &record.read(*column));
    if mapper.key().iter().any(unset) {
        return Ok(None);
    }
    Key::of(mapper.key().iter().map(|column| record.read(*column)))
}
