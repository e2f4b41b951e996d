//! A row as it is sent.

use rebis_core::Value;

use super::work::Action;
use crate::mapper::{Mapper, Record};

/// One row as it is sent. Rows with the same shape go out together.
pub(super) struct Row {
    pub(super) action: Action,
    pub(super) mapper: &'static Mapper,
    /// Positions of the columns that are written.
    pub(super) columns: Vec<usize>,
    /// Of an UPDATE: the values by which the row is found, then those of the columns. Of an INSERT: those of the columns.
    pub(super) values: Vec<Value>,
    /// Positions of the columns that the database fills.
    pub(super) wanted: Vec<usize>,
}

impl Row {
    /// The row of a new record: what it leaves open the database fills.
    pub(super) fn of_new(mapper: &'static Mapper, record: &dyn Record) -> Row {
        let width = mapper.mapped().len();
        let (mut columns, mut values) = (Vec::with_capacity(width), Vec::with_capacity(width));
        let mut wanted = Vec::new();
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
        Row { action: Action::Insert, mapper, columns, values, wanted }
    }
}

/// The columns' names.
pub(super) fn names<'m>(mapper: &'m Mapper, columns: &[usize]) -> Vec<&'m str> {
    columns.iter().map(|column| &*mapper.mapped()[*column].name).collect()
}

/// The columns and values of a new record that goes past the unit of work, without those that the database fills.
pub(crate) fn columns_of_new(mapper: &'static Mapper, record: &dyn Record) -> Vec<(&'static str, Value)> {
    let Row { columns, values, .. } = Row::of_new(mapper, record);
    let first_version =
        |(column, value)| if mapper.version() == Some(column) { Value::Int(1) } else { value };
    let values: Vec<Value> = columns.iter().copied().zip(values).map(first_version).collect();
    names(mapper, &columns).into_iter().zip(values).collect()
}
