//! Enums: a name, and the labels that a value may be.

use std::borrow::Cow;

use crate::value::{Mismatch, ValueRef};

/// The type of a column that holds one of a few labels.
///
/// PostgreSQL has a type of this name, which `create_all` makes before the tables and `drop_all` drops behind them; MySQL
/// has `ENUM(…)`; on SQLite it is a text with a check. Two enums of one name are one type, and have the same labels.
///
/// ```
/// use rebis_core::schema::{ColumnDef, EnumType, SqlType, Table};
/// use rebis_core::Dialect;
///
/// let mood = SqlType::Enum(EnumType::new("mood", ["sad", "it's fine"]));
/// let users = Table::build("users").column(ColumnDef::new("mood", mood)).finish()?;
/// assert!(users.create_sql(Dialect::MYSQL)?[0].contains("`mood` ENUM('sad', 'it''s fine') NOT NULL"));
/// assert_eq!(users.create_sql(Dialect::POSTGRESQL)?[0], r#"CREATE TYPE "mood" AS ENUM ('sad', 'it''s fine')"#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumType {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) labels: Vec<Cow<'static, str>>,
}

impl EnumType {
    /// An enum of these labels, in this order: it is theirs on PostgreSQL and MySQL. The name is PostgreSQL's type.
    pub fn new<L: Into<Cow<'static, str>>>(
        name: impl Into<String>,
        labels: impl IntoIterator<Item = L>,
    ) -> Self {
        let labels = labels.into_iter().map(Into::into).collect();
        EnumType { schema: None, name: name.into(), labels }
    }

    /// The type of a Rust enum's columns.
    pub fn of<E: SqlEnum>() -> Self {
        EnumType::new(E::NAME, E::LABELS.iter().copied())
    }

    /// The same, whose type on PostgreSQL is in this schema instead of the connection's own.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its labels, in order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(AsRef::as_ref)
    }

    /// Whether both are the same type of a database.
    pub(crate) fn is_named_as(&self, other: &EnumType) -> bool {
        self.name == other.name && self.schema == other.schema
    }
}

/// A Rust enum whose variants are the labels of an SQL enum; [`sql_enum!`](crate::sql_enum) implements it, with all that makes it a
/// value.
pub trait SqlEnum: Copy + 'static {
    /// The name of the type.
    const NAME: &'static str;
    /// The labels, in the order of the variants.
    const LABELS: &'static [&'static str];

    /// The label of this variant.
    fn label(self) -> &'static str;

    /// The variant of this label.
    fn from_label(label: &str) -> Option<Self>;

    /// The variant of a cell's label.
    ///
    /// # Errors
    /// [`Mismatch`] for NULL, for what is no text, and for a label that there is not.
    fn from_cell(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Text(label) => Self::from_label(label).ok_or_else(|| {
                let labels = Self::LABELS.join("', '");
                Mismatch::Value(
                    format!("the text is no label of {}, which has '{labels}'", Self::NAME).into(),
                )
            }),
            ValueRef::Null => Err(Mismatch::Null),
            other => Err(Mismatch::Type(other.type_name())),
        }
    }
}
