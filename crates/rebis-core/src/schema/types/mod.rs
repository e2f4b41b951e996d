//! The types of columns, the same names for every database.

mod enumeration;
mod mapped;
mod native;

pub use enumeration::{EnumType, SqlEnum};
pub use mapped::ColumnType;
pub use native::{MysqlType, NativeName, PostgresqlType, TypeName};

use crate::url::Backend;

/// What a column holds. Each dialect has its own words for it; what it does not have it stores as the nearest type that loses
/// nothing, and where there is none, to make the table is [`Unsupported`](crate::ErrorKind::Unsupported) with what to use
/// instead (`docs/guide/tables.md`).
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::{Backend, Dialect};
///
/// // One column, and another type on one of the databases.
/// let body = SqlType::Text.with_variant(Backend::Postgresql, SqlType::native("citext"));
/// let posts = Table::build("posts").column(ColumnDef::new("body", body)).finish()?;
/// assert!(posts.create_sql(Dialect::SQLITE)?[0].contains(r#""body" TEXT NOT NULL"#));
/// assert!(posts.create_sql(Dialect::POSTGRESQL)?[0].contains(r#""body" citext NOT NULL"#));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// 16 bits.
    SmallInteger,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// 16 bits without a sign: MySQL's. Elsewhere an integer that holds them.
    UnsignedSmallInteger,
    /// 32 bits without a sign.
    UnsignedInteger,
    /// 64 bits without a sign. On SQLite a number above `i64::MAX` is refused when it is bound.
    UnsignedBigInteger,
    /// True or false.
    Boolean,
    /// A floating point number of 32 bits.
    Float,
    /// A floating point number of 64 bits.
    Double,
    /// An exact decimal of that many digits, so many of them behind the point.
    Numeric {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// Text of that many characters, filled up with spaces, which the servers leave out again in one way or another.
    Char {
        /// Characters.
        length: u32,
    },
    /// Text of at most that many characters.
    String {
        /// Characters.
        length: u32,
    },
    /// Text of any length.
    Text,
    /// At most that many bytes; where the database counts none, of any length.
    Binary {
        /// Bytes.
        length: u32,
    },
    /// Bytes of any length.
    LargeBinary,
    /// A calendar date.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A date and time without a zone, to the microsecond.
    DateTime,
    /// A moment in time, to the microsecond.
    Timestamp,
    /// [`Time`](SqlType::Time) with fewer digits of a second. PostgreSQL rounds to them, MySQL cuts or rounds; SQLite keeps what
    /// it is given.
    TimeWith {
        /// Digits, 0 to 6.
        precision: u8,
    },
    /// [`DateTime`](SqlType::DateTime) with fewer digits of a second.
    DateTimeWith {
        /// Digits, 0 to 6.
        precision: u8,
    },
    /// [`Timestamp`](SqlType::Timestamp) with fewer digits of a second.
    TimestampWith {
        /// Digits, 0 to 6.
        precision: u8,
    },
    /// A length of time, to the microsecond; on MySQL less than 839 hours.
    Interval,
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
    /// The address of a host, of IPv4 or IPv6.
    Inet,
    /// One of a few labels.
    Enum(EnumType),
    /// A list of values of one type: PostgreSQL's.
    Array(Box<SqlType>),
    /// All values between two, of numbers, dates or moments: PostgreSQL's.
    Range(Box<SqlType>),
    /// A type that was made in the database, by its name: a domain, say. PostgreSQL's.
    Named(TypeName),
    /// A type that MySQL and MariaDB have and others do not.
    Mysql(MysqlType),
    /// A type that PostgreSQL has and others do not.
    Postgresql(PostgresqlType),
    /// Another type on some databases; made by [`with_variant`](SqlType::with_variant).
    Variant(Box<Variant>),
    /// A type by the database's own name, which goes into the text as it stands; made by [`native`](SqlType::native).
    Native(NativeName),
}

/// A type, and others that databases have instead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variant {
    otherwise: SqlType,
    others: Vec<(Backend, SqlType)>,
}

impl SqlType {
    /// A type by the database's own name, as it stands: `inet`, `REAL`.
    pub fn native(name: &'static str) -> SqlType {
        SqlType::Native(name.into())
    }

    /// The same with a name that is made at run time. It becomes SQL as it is: never from input.
    pub fn native_raw(name: impl Into<String>) -> SqlType {
        SqlType::Native(NativeName::raw(name))
    }

    /// The same, and another type on this database.
    #[must_use]
    pub fn with_variant(self, backend: Backend, other: SqlType) -> SqlType {
        let mut variant = match self {
            SqlType::Variant(variant) => *variant,
            otherwise => Variant { otherwise, others: Vec::new() },
        };
        variant.others.retain(|(known, _)| *known != backend);
        variant.others.push((backend, other));
        SqlType::Variant(Box::new(variant))
    }

    /// The type that it is on this database.
    pub fn on(&self, backend: Backend) -> &SqlType {
        match self {
            SqlType::Variant(variant) => {
                let other = variant.others.iter().find(|(known, _)| *known == backend);
                other.map_or(&variant.otherwise, |(_, other)| other).on(backend)
            }
            plain => plain,
        }
    }

    /// The enum that a column of this type needs on this database: its own, or its elements'.
    pub(crate) fn enumeration(&self, backend: Backend) -> Option<&EnumType> {
        match self.on(backend) {
            SqlType::Enum(enumeration) => Some(enumeration),
            SqlType::Array(element) => element.enumeration(backend),
            _ => None,
        }
    }

    /// Whether a database may count such a column: it is a whole number, as far as is known.
    pub(crate) fn may_be_counted(&self) -> bool {
        match self {
            SqlType::SmallInteger
            | SqlType::Integer
            | SqlType::BigInteger
            | SqlType::UnsignedSmallInteger
            | SqlType::UnsignedInteger
            | SqlType::UnsignedBigInteger
            | SqlType::Native(_) => true,
            SqlType::Mysql(own) => own.is_integer(),
            SqlType::Variant(variant) => {
                variant.otherwise.may_be_counted()
                    && variant.others.iter().all(|(_, other)| other.may_be_counted())
            }
            _ => false,
        }
    }
}
