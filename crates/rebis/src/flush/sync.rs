//! Relations → foreign keys, and rows of the tables between two sides.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rebis_core::Result;

use super::values::is_changed;
use crate::mapper::{Direction, Links, Object, PassiveDeletes, Relation, State};
use crate::unit::{NumberMap, NumberSet, Unit};

/// A foreign key that follows from a relation.
#[derive(Debug, Clone)]
pub(super) struct Sync {
    /// The object that is named; none clears the key.
    pub(super) parent: Option<u64>,
    /// Columns of the child, and those of the parent whose values they take.
    pub(super) columns: &'static [(usize, usize)],
    /// Whether an UPDATE of its own writes it.
    pub(super) post_update: bool,
}

/// Rows to put into or to take out of a table between two sides.
pub(super) struct LinkRows {
    pub(super) relation: &'static Relation,
    /// The near and the far object of each row.
    pub(super) added: BTreeSet<(u64, u64)>,
    pub(super) removed: BTreeSet<(u64, u64)>,
}

/// The foreign keys that follow, by the numbers of the children.
#[derive(Default)]
pub(super) struct Keys {
    /// In the order of their numbers, in which most of them come and are asked for.
    in_order: Vec<(u64, Own)>,
    /// Those that came later than one with a higher number.
    others: NumberMap<Own>,
    /// Where the last one was found.
    place: Cell<usize>,
}

/// Those of one child; nearly all have one.
enum Own {
    One(Sync),
    More(Vec<Sync>),
}

impl Keys {
    /// Those of a child.
    pub(super) fn of(&self, child: u64) -> &[Sync] {
        let own = match self.place_of(child) {
            Some(place) => self.in_order.get(place).map(|(_, own)| own),
            None => self.others.get(&child),
        };
        match own {
            None => &[],
            Some(Own::One(only)) => std::slice::from_ref(only),
            Some(Own::More(all)) => all,
        }
    }

    pub(super) fn has(&self, child: u64) -> bool {
        self.place_of(child).is_some() || self.others.contains_key(&child)
    }

    /// The children.
    pub(super) fn children(&self) -> impl Iterator<Item = u64> {
        self.in_order.iter().map(|(child, _)| *child).chain(self.others.keys().copied())
    }

    /// At or behind the one that was found last, most often.
    fn place_of(&self, child: u64) -> Option<usize> {
        let is_there = |place: &usize| self.in_order.get(*place).is_some_and(|(known, _)| *known == child);
        let last = self.place.get();
        let place = [last, last + 1].into_iter().find(is_there);
        let place = place.or_else(|| self.in_order.binary_search_by_key(&child, |(known, _)| *known).ok())?;
        self.place.set(place);
        Some(place)
    }

    /// Both sides of a relation say the same; a new owner counts more than an old one's farewell.
    fn add(&mut self, child: u64, sync: Sync) {
        if self.in_order.last().is_none_or(|(last, _)| *last < child) {
            self.in_order.push((child, Own::One(sync)));
            return;
        }
        let known = match self.place_of(child) {
            Some(place) => self.in_order.get_mut(place).map(|(_, own)| own),
            None => self.others.get_mut(&child),
        };
        match known {
            Some(known) => known.add(sync),
            None => drop(self.others.insert(child, Own::One(sync))),
        }
    }
}

impl Own {
    fn add(&mut self, sync: Sync) {
        match self {
            Own::One(known) if known.columns == sync.columns => {
                if sync.parent.is_some() {
                    *known = sync;
                }
            }
            Own::One(known) => *self = Own::More(vec![known.clone(), sync]),
            Own::More(known) => {
                if sync.parent.is_some() {
                    known.retain(|key| key.columns != sync.columns);
                } else if known.iter().any(|key| key.columns == sync.columns) {
                    return;
                }
                known.push(sync);
            }
        }
    }
}

/// What follows from all changed relations.
#[derive(Default)]
pub(super) struct Syncs {
    pub(super) keys: Keys,
    pub(super) links: Vec<LinkRows>,
    /// Objects whose rows in a table between two sides get a new key.
    pub(super) carried: Vec<(Rc<Object>, &'static Relation)>,
}

impl Syncs {
    pub(super) fn of(unit: &Unit, changed: &[Rc<Object>]) -> Result<Syncs> {
        let mut syncs = Syncs::default();
        for object in changed {
            let relations = object.head.mapper.relations()?;
            for (number, relation) in relations.iter().enumerate() {
                if !relation.definition.view_only && is_looked_at(object, number, relation) {
                    // Taken out meanwhile: the relations of the others are looked at, and they may be the same object's.
                    let place = |links: &mut Links| std::mem::take(links);
                    let links =
                        object.head.notes().links.borrow_mut().get_mut(number).map(place).unwrap_or_default();
                    syncs.relation(unit, object, relation, &links);
                    if let Some(place) = object.head.notes().links.borrow_mut().get_mut(number) {
                        *place = links;
                    }
                }
                syncs.changed_key(unit, object, number, relation)?;
            }
        }
        Ok(syncs)
    }

    /// Children that the database does not change along when the key changes that they name.
    fn changed_key(
        &mut self,
        unit: &Unit,
        object: &Rc<Object>,
        number: usize,
        relation: &'static Relation,
    ) -> Result<()> {
        if !changes_key(object, relation)? {
            return Ok(());
        }
        if relation.secondary.is_some() {
            self.carried.push((Rc::clone(object), relation));
            return Ok(());
        }
        for child in unit.linked(object, number)?.unwrap_or_default() {
            self.key_of_child(unit, child, relation, Some(object.head.id), relation.key_columns());
        }
        Ok(())
    }

    fn relation(&mut self, unit: &Unit, object: &Rc<Object>, relation: &'static Relation, links: &Links) {
        let doomed = object.head.doomed.get();
        let id = object.head.id;
        // Of a deleted one the database itself takes care.
        if doomed && relation.definition.passive_deletes == PassiveDeletes::All {
            return;
        }
        match relation.direction {
            Direction::ManyToOne => {
                if !doomed && links.before.is_some() {
                    let parent = links.known().first().copied();
                    let parent = parent.filter(|parent| !frees(unit, *parent, relation));
                    self.key(object, relation, parent, relation.key_columns());
                }
            }
            Direction::OneToMany => {
                let (added, removed) = difference(links, doomed);
                let columns = relation.key_columns();
                for &child in &*added {
                    self.key_of_child(unit, child, relation, Some(id), columns);
                }
                for &child in &*removed {
                    let keys = self.keys.of(child);
                    let moved = keys.iter().any(|key| key.parent.is_some() && key.columns == columns);
                    let owned = relation.back.is_some_and(|back| {
                        let child = unit.object(child);
                        child.is_some_and(|child| matches!(unit.linked(&child, back), Ok(Some(ids)) if !ids.is_empty() && ids != [id]))
                    });
                    if !moved && !owned {
                        self.key_of_child(unit, child, relation, None, columns);
                    }
                }
            }
            Direction::ManyToMany => {
                let (added, removed) = difference(links, doomed);
                let mut added = added.into_owned();
                added.retain(|other| unit.object(*other).is_some_and(|other| !other.head.doomed.get()));
                if !added.is_empty() || !removed.is_empty() {
                    self.rows(relation, id, &added, &removed);
                }
            }
        }
    }

    fn key_of_child(
        &mut self,
        unit: &Unit,
        child: u64,
        relation: &Relation,
        parent: Option<u64>,
        columns: &'static [(usize, usize)],
    ) {
        let Some(object) = unit.object(child) else {
            if parent.is_some() {
                let (model, name) = (relation.target.name(), &relation.definition.name);
                tracing::warn!(target: "rebis::session", model, relation = %name, "an object in a relation is not in the session, and is not saved");
            }
            return;
        };
        self.key(&object, relation, parent, columns);
    }

    fn key(
        &mut self,
        child: &Object,
        relation: &Relation,
        parent: Option<u64>,
        columns: &'static [(usize, usize)],
    ) {
        let head = &child.head;
        if !head.doomed.get() && matches!(head.state.get(), State::Pending | State::Persistent) {
            self.keys.add(head.id, Sync { parent, columns, post_update: relation.is_post_update() });
        }
    }

    fn rows(&mut self, relation: &'static Relation, id: u64, added: &[u64], removed: &[u64]) {
        let near =
            |others: &[u64]| -> BTreeSet<(u64, u64)> { others.iter().map(|other| (id, *other)).collect() };
        let (mut added, mut removed) = (near(added), near(removed));
        // The other side of the relation, when it has changed as well, says the same rows the other way round.
        for known in &self.links {
            if is_reverse(known.relation, relation) {
                added.retain(|(near, far)| !known.added.contains(&(*far, *near)));
                removed.retain(|(near, far)| !known.removed.contains(&(*far, *near)));
            }
        }
        match self.links.iter_mut().find(|known| std::ptr::eq(known.relation, relation)) {
            Some(known) => {
                known.added.extend(added);
                known.removed.extend(removed);
            }
            None => self.links.push(LinkRows { relation, added, removed }),
        }
    }
}

/// Whether two relations are the two sides of one table.
fn is_reverse(one: &Relation, other: &Relation) -> bool {
    match (&one.secondary, &other.secondary) {
        (Some(one), Some(other)) => {
            let names =
                |side: &[(usize, String)]| side.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
            one.table == other.table
                && names(&one.near) == names(&other.far)
                && names(&one.far) == names(&other.near)
        }
        _ => false,
    }
}

/// Whether an object is deleted and its children are free of it, those as well that it got since the last flush.
fn frees(unit: &Unit, parent: u64, relation: &Relation) -> bool {
    let Some(parent) = unit.object(parent) else { return false };
    let by_database = || {
        let relations = parent.head.mapper.relations();
        let back = relation.back.and_then(|back| relations.ok()?.get(back));
        back.is_some_and(|back| back.definition.passive_deletes == PassiveDeletes::All)
    };
    parent.head.doomed.get() && !by_database()
}

/// What has come in and what has left since the last flush. All that the database has leaves one that is deleted.
fn difference(links: &Links, doomed: bool) -> (Cow<'_, [u64]>, Cow<'_, [u64]>) {
    if doomed {
        let there = links.before.as_deref().or(links.loaded.as_deref()).unwrap_or(links.removed());
        return ((&[]).into(), there.into());
    }
    let (Some(before), Some(now)) = (&links.before, &links.loaded) else {
        return (links.added().into(), links.removed().into());
    };
    (joined(links.added(), without(now, before)), joined(links.removed(), without(before, now)))
}

fn joined<'l>(first: &[u64], second: Cow<'l, [u64]>) -> Cow<'l, [u64]> {
    if first.is_empty() { second } else { [first, &second].concat().into() }
}

/// The one list without the other.
fn without<'l>(ids: &'l [u64], others: &[u64]) -> Cow<'l, [u64]> {
    if ids.is_empty() || others.is_empty() {
        return ids.into();
    }
    let others: NumberSet = others.iter().copied().collect();
    ids.iter().filter(|id| !others.contains(id)).copied().collect()
}

/// Whether something follows from the links of a relation.
fn is_looked_at(object: &Object, number: usize, relation: &Relation) -> bool {
    // Those of a deleted one leave it, whether or not they have changed.
    let leaves = object.head.doomed.get() && relation.direction != Direction::ManyToOne;
    object.head.link(number).is_some_and(|links| leaves || links.is_changed())
}

/// Whether the session has to change what names an object, because the key that it is named by has changed.
pub(super) fn changes_key(object: &Object, relation: &Relation) -> Result<bool> {
    if relation.definition.passive_updates
        || relation.definition.view_only
        || relation.direction == Direction::ManyToOne
        || object.head.doomed.get()
        || object.head.state.get() != State::Persistent
    {
        return Ok(false);
    }
    is_changed(object, &relation.near_columns())
}
