//! Foreign keys that are written by an UPDATE of their own, because rows name one another: set when all rows are there, cleared before
//! one is deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rebis_core::schema::ColumnDef;
use rebis_core::sql::{any, update_table};
use rebis_core::{Connection, Result, Value};

use super::delete::DELETED_AT_A_TIME;
use super::keys::{write, write_key};
use super::order::Loose;
use super::row::Row;
use super::sync::Sync;
use super::update::next_version;
use super::values::stored;
use crate::load::{key_in_database, key_is};
use crate::mapper::{Direction, Mapper, Object};
use crate::model::Key;
use crate::unit::{Unit, conflict};

/// One row for each object, whatever it is that closes circles there.
pub(super) fn rows(unit: &Unit, later: Vec<(Rc<Object>, Sync)>) -> Result<Vec<(Rc<Object>, Row)>> {
    let mut of_object: BTreeMap<u64, (Rc<Object>, BTreeSet<usize>)> = BTreeMap::new();
    for (object, sync) in later {
        unit.touch(&object)?;
        write_key(unit, &object, &sync)?;
        let (_, columns) = of_object.entry(object.head.id).or_insert_with(|| (object, BTreeSet::new()));
        columns.extend(sync.columns.iter().map(|(near, _)| *near));
    }
    of_object
        .into_values()
        .map(|(object, columns)| row(unit, object, columns.into_iter().collect()))
        .collect()
}

fn row(unit: &Unit, object: Rc<Object>, mut columns: Vec<usize>) -> Result<(Rc<Object>, Row)> {
    let mapper = object.head.mapper;
    // The row was written in this flush: it has the key and the version that the object has now.
    let mut found_by = mapper.key().to_vec();
    found_by.extend(mapper.version());
    let read = |columns: &[usize]| -> Result<Vec<Value>> {
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        Ok(columns.iter().map(|column| record.read(*column)).collect())
    };
    let mut values = read(&found_by)?;
    if let Some(version) = mapper.version() {
        if let Some(Value::Int(number)) = values.last() {
            write(unit, &object, version, &next_version(mapper, *number)?)?;
        }
        columns.push(version);
    }
    values.extend(read(&columns)?);
    Ok((object, Row::of_update(mapper, columns, values)))
}

/// A foreign key of deleted rows that other deleted rows are named by.
pub(super) struct Clear {
    mapper: &'static Mapper,
    columns: Vec<usize>,
    objects: Vec<Rc<Object>>,
}

/// What has to be cleared before rows are deleted, and which keys do not count for their order then.
pub(super) fn clearing(deleted: &[Rc<Object>]) -> Result<(Loose, Vec<Clear>)> {
    let (mut loose, mut cleared) = (Loose::new(), Vec::new());
    for (mapper, columns, target, referred) in keys(deleted)? {
        let mut named: HashMap<Key, u64> = HashMap::new();
        for object in deleted.iter().filter(|object| object.head.mapper == target) {
            named.extend(stored(object, &referred)?.map(|key| (key, object.head.id)));
        }
        let mut objects = Vec::new();
        for object in deleted.iter().filter(|object| object.head.mapper == mapper) {
            let id = object.head.id;
            if let Some(key) = stored(object, &columns)?
                && named.get(&key).is_some_and(|parent| *parent != id)
                && loose.insert((id, columns.clone()))
            {
                objects.push(Rc::clone(object));
            }
        }
        if !objects.is_empty() {
            cleared.push(Clear { mapper, columns, objects });
        }
    }
    Ok((loose, cleared))
}

/// A foreign key and what it names: a mapper with columns, another one with columns.
type Named = (&'static Mapper, Vec<usize>, &'static Mapper, Vec<usize>);

/// The foreign keys of these rows, and those that lead to them, of which a relation says post_update.
fn keys(deleted: &[Rc<Object>]) -> Result<Vec<Named>> {
    let mut found: Vec<Named> = Vec::new();
    let mut seen = BTreeSet::new();
    for mapper in deleted.iter().map(|object| object.head.mapper) {
        if !seen.insert(mapper.number()) {
            continue;
        }
        for relation in mapper.relations()?.iter().filter(|relation| relation.is_post_update()) {
            let (owner, target) = match relation.direction {
                Direction::ManyToOne => (mapper, relation.target),
                Direction::OneToMany => (relation.target, mapper),
                Direction::ManyToMany => continue,
            };
            let (columns, referred): (Vec<usize>, Vec<usize>) =
                relation.key_columns().iter().copied().unzip();
            let known = found.iter().any(|(known, key, ..)| *known == owner && *key == columns);
            if !known && nullable(owner, &columns) {
                found.push((owner, columns, target, referred));
            }
        }
    }
    Ok(found)
}

/// Whether NULL can stand in all of these columns.
pub(super) fn nullable(mapper: &Mapper, columns: &[usize]) -> bool {
    let mut described = columns.iter().map(|column| mapper.table().column(&mapper.mapped()[*column].name));
    described.all(|column| column.is_some_and(ColumnDef::is_nullable))
}

impl Clear {
    pub(super) fn send(&self, conn: &mut Connection) -> Result<()> {
        for some in self.objects.chunks(DELETED_AT_A_TIME) {
            let mut update = update_table(self.mapper.table());
            for column in &self.columns {
                update = update.set_column(self.mapper.mapped()[*column].name.to_string(), Value::Null);
            }
            let rows = some.iter().map(|object| Ok(key_is(self.mapper, key_in_database(object)?)));
            conn.execute(update.filter(any(rows.collect::<Result<Vec<_>>>()?)))?;
        }
        Ok(())
    }
}
