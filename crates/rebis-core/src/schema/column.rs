//! One column's description.

use super::default::{ClientDefault, ClientDefaults};
use super::expression::DdlExpression;
use super::sequence::{Identity, Sequence};
use super::types::{ColumnType, SqlType};

/// A column of a table: its name, its type, what it may hold and what the database puts in.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    pub(crate) name: String,
    pub(crate) sql_type: SqlType,
    pub(crate) nullable: bool,
    pub(crate) primary_key: bool,
    pub(crate) autoincrement: bool,
    pub(crate) identity: Identity,
    pub(crate) unique: bool,
    pub(crate) index: bool,
    pub(crate) server_default: Option<ServerDefault>,
    pub(crate) computed: Option<Computed>,
    pub(crate) collation: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) client_defaults: ClientDefaults,
}

/// What the database puts into a column that a statement does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerDefault {
    /// An expression of SQL, which goes between parentheses as it stands: `now()`.
    Sql(&'static str),
    /// An expression that is composed, or that the database printed of itself; also between parentheses.
    Expression(DdlExpression),
    /// The next number of a sequence.
    NextValue(Sequence),
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// The date and time of the insertion, in UTC; to the second on SQLite, to the microsecond elsewhere.
    CurrentTimestamp,
}

/// What a column's value is computed from: the database does it, and nobody writes to such a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    pub(crate) expression: DdlExpression,
    pub(crate) stored: bool,
}

impl Computed {
    /// Computed when a row is written, and stored with it: SQL, as `"price * 2"`, or composed.
    pub fn stored(expression: impl Into<DdlExpression>) -> Self {
        Computed { expression: expression.into(), stored: true }
    }

    /// Computed when a row is read. PostgreSQL has this since its version 18.
    pub fn virtually(expression: impl Into<DdlExpression>) -> Self {
        Computed { expression: expression.into(), stored: false }
    }

    /// The expression.
    pub fn expression(&self) -> &DdlExpression {
        &self.expression
    }

    /// Whether the value is stored.
    pub fn is_stored(&self) -> bool {
        self.stored
    }
}

impl From<&Sequence> for ServerDefault {
    fn from(sequence: &Sequence) -> Self {
        ServerDefault::NextValue(sequence.clone())
    }
}

impl From<DdlExpression> for ServerDefault {
    fn from(expression: DdlExpression) -> Self {
        ServerDefault::Expression(expression)
    }
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
            identity: Identity::default(),
            unique: false,
            index: false,
            server_default: None,
            computed: None,
            collation: None,
            comment: None,
            client_defaults: ClientDefaults::default(),
        }
    }

    /// A column of the type that this Rust type says; an `Option` may be NULL.
    pub fn of<T: ColumnType>(name: impl Into<String>) -> Self {
        ColumnDef { nullable: T::NULLABLE, ..ColumnDef::new(name, T::sql_type()) }
    }

    /// The same, and it may be NULL.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same, and it must not be NULL, whatever its Rust type: an `Option` for which the database puts in a default, say.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
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

    /// The same, as a key that the database counts in this way.
    #[must_use]
    pub fn identity(self, identity: Identity) -> Self {
        ColumnDef { identity, ..self.autoincrement() }
    }

    /// The same, and no value occurs twice.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, and an index finds rows by it.
    #[must_use]
    pub fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// The same, with what the database puts in.
    #[must_use]
    pub fn server_default(mut self, default: impl Into<ServerDefault>) -> Self {
        self.server_default = Some(default.into());
        self
    }

    /// The same, with what an INSERT puts in that does not name it.
    #[must_use]
    pub fn client_default(mut self, default: ClientDefault) -> Self {
        self.client_defaults.insert = Some(default);
        self
    }

    /// The same, with what an UPDATE puts in that does not name it.
    #[must_use]
    pub fn on_update(mut self, default: ClientDefault) -> Self {
        self.client_defaults.update = Some(default);
        self
    }

    /// The same, computed by the database.
    #[must_use]
    pub fn computed(mut self, computed: Computed) -> Self {
        self.computed = Some(computed);
        self
    }

    /// The same, compared and sorted by this collation of the database.
    #[must_use]
    pub fn collation(mut self, name: impl Into<String>) -> Self {
        self.collation = Some(name.into());
        self
    }

    /// The same, with a comment that the database keeps; SQLite keeps none, MySQL and MariaDB take characters up to U+FFFF.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
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

    /// Whether the database counts it.
    pub fn is_autoincrement(&self) -> bool {
        self.autoincrement
    }

    /// How the database counts it, where it does.
    pub fn counting(&self) -> Option<&Identity> {
        self.autoincrement.then_some(&self.identity)
    }

    /// The collation by which it is compared and sorted, where one is named.
    pub fn collation_name(&self) -> Option<&str> {
        self.collation.as_deref()
    }

    /// What the database puts in.
    pub fn default(&self) -> Option<&ServerDefault> {
        self.server_default.as_ref()
    }

    /// What the database computes it from.
    pub fn computation(&self) -> Option<&Computed> {
        self.computed.as_ref()
    }

    /// Its comment.
    pub fn comment_text(&self) -> Option<&str> {
        self.comment.as_deref()
    }
}
