//! Rows of plain values on their way into a table: one text for many statements, and no tree of the values.
//!
//! The values lie one behind the other, row by row, and so do those that come back: nothing is allocated for a row.
//!
//! What the tree can say and this cannot (a listener that wants to see it, columns that are made here, keys of which nothing is
//! known) takes the way of [`execute_batches`](Connection::execute_batches).

use std::sync::Arc;

use super::connection::Connection;
use super::execute::Sending;
use super::insert_rows::{bytes_of_text, bytes_of_value, item, missing_rows, or_refused, render_insert};
use super::row_order::{RowOrder, key_of};
use crate::compile::fits_in_array;
use crate::dialect::ManyRows;
use crate::error::Result;
use crate::process::Deadline;
use crate::rows::{RowView, Sql};
use crate::sql::{InsertNode, Node};
use crate::value::{BoundValue, Value, ValueRef};

/// How many rows of VALUES one statement has. Always as many, so that it is prepared once.
const ROWS_OF_VALUES: usize = 1000;
/// How many rows go out as arrays, one for each column.
const ROWS_OF_ARRAYS: usize = 20_000;

/// An INSERT of rows of values, and what becomes of the answer.
struct Flat {
    insert: InsertNode,
    order: RowOrder,
    /// How many columns are wanted.
    shown: usize,
    /// Where the key stands in the answer, which is sorted by it.
    key: Option<usize>,
}

impl Connection {
    /// Whether rows of values can go out this way.
    pub(super) fn goes_flat(&self, insert: &InsertNode, values: &[BoundValue<'_>]) -> bool {
        let width = insert.columns.len();
        let made = |name: &str| insert.columns.iter().any(|column| *column == name);
        let listeners = &self.engine().core().listeners;
        width > 0
            && values.len() > width
            && (insert.returning.is_empty() || self.returns_inserted())
            && matches!(RowOrder::of(insert, self.dialect()), RowOrder::AsGiven | RowOrder::Ascending)
            && listeners.before_execute.is_empty()
            && listeners.after_execute.is_empty()
            && insert
                .table
                .columns()
                .iter()
                .all(|column| column.client_defaults.insert.is_none() || made(column.name()))
            && (self.dialect().writes.many_rows != ManyRows::Arrays || fit_in_arrays(insert, values))
    }

    /// Sends them, and returns the wanted columns in the order of the rows.
    pub(super) fn insert_flat(
        &mut self,
        insert: InsertNode,
        values: Vec<BoundValue<'_>>,
    ) -> Result<Vec<Value>> {
        let deadline = self.options().deadline(None);
        let mut flat = Flat::of(insert, RowOrder::AsGiven);
        flat.order = RowOrder::of(&flat.insert, self.dialect());
        flat.return_key();
        match self.dialect().writes.many_rows {
            ManyRows::Arrays => self.insert_arrays(flat, values, deadline),
            ManyRows::Bulk if flat.shown == 0 => self.insert_bulk(flat, &values, deadline),
            ManyRows::Bulk | ManyRows::Values | ManyRows::RoundTrips => {
                self.insert_values_of(flat, &values, deadline)
            }
        }
    }

    fn insert_values_of(
        &mut self,
        mut flat: Flat,
        values: &[BoundValue<'_>],
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let width = flat.insert.columns.len();
        let writes = self.dialect().writes;
        let most = (writes.most_parameters / width).clamp(1, ROWS_OF_VALUES);
        let mut found = Vec::with_capacity(values.len() / width * flat.insert.returning.len());
        let mut text: (usize, Arc<str>) = (0, "".into());
        let mut left = values;
        while !left.is_empty() {
            let count = as_many_as_fit(left, width, most, writes.most_bytes);
            let (some, rest) = left.split_at(count * width);
            left = rest;
            if text.0 != count {
                flat.insert.rows = vec![placeholders(width); count];
                text = (count, self.text_of(&mut flat.insert)?);
            }
            let parameters = some.iter().map(BoundValue::as_ref).collect();
            self.read_made(&flat, &text.1, parameters, count, deadline, &mut found)?;
        }
        Ok(found)
    }

    /// One array for each column: the text has as many parameters as the table columns, whatever the number of rows.
    fn insert_arrays(
        &mut self,
        mut flat: Flat,
        values: Vec<BoundValue<'_>>,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let width = flat.insert.columns.len();
        flat.insert.rows = vec![placeholders(width)];
        flat.insert.arrays = true;
        flat.insert.ordered = flat.order == RowOrder::Ascending;
        let text = self.text_of(&mut flat.insert)?;
        let most_bytes = self.dialect().writes.most_bytes;
        let mut found = Vec::with_capacity(values.len() / width * flat.insert.returning.len());
        for (count, arrays) in in_arrays(values, width, most_bytes) {
            self.read_made(&flat, &text, array_parameters(&arrays), count, deadline, &mut found)?;
        }
        Ok(found)
    }

    /// The driver's way for many sets of one statement.
    fn insert_bulk(
        &mut self,
        mut flat: Flat,
        values: &[BoundValue<'_>],
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let width = flat.insert.columns.len();
        flat.insert.rows = vec![placeholders(width)];
        let sql = Sql::Text(self.text_of(&mut flat.insert)?);
        let parameters = values.iter().map(BoundValue::as_ref).collect();
        let sending = Sending { sql, parameters, sets: values.len() / width, cached: false, deadline };
        self.send_many(sending, width).map(|_| Vec::new())
    }

    fn text_of(&self, insert: &mut InsertNode) -> Result<Arc<str>> {
        Ok(render_insert(insert, self.dialect(), &self.options().schema_translate_map)?.sql.into())
    }

    /// Runs one statement, and puts what it returns behind the rest, in the order of the rows.
    fn read_made(
        &mut self,
        flat: &Flat,
        text: &Arc<str>,
        parameters: Vec<ValueRef<'_>>,
        count: usize,
        deadline: Deadline,
        found: &mut Vec<Value>,
    ) -> Result<()> {
        let sending =
            Sending { sql: Sql::Text(Arc::clone(text)), parameters, sets: 1, cached: false, deadline };
        let width = flat.insert.returning.len();
        let (first, mut rows) = (found.len(), 0_usize);
        let sent = self.send(
            sending,
            |connection, sql, parameters| {
                connection.execute_to_end(sql, parameters, &mut |cursor| {
                    let row = RowView::current(cursor);
                    for index in 0..width {
                        found.push(or_refused(row.value(index))?);
                    }
                    rows += 1;
                    Ok(())
                })
            },
            |()| None,
        )?;
        sent.watch.read(rows as u64);
        if flat.shown > 0 { flat.sort(found, first, (rows, count)) } else { Ok(()) }
    }
}

impl Flat {
    fn of(insert: InsertNode, order: RowOrder) -> Self {
        let shown = insert.returning.len();
        Flat { insert, order, shown, key: None }
    }

    /// The key has to come back, if it is not wanted anyway.
    fn return_key(&mut self) {
        if self.order != RowOrder::Ascending {
            return;
        }
        let Some(name) = self.insert.table.primary_key().next().map(|key| key.name().to_owned()) else {
            return;
        };
        let is_key = |item: &crate::sql::Item| matches!(&*item.node, Node::Column { name: known, .. } if *known == name);
        self.key = self.insert.returning.iter().position(is_key);
        if self.key.is_none() {
            self.key = Some(self.shown);
            self.insert.returning.push(item(&self.insert.table, &name));
        }
    }

    /// Puts what came back from the first one on into the order of the keys, which the database has counted in that of the rows.
    fn sort(&self, found: &mut Vec<Value>, first: usize, (rows, wanted): (usize, usize)) -> Result<()> {
        let lost = || missing_rows(rows, wanted);
        if rows != wanted {
            return Err(lost());
        }
        let (Some(at), Some(column)) = (self.key, self.insert.table.primary_key().next()) else {
            return Ok(());
        };
        let width = self.insert.returning.len();
        let made = found.get(first..).unwrap_or_default().chunks_exact(width);
        let key = |row: &[Value]| row.get(at).and_then(|value| key_of(column.sql_type(), value));
        let (mut last, mut is_sorted) = (None, true);
        for row in made {
            let key = key(row).ok_or_else(lost)?;
            is_sorted &= last.is_none_or(|last| last <= key);
            last = Some(key);
        }
        if is_sorted && at < self.shown {
            return Ok(());
        }
        let made = found.split_off(first);
        let mut rows: Vec<&[Value]> = made.chunks_exact(width).collect();
        rows.sort_by_cached_key(|row| key(row));
        found.extend(rows.into_iter().flat_map(|row| row.iter().take(self.shown)).cloned());
        Ok(())
    }
}

fn placeholders(width: usize) -> Vec<Arc<Node>> {
    (0..width).map(|_| Arc::new(Node::Value(Value::Null))).collect()
}

/// Whether all values are of their columns' types, so that an array of these holds them as they are.
fn fit_in_arrays(insert: &InsertNode, values: &[BoundValue<'_>]) -> bool {
    let width = insert.columns.len();
    insert.columns.iter().enumerate().all(|(index, name)| {
        insert.table.column(name).is_some_and(|column| {
            let values = values.iter().skip(index).step_by(width);
            fits_in_array(column.sql_type(), values.map(BoundValue::kind))
        })
    })
}

/// How many rows; at least one.
fn as_many_as_fit(values: &[BoundValue<'_>], width: usize, most: usize, most_bytes: usize) -> usize {
    let mut size = 0_usize;
    let fits = |row: &&[BoundValue<'_>]| {
        size = row.iter().map(bytes_of_bound).fold(size, usize::saturating_add);
        size <= most_bytes
    };
    values.chunks(width).take(most).take_while(fits).count().max(1)
}

/// About how many bytes a value has on the wire.
fn bytes_of_bound(value: &BoundValue<'_>) -> usize {
    match value {
        BoundValue::Value(value) => bytes_of_value(value),
        BoundValue::Text(text) => bytes_of_text(text.as_bytes()),
        BoundValue::Bytes(bytes) => bytes_of_text(bytes),
    }
}

/// The values of rows of that width one behind the other.
pub(super) fn flat(rows: Vec<Vec<Value>>, width: usize) -> Vec<BoundValue<'static>> {
    let mut values = Vec::with_capacity(rows.len() * width);
    for row in rows {
        values.extend(row.into_iter().map(BoundValue::Value));
    }
    values
}

/// Rows as arrays, one for each column, of as many rows at a time as fit; and how many these are.
pub(super) fn in_arrays(
    values: Vec<BoundValue<'_>>,
    width: usize,
    most_bytes: usize,
) -> impl Iterator<Item = (usize, Vec<Vec<Value>>)> {
    let mut left = values.into_iter();
    std::iter::from_fn(move || {
        if left.as_slice().is_empty() {
            return None;
        }
        let count = as_many_as_fit(left.as_slice(), width, ROWS_OF_ARRAYS, most_bytes);
        let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(count)).collect();
        for _ in 0..count {
            for (column, value) in columns.iter_mut().zip(left.by_ref()) {
                column.push(value.into_value());
            }
        }
        Some((count, columns))
    })
}

pub(super) fn array_parameters(arrays: &[Vec<Value>]) -> Vec<ValueRef<'_>> {
    arrays.iter().map(|array| ValueRef::Array(array.as_slice().into())).collect()
}
