//! What finds rows.

use super::backends::OnlyOn;
use super::expression::DdlExpression;
use crate::url::Backend;

/// What finds rows by these columns or expressions.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, Index, IndexKey, SqlType, Table};
/// use rebis_core::sql::{Expression, column, create_index, func};
///
/// let users = Table::build("users")
///     .column(ColumnDef::new("name", SqlType::Text))
///     .column(ColumnDef::new("age", SqlType::Integer))
///     .finish()?;
/// let index = Index::new("grown", [IndexKey::from("age").descending(), IndexKey::expression("lower(name)")])
///     .filter(column("age").ge(18));
/// assert_eq!(
///     create_index(&users, &index).to_sql(Dialect::POSTGRESQL)?,
///     r#"CREATE INDEX "grown" ON "users" ("age" DESC, (lower(name))) WHERE "age" >= 18"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub(crate) name: Option<String>,
    pub(crate) keys: Vec<IndexKey>,
    pub(crate) unique: bool,
    pub(crate) condition: Option<DdlExpression>,
    pub(crate) method: IndexMethod,
    pub(crate) include: Vec<String>,
    pub(crate) only_on: OnlyOn,
}

/// One key of an index: a column by its name (`"age".into()`), or an expression.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, Index, IndexKey, SqlType, Table};
/// use rebis_core::sql::create_index;
///
/// let users = Table::build("users").column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let index = Index::new("by_name", [IndexKey::from("name").descending()]);
/// assert_eq!(create_index(&users, &index).to_sql(Dialect::SQLITE)?, r#"CREATE INDEX "by_name" ON "users" ("name" DESC)"#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    pub(crate) target: KeyTarget,
    pub(crate) descending: bool,
    pub(crate) prefix: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyTarget {
    Column(String),
    Expression(DdlExpression),
}

/// How an index finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IndexMethod {
    /// By order: what a database does when nothing is said.
    #[default]
    BTree,
    /// By equality: PostgreSQL's, and MySQL's for tables in memory.
    Hash,
    /// What is in a document, an array, a text: PostgreSQL's.
    Gin,
    /// Places, ranges, nearness: PostgreSQL's.
    Gist,
    /// Parts of unequal size: PostgreSQL's.
    SpGist,
    /// The range of each block of rows: PostgreSQL's.
    Brin,
    /// Words of texts: MySQL's `FULLTEXT`.
    FullText,
    /// Places: MySQL's `SPATIAL`.
    Spatial,
}

impl IndexKey {
    /// By an expression: SQL, as `"lower(name)"`, or composed. SQLite and PostgreSQL can.
    pub fn expression(expression: impl Into<DdlExpression>) -> Self {
        IndexKey { target: KeyTarget::Expression(expression.into()), descending: false, prefix: None }
    }

    /// The same, from the last to the first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// The same, by so many of the first characters or bytes. MySQL's alone, and needed there for long texts.
    #[must_use]
    pub fn prefix(mut self, length: u32) -> Self {
        self.prefix = Some(length);
        self
    }

    /// The column, where it is one.
    pub fn column(&self) -> Option<&str> {
        match &self.target {
            KeyTarget::Column(name) => Some(name),
            KeyTarget::Expression(_) => None,
        }
    }
}

impl From<String> for IndexKey {
    fn from(name: String) -> Self {
        IndexKey { target: KeyTarget::Column(name), descending: false, prefix: None }
    }
}

impl From<&String> for IndexKey {
    fn from(name: &String) -> Self {
        IndexKey::from(name.clone())
    }
}

impl From<&str> for IndexKey {
    fn from(name: &str) -> Self {
        IndexKey::from(name.to_owned())
    }
}

impl Index {
    /// An index of that name over these columns or keys.
    pub fn new<K: Into<IndexKey>>(name: impl Into<String>, keys: impl IntoIterator<Item = K>) -> Self {
        Index { name: Some(name.into()), ..Index::on(keys) }
    }

    /// An index over these columns or keys, named by the [naming convention](super::NamingConvention).
    pub fn on<K: Into<IndexKey>>(keys: impl IntoIterator<Item = K>) -> Self {
        Index {
            name: None,
            keys: keys.into_iter().map(Into::into).collect(),
            unique: false,
            condition: None,
            method: IndexMethod::default(),
            include: Vec::new(),
            only_on: OnlyOn::default(),
        }
    }

    /// The same, and no combination occurs twice.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, of the rows only that meet a condition. SQLite and PostgreSQL can.
    #[must_use]
    pub fn filter(mut self, condition: impl Into<DdlExpression>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// The same, by another method.
    #[must_use]
    pub fn using(mut self, method: IndexMethod) -> Self {
        self.method = method;
        self
    }

    /// The same, with columns that are carried along and not sorted by. PostgreSQL's alone.
    #[must_use]
    pub fn include<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.include.extend(columns.into_iter().map(Into::into));
        self
    }

    /// The same, on these databases only; the others' tables are made without it.
    #[must_use]
    pub fn only_on(mut self, backends: impl IntoIterator<Item = Backend>) -> Self {
        self.only_on = OnlyOn::these(backends);
        self
    }

    /// Its name, where it was given one.
    pub fn given_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What it sorts by.
    pub fn keys(&self) -> &[IndexKey] {
        &self.keys
    }

    /// The columns among its keys.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(IndexKey::column)
    }

    /// Whether no combination occurs twice.
    pub fn is_unique(&self) -> bool {
        self.unique
    }

    /// Which rows it has, where it has not all.
    pub fn condition(&self) -> Option<&DdlExpression> {
        self.condition.as_ref()
    }

    /// How it finds.
    pub fn method(&self) -> IndexMethod {
        self.method
    }

    /// What it calls its keys in a name.
    pub(crate) fn key_names(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.column().unwrap_or("expr").to_owned()).collect()
    }
}
