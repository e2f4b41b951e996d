//! Answers: rows off the wire, by position, by name, as tuples.

mod batch;
mod from_row;
mod mapping;
mod paused;
mod positions;
mod query;
mod shape;
#[cfg(test)]
mod tests;
mod typed;
mod watch;

use std::fmt;
use std::sync::Arc;

use self::batch::Batch;
pub use from_row::{ColumnIndex, FromRow, RowView};
pub use mapping::Mapping;
pub use paused::PausedRows;
pub use positions::Positions;
pub use query::Query;
pub use typed::{RowIter, Scalars, TypedRows};
pub(crate) use watch::{Sql, Watch};

use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Generation, forked, generation};
use crate::value::FromValue;

/// The answer to a statement, read as it is asked for; it borrows its connection until then.
///
/// Dropping it early is fine: the connection reads past the rest when it is used next.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let mut rows = conn.execute(text("select 1 as id, 'ed' as name union select 2, 'jo' order by 1"))?;
/// while let Some(row) = rows.next()? {
///     let (id, name): (i64, String) = row.get()?;
///     assert_eq!(row.value::<String>("name")?, name);
///     assert!(id > 0);
/// }
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub struct Rows<'c> {
    // A part of the connection: nothing of it is dropped here, so that the borrow ends with the last use.
    cursor: &'c mut dyn Cursor,
    generation: Generation,
    watch: Watch<'c>,
    /// Rows that were read ahead, and how many of them were handed out.
    batch: Option<Arc<Batch>>,
    handed: usize,
    /// What came after the batch: an error, kept until its turn.
    after: After,
    read_ahead: usize,
}

enum After {
    More,
    End,
    Failed(Error),
}

/// Most rows that are read ahead into one buffer; it starts at one, so that the first row costs one row.
const MOST_AHEAD: usize = 64;

impl<'c> Rows<'c> {
    pub(crate) fn new(cursor: &'c mut dyn Cursor, watch: Watch<'c>) -> Self {
        let after = After::More;
        Rows { cursor, generation: generation(), watch, batch: None, handed: 0, after, read_ahead: 1 }
    }

    /// The columns of the answer; none for a statement without rows.
    pub fn columns(&self) -> &[Column] {
        self.cursor.columns()
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    /// What the database says while it computes the row; [`ErrorKind::Forked`] in a child.
    // Not `Iterator::next`: an error must be as easy to pass on as a row.
    #[expect(
        clippy::should_implement_trait,
        reason = "it returns Result<Option<Row>>, for `while let` and `?`"
    )]
    pub fn next(&mut self) -> Result<Option<Row>> {
        // Also for rows that were read ahead: what was leased before a fork is not half usable in a child.
        self.check_process()?;
        if !self.is_ahead() && !self.fill()? {
            return Ok(None);
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let row = Row { batch: Arc::clone(batch), index: self.handed };
        self.handed += 1;
        Ok(Some(row))
    }

    /// Whether there are rows that were read ahead and not handed out.
    fn is_ahead(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| self.handed < batch.len())
    }

    /// Reads the next rows into a new buffer; false at the end.
    fn fill(&mut self) -> Result<bool> {
        if matches!(self.after, After::More) {
            self.read_batch();
            if self.is_ahead() {
                return Ok(true);
            }
        }
        match std::mem::replace(&mut self.after, After::End) {
            After::Failed(error) => Err(self.watch.failed(error)),
            _ => Ok(false),
        }
    }

    fn read_batch(&mut self) {
        let mut batch = Batch::new(Arc::clone(self.cursor.columns()));
        while batch.len() < self.read_ahead {
            let more = self.cursor.advance();
            match more.and_then(|more| if more { batch.push(self.cursor) } else { Ok(false) }) {
                Ok(true) => self.watch.rows += 1,
                Ok(false) => {
                    self.watch.ended();
                    self.after = After::End;
                    break;
                }
                Err(error) => {
                    self.after = After::Failed(error);
                    break;
                }
            }
        }
        self.read_ahead = (self.read_ahead * 2).min(MOST_AHEAD);
        self.handed = 0;
        self.batch = Some(Arc::new(batch));
    }

    fn check_process(&self) -> Result<()> {
        if self.generation != generation() {
            Err(forked("answer").with_sql(&*self.watch.sql))
        } else {
            Ok(())
        }
    }

    /// The rows as values of a type, decoded where they arrived.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let rows = conn.execute(text("select 1, 'ed' union select 2, null order by 1"))?;
    /// let users = rows.of::<(i64, Option<String>)>().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(users[1], (2, None));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn of<T: FromRow>(self) -> TypedRows<'c, T> {
        TypedRows::new(self)
    }

    /// The first column of the rows, decoded where it arrived; the other columns are not looked at.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let answer = conn.execute(text("select 1, 'ed' union select 2, 'jo' order by 1"))?;
    /// assert_eq!(answer.scalars::<i64>().all()?, [1, 2]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn scalars<T: FromValue>(self) -> Scalars<'c, T> {
        Scalars::new(self)
    }

    /// Shows all rows that are left, each where it arrived: nothing of it is copied. The first error ends it.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let mut sum = 0;
    /// conn.execute(text("select 1 union select 2"))?.each(|row| {
    ///     sum += row.value::<i64>(0)?;
    ///     Ok(())
    /// })?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`next`](Rows::next), and the closure's.
    pub fn each(mut self, mut show: impl FnMut(&RowView<'_>) -> Result<()>) -> Result<()> {
        loop {
            // What `next` had read ahead comes first.
            if self.is_ahead() || !matches!(self.after, After::More) {
                let Some(row) = self.next()? else { return Ok(()) };
                show(&row.view())?;
                continue;
            }
            self.check_process()?;
            if !self.cursor.advance().map_err(|error| self.watch.failed(error))? {
                self.watch.ended();
                return Ok(());
            }
            self.watch.rows += 1;
            show(&RowView::current(self.cursor))?;
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As [`next`](Rows::next).
    pub fn all(mut self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        while let Some(row) = self.next()? {
            rows.push(row);
        }
        Ok(rows)
    }

    /// The first row, or `None`; the others are not read.
    ///
    /// # Errors
    /// As [`next`](Rows::next).
    pub fn first(mut self) -> Result<Option<Row>> {
        self.next()
    }

    /// The only row.
    ///
    /// ```
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// assert_eq!(conn.execute(text("select 7"))?.one()?.value::<i64>(0)?, 7);
    /// let error = conn.execute(text("select 7 where 1 = 2"))?.one().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NoRow);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NoRow`], [`ErrorKind::MultipleRows`], and as [`next`](Rows::next).
    pub fn one(mut self) -> Result<Row> {
        self.only()?.ok_or_else(|| no_row(&self))
    }

    /// The only row, or `None` when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::MultipleRows`], and as [`next`](Rows::next).
    pub fn one_or_none(mut self) -> Result<Option<Row>> {
        self.only()
    }

    fn only(&mut self) -> Result<Option<Row>> {
        let Some(row) = self.next()? else { return Ok(None) };
        if self.next()?.is_some() {
            return Err(multiple_rows(&self.watch.sql));
        }
        Ok(Some(row))
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// [`ErrorKind::NoRow`]; [`ErrorKind::Conversion`] when it is not a `T` (NULL needs an `Option`); and as
    /// [`next`](Rows::next).
    pub fn scalar<T: FromValue>(mut self) -> Result<T> {
        match self.next()? {
            Some(row) => row.value(0),
            None => Err(no_row(&self)),
        }
    }

    /// How many rows the statement inserted, updated or deleted. MariaDB does not tell it of one with RETURNING: 0, count what
    /// comes back.
    ///
    /// ```
    /// # use rebis_core::{Engine, text};
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;
    /// assert_eq!(conn.execute(text("insert into t values (1), (2)"))?.rows_affected(), 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn rows_affected(&self) -> u64 {
        self.cursor.rows_affected()
    }

    /// The key that the database made for the last inserted row: SQLite, MySQL and MariaDB; use RETURNING elsewhere.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table users (id integer primary key, name text)"))?;
    /// let id = conn.execute(text("insert into users (name) values ('ed')"))?.last_insert_id();
    /// assert_eq!(id, Some(1));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn last_insert_id(&self) -> Option<i64> {
        self.cursor.last_insert_id()
    }
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("sql", &&*self.watch.sql).finish_non_exhaustive()
    }
}

fn no_row(rows: &Rows<'_>) -> Error {
    let text = if rows.columns().is_empty() {
        "a row was expected, and the statement gives none; how many it changed is `rows_affected`, and RETURNING gives rows"
    } else {
        "a row was expected and there is none"
    };
    Error::new(ErrorKind::NoRow, text).with_sql(&*rows.watch.sql)
}

fn multiple_rows(sql: &str) -> Error {
    Error::new(ErrorKind::MultipleRows, "one row was expected and there are more").with_sql(sql)
}

/// One row of an answer: a part of a buffer that its neighbours share.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let row = conn.execute(text("select 7 as id, 'ed' as name"))?.one()?;
/// assert_eq!(row.value::<i64>("id")?, 7);
/// assert_eq!(row.value::<String>(1)?, "ed");
/// assert_eq!(row.get::<(i64, String)>()?, (7, "ed".to_owned()));
/// let error = row.value::<i64>("nmae").unwrap_err();
/// assert_eq!(error.to_string(), "the answer has no column 'nmae'; it has: id, name");
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Row {
    batch: Arc<Batch>,
    index: usize,
}

impl Row {
    /// The columns of the answer.
    pub fn columns(&self) -> &[Column] {
        self.batch.columns()
    }

    /// The whole row as a tuple, by position.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`], naming the column, its SQL type and the Rust type.
    pub fn get<T: FromRow>(&self) -> Result<T> {
        self.view().read()
    }

    /// One cell, by position or by name.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`], naming the column, its SQL type and the Rust type; the columns there are when there is
    /// no such column.
    pub fn value<T: FromValue>(&self, column: impl ColumnIndex) -> Result<T> {
        self.view().value(column)
    }

    /// The row as [`FromRow`] sees it.
    pub fn view(&self) -> RowView<'_> {
        RowView::new(self.batch.columns(), self)
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (index, column) in self.columns().iter().enumerate() {
            match self.batch.cell(self.index, index) {
                Ok(cell) => map.entry(&column.name, &cell),
                Err(why) => map.entry(&column.name, &format_args!("{why}")),
            };
        }
        map.finish()
    }
}
