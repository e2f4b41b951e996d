//! Statements, in batches, and what the database made of them.

use std::collections::HashSet;
use std::rc::Rc;

use rebis_core::sql::{Expr, Expression, all, any, delete_from, update_table};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::hooks::Hooks;
use super::sync::{LinkRows, Sync};
use super::work::{Action, Work, own_key};
use crate::load::{key_in_database, key_is};
use crate::mapper::{Mapper, Object, State};
use crate::unit::{Kind, Unit, conflict};

/// How many rows one DELETE names.
const DELETED_AT_A_TIME: usize = 500;

pub(super) fn emit(unit: &Unit, conn: &mut Connection, work: Work, hooks: &dyn Hooks) -> Result<()> {
    let Work { saved, deleted, mut syncs, links, switched } = work;
    let mut later = Vec::new();
    let mut batch = Batch::default();
    for (object, action) in saved {
        let keys = syncs.remove(&object.head.id).unwrap_or_default();
        // A key that is not there yet is of a row in the batch.
        if keys.iter().any(|key| key.parent.is_some_and(|parent| batch.has(parent))) {
            batch.send(unit, conn)?;
        }
        write_keys(unit, &object, &keys, action, &mut later)?;
        // A new object that takes over a row is an insert to its listeners.
        let is_new = object.head.state.get() == State::Pending;
        hooks.before(if is_new { Kind::BeforeInsert } else { Kind::BeforeUpdate }, &object)?;
        let row = match action {
            Action::Insert => inserted(&object)?,
            Action::Update | Action::Delete => match switched.get(&object.head.id) {
                Some(old) => switch(unit, &object, *old)?,
                None => updated(&object)?,
            },
        };
        let Some(row) = row else { continue };
        hooks.changed(&object, &row.columns)?;
        if !batch.takes(&row) {
            batch.send(unit, conn)?;
        }
        batch.push(object, row);
    }
    batch.send(unit, conn)?;
    post_updates(unit, conn, later)?;
    for rows in &links {
        unlink(unit, conn, rows)?;
    }
    for rows in &links {
        link(unit, conn, rows)?;
    }
    deleted.iter().try_for_each(|object| hooks.before(Kind::BeforeDelete, object))?;
    delete(unit, conn, &deleted)
}

/// One row as it is sent. Rows with the same shape go out together.
struct Row {
    action: Action,
    mapper: &'static Mapper,
    /// Positions of the columns that are written.
    columns: Vec<usize>,
    /// Of an UPDATE: the values by which the row is found, then those of the columns. Of an INSERT: those of the columns.
    values: Vec<Value>,
    /// Positions of the columns that the database fills.
    wanted: Vec<usize>,
}

#[derive(Default)]
struct Batch {
    rows: Vec<(Rc<Object>, Row)>,
    ids: HashSet<u64>,
}

impl Batch {
    fn has(&self, id: u64) -> bool {
        self.ids.contains(&id)
    }

    fn push(&mut self, object: Rc<Object>, row: Row) {
        self.ids.insert(object.head.id);
        self.rows.push((object, row));
    }

    fn takes(&self, row: &Row) -> bool {
        self.rows.first().is_none_or(|(_, first)| {
            first.action == row.action
                && first.mapper == row.mapper
                && first.columns == row.columns
                && first.wanted == row.wanted
        })
    }

    fn send(&mut self, unit: &Unit, conn: &mut Connection) -> Result<()> {
        self.ids.clear();
        let rows = std::mem::take(&mut self.rows);
        let Some((_, Row { action, mapper, columns, wanted, .. })) = rows.first() else { return Ok(()) };
        let (action, mapper, columns, wanted) = (*action, *mapper, columns.clone(), wanted.clone());
        let (objects, values): (Vec<Rc<Object>>, Vec<Vec<Value>>) =
            rows.into_iter().map(|(object, row)| (object, row.values)).unzip();
        match action {
            Action::Insert => insert(unit, conn, mapper, &objects, values, &columns, &wanted),
            Action::Update | Action::Delete => update(unit, conn, mapper, &objects, values, &columns),
        }
    }
}

fn names<'m>(mapper: &'m Mapper, columns: &[usize]) -> Vec<&'m str> {
    columns.iter().map(|column| &*mapper.mapped()[*column].name).collect()
}

/// Writes the foreign keys that follow from the relations into the object.
fn write_keys(
    unit: &Unit,
    object: &Rc<Object>,
    keys: &[Sync],
    action: Action,
    later: &mut Vec<(Rc<Object>, Sync)>,
) -> Result<()> {
    for sync in keys {
        if sync.post_update {
            later.push((Rc::clone(object), sync.clone()));
            if action == Action::Insert {
                continue;
            }
        }
        if !sync.post_update {
            write_key(unit, object, sync)?;
        }
    }
    Ok(())
}

fn write_key(unit: &Unit, object: &Rc<Object>, sync: &Sync) -> Result<()> {
    let parent = sync.parent.map(|id| unit.object(id).ok_or_else(|| missing_parent(object))).transpose()?;
    unit.touch(object)?;
    for (near, far) in &sync.columns {
        let value = match &parent {
            Some(parent) if parent.head.id == object.head.id => {
                object.data.get().ok_or_else(|| conflict(&object.head))?.read(*far)
            }
            Some(parent) => parent.data.get().ok_or_else(|| conflict(&parent.head))?.read(*far),
            None => Value::Null,
        };
        write(object, *near, &value)?;
    }
    Ok(())
}

fn missing_parent(object: &Object) -> Error {
    let text = format!(
        "the object that a {} is related to is not in the session any more",
        object.head.mapper.name()
    );
    Error::new(ErrorKind::InvalidState, text)
}

fn write(object: &Object, column: usize, value: &Value) -> Result<()> {
    let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
    record.write(column, value.as_ref()).map_err(|mismatch| {
        let mapper = object.head.mapper;
        let (model, name) = (mapper.name(), &mapper.mapped()[column].name);
        let what = if *value == Value::Null {
            "NULL: make the field an Option, or delete the object"
        } else {
            "what the database made"
        };
        Error::new(
            ErrorKind::Conversion,
            format!("the field of '{name}' of {model} cannot hold {what} ({mismatch:?})"),
        )
    })
}

// ---- INSERT ----

fn inserted(object: &Rc<Object>) -> Result<Option<Row>> {
    let mapper = object.head.mapper;
    if let Some(version) = mapper.version() {
        write(object, version, &Value::Int(1))?;
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    let (mut columns, mut values, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    for (position, column) in mapper.mapped().iter().enumerate() {
        // What is deferred and was not set is left to the database.
        if position >= mapper.width() && !record.is_loaded(position) {
            continue;
        }
        if column.computed {
            wanted.push(position);
            continue;
        }
        let value = record.read(position);
        let filled = mapper.is_unset(position, &value) || (column.defaulted && value == Value::Null);
        if filled {
            wanted.push(position);
        } else {
            columns.push(position);
            values.push(value);
        }
    }
    Ok(Some(Row { action: Action::Insert, mapper, columns, values, wanted }))
}

fn insert(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    objects: &[Rc<Object>],
    values: Vec<Vec<Value>>,
    columns: &[usize],
    wanted: &[usize],
) -> Result<()> {
    let (columns, names_wanted) = (names(mapper, columns), names(mapper, wanted));
    let made = conn.insert_rows(mapper.table(), &columns, values, &names_wanted)?;
    if !wanted.is_empty() && made.len() != objects.len() {
        let text = format!(
            "{} rows were inserted into '{}', and {} came back",
            objects.len(),
            mapper.table().name(),
            made.len()
        );
        return Err(Error::new(ErrorKind::Protocol, text));
    }
    for (index, object) in objects.iter().enumerate() {
        for (column, value) in wanted.iter().zip(made.get(index).into_iter().flatten()) {
            write(object, *column, value)?;
        }
        unit.set_state(&object.head, State::Persistent);
        let key = own_key(object)?;
        unit.remember_key(&object.head, key);
        unit.note_read(&object.head);
    }
    Ok(())
}

// ---- UPDATE ----

/// The columns that have changed; nothing when none has.
fn updated(object: &Rc<Object>) -> Result<Option<Row>> {
    let mapper = object.head.mapper;
    let mut columns = Vec::new();
    {
        let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
        let base = object.head.base.borrow();
        let Some(base) = base.as_ref() else { return Ok(None) };
        let writable =
            |column: &usize| !mapper.mapped()[*column].computed && Some(*column) != mapper.version();
        columns.extend(
            (0..mapper.mapped().len())
                .filter(writable)
                .filter(|column| !record.same(&**base, *column) && record.is_loaded(*column)),
        );
    }
    if columns.is_empty() {
        return Ok(None);
    }
    row_of_update(object, key_in_database(object)?, columns).map(Some)
}

/// A new object in the row of a deleted one: all columns are written.
fn switch(unit: &Unit, object: &Rc<Object>, old: u64) -> Result<Option<Row>> {
    let mapper = object.head.mapper;
    let old = unit.object(old).ok_or_else(|| missing_parent(object))?;
    let writable = |column: &usize| {
        !mapper.mapped()[*column].computed
            && Some(*column) != mapper.version()
            && !mapper.key().contains(column)
    };
    let columns = (0..mapper.mapped().len()).filter(writable).collect();
    let key = key_in_database(&old)?;
    unit.touch_links(&old.head);
    unit.forget_key(&old.head);
    unit.set_state(&old.head, State::Deleted);
    old.head.doomed.set(false);
    if let Some(version) = mapper.version() {
        let value = old.data.get().ok_or_else(|| conflict(&old.head))?.read(version);
        write(object, version, &value)?;
    }
    row_of_update(object, key, columns).map(Some)
}

fn row_of_update(object: &Rc<Object>, key: Vec<Value>, mut columns: Vec<usize>) -> Result<Row> {
    let mapper = object.head.mapper;
    let mut values = key;
    if let Some(version) = mapper.version() {
        let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
        let base = object.head.base.borrow();
        let old = base.as_ref().map_or_else(|| record.read(version), |base| base.read(version));
        // By hand, a program may set another one than the next.
        let now = record.read(version);
        let next = match (&old, &now) {
            (Value::Int(number), _) if old == now => Value::Int(number + 1),
            _ => now,
        };
        drop((record, base));
        values.push(old);
        write(object, version, &next)?;
        columns.push(version);
    }
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    values.extend(columns.iter().map(|column| record.read(*column)));
    Ok(Row { action: Action::Update, mapper, columns, values, wanted: Vec::new() })
}

fn update(
    unit: &Unit,
    conn: &mut Connection,
    mapper: &'static Mapper,
    objects: &[Rc<Object>],
    values: Vec<Vec<Value>>,
    columns: &[usize],
) -> Result<()> {
    let mut found_by: Vec<usize> = mapper.key().to_vec();
    found_by.extend(mapper.version());
    // A row whose key changes is found by the old one, and the batch compares with what is there: one at a time.
    let key_changes = columns.iter().any(|column| mapper.key().contains(column));
    let expected = objects.len() as u64;
    let found = if key_changes || objects.len() == 1 || mapper.version().is_some() {
        let mut found = 0;
        for row in values {
            found += update_one(conn, mapper, &found_by, columns, row)?;
        }
        found
    } else {
        conn.update_rows(mapper.table(), &names(mapper, &found_by), &names(mapper, columns), values)?
    };
    if found != expected {
        return Err(stale(mapper, "update", expected, found));
    }
    for object in objects {
        unit.set_state(&object.head, State::Persistent);
        let key = own_key(object)?;
        if *object.head.key.borrow() != key {
            unit.touch_links(&object.head);
            unit.remember_key(&object.head, key);
        }
    }
    Ok(())
}

fn update_one(
    conn: &mut Connection,
    mapper: &'static Mapper,
    found_by: &[usize],
    columns: &[usize],
    mut row: Vec<Value>,
) -> Result<u64> {
    let values = row.split_off(found_by.len());
    let mut update = update_table(mapper.table());
    for (name, value) in names(mapper, columns).into_iter().zip(values) {
        update = update.set_column(name.to_owned(), value);
    }
    let update = update.filter(equal(mapper, found_by, row));
    Ok(conn.execute(update)?.rows_affected())
}

fn equal(mapper: &Mapper, columns: &[usize], values: Vec<Value>) -> Expr<bool> {
    let columns = names(mapper, columns).into_iter().map(|name| mapper.table().c(name.to_owned()));
    all(columns.zip(values).map(|(column, value)| column.eq(value)))
}

fn stale(mapper: &Mapper, verb: &str, expected: u64, found: u64) -> Error {
    Error::new(
        ErrorKind::StaleData,
        format!(
            "expected to {verb} {expected} row(s) of '{}', and {found} matched: somebody else has changed or deleted the rest; roll \
             back and read again",
            mapper.table().name()
        ),
    )
}

/// Foreign keys that close a circle, in one UPDATE for each row.
fn post_updates(unit: &Unit, conn: &mut Connection, later: Vec<(Rc<Object>, Sync)>) -> Result<()> {
    for (object, sync) in later {
        unit.touch(&object)?;
        write_key(unit, &object, &sync)?;
        let mut columns: Vec<usize> = sync.columns.iter().map(|(near, _)| *near).collect();
        let mapper = object.head.mapper;
        // The row was written in this flush: it has the key and the version that the object has now.
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        let found_by = mapper.key().iter().copied().chain(mapper.version());
        let mut values: Vec<Value> = found_by.map(|column| record.read(column)).collect();
        drop(record);
        if let Some(version) = mapper.version() {
            if let Some(Value::Int(number)) = values.last() {
                write(&object, version, &Value::Int(number + 1))?;
            }
            columns.push(version);
        }
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        values.extend(columns.iter().map(|column| record.read(*column)));
        drop(record);
        update(unit, conn, mapper, &[object], vec![values], &columns)?;
    }
    Ok(())
}

// ---- tables between two sides ----

/// The values of a row between two objects.
fn between(unit: &Unit, rows: &LinkRows, pair: (u64, u64)) -> Result<Vec<Value>> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(Vec::new()) };
    let mut values = Vec::new();
    for (id, side) in [(pair.0, &secondary.near), (pair.1, &secondary.far)] {
        let gone = || Error::new(ErrorKind::InvalidState, "a related object is not in the session any more");
        let object = unit.object(id).ok_or_else(gone)?;
        let record = object.data.get().ok_or_else(|| conflict(&object.head))?;
        values.extend(side.iter().map(|(column, _)| record.read(*column)));
    }
    Ok(values)
}

fn link(unit: &Unit, conn: &mut Connection, rows: &LinkRows) -> Result<()> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(()) };
    if rows.added.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> =
        secondary.near.iter().chain(&secondary.far).map(|(_, name)| name.as_str()).collect();
    let values = rows.added.iter().map(|pair| between(unit, rows, *pair)).collect::<Result<_>>()?;
    conn.insert_rows(&secondary.table, &names, values, &[]).map(|_| ())
}

fn unlink(unit: &Unit, conn: &mut Connection, rows: &LinkRows) -> Result<()> {
    let Some(secondary) = &rows.relation.secondary else { return Ok(()) };
    let removed: Vec<(u64, u64)> = rows.removed.iter().copied().collect();
    for some in removed.chunks(DELETED_AT_A_TIME) {
        let mut conditions = Vec::new();
        for pair in some {
            let values = between(unit, rows, *pair)?;
            let columns =
                secondary.near.iter().chain(&secondary.far).map(|(_, name)| secondary.table.c(name.clone()));
            conditions.push(all(columns.zip(values).map(|(column, value)| column.eq(value))));
        }
        let found = conn.execute(delete_from(&secondary.table).filter(any(conditions)))?.rows_affected();
        if found != some.len() as u64 {
            let text = format!(
                "expected to delete {} row(s) of '{}', and {found} matched: somebody else has deleted the rest; roll back and \
                 read again",
                some.len(),
                secondary.table.name()
            );
            return Err(Error::new(ErrorKind::StaleData, text));
        }
    }
    Ok(())
}

// ---- DELETE ----

fn names_itself(mapper: &Mapper) -> bool {
    mapper.table().foreign_keys().iter().any(|key| key.table() == mapper.table().name())
}

fn delete(unit: &Unit, conn: &mut Connection, deleted: &[Rc<Object>]) -> Result<()> {
    let mut left = deleted;
    while let Some(first) = left.first() {
        let mapper = first.head.mapper;
        // MariaDB looks at foreign keys row by row, in an order of its own: rows that may name one another go one by one.
        let most = if names_itself(mapper) { 1 } else { DELETED_AT_A_TIME };
        let same = left.iter().take_while(|object| object.head.mapper == mapper).count().min(most);
        let (some, rest) = left.split_at(same);
        left = rest;
        let conditions = some.iter().map(|object| is_row(object)).collect::<Result<Vec<_>>>()?;
        let found = conn.execute(delete_from(mapper.table()).filter(any(conditions)))?.rows_affected();
        if found != some.len() as u64 {
            return Err(stale(mapper, "delete", some.len() as u64, found));
        }
        for object in some {
            unit.forget_key(&object.head);
            object.head.doomed.set(false);
            unit.set_state(&object.head, State::Deleted);
        }
    }
    Ok(())
}

/// The condition that finds an object's row as it was.
fn is_row(object: &Object) -> Result<Expr<bool>> {
    let mapper = object.head.mapper;
    let key = key_is(mapper, key_in_database(object)?);
    let Some(version) = mapper.version() else { return Ok(key) };
    let base = object.head.base.borrow();
    let value = match &*base {
        Some(base) => base.read(version),
        None => object.data.get().ok_or_else(|| conflict(&object.head))?.read(version),
    };
    Ok(key & equal(mapper, &[version], vec![value]))
}
