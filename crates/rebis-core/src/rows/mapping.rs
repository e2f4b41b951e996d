//! Rows by the names of their columns.

use std::sync::Arc;

use super::from_row::{ColumnIndex, FromRow, RowView};
use super::{Positions, TypedRows};
use super::{Row, Rows};
use crate::driver::Column;
use crate::error::Result;
use crate::value::Value;

/// A row as values under the names of their columns, in the order of the columns. A name stands in it once: an answer that has
/// one twice is an error.
///
/// ```
/// use rebis_core::{Engine, Value, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let users = conn.execute(text("select 7 as id, 'ed' as name"))?.mappings().all()?;
/// assert_eq!(users[0].get("name"), Some(&Value::from("ed")));
/// assert_eq!(users[0].keys().collect::<Vec<_>>(), ["id", "name"]);
/// assert_eq!(users[0].get("nmae"), None);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    names: Arc<[Box<str>]>,
    values: Vec<Value>,
}

impl Mapping {
    /// The value of a column, or `None` when there is no such column.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.names.iter().position(|known| **known == *name).and_then(|index| self.values.get(index))
    }

    /// The names of the columns.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.keys().zip(&self.values)
    }
}

impl IntoIterator for Mapping {
    type Item = (Box<str>, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let pairs: Vec<Self::Item> = self.names.iter().cloned().zip(self.values).collect();
        pairs.into_iter()
    }
}

impl FromRow for Mapping {
    fn from_row(row: &RowView<'_>) -> Result<Self> {
        row.read()
    }

    fn prepare(columns: &[Column]) -> Result<Positions> {
        for column in columns {
            ColumnIndex::index(&column.name.as_str(), columns)?;
        }
        Ok(Positions::default().with_names(columns))
    }

    fn from_prepared(row: &RowView<'_>, positions: &Positions) -> Result<Self> {
        let values = (0..row.columns().len()).map(|index| row.value(index)).collect::<Result<_>>()?;
        Ok(Mapping { names: positions.names(), values })
    }
}

impl<'c> Rows<'c> {
    /// The rows as [`Mapping`]s: values under the names of their columns.
    pub fn mappings(self) -> TypedRows<'c, Mapping> {
        self.of()
    }

    /// The names of the columns.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.columns().iter().map(|column| column.name.as_str())
    }
}

impl Row {
    /// The row as values under the names of their columns.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when two columns have one name.
    pub fn mapping(&self) -> Result<Mapping> {
        self.get()
    }

    /// The names of the columns.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.columns().iter().map(|column| column.name.as_str())
    }
}
