//! What follows from the changes before anything is sent.

use std::rc::Rc;

use rebis_core::{Connection, Result};

use crate::load::{Populate, load_related, refresh};
use crate::mapper::{Direction, Object, Relation, State};
use crate::unit::{NumberSet, Unit, conflict};

/// Takes in what was assigned to relation fields, finds orphans, and carries deletions on to what is deleted along.
///
/// # Errors
/// [`Conflict`](rebis_core::ErrorKind::Conflict) when a changed object is borrowed; what the database says while children are loaded.
pub(super) fn prepare(unit: &Unit, conn: &mut Connection) -> Result<()> {
    for object in unit.changed() {
        if object.data.get_mut().is_none() {
            return Err(conflict(&object.head));
        }
        unit.take_assigned(&object, |relation| load_related(unit, conn, &object, relation))?;
    }
    // Each step may find new ones: an orphan's own children.
    let (mut seen, mut doomed) = (NumberSet::default(), NumberSet::default());
    loop {
        let next = unit.changed_where(|object| {
            let seen = if object.head.doomed.get() { &doomed } else { &seen };
            !seen.contains(&object.head.id)
        });
        if next.is_empty() {
            return Ok(());
        }
        for object in next {
            let seen = if object.head.doomed.get() { &mut doomed } else { &mut seen };
            seen.insert(object.head.id);
            orphans(unit, &object)?;
            if object.head.doomed.get() {
                doom_children(unit, conn, &object)?;
            }
        }
    }
}

/// What has left a collection that owns it is deleted, or never comes to be.
fn orphans(unit: &Unit, object: &Rc<Object>) -> Result<()> {
    for (number, relation) in object.head.mapper.relations()?.iter().enumerate() {
        if !relation.definition.cascade.delete_orphan {
            continue;
        }
        let gone: Vec<u64> = {
            let links = object.head.links.borrow();
            let Some(links) = links.get(number) else { continue };
            let now = links.loaded.as_deref().unwrap_or(&[]);
            let before = links.before.iter().flatten().filter(|id| !now.contains(id));
            before.chain(&links.removed).chain(&links.left).copied().collect()
        };
        for orphan in unit.objects(&gone) {
            if has_owner(unit, &orphan, relation)? {
                continue;
            }
            match orphan.head.state.get() {
                State::Pending => unit.let_go(&orphan, State::Transient),
                State::Persistent => unit.doom(&orphan)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether the other side of the relation names an owner: the object was moved, and is no orphan.
fn has_owner(unit: &Unit, orphan: &Object, relation: &Relation) -> Result<bool> {
    let Some(back) = relation.back else { return Ok(false) };
    let owner = unit.linked(orphan, back)?.and_then(|ids| ids.first().copied());
    Ok(owner.is_some_and(|id| unit.object(id).is_some_and(|owner| !owner.head.doomed.get())))
}

/// Children of a deleted object: deleted along, or freed from it.
fn doom_children(unit: &Unit, conn: &mut Connection, object: &Rc<Object>) -> Result<()> {
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
        if !relation.definition.passive_deletes {
            load_related(unit, conn, object, number)?;
        }
        for child in unit.objects(&unit.linked(object, number)?.unwrap_or_default()) {
            match child.head.state.get() {
                State::Persistent if deletes && !child.head.doomed.get() => unit.doom(&child)?,
                State::Pending if deletes => unit.let_go(&child, State::Transient),
                _ => {}
            }
        }
    }
    Ok(())
}
