//! Parents before children, and who gives a unique value up before who takes it.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::Result;

use super::layers::{Edge, depths};
use super::sync::{Keys, Sync};
use super::unique::Uniques;
use super::values::{coming, is_changed, stored};
use super::work::Action;
use crate::mapper::{Direction, Mapper, Object, Relation};
use crate::model::Key;
use crate::unit::Unit;

/// Objects, and what becomes of their rows.
pub(super) type Saved = Vec<(Rc<Object>, Action)>;

/// Columns of foreign keys that do not count, because they are written by statements of their own: an object, and its columns.
pub(super) type Loose = BTreeSet<(u64, Vec<usize>)>;

/// What rows are put in order by.
pub(super) struct Order<'w> {
    pub(super) unit: &'w Unit,
    pub(super) syncs: &'w Keys,
    pub(super) loose: &'w Loose,
}

impl Order<'_> {
    /// The objects, those that others name before the others. Tables are put in order by their foreign keys, whether or not the
    /// objects name one another; within a circle of tables the rows decide. Apart from that: the order in which they came, changed
    /// ones by their keys. Who takes a unique value comes behind who gives it up; a circle of such is parted by parking a row.
    ///
    /// # Errors
    /// [`InvalidState`](rebis_core::ErrorKind::InvalidState) when rows name one another in a circle.
    pub(super) fn of(&self, objects: Saved, uniques: &mut Uniques) -> Result<Saved> {
        let mut by_mapper: Vec<(&'static Mapper, Saved)> = Vec::new();
        for entry in objects {
            let mapper = entry.0.head.mapper;
            match by_mapper.iter_mut().find(|(known, _)| *known == mapper) {
                Some((_, own)) => own.push(entry),
                None => by_mapper.push((mapper, vec![entry])),
            }
        }
        // By their names: tables that do not know each other have one order on every run.
        by_mapper.sort_by_key(|(mapper, _)| place(mapper));
        let mappers: Vec<&'static Mapper> = by_mapper.iter().map(|(mapper, _)| *mapper).collect();
        let mut ordered = Vec::new();
        for group in groups(&mappers) {
            let mut rows = Saved::new();
            for mapper in &group {
                if let Some((_, own)) = by_mapper.iter_mut().find(|(known, _)| known == mapper) {
                    sort_by_key(own);
                    append(&mut rows, own);
                }
            }
            let circle = group.len() > 1 || group.iter().any(|mapper| names(mapper, mapper));
            if circle || group.iter().any(|mapper| uniques.concern(mapper)) {
                rows = self.by_rows(rows, &group, uniques)?;
            }
            append(&mut ordered, &mut rows);
        }
        Ok(ordered)
    }

    /// Row by row: each behind the rows that it needs.
    fn by_rows(&self, rows: Saved, group: &[&'static Mapper], uniques: &mut Uniques) -> Result<Saved> {
        let mut edges = self.edges(&rows, group)?;
        let places: HashMap<u64, usize> =
            rows.iter().enumerate().map(|(place, (object, _))| (object.head.id, place)).collect();
        for (place, (object, _)) in rows.iter().enumerate() {
            for parent in uniques.freers(object.head.id).filter_map(|freer| places.get(&freer)) {
                if !edges[place].iter().any(|edge| edge.parent == *parent) {
                    edges[place].push(Edge { parent: *parent, may_part: true });
                }
            }
        }
        let depths = depths(&edges, |circle| uniques.part(&rows, &edges, circle))?;
        let mut placed: Vec<_> = depths.into_iter().zip(rows).collect();
        placed.sort_by_key(|(depth, _)| *depth);
        Ok(placed.into_iter().map(|(_, row)| row).collect())
    }

    /// For each row, those that its foreign keys name, as far as they come, go, or change what is named.
    fn edges(&self, rows: &Saved, group: &[&'static Mapper]) -> Result<Vec<Vec<Edge>>> {
        let places: HashMap<u64, usize> =
            rows.iter().enumerate().map(|(place, (object, _))| (object.head.id, place)).collect();
        let mut index: HashMap<(u32, Vec<usize>), HashMap<Key, usize>> = HashMap::new();
        let mut all = Vec::with_capacity(rows.len());
        for (place, (object, action)) in rows.iter().enumerate() {
            let mut edges: Vec<Edge> = Vec::new();
            let syncs: &[Sync] = self.syncs.of(object.head.id);
            for refers in object.head.mapper.refers() {
                let is_key =
                    |sync: &&Sync| sync.columns.iter().map(|(near, _)| near).eq(refers.columns.iter());
                let named = if let Some(sync) = syncs.iter().find(is_key) {
                    let parent = sync.parent.filter(|_| !sync.post_update);
                    parent.and_then(|parent| places.get(&parent).copied())
                } else if !self.loose.is_empty()
                    && self.loose.contains(&(object.head.id, refers.columns.clone()))
                {
                    None
                } else {
                    let key = self.value(object, *action, &refers.columns)?;
                    let mut named = None;
                    for target in group.iter().filter(|mapper| refers.leads(mapper.table())) {
                        let (Some(key), Some(columns)) = (&key, positions(target, &refers.referred)) else {
                            continue;
                        };
                        let known = (target.number(), columns);
                        if !index.contains_key(&known) {
                            let values = self.values(rows, &known)?;
                            index.insert(known.clone(), values);
                        }
                        named = named.or_else(|| index[&known].get(key).copied());
                    }
                    named
                };
                let counts =
                    |parent: &usize| *parent != place && !edges.iter().any(|edge| edge.parent == *parent);
                if let Some(parent) = named.filter(counts)
                    && self.comes_or_goes(&rows[parent], refers)?
                {
                    edges.push(Edge { parent, may_part: false });
                }
            }
            // A relation may follow columns that no foreign key has.
            let has_key = |sync: &Sync| {
                let columns = || sync.columns.iter().map(|(near, _)| near);
                object.head.mapper.refers().iter().any(|refers| columns().eq(refers.columns.iter()))
            };
            for sync in syncs.iter().filter(|sync| !sync.post_update && !has_key(sync)) {
                let parent = sync.parent.and_then(|parent| places.get(&parent).copied());
                if let Some(parent) =
                    parent.filter(|parent| *parent != place && rows[*parent].1 == Action::Insert)
                {
                    edges.push(Edge { parent, may_part: false });
                }
            }
            all.push(edges);
        }
        Ok(all)
    }

    /// The rows of a mapper by the values of some columns.
    fn values(&self, rows: &Saved, (mapper, columns): &(u32, Vec<usize>)) -> Result<HashMap<Key, usize>> {
        let mut values = HashMap::new();
        for (place, (object, action)) in rows.iter().enumerate() {
            if object.head.mapper.number() == *mapper
                && let Some(key) = self.value(object, *action, columns)?
            {
                values.insert(key, place);
            }
        }
        Ok(values)
    }

    fn value(&self, object: &Object, action: Action, columns: &[usize]) -> Result<Option<Key>> {
        match action {
            Action::Delete => stored(object, columns),
            _ => {
                let syncs = self.syncs.of(object.head.id);
                coming(self.unit, object, columns, syncs)
            }
        }
    }

    /// A row that is there already, and stays what it is, can be named at any time.
    fn comes_or_goes(
        &self,
        (object, action): &(Rc<Object>, Action),
        refers: &crate::mapper::Refers,
    ) -> Result<bool> {
        if *action != Action::Update {
            return Ok(true);
        }
        match positions(object.head.mapper, &refers.referred) {
            Some(columns) => is_changed(object, &columns),
            None => Ok(false),
        }
    }
}

/// The places of columns by their names.
pub(super) fn positions(mapper: &Mapper, names: &[String]) -> Option<Vec<usize>> {
    names.iter().map(|name| mapper.position(name).ok()).collect()
}

/// Most often all of them are the first ones, and need not be moved.
fn append(rows: &mut Saved, more: &mut Saved) {
    if rows.is_empty() {
        std::mem::swap(rows, more);
    } else {
        rows.append(more);
    }
}

fn place(mapper: &'static Mapper) -> (&'static str, u32) {
    (mapper.table().name(), mapper.number())
}

/// New ones as they came, then changed ones by their keys: two sessions that change the same rows do it in the same order. Deleted ones
/// the other way round, because the whole is turned round for them.
fn sort_by_key(rows: &mut [(Rc<Object>, Action)]) {
    // They came so.
    if rows.iter().all(|(_, action)| *action == Action::Insert) {
        return;
    }
    rows.sort_by(|(one, what), (other, whats)| {
        let by_key = || one.head.by_key(&other.head);
        match (what, whats) {
            (Action::Insert, Action::Insert) => one.head.id.cmp(&other.head.id),
            (Action::Insert, _) => std::cmp::Ordering::Less,
            (_, Action::Insert) => std::cmp::Ordering::Greater,
            (Action::Delete, _) => by_key().reverse(),
            _ => by_key(),
        }
    });
}

/// Whether a foreign key of one table leads to another one, or a relation that follows other columns.
fn names(from: &'static Mapper, to: &'static Mapper) -> bool {
    from.table().foreign_keys().iter().any(|key| key.leads(from.table(), to.table()))
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
