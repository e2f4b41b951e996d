//! Parents before children.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::sync::Sync;
use super::work::{Action, own_key};
use crate::mapper::{Direction, Mapper, Object, Relation};
use crate::model::Key;
use crate::unit::{NumberMap, Unit, conflict};

/// Objects, and what becomes of their rows.
pub(super) type Saved = Vec<(Rc<Object>, Action)>;

/// The objects, those that others name before the others. Tables are put in order by their foreign keys, whether or not the
/// objects name one another; within a circle of tables the objects decide. Apart from that: the order in which they came, changed
/// ones by their keys.
///
/// # Errors
/// [`ErrorKind::InvalidState`] when new rows name one another in a circle.
pub(super) fn order(unit: &Unit, objects: Saved, syncs: &NumberMap<Vec<Sync>>) -> Result<Saved> {
    // By their names: tables that do not know each other have one order on every run.
    let mut by_mapper: BTreeMap<(&str, u32), (&'static Mapper, Saved)> = BTreeMap::new();
    for entry in objects {
        let mapper = entry.0.head.mapper;
        by_mapper.entry(place(mapper)).or_insert_with(|| (mapper, Vec::new())).1.push(entry);
    }
    let mappers: Vec<&'static Mapper> = by_mapper.values().map(|(mapper, _)| *mapper).collect();
    let mut ordered = Vec::new();
    for group in groups(&mappers) {
        let mut rows = Saved::new();
        for mapper in &group {
            if let Some((_, mut own)) = by_mapper.remove(&place(mapper)) {
                sort_by_key(&mut own)?;
                rows.append(&mut own);
            }
        }
        let circle = group.len() > 1 || group.iter().any(|mapper| names(mapper, mapper));
        if circle {
            rows = by_rows(unit, rows, syncs)?;
        }
        ordered.append(&mut rows);
    }
    Ok(ordered)
}

fn place(mapper: &'static Mapper) -> (&'static str, u32) {
    (mapper.table().name(), mapper.number())
}

/// New ones as they came, then changed ones by their keys: two sessions that change the same rows do it in the same order.
fn sort_by_key(rows: &mut [(Rc<Object>, Action)]) -> Result<()> {
    for (object, _) in rows.iter() {
        if object.data.get().is_none() {
            return Err(conflict(&object.head));
        }
    }
    rows.sort_by_key(|(object, action)| {
        let key =
            (*action == Action::Update).then(|| object.head.key.borrow().as_ref().map(sort_key)).flatten();
        (*action == Action::Update, key, object.head.id)
    });
    Ok(())
}

/// Keys in an order of their own, the same everywhere.
fn sort_key(key: &Key) -> (i64, String) {
    match key {
        Key::Integer(number) => (*number, String::new()),
        other => (0, format!("{other:?}")),
    }
}

/// Whether a foreign key of one table leads to another one, or a relation that follows other columns.
fn names(from: &'static Mapper, to: &'static Mapper) -> bool {
    from.table().foreign_keys().iter().any(|key| key.table() == to.table().name())
        || follows(from, to, Direction::ManyToOne)
        || follows(to, from, Direction::OneToMany)
}

fn follows(from: &'static Mapper, to: &'static Mapper, direction: Direction) -> bool {
    let leads = |relation: &Relation| {
        let definition = &relation.definition;
        let written = !definition.join.is_empty() && !definition.view_only && !definition.post_update;
        written && relation.direction == direction && *relation.target == *to
    };
    from.relations().is_ok_and(|relations| relations.iter().any(leads))
}

/// The mappers in groups, those that are named before those that name them; a group of several is a circle.
fn groups(mappers: &[&'static Mapper]) -> Vec<Vec<&'static Mapper>> {
    let mut left: Vec<&'static Mapper> = mappers.to_vec();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let free = left
            .iter()
            .position(|mapper| !left.iter().any(|other| *other != *mapper && names(mapper, other)));
        if let Some(index) = free {
            groups.push(vec![left.remove(index)]);
            continue;
        }
        // A circle: those that can be reached from each other, and from which nothing else can be.
        let reach = |from: &'static Mapper| -> BTreeSet<u32> {
            let (mut seen, mut next) = (BTreeSet::from([from.number()]), vec![from]);
            while let Some(mapper) = next.pop() {
                for other in left.iter().filter(|other| names(mapper, other)) {
                    if seen.insert(other.number()) {
                        next.push(other);
                    }
                }
            }
            seen
        };
        let smallest = left.iter().map(|mapper| reach(mapper)).min_by_key(BTreeSet::len).unwrap_or_default();
        let (circle, rest) = left.into_iter().partition(|mapper| smallest.contains(&mapper.number()));
        groups.push(circle);
        left = rest;
    }
    groups
}

/// Row by row: each behind the rows that its foreign keys name.
fn by_rows(unit: &Unit, rows: Saved, syncs: &NumberMap<Vec<Sync>>) -> Result<Saved> {
    // A row that is there already can be named at any time, and until its key changes it is where it was.
    let come_or_go = |action: &Action| *action != Action::Update;
    let here: BTreeSet<u64> =
        rows.iter().filter(|(_, action)| come_or_go(action)).map(|(object, _)| object.head.id).collect();
    let mut keys: HashMap<(u32, Key), u64> = HashMap::new();
    for (object, _) in &rows {
        if let Some(key) = own_key(object)? {
            keys.insert((object.head.mapper.number(), key), object.head.id);
        }
    }
    let mut parents: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for (object, _) in &rows {
        let id = object.head.id;
        let mut named: BTreeSet<u64> = BTreeSet::new();
        let own: &[Sync] = syncs.get(&id).map_or(&[], Vec::as_slice);
        named.extend(own.iter().filter(|sync| !sync.post_update).filter_map(|sync| sync.parent));
        named.extend(by_columns(unit, object, own, &keys)?);
        named.remove(&id);
        named.retain(|parent| here.contains(parent));
        parents.insert(id, named);
    }
    let mut left = rows;
    let mut done: BTreeSet<u64> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let (ready, waiting): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(object, _)| parents[&object.head.id].iter().all(|parent| done.contains(parent)));
        if ready.is_empty() {
            let of: Vec<&str> = waiting.iter().map(|(object, _)| object.head.mapper.name()).collect();
            return Err(Error::new(
                ErrorKind::InvalidState,
                format!(
                    "rows of {} name one another in a circle, and none can be written first; say post_update of one of the \
                     relations",
                    of.join(", ")
                ),
            ));
        }
        done.extend(ready.iter().map(|(object, _)| object.head.id));
        ordered.extend(ready);
        left = waiting;
    }
    Ok(ordered)
}

/// The objects that the foreign keys name by their values, as far as they are among these rows.
fn by_columns(
    unit: &Unit,
    object: &Rc<Object>,
    syncs: &[Sync],
    keys: &HashMap<(u32, Key), u64>,
) -> Result<Vec<u64>> {
    let mut found = Vec::new();
    for relation in object.head.mapper.relations()? {
        // Columns that follow from a relation still have their old values.
        let follows = syncs.iter().any(|sync| *sync.columns == *relation.pairs);
        if relation.direction == Direction::ManyToOne
            && !follows
            && !relation.definition.post_update
            && let Some(key) = unit.referred_key(object, relation)?
            && let Some(parent) = keys.get(&(relation.target.number(), key))
        {
            found.push(*parent);
        }
    }
    Ok(found)
}
