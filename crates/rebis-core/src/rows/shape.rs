//! Other shapes of an answer: chunks of rows, rows without their repetitions, some of the columns.

use std::collections::HashSet;
use std::hash::Hash;

use super::from_row::{Cells, ColumnIndex, FromRow, RowView};
use super::{Row, Rows, Scalars, TypedRows};
use crate::driver::Column;
use crate::error::Result;
use crate::value::{FromValue, ValueRef};

/// Some of an answer's columns, in an order of their own.
#[derive(Debug)]
pub(super) struct Subset {
    names: Vec<Box<str>>,
    /// Found with the first row: where they are, and what they are.
    found: Option<(Vec<usize>, Vec<Column>)>,
}

impl Subset {
    fn new(names: &[&str]) -> Self {
        Subset { names: names.iter().map(|&name| name.into()).collect(), found: None }
    }

    /// Reads those cells of a row.
    pub(super) fn read<T>(
        &mut self,
        row: &RowView<'_>,
        read: impl FnOnce(&RowView<'_>) -> Result<T>,
    ) -> Result<T> {
        if self.found.is_none() {
            let mut positions = Vec::with_capacity(self.names.len());
            for name in &self.names {
                positions.push((&**name).index(row.columns())?);
            }
            let columns = positions.iter().map(|index: &usize| row.columns()[*index].clone()).collect();
            self.found = Some((positions, columns));
        }
        let (positions, columns) = self.found.get_or_insert_default();
        read(&RowView::new(columns, &Picked { row, positions }))
    }
}

/// The cells of a row that are in a subset.
struct Picked<'r> {
    row: &'r RowView<'r>,
    positions: &'r [usize],
}

impl Cells for Picked<'_> {
    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        self.row.cell(self.positions[index])
    }
}

impl<'c> Rows<'c> {
    /// Some of the columns, by their names, as values of a type.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 7 as id, 42 as age, 'ed' as name"))?;
    /// assert_eq!(rows.of_columns::<(String, i64)>(&["name", "id"]).all()?, [("ed".to_owned(), 7)]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn of_columns<T: FromRow>(self, names: &[&str]) -> TypedRows<'c, T> {
        TypedRows::of_subset(self, Subset::new(names))
    }

    /// One column by its name, decoded where it arrived: [`scalars`](Rows::scalars) of another column than the first.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 7 as id, 'ed' as name"))?;
    /// assert_eq!(rows.scalars_of::<String>("name").one()?, "ed");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn scalars_of<T: FromValue>(self, name: &str) -> Scalars<'c, T> {
        Scalars::of_subset(self, Subset::new(&[name]))
    }

    /// The rows in chunks of that many, the last one with what is left; no more than one chunk is in memory. 0 means 1.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 1 as i union select 2 union select 3"))?;
    /// let sizes: Vec<usize> = rows.partitions(2).map(|rows| Ok(rows?.len())).collect::<rebis_core::Result<_>>()?;
    /// assert_eq!(sizes, [2, 1]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn partitions(self, size: usize) -> impl Iterator<Item = Result<Vec<Row>>> + use<'c> {
        partitions(self.into_iter(), size)
    }

    /// The rows whose key none before had. The keys are kept in memory.
    ///
    /// ```
    /// # use rebis_core::{Engine, Row, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 1 as id, 'a' as tag union all select 1, 'b' union all select 2, 'c'"))?;
    /// let rows: Vec<Row> = rows.unique_by(|row| row.value::<i64>("id")).collect::<Result<_, _>>()?;
    /// assert_eq!(rows.len(), 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn unique_by<K, F>(self, key: F) -> impl Iterator<Item = Result<Row>> + use<'c, K, F>
    where
        K: Hash + Eq,
        F: FnMut(&Row) -> Result<K>,
    {
        unique(self.into_iter(), key)
    }
}

impl<'c, T: FromRow> TypedRows<'c, T> {
    /// The values in chunks, as [`Rows::partitions`].
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 1 union select 2 union select 3"))?;
    /// for chunk in rows.of::<(i64,)>().partitions(2) {
    ///     assert!(chunk?.len() <= 2);
    /// }
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn partitions(self, size: usize) -> impl Iterator<Item = Result<Vec<T>>> + use<'c, T> {
        partitions(self, size)
    }

    /// The values that none before was equal to. They are kept in memory.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 1, 'a' union all select 1, 'a' union all select 2, 'a'"))?;
    /// let pairs: Vec<(i64, String)> = rows.of().unique().collect::<Result<_, _>>()?;
    /// assert_eq!(pairs.len(), 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn unique(self) -> impl Iterator<Item = Result<T>> + use<'c, T>
    where
        T: Hash + Eq + Clone,
    {
        unique(self, |value: &T| Ok(value.clone()))
    }

    /// The values whose key none before had. The keys are kept in memory.
    pub fn unique_by<K, F>(self, mut key: F) -> impl Iterator<Item = Result<T>> + use<'c, T, K, F>
    where
        K: Hash + Eq,
        F: FnMut(&T) -> K,
    {
        unique(self, move |value: &T| Ok(key(value)))
    }
}

impl<'c, T: FromValue> Scalars<'c, T> {
    /// The values in chunks, as [`Rows::partitions`].
    pub fn partitions(self, size: usize) -> impl Iterator<Item = Result<Vec<T>>> + use<'c, T> {
        partitions(self, size)
    }

    /// The values that none before was equal to. They are kept in memory.
    pub fn unique(self) -> impl Iterator<Item = Result<T>> + use<'c, T>
    where
        T: Hash + Eq + Clone,
    {
        unique(self, |value: &T| Ok(value.clone()))
    }
}

/// What came before an error is handed out first.
fn partitions<T>(
    mut items: impl Iterator<Item = Result<T>>,
    size: usize,
) -> impl Iterator<Item = Result<Vec<T>>> {
    let size = size.max(1);
    let mut failed = None;
    std::iter::from_fn(move || {
        if let Some(error) = failed.take() {
            return Some(Err(error));
        }
        let mut chunk = Vec::new();
        while chunk.len() < size {
            match items.next() {
                Some(Ok(item)) => chunk.push(item),
                Some(Err(error)) if chunk.is_empty() => return Some(Err(error)),
                Some(Err(error)) => {
                    failed = Some(error);
                    break;
                }
                None => break,
            }
        }
        (!chunk.is_empty()).then_some(Ok(chunk))
    })
}

fn unique<T, K: Hash + Eq>(
    items: impl Iterator<Item = Result<T>>,
    mut key: impl FnMut(&T) -> Result<K>,
) -> impl Iterator<Item = Result<T>> {
    let mut seen = HashSet::new();
    items.filter_map(move |item| match item.and_then(|item| Ok((key(&item)?, item))) {
        Ok((key, item)) => seen.insert(key).then_some(Ok(item)),
        Err(error) => Some(Err(error)),
    })
}
