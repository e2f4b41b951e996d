//! Many rows changed, each to values of its own.

use super::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::update_each;
use crate::value::Value;

/// How many rows one statement changes: each is compared with all of the statement's keys.
const ROWS_AT_A_TIME: usize = 100;

impl Connection {
    /// Changes many rows, each to values of its own, by statements of some hundred rows each. Each row has the values of its keys,
    /// then those of the columns. Returns how many rows were found; on each database a row counts also when it is already as it
    /// is to be.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::{Engine, text};
    ///
    /// let t = Table::build("t")
    ///     .column(ColumnDef::new("id", SqlType::Integer).primary_key())
    ///     .column(ColumnDef::new("n", SqlType::Integer))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&t)?;
    /// conn.execute(text("insert into t values (1, 0), (2, 0)"))?;
    /// let rows = vec![vec![1.into(), 10.into()], vec![2.into(), 20.into()], vec![3.into(), 30.into()]];
    /// assert_eq!(conn.update_rows(&t, &["id"], &["n"], rows)?, 2, "there is no row 3");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`update_each`] and [`execute`](Connection::execute), and [`ErrorKind::Statement`] for more than 100
    /// rows that get another key.
    pub fn update_rows(
        &mut self,
        table: &Table,
        keys: &[&str],
        columns: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let most = self.dialect().writes.most_parameters;
        let each = keys.len() * (columns.len() + 1) + columns.len();
        let batch = (most / each.max(1)).clamp(1, ROWS_AT_A_TIME);
        if rows.len() > batch && keys.iter().all(|key| columns.contains(key)) {
            let text = format!(
                "rows that get another key go in one statement, of at most {batch}: the next one would find them again"
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        let mut found = 0_u64;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(batch).collect();
            let update = update_each(table, keys, columns, some)?;
            found = found.saturating_add(self.execute(update)?.rows_affected());
        }
        Ok(found)
    }
}
