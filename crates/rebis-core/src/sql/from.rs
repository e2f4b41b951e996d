//! What rows come from: tables, aliases, rows of values, functions that give rows.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use super::columns::{Column, column_node};
use super::expression::{Expr, Expression};
use super::functions::IntoArguments;
use super::node::{Node, Source};
use super::typed::{Typed, family};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Entity, Table};
use crate::value::Value;

/// A source that is an entity's table.
pub fn table<M: Entity>() -> Source {
    Source::Table(M::table().clone())
}

/// An entity's table under another name: `manager.c(User::name)` is its column.
pub fn alias<M: Entity>(name: impl Into<Arc<str>>) -> Alias<M> {
    Alias { source: Source::Alias { table: M::table().clone(), name: name.into() }, marker: PhantomData }
}

/// An entity's table under another name.
#[derive(Debug)]
pub struct Alias<M> {
    source: Source,
    marker: PhantomData<fn() -> M>,
}

impl<M: Entity> Alias<M> {
    /// A column of it.
    pub fn c<T: Typed>(&self, column: Column<M, T>) -> Expr<T> {
        Expr::shared(column_node(self.source.clone(), column.name()))
    }
}

impl<M> Alias<M> {
    /// This source of the entity's rows, whatever it is called.
    #[doc(hidden)]
    pub fn of_source(source: Source) -> Self {
        Alias { source, marker: PhantomData }
    }
}

/// Where rows come from: whatever has a `From` into [`Source`]. It is there so that the compiler can say what to write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of rows",
    label = "not a table, an alias or a query with a name",
    note = "a table is `&table`, that of a model `User::table()`, a model under another name `&alias::<User>(\"u\")`",
    note = "a relation of a model is joined by `.join_related(User::posts)`, which knows the condition; `rebis::JoinRelated` has it"
)]
pub trait IntoSource: Into<Source> {}

#[diagnostic::do_not_recommend]
impl<T: Into<Source>> IntoSource for T {}

impl<M> From<&Alias<M>> for Source {
    fn from(alias: &Alias<M>) -> Self {
        alias.source.clone()
    }
}

impl Table {
    /// The table under another name, and a column of it by name: `c` of the alias.
    pub fn alias(&self, name: impl Into<Arc<str>>) -> TableAlias {
        TableAlias(Source::Alias { table: self.clone(), name: name.into() })
    }
}

/// A table or a query under a name, whose columns are known at run time only.
#[derive(Debug, Clone)]
pub struct TableAlias(Source);

impl TableAlias {
    pub(super) fn new(source: Source) -> Self {
        TableAlias(source)
    }

    /// A column by its name, read as a `T`.
    pub fn typed<T: Typed>(&self, name: impl Into<Cow<'static, str>>) -> Expr<T> {
        Expr::shared(column_node(self.0.clone(), name))
    }

    /// A column by its name.
    pub fn c(&self, name: impl Into<Cow<'static, str>>) -> Expr<Value> {
        Expr::shared(column_node(self.0.clone(), name))
    }
}

impl From<&TableAlias> for Source {
    fn from(alias: &TableAlias) -> Self {
        alias.0.clone()
    }
}

/// How rows are picked for a [sample](Table::sample).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// `BERNOULLI`: each row by itself.
    Bernoulli,
    /// `SYSTEM`: whole pages of the table, which is quicker and less even.
    System,
}

impl Table {
    /// About so many percent of the table's rows, picked by chance: `"table" AS "name" TABLESAMPLE BERNOULLI (10)`. PostgreSQL only.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Sampling, select};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let some = t.sample("some", Sampling::Bernoulli, 10);
    /// assert_eq!(
    ///     select(some.typed::<i64>("n")).to_sql(Dialect::POSTGRESQL)?,
    ///     r#"SELECT "some"."n" FROM "t" AS "some" TABLESAMPLE BERNOULLI (10)"#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn sample(&self, name: impl Into<Arc<str>>, sampling: Sampling, percent: u8) -> TableAlias {
        let percent = percent.min(100);
        TableAlias::new(Source::Sample { table: self.clone(), sampling, percent, name: name.into() })
    }
}

/// The column of this name, of the one table in the query's FROM that has it: for names that come at run time, as in an order
/// that a user chose. None or several are an error before anything is sent. In an order it may be a label of what is selected.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, named, select};
/// use rebis_core::{Dialect, Value};
///
/// let users = Table::build("users").column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let ordered = select(vec![users.c("name")]).order_by(named::<Value>("name".to_owned()).desc());
/// assert_eq!(
///     ordered.to_sql(Dialect::SQLITE)?,
///     r#"SELECT "users"."name" FROM "users" ORDER BY "users"."name" DESC"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn named<T: Typed>(name: impl Into<Cow<'static, str>>) -> Expr<T> {
    Expr::new(Node::Named(name.into()))
}

/// Rows of values as a source: `(VALUES (…), …) AS "name" (…)`, or what the database has for it. A row is a tuple of up to eight values.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::sql::{select, values};
///
/// let sizes = values("sizes", ["id", "size"], [(1, "small"), (2, "big")])?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let rows = conn.fetch_all(select((sizes.typed::<i64>("id"), sizes.typed::<String>("size"))))?;
/// assert_eq!(rows, [(1, "small".to_owned()), (2, "big".to_owned())]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Statement`] without rows, and for a row that has not as many values as there are columns.
pub fn values<R: IntoArguments, const N: usize>(
    name: impl Into<Arc<str>>,
    columns: [&'static str; N],
    rows: impl IntoIterator<Item = R>,
) -> Result<TableAlias> {
    let name = name.into();
    let rows: Vec<Vec<Arc<Node>>> = rows.into_iter().map(IntoArguments::into_arguments).collect();
    let wrong = if rows.is_empty() {
        Some(format!("the values '{name}' have no rows; leave the statement out"))
    } else {
        let uneven = rows.iter().find(|row| row.len() != N);
        uneven.map(|row| format!("the values '{name}' have {N} columns, and a row with {}", row.len()))
    };
    match wrong {
        Some(text) => Err(Error::new(ErrorKind::Statement, text)),
        None => Ok(TableAlias::new(Source::Values { rows: rows.into(), columns: columns.to_vec(), name })),
    }
}

/// A function that gives rows, as a source: `generate_series(1, 3) AS "n"`. Its columns have the names that it gives them; PostgreSQL
/// can be told others by `columns`, which is empty elsewhere. MySQL and MariaDB have no such functions; [`json_rows`] works on all.
pub fn table_function(
    function: &'static str,
    arguments: impl IntoArguments,
    name: impl Into<Arc<str>>,
    columns: &[&'static str],
) -> TableAlias {
    let call = super::functions::call::<Value>(function, arguments.into_arguments()).node;
    TableAlias::new(Source::Function { call, json: false, columns: columns.to_vec(), name: name.into() })
}

/// The elements of a JSON array as rows with one column, `value`: `json_each`, `JSON_TABLE` or `jsonb_array_elements_text`. On SQLite a
/// value has JSON's type, elsewhere it is text: cast it to what it is.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::schema::SqlType;
/// use rebis_core::sql::{Expression, json_rows, literal, select};
///
/// let ids = json_rows(literal(rebis_core::serde_json::json!([3, 5])), "ids");
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let found = conn.fetch_all(select(ids.c("value").cast::<i64>(SqlType::BigInteger)))?;
/// assert_eq!(found, [(3,), (5,)]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn json_rows<E: Expression<Family = family::Json>>(array: E, name: impl Into<Arc<str>>) -> TableAlias {
    let columns = vec!["value"];
    TableAlias::new(Source::Function { call: array.into_node(), json: true, columns, name: name.into() })
}
