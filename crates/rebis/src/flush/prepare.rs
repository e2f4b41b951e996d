//! What follows from the changes before anything is sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use rebis_core::{Connection, Error, ErrorKind, Result};

use super::sync::changes_key;
use super::values::is_changed;
use crate::load::{Populate, load_related, refresh, refresh_columns};
use crate::mapper::{Direction, Mapper, Object, PassiveDeletes, Relation, State};
use crate::unit::{NumberSet, Unit, conflict};

/// What a flush has to look at.
pub(super) struct Changed {
    /// In the order in which they came.
    pub(super) objects: Vec<Rc<Object>>,
    /// Their mappers, each once: what none of them asks for is not looked for in any object.
    mappers: Vec<&'static Mapper>,
    /// Whether one of them is deleted.
    pub(super) dooms: bool,
}

impl Changed {
    fn of(objects: Vec<Rc<Object>>) -> Changed {
        let (mut mappers, mut dooms) = (Vec::new(), false);
        for object in &objects {
            if !mappers.contains(&object.head.mapper) {
                mappers.push(object.head.mapper);
            }
            dooms |= object.head.doomed.get();
        }
        Changed { objects, mappers, dooms }
    }

    /// Whether a deletion is carried on, or a relation is such that more is looked at than the object itself.
    fn carries_on(&self) -> Result<bool> {
        let looks = |relation: &Relation| {
            let definition = &relation.definition;
            definition.cascade.delete_orphan
                || relation.direction == Direction::OneToMany && !definition.passive_updates
        };
        for mapper in &self.mappers {
            if mapper.relations()?.iter().any(looks) {
                return Ok(true);
            }
        }
        Ok(self.dooms)
    }
}

/// Takes in what was assigned to relation fields, finds orphans, and carries deletions on to what is deleted along. What has
/// changed then comes back, in the order in which it came.
///
/// # Errors
/// [`Conflict`](rebis_core::ErrorKind::Conflict) when a changed object is borrowed; what the database says while children are loaded.
pub(super) fn prepare(unit: &Unit, conn: &mut Connection) -> Result<Changed> {
    let (mut turns, mut objects) = (unit.turns(), unit.changed());
    // All of them first: what was taken in before one is refused could not be told from what was not.
    if let Some(borrowed) = objects.iter().find(|object| object.data.get_mut().is_none()) {
        return Err(conflict(&borrowed.head));
    }
    // Into one that is as it came nothing was assigned.
    for object in objects.iter().filter(|object| !unit.is_as_it_came(&object.head)) {
        put_back(unit, conn, object)?;
        unit.take_assigned(object, |relation| load_related(unit, conn, object, relation))?;
    }
    // Each step may find new ones: an orphan's own children.
    unit.changed_since(&mut turns, &mut objects);
    let mut changed = Changed::of(objects);
    if changed.carries_on()? {
        carry_on(unit, conn, &changed.objects)?;
        unit.changed_since(&mut turns, &mut changed.objects);
        changed = Changed::of(changed.objects);
    }
    check_single_parents(unit, &changed)?;
    Ok(changed)
}

/// Orphans, children of what is deleted, and children whose keys change.
fn carry_on(unit: &Unit, conn: &mut Connection, changed: &[Rc<Object>]) -> Result<()> {
    let mut first = changed.iter().map(Rc::clone);
    let mut next: VecDeque<Rc<Object>> = VecDeque::new();
    let mut doomed_before = NumberSet::default();
    let mut owned = Owned::default();
    while let Some(object) = first.next().or_else(|| next.pop_front()) {
        let doomed = object.head.doomed.get();
        // One that is not doomed comes once only: those that were found are.
        if doomed && !doomed_before.insert(object.head.id) {
            continue;
        }
        orphans(unit, &object, &mut owned, &mut next)?;
        if doomed {
            doom_children(unit, conn, &object, &mut next)?;
        } else {
            load_named(unit, conn, &object)?;
        }
    }
    Ok(())
}

/// Columns that are to be read again have no changes. One that is deferred and was not loaded has no value to put back but the row's.
fn put_back(unit: &Unit, conn: &mut Connection, object: &Rc<Object>) -> Result<()> {
    match unit.expired_columns(&object.head) {
        Some(columns) if is_changed(object, &columns)? => refresh_columns(unit, conn, object, &columns),
        _ => Ok(()),
    }
}

/// Children that the session has to change, because the key that they name changes.
fn load_named(unit: &Unit, conn: &mut Connection, object: &Rc<Object>) -> Result<()> {
    for (number, relation) in object.head.mapper.relations()?.iter().enumerate() {
        if relation.direction == Direction::OneToMany && changes_key(object, relation)? {
            load_related(unit, conn, object, number)?;
        }
    }
    Ok(())
}

/// Where a relation says single_parent, an object is in one at a time, as far as the session sees.
fn check_single_parents(unit: &Unit, changed: &Changed) -> Result<()> {
    for &mapper in &changed.mappers {
        for (number, relation) in mapper.relations()?.iter().enumerate() {
            let has_changed = |object: &Rc<Object>| {
                object.head.mapper == mapper
                    && object.head.link(number).is_some_and(|links| links.is_changed())
            };
            if relation.definition.single_parent && changed.objects.iter().any(has_changed) {
                check_single_parent(unit, (mapper, number), relation)?;
            }
        }
    }
    Ok(())
}

fn check_single_parent(
    unit: &Unit,
    (mapper, number): (&'static Mapper, usize),
    relation: &Relation,
) -> Result<()> {
    let mut owned = HashSet::new();
    for owner in unit.all() {
        if owner.head.mapper != mapper || owner.head.doomed.get() {
            continue;
        }
        let Some(links) = owner.head.link(number) else { continue };
        if !links.known().iter().all(|id| owned.insert(*id)) {
            let text = format!(
                "a {} has several parents by {}::{}, which says single_parent",
                relation.target.name(),
                mapper.name(),
                relation.definition.name
            );
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
    }
    Ok(())
}

/// By mapper and relation: the objects that have an owner there, for relations that nothing leads back from.
type Owned = HashMap<(u32, usize), HashSet<u64>>;

/// What has left a collection that owns it is deleted, or never comes to be.
fn orphans(
    unit: &Unit,
    object: &Rc<Object>,
    owned: &mut Owned,
    found: &mut VecDeque<Rc<Object>>,
) -> Result<()> {
    for (number, relation) in object.head.mapper.relations()?.iter().enumerate() {
        if !relation.definition.cascade.delete_orphan {
            continue;
        }
        let gone: Vec<u64> = {
            let Some(links) = object.head.link(number) else { continue };
            let now: HashSet<&u64> = links.known().iter().collect();
            let before = links.known_before().iter().filter(|id| !now.contains(id));
            before.chain(links.removed()).chain(links.left()).copied().collect()
        };
        for orphan in unit.objects(&gone) {
            if has_owner(unit, &orphan, (object.head.mapper, number), relation, owned)? {
                continue;
            }
            match orphan.head.state.get() {
                State::Pending => unit.let_go_along(&orphan)?,
                State::Persistent => {
                    unit.doom(&orphan)?;
                    found.push_back(orphan);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether the object has another owner by the same relation: it was moved, and is no orphan.
fn has_owner(
    unit: &Unit,
    orphan: &Object,
    (mapper, number): (&'static Mapper, usize),
    relation: &Relation,
    owned: &mut Owned,
) -> Result<bool> {
    if let Some(back) = relation.back {
        let owners = unit.linked(orphan, back)?.unwrap_or_default();
        return Ok(unit.objects(&owners).iter().any(|owner| !owner.head.doomed.get()));
    }
    let owned = owned.entry((mapper.number(), number)).or_insert_with(|| {
        let owners = unit.all().into_iter().filter(|owner| owner.head.mapper == mapper);
        let mut owned = HashSet::new();
        for owner in owners.filter(|owner| !owner.head.doomed.get()) {
            if let Some(links) = owner.head.link(number) {
                owned.extend(links.now());
            }
        }
        owned
    });
    Ok(owned.contains(&orphan.head.id))
}

/// Children of a deleted object: deleted along, or freed from it.
fn doom_children(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    found: &mut VecDeque<Rc<Object>>,
) -> Result<()> {
    if unit.is_expired(&object.head) {
        refresh(unit, conn, object, Populate::Expired)?;
    }
    for (number, relation) in object.head.mapper.relations()?.iter().enumerate() {
        let cascade = relation.definition.cascade;
        let deletes = cascade.delete || cascade.delete_orphan;
        let frees = relation.direction != Direction::ManyToOne;
        if relation.definition.view_only || !(deletes || frees) {
            continue;
        }
        match relation.definition.passive_deletes {
            PassiveDeletes::No => load_related(unit, conn, object, number)?,
            PassiveDeletes::Yes => {}
            PassiveDeletes::All => continue,
        }
        for child in unit.objects(&unit.linked(object, number)?.unwrap_or_default()) {
            match child.head.state.get() {
                State::Persistent if deletes && !child.head.doomed.get() => {
                    unit.doom(&child)?;
                    found.push_back(child);
                }
                State::Pending if deletes => unit.let_go_along(&child)?,
                _ => {}
            }
        }
    }
    Ok(())
}
