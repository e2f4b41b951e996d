//! What there is to do: which objects are inserted, updated, deleted, and which of them first.

use std::collections::BTreeMap;
use std::rc::Rc;

use rebis_core::{Result, Value};

use super::order::{Loose, Order, Saved};
use super::post_update::{Clear, clearing};
use super::prepare::Changed;
use super::sync::{Keys, LinkRows, Syncs};
use super::unique::{Rows, Uniques};
use crate::mapper::{Mapper, Object, Record, Relation, State};
use crate::model::Key;
use crate::unit::{NumberSet, Unit, conflict, differs};

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
    /// Those that go before anything is saved, because it takes a unique value of theirs.
    pub(super) early: Vec<Rc<Object>>,
    /// In the order in which they are sent.
    pub(super) deleted: Vec<Rc<Object>>,
    /// Keys of deleted rows that are cleared first.
    pub(super) cleared: Vec<Clear>,
    pub(super) syncs: Keys,
    pub(super) links: Vec<LinkRows>,
    pub(super) carried: Vec<(Rc<Object>, &'static Relation)>,
    /// New objects that take over the row of a deleted one, with the number of that one.
    pub(super) switched: BTreeMap<u64, u64>,
    pub(super) uniques: Uniques,
}

impl Work {
    /// `folds` says whether the database takes texts that differ in case for one.
    pub(super) fn of(unit: &Unit, changed: Changed, folds: bool) -> Result<Work> {
        let Syncs { keys: syncs, links, carried } = Syncs::of(unit, &changed.objects)?;
        let switched = switches(unit, &changed)?;
        let (saved, deleted) = sorted_out(unit, changed.objects, &syncs, &switched)?;
        let rows = Rows { unit, saved: &saved, deleted: &deleted, syncs: &syncs, switched: &switched, folds };
        let mut uniques = Uniques::of(&rows)?;
        let early = uniques.early(&rows)?;
        let order = Order { unit, syncs: &syncs, loose: &Loose::new() };
        let saved = order.of(saved, &mut uniques)?;
        let (loose, cleared) = clearing(&deleted)?;
        let order = Order { unit, syncs: &Keys::default(), loose: &loose };
        let doomed = deleted.into_iter().map(|object| (object, Action::Delete)).collect();
        let doomed = order.of(doomed, &mut Uniques::default())?.into_iter().rev().map(|(object, _)| object);
        let (early, deleted) = doomed.partition(|object| early.contains(&object.head.id));
        Ok(Work { saved, early, deleted, cleared, syncs, links, carried, switched, uniques })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.saved.is_empty()
            && self.early.is_empty()
            && self.deleted.is_empty()
            && self.switched.is_empty()
            && self.links.iter().all(|rows| rows.added.is_empty() && rows.removed.is_empty())
    }
}

/// What is inserted or updated, and what is deleted.
fn sorted_out(
    unit: &Unit,
    changed: Vec<Rc<Object>>,
    syncs: &Keys,
    switched: &BTreeMap<u64, u64>,
) -> Result<(Saved, Vec<Rc<Object>>)> {
    let gone: NumberSet = switched.values().copied().collect();
    let (mut saved, mut deleted) = (Vec::with_capacity(changed.len()), Vec::new());
    // A child may follow from its parent's collection without having been changed itself.
    let mut followers: Vec<u64> = syncs.children().filter(|id| !unit.has_changed(*id)).collect();
    followers.sort_unstable();
    let followers = unit.objects(&followers);
    if let Some(borrowed) = followers.iter().find(|object| object.data.get().is_none()) {
        return Err(conflict(&borrowed.head));
    }
    for object in changed.into_iter().chain(followers) {
        let head = &object.head;
        match head.state.get() {
            State::Pending if switched.contains_key(&head.id) => saved.push((object, Action::Update)),
            State::Pending => saved.push((object, Action::Insert)),
            State::Persistent if head.doomed.get() && gone.contains(&head.id) => {}
            State::Persistent if head.doomed.get() => deleted.push(object),
            State::Persistent if syncs.has(head.id) || has_changed(&object)? => {
                saved.push((object, Action::Update));
            }
            _ => {}
        }
    }
    Ok((saved, deleted))
}

fn has_changed(object: &Object) -> Result<bool> {
    differs(object, 0..object.head.mapper.mapped().len())
}

/// New objects with the key of one that is deleted in the same flush: its row is changed instead, where it says all of the row.
fn switches(unit: &Unit, changed: &Changed) -> Result<BTreeMap<u64, u64>> {
    let mut switched = BTreeMap::new();
    if !changed.dooms {
        return Ok(switched);
    }
    for object in changed.objects.iter().filter(|object| object.head.state.get() == State::Pending) {
        let Some(key) = own_key(object)? else { continue };
        if leaves_open(object)? {
            continue;
        }
        if let Some(old) = unit.find(object.head.mapper, &key)
            && old.head.doomed.get()
            && old.head.state.get() == State::Persistent
        {
            switched.insert(object.head.id, old.head.id);
        }
    }
    Ok(switched)
}

/// Whether the database has a value for what a new object does not say: only an INSERT asks for it.
fn leaves_open(object: &Object) -> Result<bool> {
    let mapper = object.head.mapper;
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    let mut columns = mapper.mapped().iter().enumerate();
    Ok(columns.any(|(position, column)| column.defaulted && record.read(position) == Value::Null))
}

/// The key that an object has now; `None` while the database has still to make it.
pub(super) fn own_key(object: &Object) -> Result<Option<Key>> {
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    key_of_record(object.head.mapper, &*record)
}

/// The same, for who has the columns at hand.
pub(super) fn key_of_record(mapper: &Mapper, record: &dyn Record) -> Result<Option<Key>> {
    Key::of(mapper.key().iter().map(|column| {
        let value = record.read(*column);
        if mapper.is_unset(*column, &value) { Value::Null } else { value }
    }))
}
