//! What is loaded right after a query: the relations of all its objects by one more SELECT for up to 500 of them, or one by one.

use std::collections::HashSet;
use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::sql::{Expr, Expression, Select, Source, Untyped, all, any};
use rebis_core::{Connection, Result, Value};

use super::lazy::{load_related, near, ordered};
use super::{Fetch, Reading, columns_wide, extend_by_database, select_all, strategy};
use crate::mapper::{Direction, Mapper, Object, Relation, Secondary};
use crate::model::{Key, LoadOptions, Loading};
use crate::unit::KeyedMap;

/// How many keys go into one SELECT, where nothing else is said.
const KEYS_AT_A_TIME: usize = 500;

/// Loads what is to come right after these objects of one mapper.
pub(crate) fn after(
    reading: &Reading<'_>,
    conn: &mut Connection,
    objects: &[Rc<Object>],
    options: &LoadOptions,
) -> Result<()> {
    let Some(first) = objects.first() else { return Ok(()) };
    for (number, relation) in first.head.mapper.relations()?.iter().enumerate() {
        match strategy(options, number, relation) {
            Loading::Immediate => {
                for object in objects {
                    load_related(reading.unit, conn, object, number)?;
                }
            }
            Loading::Selectin => {
                let inside = Rc::new(options.behind(number));
                let chunk = options.chunk_size(number).unwrap_or(KEYS_AT_A_TIME);
                selectin(reading, conn, objects, (number, relation, chunk), &inside)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether something is loaded right after objects of this mapper.
pub(super) fn follows(mapper: &'static Mapper, options: &LoadOptions) -> Result<bool> {
    let after = |(number, relation)| {
        matches!(strategy(options, number, relation), Loading::Immediate | Loading::Selectin)
    };
    Ok(mapper.relations()?.iter().enumerate().any(after))
}

/// Loads one relation of all these objects; of those that have it loaded already only what is behind it.
fn selectin(
    reading: &Reading<'_>,
    conn: &mut Connection,
    objects: &[Rc<Object>],
    (number, relation, chunk_size): (usize, &'static Relation, usize),
    options: &Rc<LoadOptions>,
) -> Result<()> {
    let (mut missing, mut there) = (Vec::new(), Vec::new());
    for object in objects {
        match reading.unit.linked(object, number)? {
            Some(ids) => there.extend(reading.unit.objects(&ids)),
            None => missing.push(object),
        }
    }
    if !there.is_empty() && !options.is_empty() {
        there.sort_unstable_by_key(|object| object.head.id);
        there.dedup_by_key(|object| object.head.id);
        after(reading, conn, &there, options)?;
    }
    if relation.direction == Direction::ManyToOne {
        return to_one(reading, conn, &missing, (number, relation, chunk_size), options);
    }
    for chunk in missing.chunks(chunk_size) {
        let mut owners = Owners::of(chunk, relation)?;
        if !owners.values.is_empty() {
            let fetch = of_owners(relation, &owners.values, options);
            fetch.each(reading, conn, &mut |row, child| {
                if let Some(key) = owner_key(row, child, relation, chunk[0], options)? {
                    owners.add(key, child.head.id);
                }
                Ok(())
            })?;
        }
        owners.end_of_run();
        for (at, object) in chunk.iter().enumerate() {
            reading.unit.set_loaded(object, number, owners.take(at))?;
        }
    }
    Ok(())
}

/// The objects whose relation is loaded, by what the related rows name them by, and what is found for each.
struct Owners {
    /// Of each object, the place of its key; none where a part of it is NULL.
    places: Vec<Option<usize>>,
    by_key: KeyedMap<usize>,
    /// Of each key its values, one key behind the other.
    values: Vec<Value>,
    /// Of each key the related objects.
    found: Vec<Vec<u64>>,
    /// Rows come owner by owner: the key of the last ones, its place, and what they have brought.
    last: Option<(Key, Option<usize>)>,
    run: Vec<u64>,
}

impl Owners {
    fn of(objects: &[&Rc<Object>], relation: &Relation) -> Result<Self> {
        let columns: Vec<usize> = match &relation.secondary {
            None => relation.pairs.iter().map(|(near, _)| *near).collect(),
            Some(secondary) => secondary.near.iter().map(|(near, _)| *near).collect(),
        };
        let mut places = Vec::with_capacity(objects.len());
        let mut by_key = KeyedMap::with_capacity_and_hasher(objects.len(), Default::default());
        let mut values = Vec::with_capacity(objects.len() * columns.len());
        for object in objects {
            let known = values.len();
            extend_by_database(&mut values, object, &columns)?;
            let key = Key::of(values[known..].iter().cloned())?;
            let count = by_key.len();
            let place = key.map(|key| *by_key.entry(key).or_insert(count));
            if by_key.len() == count {
                // Nobody refers to it, or the key is asked for already.
                values.truncate(known);
            }
            places.push(place);
        }
        let found = vec![Vec::new(); by_key.len()];
        Ok(Owners { places, by_key, values, found, last: None, run: Vec::new() })
    }

    /// A row leads from this key to this object.
    fn add(&mut self, key: Key, id: u64) {
        if self.last.as_ref().is_none_or(|(last, _)| *last != key) {
            self.end_of_run();
            let place = self.by_key.get(&key).copied();
            self.last = Some((key, place));
        }
        // Joins of the next level repeat a row.
        if self.run.last() != Some(&id) {
            self.run.push(id);
        }
    }

    /// What the last rows have brought is their owner's: in one piece, of the size that it has.
    fn end_of_run(&mut self) {
        if let Some((_, Some(place))) = self.last.take() {
            self.found[place].extend_from_slice(&self.run);
        }
        self.run.clear();
    }

    /// What was found for an object.
    fn take(&mut self, at: usize) -> Vec<u64> {
        let Some(place) = self.places[at] else { return Vec::new() };
        if self.by_key.len() == self.places.len() {
            return std::mem::take(&mut self.found[place]);
        }
        // Another object may have the same key.
        self.found[place].clone()
    }
}

/// The query for the objects of these owners, one owner behind the other: where the foreign key has an index, the rows lie so.
fn of_owners(relation: &'static Relation, values: &[Value], options: &Rc<LoadOptions>) -> Fetch {
    let target = relation.target;
    let column = |far: usize| target.column(far);
    let (query, extra, owner) = match &relation.secondary {
        None => {
            let far: Vec<Expr<Value>> = relation.pairs.iter().map(|(_, far)| column(*far)).collect();
            (select_all(target).filter(one_of(&far, values)), Vec::new(), far)
        }
        Some(Secondary { table, near, far }) => {
            let joined = far.iter().map(|(far, name)| table.c(name.clone()).eq(column(*far)));
            let near: Vec<Expr<Value>> = near.iter().map(|(_, name)| table.c(name.clone())).collect();
            let query = select_all(target).join(Source::from(table), all(joined));
            (query.filter(one_of(&near, values)), near.clone(), near)
        }
    };
    let query = owner.into_iter().fold(query, Select::order_by);
    let far = |column: &usize| relation.pairs.iter().any(|(_, far)| far == column);
    let select = ordered(query, relation, far);
    let fetch = Fetch::new(target, select, Rc::clone(options));
    Fetch { keyed: true, extra, ..fetch }
}

/// Whether columns have one of these rows of values, which stand one behind the other.
fn one_of(columns: &[Expr<Value>], values: &[Value]) -> Expr<bool> {
    match columns {
        [one] => one.clone().in_list(values.iter().cloned()),
        several => {
            let row = |row: &[Value]| {
                all(several.iter().zip(row).map(|(column, value)| column.clone().eq(value.clone())))
            };
            any(values.chunks(several.len().max(1)).map(row))
        }
    }
}

/// To whom an object belongs: by its foreign key, or by the row between both.
fn owner_key(
    row: &RowView<'_>,
    child: &Rc<Object>,
    relation: &Relation,
    owner: &Rc<Object>,
    options: &LoadOptions,
) -> Result<Option<Key>> {
    let Some(secondary) = &relation.secondary else {
        // As the database has it: in memory it may be another one that is not flushed.
        let target = relation.target;
        return Key::try_of(relation.pairs.iter().map(|(_, far)| typed(row, *far, &**child, *far, target)));
    };
    let first = columns_wide(relation.target, options);
    let near = secondary.near.iter().enumerate();
    Key::try_of(near.map(|(at, (column, _))| typed(row, first + at, owner, *column, owner.head.mapper)))
}

/// A cell as the value that an object of this mapper has in that column: a UUID that came as text is one.
pub(crate) fn typed(
    row: &RowView<'_>,
    cell: usize,
    like: &Object,
    column: usize,
    mapper: &Mapper,
) -> Result<Value> {
    let value: Value = row.value(cell)?;
    if matches!(value, Value::Null | Value::Int(_)) {
        return Ok(value);
    }
    let Some(record) = like.data.get() else { return Ok(value) };
    if std::mem::discriminant(&record.read(column)) == std::mem::discriminant(&value) {
        return Ok(value);
    }
    let mut copy = record.copy();
    match copy.write(column, value.as_ref()) {
        Ok(()) => Ok(copy.read(column)),
        Err(_) => {
            let name = &mapper.mapped()[column].name;
            let text =
                format!("the column '{name}' of {} cannot hold what a row refers to it by", mapper.name());
            Err(rebis_core::Error::new(rebis_core::ErrorKind::Conversion, text))
        }
    }
}

/// By the target's primary key, each key once; what is in memory is not asked for.
fn to_one(
    reading: &Reading<'_>,
    conn: &mut Connection,
    objects: &[&Rc<Object>],
    (number, relation, chunk_size): (usize, &'static Relation, usize),
    options: &Rc<LoadOptions>,
) -> Result<()> {
    let target = relation.target;
    let names: Vec<usize> = relation.pairs.iter().map(|(_, far)| *far).collect();
    let columns: Vec<Expr<Value>> = names.iter().map(|far| target.column(*far)).collect();
    let mut wanted: Vec<Value> = Vec::new();
    let mut found: KeyedMap<u64> = KeyedMap::default();
    let mut asked: HashSet<Key> = HashSet::new();
    let mut keys = Vec::with_capacity(objects.len());
    let mut there: Vec<Rc<Object>> = Vec::new();
    let restricted = options.criteria().restrict(target.table());
    for object in objects {
        let values = near(object, relation.pairs.iter().map(|(near, _)| *near))?;
        let key = Key::of(values.iter().cloned())?;
        if let Some(key) = &key
            && asked.insert(key.clone())
        {
            let known = reading.unit.referred_key(object, relation)?;
            // Whether a condition is true of an object in memory, only the database knows.
            let known = known.filter(|_| !restricted);
            let known = known.and_then(|known| reading.unit.find(target, &known));
            match known.filter(|known| reading.may_keep(known)) {
                Some(known) => {
                    found.insert(key.clone(), known.head.id);
                    there.push(known);
                }
                None => wanted.extend(values),
            }
        }
        keys.push(key);
    }
    after(reading, conn, &there, options)?;
    for chunk in wanted.chunks(chunk_size.saturating_mul(columns.len().max(1))) {
        let select: Select<Untyped> = select_all(target).filter(one_of(&columns, chunk));
        let fetch = Fetch::new(target, select, Rc::clone(options));
        fetch.each(reading, conn, &mut |row, object| {
            let cells = names.iter().map(|far| typed(row, *far, object, *far, target));
            if let Some(key) = Key::try_of(cells)? {
                found.insert(key, object.head.id);
            }
            Ok(())
        })?;
    }
    for (object, key) in objects.iter().zip(keys) {
        let id = key.and_then(|key| found.get(&key).copied());
        reading.unit.set_loaded(object, number, id.into_iter().collect())?;
    }
    Ok(())
}
