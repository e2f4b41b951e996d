//! What holds between columns, and what finds them.

/// A reference to another table: each row's columns hold a key of a row there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
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
            columns: columns.into_iter().map(Into::into).collect(),
            table: table.into(),
            referred: referred.into_iter().map(Into::into).collect(),
            on_delete: OnChange::default(),
            on_update: OnChange::default(),
        }
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
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
}

impl Index {
    /// An index of that name over these columns.
    pub fn new<C: Into<String>>(name: impl Into<String>, columns: impl IntoIterator<Item = C>) -> Self {
        Index { name: name.into(), columns: columns.into_iter().map(Into::into).collect(), unique: false }
    }

    /// The same, and no combination occurs twice.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
}
