//! What a session's statements answer.

use std::fmt;
use std::marker::PhantomData;

use rebis_core::sql::{IntoStatement, Statement};
use rebis_core::{Error, ErrorKind, FromRow, FromValue, Result, Row};

use super::Session;

/// The rows of a statement, all read: the connection is free again. They become `R`s as they are asked for.
#[derive(Clone)]
pub struct Answer<R> {
    rows: Vec<Row>,
    marker: PhantomData<fn() -> R>,
}

impl<R: FromRow> Answer<R> {
    /// All rows.
    ///
    /// # Errors
    /// [`Conversion`](ErrorKind::Conversion).
    pub fn all(self) -> Result<Vec<R>> {
        self.into_iter().collect()
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`all`](Answer::all).
    pub fn first(self) -> Result<Option<R>> {
        self.into_iter().next().transpose()
    }

    /// The only row.
    ///
    /// # Errors
    /// [`NoRow`](ErrorKind::NoRow), [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](Answer::all).
    #[track_caller]
    pub fn one(self) -> Result<R> {
        let none = || Error::new(ErrorKind::NoRow, "a row was expected and there is none");
        self.one_or_none()?.ok_or_else(none)
    }

    /// The only row, or none.
    ///
    /// # Errors
    /// [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](Answer::all).
    pub fn one_or_none(self) -> Result<Option<R>> {
        if self.rows.len() > 1 {
            return Err(Error::new(ErrorKind::MultipleRows, "one row was expected and there are more"));
        }
        self.first()
    }
}

impl<R> Answer<R> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<T: FromValue> Answer<(T,)> {
    /// The one column of all rows.
    ///
    /// # Errors
    /// As [`all`](Answer::all).
    pub fn scalars(self) -> Result<Vec<T>> {
        self.rows.iter().map(|row| row.value(0)).collect()
    }
}

/// Made by [`Answer::into_iter`].
pub struct AnswerIter<R> {
    rows: std::vec::IntoIter<Row>,
    marker: PhantomData<fn() -> R>,
}

impl<R: FromRow> Iterator for AnswerIter<R> {
    type Item = Result<R>;

    #[track_caller]
    fn next(&mut self) -> Option<Result<R>> {
        Some(self.rows.next()?.get())
    }
}

impl<R: FromRow> IntoIterator for Answer<R> {
    type Item = Result<R>;
    type IntoIter = AnswerIter<R>;

    fn into_iter(self) -> AnswerIter<R> {
        AnswerIter { rows: self.rows.into_iter(), marker: PhantomData }
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} rows)", self.rows.len())
    }
}

impl<R> fmt::Debug for AnswerIter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerIter({} rows)", self.rows.len())
    }
}

impl Session {
    /// Runs a statement that gives rows, in the session's transaction and after a flush of what has changed. Its rows are values; objects
    /// in memory know nothing of what it writes.
    ///
    /// ```
    /// use rebis::{Engine, Session, text};
    ///
    /// let session = Session::new(&Engine::new("sqlite://")?);
    /// let rows: Vec<(i64, String)> = session.execute(text("select 1, 'ed'"))?.all()?;
    /// assert_eq!(rows, [(1, "ed".to_owned())]);
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`flush`](Session::flush), what the database says, and [`Conversion`](ErrorKind::Conversion).
    #[track_caller]
    pub fn execute<R: FromRow>(&self, statement: impl rebis_core::rows::Query<R>) -> Result<Answer<R>> {
        let statement = self.noted(statement)?;
        let rows = self.core.on_connection(|conn| conn.execute(statement)?.all())?;
        Ok(Answer { rows, marker: PhantomData })
    }

    /// A statement that may write: what is read from then on is read again after a rollback.
    fn noted(&self, statement: impl IntoStatement) -> Result<Statement> {
        self.core.autoflush()?;
        let statement = statement.into_statement();
        if !matches!(&statement, Statement::Composed(composed) if composed.is_select()) {
            self.core.unit.note_write();
        }
        Ok(statement)
    }

    /// Runs a statement that gives no rows, and says how many it has changed. Objects in memory know nothing of it:
    /// [`Query::update`](crate::Query::update) and [`Query::delete`](crate::Query::delete) keep them in step.
    ///
    /// # Errors
    /// As [`execute`](Session::execute).
    #[track_caller]
    pub fn execute_write(&self, statement: impl IntoStatement) -> Result<u64> {
        self.core.autoflush()?;
        self.core.unit.note_write();
        self.core.on_connection(|conn| Ok(conn.execute(statement)?.rows_affected()))
    }

    /// The first column of a statement's first row.
    ///
    /// # Errors
    /// [`NoRow`](ErrorKind::NoRow), and as [`execute`](Session::execute).
    #[track_caller]
    pub fn scalar<T: FromValue>(&self, statement: impl rebis_core::rows::Query<(T,)>) -> Result<T> {
        let statement = self.noted(statement)?;
        self.core.on_connection(|conn| conn.execute(statement)?.scalar())
    }

    /// The first column of all rows of a statement.
    ///
    /// # Errors
    /// As [`execute`](Session::execute).
    #[track_caller]
    pub fn scalars<T: FromValue>(&self, statement: impl rebis_core::rows::Query<(T,)>) -> Result<Vec<T>> {
        let statement = self.noted(statement)?;
        self.core.on_connection(|conn| conn.execute(statement)?.scalars().all())
    }
}
