//! A row → a Rust value.

use super::Positions;
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{FromValue, Mismatch, ValueRef};

/// A type that a whole row can become.
///
/// Implemented for tuples of up to 16 [`FromValue`] types, by position; for an `Option` of such a type, which is `None` where all
/// its cells are NULL, as of an outer join's missing row; and by `#[derive(rebis::FromRow)]` for structs. By hand it is:
///
/// ```
/// use rebis_core::rows::RowView;
/// use rebis_core::{Engine, FromRow, text};
///
/// #[derive(Debug, PartialEq)]
/// struct User {
///     id: i64,
///     name: Option<String>,
/// }
///
/// impl FromRow for User {
///     fn from_row(row: &RowView<'_>) -> rebis_core::Result<Self> {
///         Ok(User { id: row.value("id")?, name: row.value("name")? })
///     }
/// }
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let users: Vec<User> = conn.fetch_all(text("select 'ed' as name, 7 as id"))?;
/// assert_eq!(users, [User { id: 7, name: Some("ed".into()) }]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read as `{Self}`",
    label = "not a type that a row can become",
    note = "a row becomes a tuple of up to 16 values, by position; `({Self},)` is a row of one column, and `scalar` and `scalars` \
            read the first column alone",
    note = "for a struct of your own, write `#[derive(rebis::FromRow)]` above it: its fields are read from the columns of their names",
    note = "a statement that gives no rows, as `update` without `returning`, is run in a session by `session.execute_write(…)`; \
            `session.query::<User>()` has an `update(…)` and a `delete(…)` that keep the objects in step"
)]
pub trait FromRow: Sized {
    /// Takes the row.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] when the row has other columns or a cell is of another type.
    fn from_row(row: &RowView<'_>) -> Result<Self>;

    /// Finds the columns of an answer, once for all its rows. The derive writes it; by hand it may be left out.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] for a column that is not there.
    fn prepare(_columns: &[Column]) -> Result<Positions> {
        Ok(Positions::default())
    }

    /// Takes the row by what [`prepare`](FromRow::prepare) has found.
    ///
    /// # Errors
    /// As [`from_row`](FromRow::from_row).
    fn from_prepared(row: &RowView<'_>, _positions: &Positions) -> Result<Self> {
        Self::from_row(row)
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromRow> FromRow for Option<T> {
    fn from_row(row: &RowView<'_>) -> Result<Self> {
        row.read()
    }

    fn prepare(columns: &[Column]) -> Result<Positions> {
        T::prepare(columns)
    }

    fn from_prepared(row: &RowView<'_>, positions: &Positions) -> Result<Self> {
        if positions.are_null(row)? { Ok(None) } else { T::from_prepared(row, positions).map(Some) }
    }
}

/// A row wherever it lies: in a buffer, or still on the wire.
pub struct RowView<'r> {
    columns: &'r [Column],
    cells: Place<'r>,
}

/// Where a row lies.
#[derive(Clone, Copy)]
enum Place<'r> {
    Wire(&'r dyn Cursor),
    Memory(&'r dyn Cells),
}

/// Where the cells of a row come from that is not on the wire.
pub(super) trait Cells {
    /// One cell; the index is below the number of columns.
    fn cell(&self, index: usize) -> Result<ValueRef<'_>>;
}

impl<'r> RowView<'r> {
    pub(super) fn new(columns: &'r [Column], cells: &'r dyn Cells) -> Self {
        RowView { columns, cells: Place::Memory(cells) }
    }

    /// The current row of a cursor.
    pub(crate) fn current(cursor: &'r dyn Cursor) -> Self {
        RowView { columns: cursor.columns(), cells: Place::Wire(cursor) }
    }

    /// The columns of the answer.
    pub fn columns(&self) -> &[Column] {
        self.columns
    }

    /// One cell as it lies there; the position is below the number of columns.
    pub(super) fn cell(&self, position: usize) -> Result<ValueRef<'_>> {
        match self.cells {
            Place::Wire(cursor) => cursor.cell(position),
            Place::Memory(cells) => cells.cell(position),
        }
    }

    /// One cell, by position or by name.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`].
    #[expect(clippy::needless_pass_by_value, reason = "a number or a name, given as it is")]
    pub fn value<T: FromValue>(&self, column: impl ColumnIndex) -> Result<T> {
        let index = column.index(self.columns)?;
        T::from_value(self.cell(index).map_err(|error| self.name_column(index, error))?)
            .map_err(|mismatch| self.mismatch::<T>(index, &mismatch))
    }

    /// The whole row as a value: how a [`FromRow`] reads another one.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`].
    pub fn read<T: FromRow>(&self) -> Result<T> {
        T::from_prepared(self, &T::prepare(self.columns)?)
    }

    fn name_column(&self, index: usize, error: Error) -> Error {
        if error.kind() != ErrorKind::Conversion {
            return error;
        }
        let message = format!("{} cannot be read: {error}", self.column(index));
        error.wrap(ErrorKind::Conversion, message)
    }

    fn mismatch<T: FromValue>(&self, index: usize, mismatch: &Mismatch) -> Error {
        let rust = T::name();
        let why = match mismatch {
            Mismatch::Null => format!("it is NULL; read it as Option<{rust}>"),
            Mismatch::Type(found) => format!("it holds {found}"),
            Mismatch::Value(how) => how.clone().into_owned(),
        };
        let column = self.column(index);
        Error::new(ErrorKind::Conversion, format!("{column} cannot be read as {rust}: {why}"))
    }

    /// The column's name and type, for messages.
    fn column(&self, index: usize) -> String {
        match self.columns.get(index) {
            Some(Column { name, sql_type, .. }) if sql_type.is_empty() => format!("column '{name}'"),
            Some(Column { name, sql_type, .. }) => format!("column '{name}' ({sql_type})"),
            None => "the column".to_owned(),
        }
    }
}

impl std::fmt::Debug for RowView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowView").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// What names a column: its position from 0, or its name.
pub trait ColumnIndex {
    /// The position in these columns.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] when there is no such column, or more than one of the name.
    fn index(&self, columns: &[Column]) -> Result<usize>;
}

impl ColumnIndex for usize {
    fn index(&self, columns: &[Column]) -> Result<usize> {
        if *self < columns.len() { Ok(*self) } else { Err(no_column(&format!("number {self}"), columns)) }
    }
}

impl ColumnIndex for &str {
    fn index(&self, columns: &[Column]) -> Result<usize> {
        let mut found = columns.iter().enumerate().filter(|(_, column)| column.name == *self);
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(no_column(&format!("'{self}'"), columns)),
            _ => Err(Error::new(
                ErrorKind::Conversion,
                format!("the answer has more than one column '{self}'"),
            )),
        }
    }
}

fn no_column(wanted: &str, columns: &[Column]) -> Error {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Error::new(
        ErrorKind::Conversion,
        format!("the answer has no column {wanted}; it has: {}", names.join(", ")),
    )
}

macro_rules! row_tuple {
    ($($name:ident $index:literal)+) => {
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &RowView<'_>) -> Result<Self> {
                let width = [$($index),+].len();
                if row.columns.len() != width {
                    return Err(Error::new(
                        ErrorKind::Conversion,
                        format!("the answer has {} columns, and the tuple has {width}", row.columns.len()),
                    ));
                }
                Ok(($(row.value::<$name>($index as usize)?,)+))
            }
        }
    };
}

row_tuple!(A 0);
row_tuple!(A 0 B 1);
row_tuple!(A 0 B 1 C 2);
row_tuple!(A 0 B 1 C 2 D 3);
row_tuple!(A 0 B 1 C 2 D 3 E 4);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14);
row_tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);
