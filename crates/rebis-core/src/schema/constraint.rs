//! What holds between columns, and what finds them.

use std::borrow::Cow;

/// Columns whose combination does not occur twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueConstraint {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
}

impl UniqueConstraint {
    /// These columns' combination does not occur twice.
    pub fn new<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        UniqueConstraint { name: None, columns: columns.into_iter().map(Into::into).collect() }
    }

    /// The same, under a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

/// A condition that every row meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckConstraint {
    pub(crate) name: Option<String>,
    pub(crate) sql: Cow<'static, str>,
}

impl CheckConstraint {
    /// Every row meets this condition, written in SQL: `price > 0`.
    pub fn new(sql: &'static str) -> Self {
        CheckConstraint { name: None, sql: sql.into() }
    }

    /// The same, under a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The condition.
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

/// A reference to another table: each row's columns hold a key of a row there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) referred: Vec<String>,
    pub(crate) on_delete: OnChange,
    pub(crate) on_update: OnChange,
}

/// What becomes of the rows that refer to a row that goes or whose key changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnChange {
    /// The change is refused.
    #[default]
    NoAction,
    /// The change is refused at once, even where the constraint is looked at later.
    Restrict,
    /// They go, or change, with it.
    Cascade,
    /// Their columns become NULL.
    SetNull,
    /// Their columns take their default.
    SetDefault,
}

impl ForeignKey {
    /// These columns refer to those of another table.
    pub fn new<C: Into<String>, R: Into<String>>(
        columns: impl IntoIterator<Item = C>,
        table: impl Into<String>,
        referred: impl IntoIterator<Item = R>,
    ) -> Self {
        ForeignKey {
            name: None,
            schema: None,
            columns: columns.into_iter().map(Into::into).collect(),
            table: table.into(),
            referred: referred.into_iter().map(Into::into).collect(),
            on_delete: OnChange::default(),
            on_update: OnChange::default(),
        }
    }

    /// The same, under a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same, to a table in that schema; without it, to one in the schema of the referring table.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The same, with what a deletion does.
    #[must_use]
    pub fn on_delete(mut self, change: OnChange) -> Self {
        self.on_delete = change;
        self
    }

    /// The same, with what a changed key does.
    #[must_use]
    pub fn on_update(mut self, change: OnChange) -> Self {
        self.on_update = change;
        self
    }

    /// The columns here.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The table referred to.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns there.
    pub fn referred(&self) -> &[String] {
        &self.referred
    }
}

/// What finds rows by these columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
}

impl Index {
    /// An index of that name over these columns.
    pub fn new<C: Into<String>>(name: impl Into<String>, columns: impl IntoIterator<Item = C>) -> Self {
        Index { name: Some(name.into()), ..Index::on(columns) }
    }

    /// An index over these columns, named by the [naming convention](super::NamingConvention).
    pub fn on<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        Index { name: None, columns: columns.into_iter().map(Into::into).collect(), unique: false }
    }

    /// The same, and no combination occurs twice.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}
