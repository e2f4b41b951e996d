//! What holds between columns.

use super::backends::OnlyOn;
use super::expression::DdlExpression;
use crate::url::Backend;

/// When a constraint that can wait is looked at: PostgreSQL's, and SQLite's foreign keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deferral {
    /// `DEFERRABLE INITIALLY IMMEDIATE`: after each statement, as long as a transaction does not say otherwise.
    Immediate,
    /// `DEFERRABLE INITIALLY DEFERRED`: when the transaction is committed.
    Deferred,
}

/// A constraint of any kind, to be added to a table or dropped from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// A combination that does not occur twice.
    Unique(UniqueConstraint),
    /// A condition that every row meets.
    Check(CheckConstraint),
    /// A reference to another table.
    ForeignKey(ForeignKey),
}

impl From<UniqueConstraint> for Constraint {
    fn from(unique: UniqueConstraint) -> Self {
        Constraint::Unique(unique)
    }
}

impl From<CheckConstraint> for Constraint {
    fn from(check: CheckConstraint) -> Self {
        Constraint::Check(check)
    }
}

impl From<ForeignKey> for Constraint {
    fn from(key: ForeignKey) -> Self {
        Constraint::ForeignKey(key)
    }
}

/// Columns whose combination does not occur twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueConstraint {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) deferral: Option<Deferral>,
    pub(crate) only_on: OnlyOn,
}

impl UniqueConstraint {
    /// These columns' combination does not occur twice.
    pub fn new<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        UniqueConstraint { name: None, columns, deferral: None, only_on: OnlyOn::default() }
    }

    /// The same, under a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same, looked at later. PostgreSQL's alone.
    #[must_use]
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.deferral = Some(deferral);
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

    /// The columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// When it is looked at, where it can wait.
    pub fn deferral(&self) -> Option<Deferral> {
        self.deferral
    }
}

/// A condition that every row meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckConstraint {
    pub(crate) name: Option<String>,
    pub(crate) condition: DdlExpression,
    pub(crate) only_on: OnlyOn,
}

impl CheckConstraint {
    /// Every row meets this condition: SQL, as `"price > 0"`, or composed, as `column("price").gt(0)`.
    pub fn new(condition: impl Into<DdlExpression>) -> Self {
        CheckConstraint { name: None, condition: condition.into(), only_on: OnlyOn::default() }
    }

    /// The same, under a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
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

    /// The condition.
    pub fn condition(&self) -> &DdlExpression {
        &self.condition
    }
}

/// A reference to another table: each row's columns hold a key of a row there.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, ForeignKey, OnChange, SqlType, Table};
///
/// let owner = ForeignKey::new(["owner"], "users", ["id"]).on_delete(OnChange::Cascade);
/// let pets = Table::build("pets").column(ColumnDef::new("owner", SqlType::Integer)).foreign_key(owner).finish()?;
/// let key = r#"CONSTRAINT "fk_pets_owner_users" FOREIGN KEY ("owner") REFERENCES "users" ("id") ON DELETE CASCADE"#;
/// assert!(pets.create_sql(Dialect::POSTGRESQL)?[0].contains(key));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub(crate) name: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) referred: Vec<String>,
    pub(crate) on_delete: OnChange,
    pub(crate) on_update: OnChange,
    pub(crate) deferral: Option<Deferral>,
    pub(crate) match_type: MatchType,
    pub(crate) only_on: OnlyOn,
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

/// Which rows a foreign key of several columns looks at when some of them are NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MatchType {
    /// A row with a NULL in any of them refers to nothing: every database's way.
    #[default]
    Simple,
    /// All of them are NULL, or none: PostgreSQL's `MATCH FULL`.
    Full,
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
            deferral: None,
            match_type: MatchType::default(),
            only_on: OnlyOn::default(),
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

    /// The same, looked at later. PostgreSQL and SQLite can.
    #[must_use]
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.deferral = Some(deferral);
        self
    }

    /// The same, with what a NULL in some of several columns means.
    #[must_use]
    pub fn match_type(mut self, match_type: MatchType) -> Self {
        self.match_type = match_type;
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

    /// The columns here.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The schema of the table referred to, where it is not that of the referring one.
    pub fn referred_schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The table referred to.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns there.
    pub fn referred(&self) -> &[String] {
        &self.referred
    }

    /// What a deletion and a changed key do.
    pub fn actions(&self) -> (OnChange, OnChange) {
        (self.on_delete, self.on_update)
    }

    /// When it is looked at, where it can wait.
    pub fn deferral(&self) -> Option<Deferral> {
        self.deferral
    }
}
