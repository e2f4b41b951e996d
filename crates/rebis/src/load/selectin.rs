//! What is loaded right after a query: the relations of all its objects by one more SELECT for up to 500 of them, or one by one.

use std::collections::HashSet;
use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::schema::SqlType;
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
    let counted = has_counted_order(relation);
    for chunk in missing.chunks(chunk_size) {
        let mut owners = Owners::of(chunk, relation)?;
        if !owners.values.is_empty() {
            let fetch = of_owners(relation, &owners.values, counted, options);
            fetch.each(reading, conn, &mut |row, child| {
                let Some(key) = owner_key(row, child, relation, chunk[0], options)? else { return Ok(()) };
                let rank = if counted { child.head.number() } else { None };
                owners.add(key, rank, child.head.id);
                Ok(())
            })?;
        }
        owners.sort();
        for (at, object) in chunk.iter().enumerate() {
            reading.unit.set_loaded(object, number, owners.found(at))?;
        }
    }
    Ok(())
}

/// Whether the order of a collection is that of whole numbers, which are sorted here: the database would sort the rows of all owners,
/// which mostly come in their order anyway.
fn has_counted_order(relation: &Relation) -> bool {
    let mapper = relation.target;
    let [key] = mapper.key() else { return false };
    let column = mapper.table().column(&mapper.mapped()[*key].name);
    let is_whole = column.is_some_and(|column| {
        matches!(
            column.sql_type(),
            SqlType::SmallInteger
                | SqlType::Integer
                | SqlType::BigInteger
                | SqlType::UnsignedSmallInteger
                | SqlType::UnsignedInteger
        )
    });
    is_whole && relation.definition.order_by.is_empty()
}

/// The objects whose relation is loaded, by what the related rows name them by, and what those rows bring.
struct Owners {
    /// Of each object, the place of its key; none where a part of it is NULL.
    places: Vec<Option<usize>>,
    by_key: KeyedMap<usize>,
    /// Of each key its values, one key behind the other.
    values: Vec<Value>,
    /// Of each row the place of its owner's key, where it stands among that owner's, and the number of its object.
    found: Vec<(usize, i64, u64)>,
    /// The key of the last row, and its place: mostly the next one has the same.
    last: Option<(Key, Option<usize>)>,
}

impl Owners {
    fn of(objects: &[&Rc<Object>], relation: &Relation) -> Result<Self> {
        let columns = relation.near_columns();
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
        Ok(Owners { places, by_key, values, found: Vec::new(), last: None })
    }

    /// A row leads from this key to this object; without a rank the rows come in their order.
    fn add(&mut self, key: Key, rank: Option<i64>, id: u64) {
        if self.last.as_ref().is_none_or(|(last, _)| *last != key) {
            let place = self.by_key.get(&key).copied();
            self.last = Some((key, place));
        }
        if let Some((_, Some(place))) = self.last {
            let rank = rank.unwrap_or_else(|| i64::try_from(self.found.len()).unwrap_or(i64::MAX));
            self.found.push((place, rank, id));
        }
    }

    fn sort(&mut self) {
        if !self.found.is_sorted() {
            // Those of one owner mostly are in order: that is what a stable sort is quick at.
            self.found.sort();
        }
        // Joins of the next level repeat a row.
        self.found.dedup_by_key(|(place, _, id)| (*place, *id));
    }

    /// What was found for an object.
    fn found(&self, at: usize) -> Vec<u64> {
        let Some(place) = self.places[at] else { return Vec::new() };
        let first = self.found.partition_point(|(known, _, _)| *known < place);
        let of_it = self.found[first..].iter().take_while(|(known, _, _)| *known == place);
        let count = of_it.clone().count();
        let mut ids = Vec::with_capacity(count);
        ids.extend(of_it.map(|(_, _, id)| *id));
        ids
    }
}

/// The query for the objects of these owners, without an order where they are sorted here.
fn of_owners(
    relation: &'static Relation,
    values: &[Value],
    counted: bool,
    options: &Rc<LoadOptions>,
) -> Fetch {
    let target = relation.target;
    let column = |far: usize| target.column(far);
    let (query, extra) = match &relation.secondary {
        None => {
            let far: Vec<Expr<Value>> = relation.pairs.iter().map(|(_, far)| column(*far)).collect();
            (select_all(target).filter(one_of(&far, values)), Vec::new())
        }
        Some(Secondary { table, near, far }) => {
            let joined = far.iter().map(|(far, name)| table.c(name.clone()).eq(column(*far)));
            let near: Vec<Expr<Value>> = near.iter().map(|(_, name)| table.c(name.clone())).collect();
            let query = select_all(target).join(Source::from(table), all(joined));
            (query.filter(one_of(&near, values)), near)
        }
    };
    let select = if counted { query } else { ordered(query, relation) };
    let fetch = Fetch::new(target, select, Rc::clone(options));
    Fetch { keyed: !counted, extra, ..fetch }
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
