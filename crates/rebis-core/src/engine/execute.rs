//! A statement's way through a connection: listeners, compile, begin, driver, answer.

use std::sync::Arc;

use super::Engine;
use super::connection::{Connection, no_connection};
use super::events::{AfterCursorExecute, AfterExecute, BeforeCursorExecute, BeforeExecute};
use super::log::{Log, Sent};
use crate::driver;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Generation, forked, generation};
use crate::rows::{FromRow, Query, Rows, Scalars, Sql, Watch};
use crate::sql::{IntoStatement, Statement};
use crate::value::{FromValue, Value, ValueRef};

/// A compiled statement on its way to the driver.
pub(super) struct Sending<'v> {
    pub(super) sql: Sql,
    pub(super) parameters: Vec<ValueRef<'v>>,
    pub(super) sets: usize,
    /// Whether its compiled form was in the cache.
    pub(super) cached: bool,
    pub(super) deadline: Deadline,
}

/// What came back, and what goes with it.
pub(super) struct Answered<'c, T> {
    pub(super) answer: T,
    pub(super) watch: Watch<'c>,
    pub(super) engine: &'c Engine,
}

/// What is sent in place of what was compiled, by a listener's wish.
struct Replaced {
    sql: Option<Arc<str>>,
    parameters: Option<Vec<Value>>,
}

impl Connection {
    /// Runs a statement; its answer borrows the connection until it is dropped.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;
    /// let changed = conn.execute(text("insert into t values (:i)").bind("i", 7))?.rows_affected();
    /// assert_eq!(changed, 1);
    /// for row in conn.execute(text("select i from t"))? {
    ///     assert_eq!(row?.value::<i64>("i")?, 7);
    /// }
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when names and values do not match; what the database says of the statement;
    /// [`ErrorKind::PendingRollback`] when the transaction failed before; [`ErrorKind::Forked`] in a child.
    pub fn execute(&mut self, statement: impl IntoStatement) -> Result<Rows<'_>> {
        self.know_server()?;
        let statement = self.before_execute(statement.into_statement())?.complete();
        if self.is_for_batches(&statement) {
            return self.execute_batches(statement);
        }
        let compiled = self.engine().compile_with(&statement, self.dialect(), self.options())?;
        let (parameters, cached) = (compiled.parameters(), compiled.is_cached());
        let sql = Sql::Compiled(Arc::clone(compiled.compiled()));
        let deadline = self.options().deadline(statement.own_timeout());
        let sending = Sending { sql, parameters, sets: 1, cached, deadline };
        let process = generation();
        let Answered { answer, watch, engine } = self.send_once(sending)?;
        engine.after_execute(&statement);
        check_same(process)?;
        Ok(Rows::new(answer, watch))
    }

    /// Sends a statement, whose answer is read by a cursor.
    pub(super) fn send_once<'c>(
        &'c mut self,
        sending: Sending<'_>,
    ) -> Result<Answered<'c, &'c mut dyn driver::Cursor>> {
        self.send(sending, |connection, sql, parameters| connection.execute(sql, parameters), |_| None)
    }

    /// Sends a statement for many sets of so many parameters each, and says how many rows it has changed.
    pub(super) fn send_many(&mut self, sending: Sending<'_>, width: usize) -> Result<u64> {
        let sent = self.send(
            sending,
            |connection, sql, parameters| connection.execute_many(sql, parameters, width),
            |affected| Some(*affected),
        )?;
        Ok(sent.answer)
    }

    /// Everything between compiled text and answer: listeners, BEGIN, log, counters, errors.
    pub(super) fn send<'c, T>(
        &'c mut self,
        sending: Sending<'_>,
        run: impl FnOnce(&'c mut dyn driver::Connection, &str, &[ValueRef<'_>]) -> Result<T>,
        rows_affected: impl FnOnce(&T) -> Option<u64>,
    ) -> Result<Answered<'c, T>> {
        let Sending { sql, mut parameters, sets, cached, deadline } = sending;
        self.prepare_for_statement(deadline)?;
        self.statements = self.statements.wrapping_add(1);
        let replaced = self.before_cursor_execute(&sql, &parameters, sets)?;
        let sql = sent_sql(sql, &replaced);
        if let Some(values) = replaced.as_ref().and_then(|replaced| replaced.parameters.as_ref()) {
            parameters = values.iter().map(Value::as_ref).collect();
        }

        let Connection { lease, own_options, .. } = self;
        let (connection, mut loss, engine) = lease.parts().ok_or_else(no_connection)?;
        let options = own_options.as_deref().unwrap_or_else(|| engine.options());
        let log = Log::start(options, &sql, engine.is_timed());
        connection.limit_statement(deadline)?;
        let answer = log.span.in_scope(|| run(connection, &sql, &parameters));
        let error = answer.as_ref().err();
        let elapsed = log.end(&Sent { parameters: &parameters, sets, cached, error });
        engine.state().counters.statements.count();
        match answer {
            Ok(answer) => {
                let rows_affected = rows_affected(&answer);
                if let Some(affected) = rows_affected {
                    log.span.record("rows", affected);
                }
                let (sql_, parameters) = (&*sql, parameters.as_slice());
                engine.after_cursor_execute(&AfterCursorExecute {
                    sql: sql_,
                    parameters,
                    sets,
                    elapsed,
                    rows_affected,
                });
                Ok(Answered { answer, watch: Watch::new(sql, loss, log.span), engine })
            }
            Err(error) => {
                engine.state().counters.errors.count();
                Err(loss.handle(error, &sql))
            }
        }
    }

    /// All rows of a statement as values of a type.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows: Vec<(i64, String)> = conn.fetch_all(text("select 1, 'ed'"))?;
    /// assert_eq!(rows, [(1, "ed".to_owned())]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute), and [`ErrorKind::Conversion`].
    pub fn fetch_all<T: FromRow>(&mut self, statement: impl Query<T>) -> Result<Vec<T>> {
        self.execute(statement)?.of().all()
    }

    /// The first column of a statement's first row.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let answer: i64 = conn.scalar(text("select 6 * 7"))?;
    /// assert_eq!(answer, 42);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute), [`ErrorKind::NoRow`] and [`ErrorKind::Conversion`].
    pub fn scalar<T: FromValue>(&mut self, statement: impl Query<(T,)>) -> Result<T> {
        self.execute(statement)?.scalar()
    }

    /// The first column of all rows of a statement, read as they are asked for.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let names: Vec<String> = conn.scalars(text("select 'ed' union select 'jo' order by 1"))?.all()?;
    /// assert_eq!(names, ["ed", "jo"]);
    /// let missing: Option<i64> = conn.scalars(text("select 1 where 1 = 2"))?.one_or_none()?;
    /// assert_eq!(missing, None);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute).
    pub fn scalars<T: FromValue>(&mut self, statement: impl Query<(T,)>) -> Result<Scalars<'_, T>> {
        Ok(self.execute(statement)?.scalars())
    }

    // ---- listeners ----

    pub(super) fn before_execute(&self, statement: Statement) -> Result<Statement> {
        let listeners = &self.engine().core().listeners.before_execute;
        if listeners.is_empty() {
            return Ok(statement);
        }
        let mut event = BeforeExecute { statement };
        for listener in listeners.iter() {
            listener(&mut event)?;
            self.check_process()?;
        }
        Ok(event.statement)
    }

    fn before_cursor_execute(
        &self,
        sql: &str,
        parameters: &[ValueRef<'_>],
        sets: usize,
    ) -> Result<Option<Replaced>> {
        let listeners = &self.engine().core().listeners.before_cursor_execute;
        if listeners.is_empty() {
            return Ok(None);
        }
        let mut event = BeforeCursorExecute { sql: sql.into(), parameters, replaced: None, sets };
        for listener in listeners.iter() {
            listener(&mut event)?;
            self.check_process()?;
        }
        if let Some(values) = &event.replaced
            && values.len() != parameters.len()
        {
            return Err(Error::new(
                ErrorKind::Bind,
                format!(
                    "a before_cursor_execute listener gave {} values where there were {}",
                    values.len(),
                    parameters.len()
                ),
            ));
        }
        let replaced = match event.sql {
            std::borrow::Cow::Owned(sql) => Some(sql.into()),
            std::borrow::Cow::Borrowed(_) => None,
        };
        Ok(Some(Replaced { sql: replaced, parameters: event.replaced }))
    }
}

impl Engine {
    /// Whether a listener wants to know how long statements take.
    fn is_timed(&self) -> bool {
        !self.core().listeners.after_cursor_execute.is_empty()
    }

    pub(super) fn hears_after_execute(&self) -> bool {
        !self.core().listeners.after_execute.is_empty()
    }

    fn after_cursor_execute(&self, event: &AfterCursorExecute<'_>) {
        for listener in self.core().listeners.after_cursor_execute.iter() {
            listener(event);
        }
    }

    pub(super) fn after_execute(&self, statement: &Statement) {
        for listener in self.core().listeners.after_execute.iter() {
            listener(&AfterExecute { statement });
        }
    }
}

fn sent_sql(compiled: Sql, replaced: &Option<Replaced>) -> Sql {
    match replaced.as_ref().and_then(|replaced| replaced.sql.clone()) {
        Some(text) => Sql::Text(text),
        None => compiled,
    }
}

/// A listener may have forked while the answer was borrowed.
fn check_same(process: Generation) -> Result<()> {
    if process == generation() { Ok(()) } else { Err(forked("connection")) }
}
