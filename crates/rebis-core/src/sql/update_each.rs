//! One UPDATE for many rows, each with values of its own.

use std::sync::Arc;

use super::columns::column_node;
use super::dml::{Assignment, Update, update_table};
use super::node::{BinaryOperator, Node, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::value::Value;

/// Changes many rows, each to values of its own, by one statement: `SET column = CASE WHEN key = … THEN … END`. Each row has the
/// values of its keys, then those of the columns. The statement grows with the square of the rows' work: some hundred rows are
/// well, for more there is [`update_rows`](crate::Connection::update_rows). One of the keys may be among the columns, and is set
/// last: MySQL looks at the values that were just set.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::update_each;
///
/// let t = Table::build("t")
///     .column(ColumnDef::new("id", SqlType::Integer).primary_key())
///     .column(ColumnDef::new("n", SqlType::Integer))
///     .finish()?;
/// let change = update_each(&t, &["id"], &["n"], vec![vec![1.into(), 10.into()], vec![2.into(), 20.into()]])?;
/// assert_eq!(
///     change.to_sql(Dialect::SQLITE)?,
///     r#"UPDATE "t" SET "n" = CASE WHEN "t"."id" = ?1 THEN ?2 WHEN "t"."id" = ?3 THEN ?4 ELSE "t"."n" END WHERE "t"."id" IN (?5, ?6)"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Bind`] for a row that has not one value for each key and column; [`ErrorKind::Statement`] without rows or keys, and
/// for two keys that are columns.
pub fn update_each(table: &Table, keys: &[&str], columns: &[&str], rows: Vec<Vec<Value>>) -> Result<Update> {
    if keys.is_empty() || columns.is_empty() || rows.is_empty() {
        let text = "update_each needs a key, a column and a row";
        return Err(Error::new(ErrorKind::Statement, text));
    }
    let is_key = |name: &&str| keys.contains(name);
    if columns.iter().filter(|name| is_key(name)).count() > 1 {
        let text = "update_each cannot set two of the keys by which it finds the rows";
        return Err(Error::new(ErrorKind::Statement, text));
    }
    let column = |name: &str| column_node(Source::Table(table.clone()), name.to_owned());
    let key_columns: Vec<Arc<Node>> = keys.iter().map(|name| column(name)).collect();
    let mut branches: Vec<Vec<(Arc<Node>, Arc<Node>)>> = vec![Vec::with_capacity(rows.len()); columns.len()];
    let mut list = Vec::with_capacity(rows.len());
    for (index, mut row) in rows.into_iter().enumerate() {
        if row.len() != keys.len() + columns.len() {
            let text = format!(
                "row {index} has {} values for {} keys and {} columns",
                row.len(),
                keys.len(),
                columns.len()
            );
            return Err(Error::new(ErrorKind::Bind, text));
        }
        let values = row.split_off(keys.len());
        let key: Vec<Arc<Node>> = row.into_iter().map(|value| Arc::new(Node::Value(value))).collect();
        let equal = key_columns.iter().zip(&key).map(|(left, right)| {
            let (left, right) = (Arc::clone(left), Arc::clone(right));
            Arc::new(Node::Binary { operator: BinaryOperator::Equal, left, right })
        });
        let condition = Arc::new(Node::All(equal.collect()));
        for (branches, value) in branches.iter_mut().zip(values) {
            branches.push((Arc::clone(&condition), Arc::new(Node::Value(value))));
        }
        list.push(one_or_row(key));
    }
    let mut update = update_table(table);
    let mut set: Vec<_> = columns.iter().zip(branches).collect();
    set.sort_by_key(|(name, _)| is_key(name));
    for (name, branches) in set {
        // The column itself at the end gives the whole its type, also where all values are NULL.
        let value = Arc::new(Node::Case { branches, otherwise: Some(column(name)) });
        update.node.assignments.push(Assignment { column: (*name).to_owned().into(), value });
    }
    let item = one_or_row(key_columns);
    update.node.filters.push(Arc::new(Node::In { item, list, negated: false }));
    Ok(update)
}

fn one_or_row(mut nodes: Vec<Arc<Node>>) -> Arc<Node> {
    match (nodes.len(), nodes.pop()) {
        (1, Some(one)) => one,
        (_, last) => {
            nodes.extend(last);
            Arc::new(Node::Row(nodes))
        }
    }
}
