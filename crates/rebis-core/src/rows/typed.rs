//! Rows as values of one type, decoded where they arrived.

use std::fmt;
use std::marker::PhantomData;

use super::from_row::{FromRow, RowView};
use super::{After, Rows, multiple_rows, no_row};
use crate::error::Result;

/// An iterator over an answer's rows as values of a type; see [`Rows::of`].
pub struct TypedRows<'c, T> {
    rows: Rows<'c>,
    ended: bool,
    marker: PhantomData<fn() -> T>,
}

impl<'c, T: FromRow> TypedRows<'c, T> {
    pub(super) fn new(rows: Rows<'c>) -> Self {
        TypedRows { rows, ended: false, marker: PhantomData }
    }

    /// All values that are left.
    ///
    /// # Errors
    /// As [`Rows::next`], and [`Conversion`](crate::ErrorKind::Conversion).
    pub fn all(self) -> Result<Vec<T>> {
        self.collect()
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
        let sql = self.rows.watch.sql.clone();
        let value = self.next().ok_or_else(|| no_row(&sql))??;
        match self.next() {
            None => Ok(value),
            Some(Err(error)) => Err(error),
            Some(Ok(_)) => Err(multiple_rows(&sql)),
        }
    }

    fn advance(&mut self) -> Result<Option<T>> {
        let rows = &mut self.rows;
        // What `next` had read ahead comes first.
        if rows.handed < rows.batch.len() || !matches!(rows.after, After::More) {
            return rows.next()?.map(|row| row.get()).transpose();
        }
        rows.check_process()?;
        if !rows.cursor.advance().map_err(|error| rows.watch.failed(error))? {
            rows.watch.ended();
            return Ok(None);
        }
        rows.watch.rows += 1;
        let view = RowView::new(rows.cursor.columns(), &rows.cursor);
        T::from_row(&view).map(Some).map_err(|error| error.with_sql(&*rows.watch.sql))
    }
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
