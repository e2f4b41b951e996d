//! One statement, many sets of parameters.

use std::sync::Arc;

use super::connection::Connection;
use super::execute::Sending;
use crate::compile::Compiled;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::rows::Sql;
use crate::sql::{IntoStatement, ParameterSet, Statement};
use crate::value::{Value, ValueRef};

/// How many sets of parameters go to the driver at a time.
const SETS_AT_A_TIME: usize = 1000;

impl Connection {
    /// Runs a statement once for each set of parameters, and returns how many rows it changed in all.
    ///
    /// Drivers send many sets at a time. The first error ends the run; in a transaction nothing is lost by rolling back.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int, word text)"))?;
    /// let insert = text("insert into t values (:i, :word)");
    /// assert_eq!(conn.execute_many(insert, [(1, "one"), (2, "two")])?, 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute).
    pub fn execute_many<S: ParameterSet>(
        &mut self,
        statement: impl IntoStatement,
        sets: impl IntoIterator<Item = S>,
    ) -> Result<u64> {
        self.check_process()?;
        let statement = self.before_execute(statement.into_statement())?;
        let Statement::Text(text) = &statement else {
            return Err(Error::new(
                ErrorKind::Bind,
                "execute_many takes a text with parameters; a composed statement has its values, for many rows as well",
            ));
        };
        let (compiled, cached) = self.engine().state().compiled.text(text, self.engine().dialect())?;
        if compiled.names.is_empty() {
            return Err(Error::new(
                ErrorKind::Bind,
                "execute_many needs a statement with parameters (:name)",
            )
            .with_sql(&*compiled.sql));
        }
        let deadline = self.options.deadline(text.own_timeout());
        let mut sets = sets.into_iter();
        let mut affected = 0_u64;
        let mut values: Vec<Value> = Vec::new();
        loop {
            values.clear();
            for set in sets.by_ref().take(SETS_AT_A_TIME) {
                let before = values.len();
                set.append_to(&mut values, &compiled.names)
                    .map_err(|error| error.with_sql(&*compiled.sql))?;
                // A set of the program's own that miscounts would shift all sets after it.
                check_width(values.len() - before, &compiled)?;
            }
            if values.is_empty() {
                self.engine().after_execute(&statement);
                return Ok(affected);
            }
            affected = affected.saturating_add(self.execute_sets(&compiled, &values, cached, deadline)?);
        }
    }

    fn execute_sets(
        &mut self,
        compiled: &Arc<Compiled>,
        values: &[Value],
        cached: bool,
        deadline: Deadline,
    ) -> Result<u64> {
        let sets = values.chunks_exact(compiled.names.len());
        let count = sets.len();
        let parameters: Vec<ValueRef<'_>> =
            sets.flat_map(|set| compiled.order.iter().map(|index| set[*index].as_ref())).collect();
        // An iterator of the caller's ran in between, and may have forked.
        self.check_process()?;
        let sending =
            Sending { sql: Sql::Compiled(Arc::clone(compiled)), parameters, sets: count, cached, deadline };
        let width = compiled.order.len();
        let sent = self.send(
            sending,
            |connection, sql, parameters| connection.execute_many(sql, parameters, width),
            |affected| Some(*affected),
        )?;
        Ok(sent.answer)
    }
}

fn check_width(given: usize, compiled: &Compiled) -> Result<()> {
    let wanted = compiled.names.len();
    if given == wanted {
        return Ok(());
    }
    let message = format!("a set of parameters gave {given} values for {wanted} names");
    Err(Error::new(ErrorKind::Bind, message).with_sql(&*compiled.sql))
}
