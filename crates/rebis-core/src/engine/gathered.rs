//! The answer to several statements, as if it were one.

use std::borrow::Cow;
use std::sync::Arc;

use crate::driver::{Column, Cursor};
use crate::error::Result;
use crate::value::{Value, ValueRef};

/// Rows that were read already. A part of its connection, as a driver's cursor is.
#[derive(Debug)]
pub(super) struct Gathered {
    columns: Arc<[Column]>,
    rows: std::vec::IntoIter<Vec<Value>>,
    row: Vec<Value>,
    affected: u64,
    last_insert_id: Option<i64>,
}

impl Gathered {
    pub(super) fn new(
        columns: Arc<[Column]>,
        rows: Vec<Vec<Value>>,
        affected: u64,
        last_insert_id: Option<i64>,
    ) -> Self {
        Gathered { columns, rows: rows.into_iter(), row: Vec::new(), affected, last_insert_id }
    }
}

impl Cursor for Gathered {
    fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    fn advance(&mut self) -> Result<bool> {
        match self.rows.next() {
            Some(row) => {
                self.row = row;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        Ok(match self.row.get(index).map_or(ValueRef::Null, Value::as_ref) {
            // As a driver's cell: a decimal however many digits it has.
            ValueRef::Digits(digits) => ValueRef::Decimal(Cow::Borrowed(digits)),
            value => value,
        })
    }

    fn rows_affected(&self) -> u64 {
        self.affected
    }

    fn last_insert_id(&self) -> Option<i64> {
        self.last_insert_id
    }
}
