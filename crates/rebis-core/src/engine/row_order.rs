//! Which returned row belongs to which inserted one. RETURNING promises no order.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::insert_rows::missing_rows;
use crate::compile::cast_that_keeps;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::schema::SqlType;
use crate::sql::{InsertNode, Node};
use crate::value::Value;

/// How the answers of many rows are put into their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// Not at all.
    AsGiven,
    /// By the key, which the database counts while it inserts one row after the other.
    Ascending,
    /// By the keys, which the rows brought along.
    Matched,
    /// By inserting one at a time.
    OneByOne,
}

/// A key as far as it has to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i128),
    Text(String),
    Uuid(Uuid),
}

impl RowOrder {
    pub(super) fn of(insert: &InsertNode, dialect: &Dialect) -> Self {
        if insert.returning.is_empty() || insert.conflict.is_some() {
            return RowOrder::AsGiven;
        }
        let keys: Vec<_> = insert.table.primary_key().collect();
        let named = |name: &str| insert.columns.iter().any(|column| *column == name);
        match keys.as_slice() {
            [key] if key.is_autoincrement() && !named(key.name()) => {
                let castable = |name: &str| {
                    let column = insert.table.column(name);
                    column.is_none_or(|column| cast_that_keeps(column.sql_type(), dialect).is_some())
                };
                let can = !dialect.writes.sorted_insert || insert.columns.iter().all(|name| castable(name));
                let counts_down =
                    key.counting().and_then(|identity| identity.increment).is_some_and(|step| step < 0);
                if can && !counts_down { RowOrder::Ascending } else { RowOrder::OneByOne }
            }
            [] => RowOrder::OneByOne,
            keys if keys.iter().all(|key| named(key.name())) => {
                let all = insert.rows.iter().all(|row| given_keys(insert, row).is_some());
                if all { RowOrder::Matched } else { RowOrder::OneByOne }
            }
            _ => RowOrder::OneByOne,
        }
    }

    pub(super) fn is_sorted(self) -> bool {
        matches!(self, RowOrder::Ascending | RowOrder::Matched)
    }

    /// The columns that have to come back for it.
    pub(super) fn key_columns(self, insert: &InsertNode) -> Vec<String> {
        if !self.is_sorted() {
            return Vec::new();
        }
        insert.table.primary_key().map(|column| column.name().to_owned()).collect()
    }

    /// The returned rows in the order of those of the INSERT, without the keys behind the first columns.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) when they are not the same rows.
    pub(super) fn sort(
        self,
        insert: &InsertNode,
        returned: Vec<Vec<Value>>,
        shown: usize,
    ) -> Result<Vec<Vec<Value>>> {
        let (found, wanted) = (returned.len(), insert.rows.len());
        let lost = || missing_rows(found, wanted);
        let mut keyed = Vec::with_capacity(found);
        for mut row in returned {
            let keys = row.split_off(shown.min(row.len()));
            keyed.push((returned_keys(insert, &keys).ok_or_else(lost)?, row));
        }
        if found != wanted {
            return Err(lost());
        }
        if self == RowOrder::Ascending {
            keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
            return Ok(keyed.into_iter().map(|(_, row)| row).collect());
        }
        let mut by_key: HashMap<Vec<Key>, Vec<Value>> = keyed.into_iter().collect();
        let rows = insert.rows.iter().map(|row| {
            let key = given_keys(insert, row);
            key.and_then(|key| by_key.remove(&key)).ok_or_else(lost)
        });
        rows.collect()
    }
}

/// A row's own key; `None` where it cannot be compared with what the database will say of it.
pub(super) fn given_keys(insert: &InsertNode, row: &[Arc<Node>]) -> Option<Vec<Key>> {
    let keys = insert.table.primary_key().map(|column| {
        let index = insert.columns.iter().position(|name| *name == column.name())?;
        match &**row.get(index)? {
            // The database may answer with a fraction or a text.
            Node::Value(_) if matches!(column.sql_type(), SqlType::Native(_)) => None,
            Node::Value(value) => key_of(column.sql_type(), value),
            _ => None,
        }
    });
    keys.collect()
}

pub(super) fn returned_keys(insert: &InsertNode, values: &[Value]) -> Option<Vec<Key>> {
    let keys = insert.table.primary_key().zip(values);
    keys.map(|(column, value)| key_of(column.sql_type(), value)).collect()
}

pub(super) fn key_of(sql_type: &SqlType, value: &Value) -> Option<Key> {
    match (sql_type, value) {
        (SqlType::Uuid, Value::Uuid(uuid)) => Some(Key::Uuid(*uuid)),
        (SqlType::Uuid, Value::Text(text)) => Uuid::parse_str(text).ok().map(Key::Uuid),
        (SqlType::Uuid, Value::Bytes(bytes)) => Uuid::from_slice(bytes).ok().map(Key::Uuid),
        (SqlType::String { .. } | SqlType::Text, Value::Text(text)) => Some(Key::Text(text.clone())),
        (SqlType::Uuid | SqlType::String { .. } | SqlType::Text, _) => None,
        (whole, Value::Int(number)) if whole.may_be_counted() => Some(Key::Number((*number).into())),
        (whole, Value::UInt(number)) if whole.may_be_counted() => Some(Key::Number((*number).into())),
        _ => None,
    }
}
