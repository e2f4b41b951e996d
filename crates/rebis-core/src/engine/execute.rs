//! A statement's way through a connection: listeners, compile, begin, driver, answer.

use std::sync::Arc;

use super::Engine;
use super::connection::{Connection, no_connection};
use super::events::{AfterCursorExecute, AfterExecute, BeforeCursorExecute, BeforeExecute};
use super::log::{Log, Sent};
use crate::compile::Compiled;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Generation, forked, generation};
use crate::rows::{FromRow, Query, Rows, Scalars, Sql, Watch};
use crate::sql::{IntoStatement, ParameterSet, Statement};
use crate::value::{FromValue, Value, ValueRef};

/// How many sets of parameters go to the driver at a time.
const SETS_AT_A_TIME: usize = 1000;

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
        self.check_process()?;
        let statement = self.before_execute(statement.into_statement())?;
        let compiled = self.engine().compile_with(&statement, &self.options)?;
        let (mut parameters, cached) = (compiled.parameters(), compiled.is_cached());
        let deadline = self.options.deadline(statement.own_timeout());
        self.prepare_for_statement(deadline)?;
        let replaced = self.before_cursor_execute(compiled.sql(), &parameters, 1)?;
        let sql = sent_sql(Sql::Compiled(Arc::clone(compiled.compiled())), &replaced);
        if let Some(values) = replaced.as_ref().and_then(|replaced| replaced.parameters.as_ref()) {
            parameters = values.iter().map(Value::as_ref).collect();
        }

        let process = generation();
        let Connection { lease, options, .. } = self;
        let (connection, mut loss, engine) = lease.parts().ok_or_else(no_connection)?;
        let log = Log::start(options, &sql, engine.is_timed());
        connection.limit_statement(deadline)?;
        let answer = log.span.in_scope(|| connection.execute(&sql, &parameters));
        let error = answer.as_ref().err();
        let elapsed = log.end(&Sent { parameters: &parameters, sets: 1, cached, error });
        engine.state().counters.statements.count();
        match answer {
            Ok(cursor) => {
                let (sql_, parameters) = (&*sql, parameters.as_slice());
                engine.after_cursor_execute(&AfterCursorExecute {
                    sql: sql_,
                    parameters,
                    sets: 1,
                    elapsed,
                    rows_affected: None,
                });
                engine.after_execute(&statement);
                check_same(process)?;
                let span = log.span;
                Ok(Rows::new(cursor, Watch::new(sql, loss, span)))
            }
            Err(error) => {
                engine.state().counters.errors.count();
                Err(loss.handle(error, &sql))
            }
        }
    }

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
        let mut parameters: Vec<ValueRef<'_>> =
            sets.flat_map(|set| compiled.order.iter().map(|index| set[*index].as_ref())).collect();
        // An iterator of the caller's ran in between, and may have forked.
        self.check_process()?;
        self.prepare_for_statement(deadline)?;
        let replaced = self.before_cursor_execute(&compiled.sql, &parameters, count)?;
        let sql = sent_sql(Sql::Compiled(Arc::clone(compiled)), &replaced);
        if let Some(values) = replaced.as_ref().and_then(|replaced| replaced.parameters.as_ref()) {
            parameters = values.iter().map(Value::as_ref).collect();
        }

        let Connection { lease, options, .. } = self;
        let (connection, mut loss, engine) = lease.parts().ok_or_else(no_connection)?;
        let log = Log::start(options, &sql, engine.is_timed());
        let width = compiled.order.len();
        connection.limit_statement(deadline)?;
        let result = log.span.in_scope(|| connection.execute_many(&sql, &parameters, width));
        let error = result.as_ref().err();
        let elapsed = log.end(&Sent { parameters: &parameters, sets: count, cached, error });
        engine.state().counters.statements.count();
        match result {
            Ok(affected) => {
                log.span.record("rows", affected);
                let rows_affected = Some(affected);
                let (sql, parameters) = (&*sql, parameters.as_slice());
                engine.after_cursor_execute(&AfterCursorExecute {
                    sql,
                    parameters,
                    sets: count,
                    elapsed,
                    rows_affected,
                });
                Ok(affected)
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

    fn before_execute(&self, statement: Statement) -> Result<Statement> {
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

    fn after_cursor_execute(&self, event: &AfterCursorExecute<'_>) {
        for listener in self.core().listeners.after_cursor_execute.iter() {
            listener(event);
        }
    }

    fn after_execute(&self, statement: &Statement) {
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

fn check_width(given: usize, compiled: &Compiled) -> Result<()> {
    let wanted = compiled.names.len();
    if given == wanted {
        return Ok(());
    }
    let message = format!("a set of parameters gave {given} values for {wanted} names");
    Err(Error::new(ErrorKind::Bind, message).with_sql(&*compiled.sql))
}
