//! A buffer of rows, shared by the rows in it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Row;
use super::from_row::Cells;
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Value, ValueRef};

/// Some rows: their cells in one list, the bytes of text and blobs in one buffer.
#[derive(Debug)]
pub(super) struct Batch {
    columns: Arc<[Column]>,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    rows: usize,
}

#[derive(Debug)]
enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Range<usize>),
    Bytes(Range<usize>),
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime),
    Timestamp(DateTime<Utc>),
    Interval(TimeDelta),
    Decimal(Range<usize>),
    Uuid(Uuid),
    Json(Range<usize>),
    Array(Box<[Value]>),
    /// Of a value that no Rust type holds, and why: the row's other cells can be read all the same.
    Unread(Box<str>),
}

impl Batch {
    pub(super) fn new(columns: Arc<[Column]>) -> Self {
        Batch { columns, cells: Vec::new(), bytes: Vec::new(), rows: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Copies a cursor's current row; returns true.
    pub(super) fn push(&mut self, cursor: &dyn Cursor) -> Result<bool> {
        if self.rows == 0 {
            // SQLite knows the columns for sure only when the first row is there.
            self.columns = Arc::clone(cursor.columns());
        }
        for index in 0..self.columns.len() {
            let cell = match cursor.cell(index) {
                Err(error) if error.kind() == ErrorKind::Conversion => Cell::Unread(error.to_string().into()),
                cell => self.keep_cell(cell?),
            };
            self.cells.push(cell);
        }
        self.rows += 1;
        Ok(true)
    }

    fn keep_cell(&mut self, value: ValueRef<'_>) -> Cell {
        match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Bool(value) => Cell::Bool(value),
            ValueRef::Int(value) => Cell::Int(value),
            ValueRef::UInt(value) => Cell::UInt(value),
            ValueRef::Float(value) => Cell::Float(value),
            ValueRef::Text(value) => Cell::Text(self.keep(value.as_bytes())),
            ValueRef::Bytes(value) => Cell::Bytes(self.keep(value)),
            ValueRef::Date(value) => Cell::Date(value),
            ValueRef::Time(value) => Cell::Time(value),
            ValueRef::DateTime(value) => Cell::DateTime(value),
            ValueRef::Timestamp(value) => Cell::Timestamp(value),
            ValueRef::Interval(value) => Cell::Interval(value),
            ValueRef::Decimal(digits) => Cell::Decimal(self.keep(digits.as_bytes())),
            ValueRef::Digits(digits) => Cell::Decimal(self.keep(digits.as_bytes())),
            ValueRef::Uuid(value) => Cell::Uuid(value),
            ValueRef::Json(text) => Cell::Json(self.keep(text.as_bytes())),
            ValueRef::Array(elements) => Cell::Array(elements.into_owned().into()),
            ValueRef::Refused(why) => Cell::Unread(why.into()),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// One cell; row and column must be in the batch.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] for one that could not be read when it arrived.
    pub(super) fn cell(&self, row: usize, column: usize) -> Result<ValueRef<'_>> {
        let bytes = |range: &Range<usize>| &self.bytes[range.clone()];
        // The bytes came out of a `&str` whole.
        let text = |range: &Range<usize>| std::str::from_utf8(bytes(range)).unwrap_or_default();
        Ok(match &self.cells[row * self.columns.len() + column] {
            Cell::Null => ValueRef::Null,
            Cell::Bool(value) => ValueRef::Bool(*value),
            Cell::Int(value) => ValueRef::Int(*value),
            Cell::UInt(value) => ValueRef::UInt(*value),
            Cell::Float(value) => ValueRef::Float(*value),
            Cell::Text(range) => ValueRef::Text(text(range)),
            Cell::Bytes(range) => ValueRef::Bytes(bytes(range)),
            Cell::Date(value) => ValueRef::Date(*value),
            Cell::Time(value) => ValueRef::Time(*value),
            Cell::DateTime(value) => ValueRef::DateTime(*value),
            Cell::Timestamp(value) => ValueRef::Timestamp(*value),
            Cell::Interval(value) => ValueRef::Interval(*value),
            Cell::Decimal(range) => ValueRef::Decimal(Cow::Borrowed(text(range))),
            Cell::Uuid(value) => ValueRef::Uuid(*value),
            Cell::Json(range) => ValueRef::Json(text(range)),
            Cell::Array(elements) => ValueRef::Array(Cow::Borrowed(elements)),
            Cell::Unread(why) => return Err(Error::new(ErrorKind::Conversion, why.to_string())),
        })
    }
}

impl Cells for Row {
    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        self.batch.cell(self.index, index)
    }
}
