//! One column's description.

use super::types::SqlType;

/// A column of a table: its name, its type, what it may hold and what the database puts in.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    pub(crate) name: String,
    pub(crate) sql_type: SqlType,
    pub(crate) nullable: bool,
    pub(crate) primary_key: bool,
    pub(crate) autoincrement: bool,
    pub(crate) unique: bool,
    pub(crate) server_default: Option<ServerDefault>,
}

/// What the database puts into a column that a statement does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerDefault {
    /// SQL, as it stands: `now()`.
    Sql(&'static str),
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

impl ColumnDef {
    /// A column that must not be NULL.
    pub fn new(name: impl Into<String>, sql_type: SqlType) -> Self {
        ColumnDef {
            name: name.into(),
            sql_type,
            nullable: false,
            primary_key: false,
            autoincrement: false,
            unique: false,
            server_default: None,
        }
    }

    /// The same, and it may be NULL.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same, as the primary key or a part of it.
    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// The same, as a key that the database counts.
    #[must_use]
    pub fn autoincrement(mut self) -> Self {
        self.primary_key = true;
        self.autoincrement = true;
        self
    }

    /// The same, and no value occurs twice.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, with what the database puts in.
    #[must_use]
    pub fn server_default(mut self, default: ServerDefault) -> Self {
        self.server_default = Some(default);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn sql_type(&self) -> &SqlType {
        &self.sql_type
    }

    /// Whether it may be NULL.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// Whether it is the primary key or a part of it.
    pub fn is_primary_key(&self) -> bool {
        self.primary_key
    }
}
