//! Keys that the database has changed along: ON UPDATE CASCADE reaches objects in memory as well.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::{Result, Value};

use super::keys::write;
use super::order::positions;
use super::park::Park;
use super::values::stored;
use super::work::own_key;
use crate::mapper::{Direction, Expiry, Mapper, Object, Record, Refers, State};
use crate::model::Key;
use crate::unit::{Unit, conflict};

/// An object whose row has changed: how the row was, and how it is. The object itself may have changes that come later.
struct Moved {
    object: Rc<Object>,
    before: Box<dyn Record>,
    after: Box<dyn Record>,
}

/// What stands in rows meanwhile, by who writes them later.
pub(super) type Parked = HashMap<u64, Vec<(Park, Value)>>;

/// After these objects of one mapper were updated: children that named what has changed name what it is now, without a statement.
///
/// # Errors
/// [`Conflict`](rebis_core::ErrorKind::Conflict) when a child whose own key changes with it is borrowed.
pub(super) fn follow(unit: &Unit, objects: &[Rc<Object>], columns: &[usize], parked: &Parked) -> Result<()> {
    let Some(first) = objects.first() else { return Ok(()) };
    // What a foreign key names is unique.
    if !first.head.mapper.uniques().iter().flatten().any(|column| columns.contains(column)) {
        return Ok(());
    }
    let mut moved = Vec::new();
    for object in objects {
        let Some(before) = before(object, parked)? else { continue };
        let after = object.data.get().ok_or_else(|| conflict(&object.head))?.copy();
        moved.push(Moved { object: Rc::clone(object), before, after });
    }
    follow_all(unit, moved, parked)
}

/// After a row was parked: its children go along, so that they are not taken for those of the row that has its values next.
///
/// # Errors
/// As [`follow`].
pub(super) fn follow_parked(unit: &Unit, park: &Park, value: &Value, parked: &Parked) -> Result<()> {
    let before = stands(in_database(&park.object)?, parked.get(&park.id));
    let mut after = before.copy();
    if after.write(park.column, value.as_ref()).is_err() {
        // Neither can a child's field hold it.
        return Ok(());
    }
    follow_all(unit, vec![Moved { object: Rc::clone(&park.object), before, after }], parked)
}

/// How the row of an object was before it was updated; `None` when nothing was noted of it.
fn before(object: &Object, parked: &Parked) -> Result<Option<Box<dyn Record>>> {
    let parked = parked.get(&object.head.id);
    if let Some(base) = object.head.base() {
        return Ok(Some(stands(base.copy(), parked)));
    }
    // A new object in the row of a deleted one.
    let old =
        parked.and_then(|parks| parks.first()).map(|(park, _)| in_database(&park.object)).transpose()?;
    Ok(old.map(|old| stands(old, parked)))
}

/// The columns of an object at the last flush.
fn in_database(object: &Object) -> Result<Box<dyn Record>> {
    match object.head.base() {
        Some(base) => Ok(base.copy()),
        None => Ok(object.data.get().ok_or_else(|| conflict(&object.head))?.copy()),
    }
}

/// The row of a record, with what stands in it meanwhile.
fn stands(mut record: Box<dyn Record>, parked: Option<&Vec<(Park, Value)>>) -> Box<dyn Record> {
    for (park, value) in parked.into_iter().flatten() {
        // A field that cannot hold it is one whose children were not told of it.
        let _ = record.write(park.column, value.as_ref());
    }
    record
}

fn follow_all(unit: &Unit, mut parents: Vec<Moved>, parked: &Parked) -> Result<()> {
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    // Children of children follow where a foreign key is a part of their own key.
    while !parents.is_empty() {
        seen.extend(parents.iter().map(|parent| parent.object.head.id));
        parents = children_of(unit, &parents)?;
        parents.retain(|child| !seen.contains(&child.object.head.id));
        for Moved { object, before, after } in &mut parents {
            let own = parked.get(&object.head.id);
            (*before, *after) = (stands(before.copy(), own), stands(after.copy(), own));
        }
    }
    Ok(())
}

fn children_of(unit: &Unit, parents: &[Moved]) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    for mapper in unit.mappers_in_database() {
        for refers in mapper.refers() {
            let changed = changed(parents, mapper, refers)?;
            if changed.is_empty() {
                continue;
            }
            let persistent = |object: &Rc<Object>| object.head.state.get() == State::Persistent;
            for child in unit.all_of(mapper).into_iter().filter(persistent) {
                moved.extend(move_along(unit, child, refers, &changed)?);
            }
        }
    }
    Ok(moved)
}

/// What these parents were named by, and the values that name them now.
fn changed(parents: &[Moved], child: &'static Mapper, refers: &Refers) -> Result<HashMap<Key, Vec<Value>>> {
    let mut changed = HashMap::new();
    for Moved { object, before, after } in parents {
        let mapper = object.head.mapper;
        if !refers.leads(mapper.table()) || is_active(mapper, child, refers)? {
            continue;
        }
        let Some(columns) = positions(mapper, &refers.referred) else { continue };
        if columns.iter().all(|column| after.same(&**before, *column)) {
            continue;
        }
        if let Ok(Some(old)) = Key::of(columns.iter().map(|column| before.read(*column))) {
            changed.insert(old, columns.iter().map(|column| after.read(*column)).collect());
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
    // Most of them name something else, and are not copied.
    let Some(values) = stored(&child, &refers.columns)?.and_then(|key| changed.get(&key)) else {
        return Ok(None);
    };
    let before = in_database(&child)?;
    let is_key = refers.columns.iter().any(|column| head.mapper.key().contains(column));
    if !is_key && child.data.get_mut().is_none() {
        // The program is looking at it; it is read again afterwards.
        unit.touch(&child)?;
        head.expiry.set(Expiry::Expired);
        return Ok(None);
    }
    unit.touch(&child)?;
    let mut after = before.copy();
    for (column, value) in refers.columns.iter().zip(values) {
        // What the program has changed meanwhile stays as it wants it.
        let is_old = child.data.get().is_some_and(|record| record.same(&*before, *column));
        if is_old {
            write(unit, &child, *column, value)?;
        }
        // The record of the same column has taken the value already.
        let _ = after.write(*column, value.as_ref());
    }
    // What was there is shared with what a rollback puts back.
    head.notes().base.replace(Some(after.copy().into()));
    if is_key {
        let key = own_key(&child)?;
        unit.remember_key(head, key);
    }
    Ok(Some(Moved { object: child, before, after }))
}
