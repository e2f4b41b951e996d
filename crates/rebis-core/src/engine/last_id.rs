//! Keys of inserted rows on a server without RETURNING: MySQL.

use std::collections::VecDeque;
use std::sync::Arc;

use super::connection::Connection;
use super::insert_rows::{Answer, ROWS_AT_A_TIME, item};
use super::row_order::RowOrder;
use crate::compile::Rendered;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::sql::{
    Assignment, Call, Composed, InsertNode, Node, SelectNode, Source, StatementNode, column_node, text,
};
use crate::value::Value;

impl Connection {
    /// One row; an upsert has MySQL tell the key of the row that was there.
    pub(super) fn insert_for_last_id(&mut self, mut insert: InsertNode) -> Result<Vec<Value>> {
        let keys: Vec<_> = insert.table.primary_key().cloned().collect();
        let counted = match keys.as_slice() {
            [key] if key.is_autoincrement() => Some(key.name().to_owned()),
            _ => None,
        };
        let row = insert.rows.first().cloned().unwrap_or_default();
        let given: Option<Vec<Value>> = keys
            .iter()
            .map(|key| {
                let index = insert.columns.iter().position(|name| *name == key.name())?;
                match &**row.get(index)? {
                    // MySQL counts for these.
                    Node::Value(Value::Null) => None,
                    Node::Value(Value::Int(0) | Value::UInt(0)) if counted.is_some() => None,
                    Node::Value(value) => Some(value.clone()),
                    _ => None,
                }
            })
            .collect();
        if let (Some(key), Some(conflict)) = (&counted, &mut insert.conflict) {
            // The server's own idiom: it notes the key of the row that it meets.
            let source = Source::Table(insert.table.clone());
            let column = column_node(source, key.clone());
            let call = Call { name: "LAST_INSERT_ID", arguments: vec![column], ..Call::default() };
            let value = Arc::new(Node::Function(call));
            if !conflict.update {
                conflict.assignments.clear();
                conflict.update = true;
            }
            conflict.assignments.push(Assignment { column: key.clone().into(), value });
        }
        let upsert = insert.conflict.is_some();
        if counted.is_none() && (given.is_none() || upsert) {
            return Err(not_told());
        }
        let statement = Composed(StatementNode::Insert(Box::new(insert)));
        let id = self.execute(crate::sql::Statement::Composed(statement))?.last_insert_id();
        match (given, counted, id) {
            (Some(given), ..) if !upsert => Ok(given),
            (_, Some(_), Some(id)) => Ok(vec![Value::Int(id)]),
            _ => Err(not_told()),
        }
    }

    /// Many rows whose columns are wanted: they are inserted, and selected by their keys.
    pub(super) fn insert_and_select(&mut self, mut insert: InsertNode, deadline: Deadline) -> Result<Answer> {
        let order = RowOrder::of(&insert, self.dialect());
        if !order.is_sorted() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this server has no RETURNING, and these rows have no key to select them by; insert them one by one",
            ));
        }
        let wanted = std::mem::take(&mut insert.returning);
        let mut rest = VecDeque::from(std::mem::take(&mut insert.rows));
        let step: i64 = match order {
            RowOrder::Ascending if rest.len() > 1 => {
                self.scalar(text("select @@auto_increment_increment"))?
            }
            _ => 1,
        };
        let mut whole = Answer::default();
        while !rest.is_empty() {
            let rendered = self.next_batch(&mut insert, &mut rest, ROWS_AT_A_TIME)?;
            let inserted = self.answer_to(rendered, deadline)?;
            let keys = match (order, inserted.last_insert_id) {
                // The number of rows was known to the server, so it has counted them without a gap.
                (RowOrder::Ascending, Some(first)) => counted(first, step, insert.rows.len())?,
                (RowOrder::Ascending, None) => return Err(not_counted()),
                _ => key_values(&insert),
            };
            let mut select = self.select_by_keys(&insert, &wanted, keys);
            select.items.extend(insert.table.primary_key().map(|key| item(&insert.table, key.name())));
            let rendered = Rendered::of(
                &Composed(StatementNode::Select(Box::new(select))),
                self.dialect(),
                &self.options().schema_translate_map,
            )?;
            let mut found = self.answer_to(rendered, deadline)?;
            found.rows = order.sort(&insert, found.rows, wanted.len())?;
            found.affected = inserted.affected;
            found.last_insert_id = inserted.last_insert_id;
            whole.add(found, wanted.len());
        }
        Ok(whole)
    }

    fn select_by_keys(
        &self,
        insert: &InsertNode,
        wanted: &[crate::sql::Item],
        keys: Vec<Vec<Value>>,
    ) -> SelectNode {
        let node = |value| Arc::new(Node::Value(value));
        let columns = insert.table.primary_key().map(|key| item(&insert.table, key.name()).node);
        let mut columns: Vec<Arc<Node>> = columns.collect();
        let (item, list) = match (columns.len(), columns.pop()) {
            (1, Some(column)) => (column, keys.into_iter().flatten().map(node).collect()),
            (_, last) => {
                columns.extend(last);
                let row = |key: Vec<Value>| Arc::new(Node::Row(key.into_iter().map(node).collect()));
                (Arc::new(Node::Row(columns)), keys.into_iter().map(row).collect())
            }
        };
        SelectNode {
            items: wanted.to_vec(),
            from: vec![Source::Table(insert.table.clone())],
            filters: vec![Arc::new(Node::In { item, list, negated: false })],
            ..SelectNode::default()
        }
    }
}

/// The keys of rows that were counted one after the other.
fn counted(first: i64, step: i64, count: usize) -> Result<Vec<Vec<Value>>> {
    let key = |index| first.checked_add(step.checked_mul(i64::try_from(index).ok()?)?);
    let keys = (0..count).map(|index| key(index).map(|key| vec![Value::Int(key)]).ok_or_else(not_counted));
    keys.collect()
}

fn key_values(insert: &InsertNode) -> Vec<Vec<Value>> {
    let index = |name: &str| insert.columns.iter().position(|column| *column == name);
    let places: Vec<usize> = insert.table.primary_key().filter_map(|key| index(key.name())).collect();
    let value = |row: &[Arc<Node>], place: usize| match row.get(place).map(|node| &**node) {
        Some(Node::Value(value)) => value.clone(),
        _ => Value::Null,
    };
    insert.rows.iter().map(|row| places.iter().map(|place| value(row, *place)).collect()).collect()
}

fn not_told() -> Error {
    let text =
        "this server has no RETURNING and does not count the key; select the row in the same transaction";
    Error::new(ErrorKind::Unsupported, text)
}

fn not_counted() -> Error {
    Error::new(ErrorKind::Protocol, "the server did not tell the key that it counted for the first row")
}
