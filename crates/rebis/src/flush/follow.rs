//! Keys that the database has changed along: ON UPDATE CASCADE reaches objects in memory as well.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::{Result, Value};

use super::keys::write;
use super::order::positions;
use super::work::own_key;
use crate::mapper::{Direction, Expiry, Mapper, Object, Record, Refers, State};
use crate::model::Key;
use crate::unit::{Unit, conflict};

/// An object whose row has changed, and how it was.
struct Moved {
    object: Rc<Object>,
    before: Box<dyn Record>,
}

/// After these objects of one mapper were updated: children that named what has changed name what it is now, without a statement.
///
/// # Errors
/// [`Conflict`](rebis_core::ErrorKind::Conflict) when a child whose own key changes with it is borrowed.
pub(super) fn follow(unit: &Unit, objects: &[Rc<Object>], columns: &[usize]) -> Result<()> {
    let Some(first) = objects.first() else { return Ok(()) };
    // What a foreign key names is unique.
    if !first.head.mapper.uniques().iter().flatten().any(|column| columns.contains(column)) {
        return Ok(());
    }
    let moved = objects.iter().filter_map(|object| {
        let before = object.head.base.borrow().as_ref()?.copy();
        Some(Moved { object: Rc::clone(object), before })
    });
    let mut parents: Vec<Moved> = moved.collect();
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    // Children of children follow where a foreign key is a part of their own key.
    while !parents.is_empty() {
        seen.extend(parents.iter().map(|parent| parent.object.head.id));
        parents = children_of(unit, &parents)?;
        parents.retain(|child| !seen.contains(&child.object.head.id));
    }
    Ok(())
}

fn children_of(unit: &Unit, parents: &[Moved]) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    for mapper in unit.mappers() {
        for refers in mapper.refers() {
            let changed = changed(parents, mapper, refers)?;
            if changed.is_empty() {
                continue;
            }
            let persistent = |object: &Rc<Object>| object.head.state.get() == State::Persistent;
            for child in unit.all().into_iter().filter(|child| child.head.mapper == mapper).filter(persistent)
            {
                moved.extend(move_along(unit, child, refers, &changed)?);
            }
        }
    }
    Ok(moved)
}

/// What these parents were named by, and the values that name them now.
fn changed(parents: &[Moved], child: &'static Mapper, refers: &Refers) -> Result<HashMap<Key, Vec<Value>>> {
    let mut changed = HashMap::new();
    for Moved { object, before } in parents {
        let mapper = object.head.mapper;
        if mapper.table().name() != refers.table || is_active(mapper, child, refers)? {
            continue;
        }
        let Some(columns) = positions(mapper, &refers.referred) else { continue };
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        if columns.iter().all(|column| record.same(&**before, *column)) {
            continue;
        }
        if let Ok(Some(old)) = Key::of(columns.iter().map(|column| before.read(*column))) {
            changed.insert(old, columns.iter().map(|column| record.read(*column)).collect());
        }
    }
    Ok(changed)
}

/// Whether the session itself changes the children, by a statement.
fn is_active(parent: &'static Mapper, child: &Mapper, refers: &Refers) -> Result<bool> {
    Ok(parent.relations()?.iter().any(|relation| {
        !relation.definition.passive_updates
            && relation.direction == Direction::OneToMany
            && relation.target == child
            && relation.pairs.iter().map(|(_, far)| far).eq(refers.columns.iter())
    }))
}

fn move_along(
    unit: &Unit,
    child: Rc<Object>,
    refers: &Refers,
    changed: &HashMap<Key, Vec<Value>>,
) -> Result<Option<Moved>> {
    let head = &child.head;
    let before = {
        let base = head.base.borrow();
        match &*base {
            Some(base) => base.copy(),
            None => child.data.get().ok_or_else(|| conflict(head))?.copy(),
        }
    };
    let key = Key::of(refers.columns.iter().map(|column| before.read(*column))).ok().flatten();
    let Some(values) = key.and_then(|key| changed.get(&key)) else { return Ok(None) };
    let is_key = refers.columns.iter().any(|column| head.mapper.key().contains(column));
    if !is_key && child.data.get_mut().is_none() {
        // The program is looking at it; it is read again afterwards.
        unit.touch(&child)?;
        head.expiry.set(Expiry::Expired);
        return Ok(None);
    }
    unit.touch(&child)?;
    for (column, value) in refers.columns.iter().zip(values) {
        // What the program has changed meanwhile stays as it wants it.
        let is_old = child.data.get().is_some_and(|record| record.same(&*before, *column));
        if is_old {
            write(&child, *column, value)?;
        }
        if let Some(base) = head.base.borrow_mut().as_mut() {
            // It is shared with what a rollback puts back. The record of the same column has taken the value already.
            let mut copy = base.copy();
            let _ = copy.write(*column, value.as_ref());
            *base = copy.into();
        }
    }
    if is_key {
        let key = own_key(&child)?;
        unit.remember_key(head, key);
    }
    Ok(Some(Moved { object: child, before }))
}
