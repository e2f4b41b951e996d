//! What databases call the types of columns.

use super::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::SqlType;

/// What CREATE TABLE calls the types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnTypes {
    small_integer: &'static str,
    integer: &'static str,
    big_integer: &'static str,
    boolean: &'static str,
    float: &'static str,
    double: &'static str,
    /// Before precision and scale.
    numeric: &'static str,
    /// The most digits of such a number, and what holds one with more.
    wider_numeric: Option<(u8, &'static str)>,
    /// Before a length.
    string: &'static str,
    text: &'static str,
    bytes: &'static str,
    date: &'static str,
    time: &'static str,
    date_time: &'static str,
    timestamp: &'static str,
    uuid: &'static str,
    json: &'static str,
    arrays: bool,
}

impl Dialect {
    /// The type that a cast of any value of a column keeps whole; `None` where an explicit cast may cut without an error, as to
    /// `varchar(5)`.
    pub(crate) fn cast_that_keeps(&self, sql_type: &SqlType) -> Option<String> {
        match sql_type {
            SqlType::String { .. } => self.column_type(&SqlType::Text).ok(),
            SqlType::SmallInteger
            | SqlType::Integer
            | SqlType::BigInteger
            | SqlType::Boolean
            | SqlType::Float
            | SqlType::Double
            | SqlType::Numeric { .. }
            | SqlType::Text
            | SqlType::LargeBinary
            | SqlType::Date
            | SqlType::Time
            | SqlType::DateTime
            | SqlType::Timestamp
            | SqlType::Uuid
            | SqlType::Json => self.column_type(sql_type).ok(),
            _ => None,
        }
    }

    /// A type's name in CREATE TABLE.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the database has no such columns.
    pub(crate) fn column_type(&self, sql_type: &SqlType) -> Result<String> {
        let types = &self.column_types;
        let name = match sql_type {
            SqlType::SmallInteger => types.small_integer,
            SqlType::Integer => types.integer,
            SqlType::BigInteger => types.big_integer,
            SqlType::Boolean => types.boolean,
            SqlType::Float => types.float,
            SqlType::Double => types.double,
            SqlType::Numeric { precision, scale } => match types.wider_numeric {
                Some((digits, wider)) if *precision > digits => wider,
                _ => return Ok(format!("{}({precision}, {scale})", types.numeric)),
            },
            SqlType::String { length } => return Ok(format!("{}({length})", types.string)),
            SqlType::Text => types.text,
            SqlType::LargeBinary => types.bytes,
            SqlType::Date => types.date,
            SqlType::Time => types.time,
            SqlType::DateTime => types.date_time,
            SqlType::Timestamp => types.timestamp,
            SqlType::Uuid => types.uuid,
            SqlType::Json => types.json,
            SqlType::Array(element) if types.arrays => {
                return Ok(format!("{}[]", self.column_type(element)?));
            }
            SqlType::Array(_) => {
                let text = format!("{} has no columns of arrays; PostgreSQL has", self.name);
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
            SqlType::Native(name) => name,
        };
        Ok(name.to_owned())
    }
}

/// SQLite has four affinities; the names beside them are for people and for reflection.
pub(crate) const SQLITE_TYPES: ColumnTypes = ColumnTypes {
    small_integer: "SMALLINT",
    integer: "INTEGER",
    big_integer: "BIGINT",
    boolean: "BOOLEAN",
    float: "FLOAT",
    double: "DOUBLE",
    numeric: "NUMERIC",
    // A number in such a column is a float behind the scenes, which keeps 15 digits.
    wider_numeric: Some((15, "TEXT")),
    string: "VARCHAR",
    text: "TEXT",
    bytes: "BLOB",
    date: "DATE",
    time: "TIME",
    date_time: "DATETIME",
    timestamp: "TIMESTAMP",
    uuid: "CHAR(36)",
    // Not JSON, which would make a float of a document that is a number.
    json: "TEXT",
    arrays: false,
};

pub(crate) const MYSQL_TYPES: ColumnTypes = ColumnTypes {
    small_integer: "SMALLINT",
    integer: "INTEGER",
    big_integer: "BIGINT",
    boolean: "BOOLEAN",
    float: "FLOAT",
    double: "DOUBLE",
    numeric: "DECIMAL",
    wider_numeric: None,
    string: "VARCHAR",
    // TEXT and BLOB end at 64 KiB.
    text: "LONGTEXT",
    bytes: "LONGBLOB",
    date: "DATE",
    time: "TIME(6)",
    date_time: "DATETIME(6)",
    // TIMESTAMP ends in 2038, and on MariaDB the first one of a table changes by itself.
    timestamp: "DATETIME(6)",
    uuid: "CHAR(36)",
    json: "JSON",
    arrays: false,
};

pub(crate) const POSTGRESQL_TYPES: ColumnTypes = ColumnTypes {
    small_integer: "SMALLINT",
    integer: "INTEGER",
    big_integer: "BIGINT",
    boolean: "BOOLEAN",
    float: "REAL",
    double: "DOUBLE PRECISION",
    numeric: "NUMERIC",
    wider_numeric: None,
    string: "VARCHAR",
    text: "TEXT",
    bytes: "BYTEA",
    date: "DATE",
    time: "TIME",
    date_time: "TIMESTAMP",
    timestamp: "TIMESTAMPTZ",
    uuid: "UUID",
    json: "JSONB",
    arrays: true,
};
