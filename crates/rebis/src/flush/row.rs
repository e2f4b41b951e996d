//! A row as it is sent.

use rebis_core::Value;

use super::work::Action;
use crate::mapper::Mapper;

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

/// The columns' names.
pub(super) fn names<'m>(mapper: &'m Mapper, columns: &[usize]) -> Vec<&'m str> {
    columns.iter().map(|column| &*mapper.mapped()[*column].name).collect()
}
