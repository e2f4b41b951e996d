//! What counts: sequences, and the counters of columns.

/// How the database counts a column.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{ColumnDef, Identity, SqlType, Table};
///
/// let id = ColumnDef::new("id", SqlType::BigInteger).identity(Identity::default().start(1000));
/// let users = Table::build("users").column(id).finish()?;
/// assert!(users.create_sql(Dialect::MYSQL)?[0].ends_with(") AUTO_INCREMENT=1000"));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    pub(crate) always: bool,
    pub(crate) start: Option<i64>,
    pub(crate) increment: Option<i64>,
}

impl Identity {
    /// A program cannot give a key of its own: PostgreSQL's `GENERATED ALWAYS`. Without it a program can.
    pub fn always() -> Self {
        Identity { always: true, ..Identity::default() }
    }

    /// The same, beginning with this number. PostgreSQL and MySQL can.
    #[must_use]
    pub fn start(mut self, start: i64) -> Self {
        self.start = Some(start);
        self
    }

    /// The same, in steps of this number. PostgreSQL's alone.
    #[must_use]
    pub fn increment(mut self, increment: i64) -> Self {
        self.increment = Some(increment);
        self
    }
}

/// A counter that stands for itself: PostgreSQL's and MariaDB's.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::Sequence;
/// use rebis_core::sql::{create_sequence, select};
///
/// let numbers = Sequence::new("invoice_numbers").start(1000).increment(10);
/// assert_eq!(
///     create_sequence(&numbers).to_sql(Dialect::POSTGRESQL)?,
///     r#"CREATE SEQUENCE "invoice_numbers" START WITH 1000 INCREMENT BY 10"#
/// );
/// assert_eq!(
///     select(numbers.next_value()).to_sql(Dialect::POSTGRESQL)?,
///     r#"SELECT nextval('"invoice_numbers"')"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sequence {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) start: Option<i64>,
    pub(crate) increment: Option<i64>,
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) cache: Option<u32>,
    pub(crate) cycle: bool,
}

impl Sequence {
    /// A sequence of that name, from 1 in steps of 1.
    pub fn new(name: impl Into<String>) -> Self {
        Sequence {
            schema: None,
            name: name.into(),
            start: None,
            increment: None,
            minimum: None,
            maximum: None,
            cache: None,
            cycle: false,
        }
    }

    /// The same, in a schema.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The same, beginning with this number.
    #[must_use]
    pub fn start(mut self, start: i64) -> Self {
        self.start = Some(start);
        self
    }

    /// The same, in steps of this number.
    #[must_use]
    pub fn increment(mut self, increment: i64) -> Self {
        self.increment = Some(increment);
        self
    }

    /// The same, within these bounds.
    #[must_use]
    pub fn between(mut self, minimum: i64, maximum: i64) -> Self {
        (self.minimum, self.maximum) = (Some(minimum), Some(maximum));
        self
    }

    /// The same, where each connection takes so many numbers at a time.
    #[must_use]
    pub fn cache(mut self, numbers: u32) -> Self {
        self.cache = Some(numbers);
        self
    }

    /// The same, beginning anew behind its last number.
    #[must_use]
    pub fn cycle(mut self) -> Self {
        self.cycle = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema that it is in, where one is named.
    pub fn schema_name(&self) -> Option<&str> {
        self.schema.as_deref()
    }
}
