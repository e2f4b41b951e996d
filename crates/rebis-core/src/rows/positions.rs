//! Where the fields of a type are in an answer.

use std::sync::Arc;

use super::from_row::{ColumnIndex, FromRow, RowView};
use crate::driver::Column;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{FromValue, ValueRef};

/// Where the cells of a type's fields are in an answer; looked up once for all its rows. `#[derive(FromRow)]` uses it.
#[derive(Debug, Clone, Default)]
pub struct Positions {
    fields: Fields,
    parts: Vec<Positions>,
    /// Of a mapping: the names of all columns.
    names: Option<Arc<[Box<str>]>>,
}

/// The columns of the fields.
#[derive(Debug, Clone)]
enum Fields {
    /// So many, each of its own number, as most queries name them.
    InOrder(usize),
    /// `None` for a field that has a default and no column.
    Found(Vec<Option<usize>>),
}

impl Default for Fields {
    fn default() -> Self {
        Fields::InOrder(0)
    }
}

impl Fields {
    /// The column of a field, if there is one; `None` for a field that there is not.
    fn get(&self, field: usize) -> Option<Option<usize>> {
        match self {
            Fields::InOrder(count) => (field < *count).then_some(Some(field)),
            Fields::Found(fields) => fields.get(field).copied(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Fields::InOrder(count) => *count,
            Fields::Found(fields) => fields.len(),
        }
    }
}

impl Positions {
    /// Of a struct with named fields: of each its name, its column, and whether the column must be there.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] for a column that is not there, or there more than once.
    pub fn by_name(kind: &str, fields: &[(&str, &str, bool)], columns: &[Column]) -> Result<Self> {
        if are_in_order(fields, columns) {
            return Ok(Positions { fields: Fields::InOrder(fields.len()), ..Positions::default() });
        }
        let mut found = Vec::with_capacity(fields.len());
        for &(field, name, required) in fields {
            if !required && columns.iter().all(|column| column.name != name) {
                found.push(None);
                continue;
            }
            let position = name.index(columns).map_err(|error| {
                let message = format!("the field {kind}.{field} cannot be read: {error}");
                error.wrap(ErrorKind::Conversion, message)
            })?;
            found.push(Some(position));
        }
        Ok(Positions { fields: Fields::Found(found), ..Positions::default() })
    }

    /// Of a tuple struct: the columns in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] when there are not as many as fields.
    pub fn by_number(kind: &str, width: usize, columns: &[Column]) -> Result<Self> {
        if columns.len() != width {
            let text = format!("the answer has {} columns, and {kind} has {width} fields", columns.len());
            return Err(Error::new(ErrorKind::Conversion, text));
        }
        Ok(Positions { fields: Fields::InOrder(width), ..Positions::default() })
    }

    /// With a field whose own type takes its cells from the same row.
    ///
    /// # Errors
    /// As that type's [`prepare`](FromRow::prepare).
    pub fn part<T: FromRow>(mut self, columns: &[Column]) -> Result<Self> {
        self.parts.push(T::prepare(columns)?);
        Ok(self)
    }

    /// The value of a field, by its number.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`].
    pub fn value<T: FromValue>(&self, row: &RowView<'_>, field: usize) -> Result<T> {
        match self.fields.get(field) {
            Some(Some(position)) => row.value(position),
            _ => Err(unprepared()),
        }
    }

    /// The same, or the type's default where the answer has no such column.
    ///
    /// # Errors
    /// As [`value`](Positions::value).
    pub fn value_or_default<T: FromValue + Default>(&self, row: &RowView<'_>, field: usize) -> Result<T> {
        match self.fields.get(field) {
            Some(None) => Ok(T::default()),
            _ => self.value(row, field),
        }
    }

    /// Whether the answer has the column of a field.
    pub fn has(&self, field: usize) -> bool {
        matches!(self.fields.get(field), Some(Some(_)))
    }

    /// The value of a part, by its number among the parts.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`].
    pub fn read_part<T: FromRow>(&self, row: &RowView<'_>, part: usize) -> Result<T> {
        T::from_prepared(row, self.parts.get(part).ok_or_else(unprepared)?)
    }

    pub(super) fn with_names(mut self, columns: &[Column]) -> Self {
        self.names = Some(columns.iter().map(|column| column.name.as_str().into()).collect());
        self
    }

    pub(super) fn names(&self) -> Arc<[Box<str>]> {
        self.names.clone().unwrap_or_default()
    }

    /// Whether every cell of it is NULL; of a type that has prepared nothing, every cell of the row.
    pub(super) fn are_null(&self, row: &RowView<'_>) -> Result<bool> {
        let mut positions = Vec::new();
        self.collect(&mut positions);
        if positions.is_empty() {
            positions.extend(0..row.columns().len());
        }
        for position in positions {
            if !matches!(row.cell(position)?, ValueRef::Null) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn collect(&self, positions: &mut Vec<usize>) {
        positions.extend((0..self.fields.len()).filter_map(|field| self.fields.get(field).flatten()));
        self.parts.iter().for_each(|part| part.collect(positions));
    }
}

/// Whether the columns are those of the fields, one by one, and none is there twice.
fn are_in_order(fields: &[(&str, &str, bool)], columns: &[Column]) -> bool {
    let mut names = fields.iter().map(|&(_, name, _)| name);
    let others = |number: usize| fields.iter().skip(number + 1).map(|&(_, name, _)| name);
    columns.iter().map(|column| &*column.name).eq(names.clone())
        && names.by_ref().enumerate().all(|(number, name)| others(number).all(|other| other != name))
}

fn unprepared() -> Error {
    Error::new(ErrorKind::Conversion, "a field has no position; read the row by `RowView::read`")
}
