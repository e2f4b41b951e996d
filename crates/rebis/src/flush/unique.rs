//! Unique values that rows of one flush hand on: who gives one up comes before who takes it, and where rows exchange theirs, one of them
//! is parked meanwhile.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::layers::Edge;
use super::order::{Saved, positions};
use super::park::{Filler, Named, Park, filler};
use super::post_update::nullable;
use super::sync::{Keys, Sync};
use super::values::{coming, is_changed, stored};
use super::work::Action;
use crate::mapper::{Mapper, Object, Refers};
use crate::model::Key;
use crate::unit::Unit;

/// A row takes the values of one set of unique columns, which another row gives up.
struct Need {
    taker: u64,
    freer: u64,
    set: usize,
}

/// What rows of a flush need of one another.
#[derive(Default)]
pub(super) struct Uniques {
    needs: Vec<Need>,
    /// Places in `needs`.
    by_taker: HashMap<u64, Vec<usize>>,
    /// Of mappers with needs.
    mappers: BTreeSet<u32>,
    /// New objects in the rows of deleted ones.
    switched: BTreeMap<u64, Rc<Object>>,
    named: Named,
    pub(super) parks: Vec<Park>,
}

/// A mapper, one of its sets, and values of it.
type Place = (u32, usize, Key);

/// The rows of one flush.
pub(super) struct Rows<'w> {
    pub(super) unit: &'w Unit,
    pub(super) saved: &'w Saved,
    pub(super) deleted: &'w [Rc<Object>],
    pub(super) syncs: &'w Keys,
    pub(super) switched: &'w BTreeMap<u64, u64>,
    /// Whether texts that differ in case only may be one value.
    pub(super) folds: bool,
}

impl Uniques {
    /// Only what has changed is looked at, and nothing where no row gives anything up.
    pub(super) fn of(rows: &Rows<'_>) -> Result<Uniques> {
        let mut found = Uniques::default();
        if rows.saved.is_empty() {
            return Ok(found);
        }
        for (new, old) in rows.switched {
            found.switched.extend(rows.unit.object(*old).map(|old| (*new, old)));
        }
        let freed = found.freed(rows)?;
        if freed.is_empty() {
            return Ok(found);
        }
        let mappers: BTreeSet<u32> = freed.keys().map(|(mapper, _, _)| *mapper).collect();
        for (object, action) in rows.saved {
            let (head, mapper) = (&object.head, object.head.mapper);
            if !mappers.contains(&mapper.number()) {
                continue;
            }
            let syncs = rows.syncs.of(head.id);
            for (set, columns) in mapper.uniques().iter().enumerate() {
                let is_new = *action == Action::Insert || found.switched.contains_key(&head.id);
                if !is_new && !changes(object, columns, syncs)? {
                    continue;
                }
                let Some(key) = coming(rows.unit, object, columns, syncs)? else { continue };
                let place = (mapper.number(), set, fold(key, rows.folds));
                if let Some(&freer) = freed.get(&place).filter(|freer| **freer != head.id) {
                    found.by_taker.entry(head.id).or_default().push(found.needs.len());
                    found.mappers.insert(mapper.number());
                    found.needs.push(Need { taker: head.id, freer, set });
                }
            }
        }
        if !found.needs.is_empty() {
            found.named = named(rows.unit)?;
        }
        Ok(found)
    }

    /// The values that rows give up, by changing or by going.
    fn freed(&self, rows: &Rows<'_>) -> Result<HashMap<Place, u64>> {
        let mut freed = HashMap::new();
        let mut free = |mapper: &Mapper, set: usize, key: Option<Key>, id: u64| {
            freed.extend(key.map(|key| ((mapper.number(), set, fold(key, rows.folds)), id)));
        };
        for (object, _) in rows.saved.iter().filter(|(_, action)| *action == Action::Update) {
            let (head, mapper) = (&object.head, object.head.mapper);
            let syncs = rows.syncs.of(head.id);
            let old = self.switched.get(&head.id);
            for (set, columns) in mapper.uniques().iter().enumerate() {
                if old.is_some() || changes(object, columns, syncs)? {
                    free(mapper, set, stored(old.unwrap_or(object), columns)?, head.id);
                }
            }
        }
        if rows.deleted.is_empty() {
            return Ok(freed);
        }
        let taken: BTreeSet<u32> = rows.saved.iter().map(|(object, _)| object.head.mapper.number()).collect();
        for object in rows.deleted.iter().filter(|object| taken.contains(&object.head.mapper.number())) {
            for (set, columns) in object.head.mapper.uniques().iter().enumerate() {
                free(object.head.mapper, set, stored(object, columns)?, object.head.id);
            }
        }
        Ok(freed)
    }

    /// Whether rows of a mapper need one another.
    pub(super) fn concern(&self, mapper: &Mapper) -> bool {
        self.mappers.contains(&mapper.number())
    }

    /// The rows that give up what a row takes.
    pub(super) fn freers(&self, taker: u64) -> impl Iterator<Item = u64> {
        let needs = self.by_taker.get(&taker).map_or(&[][..], Vec::as_slice);
        needs.iter().map(|need| self.needs[*need].freer)
    }

    /// Of the deleted rows, those that have to go before anything is written, because a value of theirs is taken: with the deleted rows
    /// that name them. Changed rows that still name one name nobody meanwhile; where that cannot be, it is parked.
    pub(super) fn early(&mut self, rows: &Rows<'_>) -> Result<BTreeSet<u64>> {
        let gone: HashMap<u64, &Rc<Object>> =
            rows.deleted.iter().map(|object| (object.head.id, object)).collect();
        let mut early = BTreeSet::new();
        let wanted: Vec<usize> =
            (0..self.needs.len()).filter(|need| gone.contains_key(&self.needs[*need].freer)).collect();
        if wanted.is_empty() {
            return Ok(early);
        }
        let named_by = named_by(rows, &gone)?;
        for need in wanted {
            let Need { taker, freer, set } = self.needs[need];
            let (mut closure, mut next, mut free) = (BTreeSet::new(), vec![freer], true);
            let mut parks = Vec::new();
            while let Some(id) = next.pop() {
                if !closure.insert(id) {
                    continue;
                }
                for (by, columns) in named_by.get(&id).into_iter().flatten() {
                    let by_id = by.head.id;
                    if gone.contains_key(&by_id) {
                        next.push(by_id);
                        continue;
                    }
                    let syncs = rows.syncs.of(by_id);
                    free &= nullable(by.head.mapper, columns) && changes(by, columns, syncs)?;
                    parks.extend(columns.iter().map(|column| Park::foreign_key(by, *column)));
                }
            }
            if free {
                early.extend(closure);
                self.parks.extend(parks);
            } else if let Some(doomed) = gone.get(&freer)
                && !self.parks.iter().any(|park| park.object.head.id == freer && park.set == Some(set))
            {
                let Some((column, filler)) = filler(doomed.head.mapper, set, false, &self.named) else {
                    let taker = rows.unit.object(taker);
                    return Err(cannot_park(doomed, taker.as_deref(), set));
                };
                self.parks.push(Park {
                    object: Rc::clone(doomed),
                    id: freer,
                    set: Some(set),
                    column,
                    filler,
                });
            }
        }
        Ok(early)
    }

    /// Parts a circle of rows, by parking the one of which a row needs the place.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when no row of it can be parked.
    pub(super) fn part(
        &mut self,
        rows: &Saved,
        edges: &[Vec<Edge>],
        circle: &[usize],
    ) -> Result<(usize, usize)> {
        let parents = circle.iter().skip(1).chain(circle.first());
        let mut possible: Option<(usize, usize, Vec<Park>)> = None;
        let mut refused = None;
        for (&child, &parent) in circle.iter().zip(parents) {
            if !edges[child].iter().any(|edge| edge.parent == parent && edge.may_part) {
                continue;
            }
            match self.parked(&rows[child].0, &rows[parent].0) {
                Ok(parks) => {
                    let by_null = parks.iter().all(|park| matches!(park.filler, Filler::Null));
                    if by_null || possible.is_none() {
                        possible = Some((child, parent, parks));
                    }
                    if by_null {
                        break;
                    }
                }
                Err(error) => refused = Some(error),
            }
        }
        match (possible, refused) {
            (Some((child, parent, parks)), _) => {
                self.parks.extend(parks);
                Ok((child, parent))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(circle_of_keys(rows, circle)),
        }
    }

    /// How the row that gives up values is parked, one column of each set that the taker takes.
    fn parked(&self, taker: &Rc<Object>, freer: &Rc<Object>) -> Result<Vec<Park>> {
        let id = freer.head.id;
        let needs = self.by_taker.get(&taker.head.id).map_or(&[][..], Vec::as_slice);
        let sets = needs.iter().map(|need| &self.needs[*need]).filter(|need| need.freer == id);
        sets.map(|need| {
            let object = self.switched.get(&id).unwrap_or(freer);
            match filler(object.head.mapper, need.set, true, &self.named) {
                Some((column, filler)) => {
                    Ok(Park { object: Rc::clone(object), id, set: Some(need.set), column, filler })
                }
                None => Err(cannot_park(object, Some(taker), need.set)),
            }
        })
        .collect()
    }
}

/// Whether a row gets other values in these columns, of its own or by its relations.
fn changes(object: &Object, columns: &[usize], syncs: &[Sync]) -> Result<bool> {
    let follows = || {
        let mut near = syncs.iter().flat_map(|sync| sync.columns.iter().map(|(near, _)| near));
        near.any(|near| columns.contains(near))
    };
    Ok(follows() || is_changed(object, columns)?)
}

/// What the foreign keys lead to that the session knows of.
fn named(unit: &Unit) -> Result<Named> {
    let mut mappers = unit.mappers();
    for index in 0..mappers.len() {
        mappers.extend(mappers[index].relations()?.iter().map(|relation| relation.target));
    }
    let refers = mappers.iter().flat_map(|mapper| mapper.refers());
    Ok(refers.flat_map(|to| to.referred.iter().map(|column| (to.table.clone(), column.clone()))).collect())
}

/// Deleted rows by what they are named by.
fn keys_of(gone: &HashMap<u64, &Rc<Object>>, refers: &Refers) -> Result<HashMap<Key, u64>> {
    let mut keys = HashMap::new();
    for (id, doomed) in gone.iter().filter(|(_, gone)| refers.leads(gone.head.mapper.table())) {
        if let Some(columns) = positions(doomed.head.mapper, &refers.referred)
            && let Some(key) = stored(doomed, &columns)?
        {
            keys.insert(key, *id);
        }
    }
    Ok(keys)
}

/// For each deleted row, those that name it, and by which columns.
type NamedBy = HashMap<u64, Vec<(Rc<Object>, Vec<usize>)>>;

/// The rows of the flush that name a deleted one, as the database has them.
fn named_by(rows: &Rows<'_>, gone: &HashMap<u64, &Rc<Object>>) -> Result<NamedBy> {
    let changed = rows.saved.iter().filter(|(_, action)| *action == Action::Update).map(|(object, _)| object);
    let all: Vec<&Rc<Object>> = changed.chain(rows.deleted).collect();
    let mut index: HashMap<*const Refers, HashMap<Key, u64>> = HashMap::new();
    let mut named_by = NamedBy::new();
    for object in &all {
        for refers in object.head.mapper.refers() {
            let keys = match index.entry(std::ptr::from_ref(refers)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(keys_of(gone, refers)?),
            };
            if let Some(key) = stored(object, &refers.columns)?
                && let Some(id) = keys.get(&key)
                && *id != object.head.id
            {
                named_by.entry(*id).or_default().push((Rc::clone(object), refers.columns.clone()));
            }
        }
    }
    Ok(named_by)
}

/// By most collations of MySQL `a`, `A` and `a ` are one value. Too many that are taken for one only cost an order.
fn fold(key: Key, folds: bool) -> Key {
    match key {
        Key::Text(text) if folds => Key::Text(text.trim_end().to_lowercase().into()),
        Key::Composite(parts) if folds => {
            Key::Composite(parts.into_iter().map(|part| fold(part, true)).collect())
        }
        other => other,
    }
}

fn shown(object: &Object) -> String {
    match object.head.key() {
        Some(key) => format!("the {} {key:?}", object.head.mapper.name()),
        None => format!("a new {}", object.head.mapper.name()),
    }
}

fn cannot_park(freer: &Object, taker: Option<&Object>, set: usize) -> Error {
    let mapper = freer.head.mapper;
    let columns: Vec<&str> =
        mapper.uniques()[set].iter().map(|column| &*mapper.mapped()[*column].name).collect();
    let text = format!(
        "{} takes the value of '{}' of {} that {} still has when it is written, and nothing else can stand in that column meanwhile; \
         flush in between",
        taker.map_or_else(|| "another row".to_owned(), shown),
        columns.join(", "),
        mapper.name(),
        shown(freer)
    );
    Error::new(ErrorKind::InvalidState, text)
}

fn circle_of_keys(rows: &Saved, circle: &[usize]) -> Error {
    let of: BTreeSet<&str> = circle.iter().map(|row| rows[*row].0.head.mapper.name()).collect();
    let text = format!(
        "rows of {} name one another in a circle, and none can be written first; say post_update of one of the relations",
        of.into_iter().collect::<Vec<_>>().join(", ")
    );
    Error::new(ErrorKind::InvalidState, text)
}
