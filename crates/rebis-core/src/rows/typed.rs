//! Answers as iterators: rows, rows as values of one type, the first column alone.

use std::fmt;
use std::marker::PhantomData;

use super::from_row::{FromRow, RowView};
use super::shape::Subset;
use super::{After, Positions, Row, Rows, multiple_rows, no_row};
use crate::error::Result;
use crate::value::FromValue;

/// An iterator over an answer's rows as values of a type; see [`Rows::of`].
pub struct TypedRows<'c, T> {
    rows: Rows<'c>,
    ended: bool,
    /// Found with the first row: only then are the columns known for sure.
    positions: Option<Positions>,
    subset: Option<Subset>,
    marker: PhantomData<fn() -> T>,
}

impl<'c, T: FromRow> TypedRows<'c, T> {
    pub(super) fn new(rows: Rows<'c>) -> Self {
        TypedRows { rows, ended: false, positions: None, subset: None, marker: PhantomData }
    }

    pub(super) fn of_subset(rows: Rows<'c>, subset: Subset) -> Self {
        TypedRows { subset: Some(subset), ..TypedRows::new(rows) }
    }

    /// All values that are left.
    ///
    /// # Errors
    /// As [`Rows::next`], and [`Conversion`](crate::ErrorKind::Conversion).
    pub fn all(mut self) -> Result<Vec<T>> {
        let mut values = Vec::new();
        if !self.ended {
            while let Some(value) = self.advance()? {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// The first value, or `None`; the others are not read.
    ///
    /// # Errors
    /// As [`all`](TypedRows::all).
    pub fn first(mut self) -> Result<Option<T>> {
        self.next().transpose()
    }

    /// The only value.
    ///
    /// # Errors
    /// [`NoRow`](crate::ErrorKind::NoRow), [`MultipleRows`](crate::ErrorKind::MultipleRows), and as
    /// [`all`](TypedRows::all).
    pub fn one(mut self) -> Result<T> {
        self.only()?.ok_or_else(|| no_row(&self.rows))
    }

    /// The only value, or `None` when there is none.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let user: Option<(i64, String)> = conn.execute(text("select 1, 'ed' where 1 = 2"))?.of().one_or_none()?;
    /// assert_eq!(user, None);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`MultipleRows`](crate::ErrorKind::MultipleRows), and as [`all`](TypedRows::all).
    pub fn one_or_none(mut self) -> Result<Option<T>> {
        self.only()
    }

    fn only(&mut self) -> Result<Option<T>> {
        let Some(value) = self.next().transpose()? else { return Ok(None) };
        match self.next() {
            None => Ok(Some(value)),
            Some(Err(error)) => Err(error),
            Some(Ok(_)) => Err(multiple_rows(&self.rows.watch.sql)),
        }
    }

    fn advance(&mut self) -> Result<Option<T>> {
        let rows = &mut self.rows;
        // What `next` had read ahead comes first.
        if rows.is_ahead() || !matches!(rows.after, After::More) {
            let Some(row) = rows.next()? else { return Ok(None) };
            return read(&row.view(), &mut self.positions, &mut self.subset)
                .map(Some)
                .map_err(|error| error.with_sql(&*rows.watch.sql));
        }
        rows.check_process()?;
        if !rows.cursor.advance().map_err(|error| rows.watch.failed(error))? {
            rows.watch.ended();
            return Ok(None);
        }
        rows.watch.rows += 1;
        let view = RowView::current(rows.cursor);
        read(&view, &mut self.positions, &mut self.subset)
            .map(Some)
            .map_err(|error| error.with_sql(&*rows.watch.sql))
    }
}

fn read<T: FromRow>(
    row: &RowView<'_>,
    positions: &mut Option<Positions>,
    subset: &mut Option<Subset>,
) -> Result<T> {
    let Some(subset) = subset else { return read_all(row, positions) };
    subset.read(row, |row| read_all(row, positions))
}

fn read_all<T: FromRow>(row: &RowView<'_>, positions: &mut Option<Positions>) -> Result<T> {
    let positions = match positions {
        Some(positions) => positions,
        None => positions.insert(T::prepare(row.columns())?),
    };
    T::from_prepared(row, positions)
}

impl<T: FromRow> Iterator for TypedRows<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.ended {
            return None;
        }
        let value = self.advance().transpose();
        // A value that does not decode is one row's trouble; but who stops at an error stops for good.
        self.ended = !matches!(value, Some(Ok(_)));
        value
    }
}

impl<T> fmt::Debug for TypedRows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}

/// An iterator over the first column of an answer; see [`Rows::scalars`].
pub struct Scalars<'c, T>(TypedRows<'c, First<T>>);

/// A row's first cell; however many there are beside it.
struct First<T>(T);

impl<T: FromValue> FromRow for First<T> {
    fn from_row(row: &RowView<'_>) -> Result<Self> {
        row.value(0).map(First)
    }
}

impl<'c, T: FromValue> Scalars<'c, T> {
    pub(super) fn new(rows: Rows<'c>) -> Self {
        Scalars(TypedRows::new(rows))
    }

    pub(super) fn of_subset(rows: Rows<'c>, subset: Subset) -> Self {
        Scalars(TypedRows::of_subset(rows, subset))
    }

    /// All values that are left.
    ///
    /// # Errors
    /// As [`Rows::next`], and [`Conversion`](crate::ErrorKind::Conversion).
    pub fn all(self) -> Result<Vec<T>> {
        self.collect()
    }

    /// The first value, or `None` when there is no row; the others are not read.
    ///
    /// # Errors
    /// As [`all`](Scalars::all).
    pub fn first(mut self) -> Result<Option<T>> {
        self.next().transpose()
    }

    /// The only value.
    ///
    /// # Errors
    /// [`NoRow`](crate::ErrorKind::NoRow), [`MultipleRows`](crate::ErrorKind::MultipleRows), and as [`all`](Scalars::all).
    pub fn one(self) -> Result<T> {
        self.0.one().map(|first| first.0)
    }

    /// The only value, or `None` when there is no row.
    ///
    /// # Errors
    /// [`MultipleRows`](crate::ErrorKind::MultipleRows), and as [`all`](Scalars::all).
    pub fn one_or_none(self) -> Result<Option<T>> {
        Ok(self.0.one_or_none()?.map(|first| first.0))
    }
}

impl<T: FromValue> Iterator for Scalars<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.0.next().map(|first| first.map(|first| first.0))
    }
}

impl<T> fmt::Debug for Scalars<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An iterator over an answer's rows, for `for`.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// for row in conn.execute(text("select 1 as id, 'ed' as name"))? {
///     let row = row?;
///     assert_eq!(row.value::<String>("name")?, "ed");
/// }
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub struct RowIter<'c> {
    rows: Rows<'c>,
    ended: bool,
}

impl<'c> IntoIterator for Rows<'c> {
    type Item = Result<Row>;
    type IntoIter = RowIter<'c>;

    fn into_iter(self) -> RowIter<'c> {
        RowIter { rows: self, ended: false }
    }
}

impl Iterator for RowIter<'_> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        if self.ended {
            return None;
        }
        let row = self.rows.next().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

impl fmt::Debug for RowIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}
