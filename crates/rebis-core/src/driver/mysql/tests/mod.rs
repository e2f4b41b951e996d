//! Tests: bytes alone, a scripted server, and a real one where `REBIS_TEST_MYSQL_URL` names it.

mod bytes;
mod fuzz;
mod limits;
mod live;
mod live_many;
mod live_tls;
mod scripted;
mod scripted_tls;

use super::cursor::Answer;
use super::{MysqlConnection, MysqlConnector};
use crate::driver::Cursor;
use crate::error::Result;
use crate::process::Deadline;
use crate::url::Url;
use crate::value::{Value, ValueRef};

/// Connects as the engine does.
fn connect(url: &str) -> Result<MysqlConnection> {
    let url: Url = url.parse()?;
    let mut options = url.options();
    let connector = MysqlConnector::new(&url, &mut options)?;
    options.finish()?;
    connector.open(&connector.login, Deadline::after(std::time::Duration::from_secs(10)))
}

/// Reads an answer to its end, as owned values.
fn rows(cursor: &mut dyn Cursor) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    while cursor.advance()? {
        let cells = 0..cursor.columns().len();
        rows.push(cells.map(|index| cursor.cell(index).map(Value::from)).collect::<Result<_>>()?);
    }
    Ok(rows)
}

fn references(values: &[Value]) -> Vec<ValueRef<'_>> {
    values.iter().map(Value::as_ref).collect()
}

/// What goes before one more option of a URL.
fn separator(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}

/// Runs a statement as text, which is what happens when it cannot be prepared.
fn text_rows(connection: &mut MysqlConnection, sql: &str) -> Vec<Vec<Value>> {
    let outcome = connection.query(sql).unwrap();
    connection.answer = Answer::new(outcome);
    rows(connection).unwrap()
}
