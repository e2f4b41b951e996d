//! Relations → foreign keys, and rows of the tables between two sides.

use std::collections::BTreeSet;
use std::rc::Rc;

use rebis_core::Result;

use crate::mapper::{Direction, Links, Object, Relation, State};
use crate::unit::{NumberMap, Unit};

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

/// What follows from all changed relations.
#[derive(Default)]
pub(super) struct Syncs {
    pub(super) keys: NumberMap<Vec<Sync>>,
    pub(super) links: Vec<LinkRows>,
}

impl Syncs {
    pub(super) fn of(unit: &Unit, changed: &[Rc<Object>]) -> Result<Syncs> {
        let mut syncs = Syncs::default();
        for object in changed {
            let relations = object.head.mapper.relations()?;
            let links = object.head.links.borrow();
            for (relation, links) in relations.iter().zip(links.iter()) {
                if relation.definition.view_only {
                    continue;
                }
                syncs.relation(unit, object, relation, links);
            }
        }
        Ok(syncs)
    }

    fn relation(&mut self, unit: &Unit, object: &Rc<Object>, relation: &'static Relation, links: &Links) {
        let doomed = object.head.doomed.get();
        let id = object.head.id;
        match relation.direction {
            Direction::ManyToOne => {
                if !doomed && links.before.is_some() {
                    let parent = links.loaded.iter().flatten().next().copied();
                    self.key(unit, id, relation, parent, &relation.pairs);
                }
            }
            Direction::OneToMany => {
                let (added, removed) = difference(links, doomed);
                let columns = relation.reversed.as_slice();
                for child in added {
                    self.key(unit, child, relation, Some(id), columns);
                }
                for child in removed {
                    let moved = self.keys.get(&child).is_some_and(|keys| {
                        keys.iter().any(|key| key.parent.is_some() && key.columns == columns)
                    });
                    let owned = relation.back.is_some_and(|back| {
                        let child = unit.object(child);
                        child.is_some_and(|child| matches!(unit.linked(&child, back), Ok(Some(ids)) if !ids.is_empty() && ids != [id]))
                    });
                    if !moved && !owned {
                        self.key(unit, child, relation, None, columns);
                    }
                }
            }
            Direction::ManyToMany => {
                let (mut added, removed) = difference(links, doomed);
                added.retain(|other| unit.object(*other).is_some_and(|other| !other.head.doomed.get()));
                if !added.is_empty() || !removed.is_empty() {
                    self.rows(relation, id, &added, &removed);
                }
            }
        }
    }

    fn key(
        &mut self,
        unit: &Unit,
        child: u64,
        relation: &Relation,
        parent: Option<u64>,
        columns: &'static [(usize, usize)],
    ) {
        let Some(object) = unit.object(child) else { return };
        if object.head.doomed.get() || !matches!(object.head.state.get(), State::Pending | State::Persistent)
        {
            return;
        }
        let keys = self.keys.entry(child).or_default();
        // Both sides say the same; a new owner counts more than an old one's farewell.
        if parent.is_some() {
            keys.retain(|key| key.columns != columns);
        } else if keys.iter().any(|key| key.columns == columns) {
            return;
        }
        keys.push(Sync { parent, columns, post_update: relation.definition.post_update });
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

/// What has come in and what has left since the last flush. All that the database has leaves one that is deleted.
fn difference(links: &Links, doomed: bool) -> (Vec<u64>, Vec<u64>) {
    if doomed {
        let there = links.before.as_ref().or(links.loaded.as_ref()).unwrap_or(&links.removed);
        return (Vec::new(), there.clone());
    }
    let (mut added, mut removed) = (links.added.clone(), links.removed.clone());
    if let (Some(before), Some(now)) = (&links.before, &links.loaded) {
        added.extend(now.iter().filter(|id| !before.contains(id)));
        removed.extend(before.iter().filter(|id| !now.contains(id)));
    }
    (added, removed)
}
