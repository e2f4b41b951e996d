//! What databases call the types, in CREATE TABLE and in CAST.

/// A type's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Is(&'static str),
    /// There is none; what to use instead.
    Lacks(&'static str),
}

/// A type's names in both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) column: Word,
    pub(crate) cast: Word,
}

/// How a column that holds one of a few labels is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enums {
    /// `VARCHAR(5) … CHECK (column IN ('a', 'b'))`
    Check,
    /// `ENUM('a', 'b')`
    Inline,
    /// By the name of a type that is made before.
    Type,
}

/// The names of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeNames {
    pub(crate) small_integer: Name,
    pub(crate) integer: Name,
    pub(crate) big_integer: Name,
    pub(crate) unsigned_small_integer: Name,
    pub(crate) unsigned_integer: Name,
    pub(crate) unsigned_big_integer: Name,
    pub(crate) boolean: Name,
    pub(crate) float: Name,
    pub(crate) double: Name,
    /// Before precision and scale.
    pub(crate) numeric: Name,
    /// The most digits of such a number, and what columns hold one with more.
    pub(crate) wider_numeric: Option<(u8, &'static str)>,
    /// Before a length.
    pub(crate) char: Name,
    /// Before a length.
    pub(crate) string: Name,
    pub(crate) text: Name,
    /// What stands before a column's number of bytes, where they are counted.
    pub(crate) counted_bytes: Option<&'static str>,
    pub(crate) bytes: Name,
    pub(crate) date: Name,
    pub(crate) time: Name,
    pub(crate) date_time: Name,
    pub(crate) timestamp: Name,
    /// What stands behind the three when six digits of a second are meant; `None` where digits are never said.
    pub(crate) microseconds: Option<&'static str>,
    pub(crate) interval: Name,
    pub(crate) uuid: Name,
    pub(crate) json: Name,
    pub(crate) inet: Name,
    pub(crate) enums: Enums,
    /// Whether there are arrays, and ranges.
    pub(crate) arrays: bool,
    /// Whether a type can be made in the database.
    pub(crate) named: bool,
}

/// The same in both places.
const fn both(name: &'static str) -> Name {
    named(name, name)
}

const fn named(column: &'static str, cast: &'static str) -> Name {
    Name { column: Word::Is(column), cast: Word::Is(cast) }
}

const fn without_cast(column: &'static str, instead: &'static str) -> Name {
    Name { column: Word::Is(column), cast: Word::Lacks(instead) }
}

const fn lacks(instead: &'static str) -> Name {
    Name { column: Word::Lacks(instead), cast: Word::Lacks(instead) }
}

/// SQLite has four affinities, by which it casts; the names beside them are for people and for reflection.
pub(crate) const SQLITE_TYPES: TypeNames = TypeNames {
    small_integer: named("SMALLINT", "INTEGER"),
    integer: both("INTEGER"),
    big_integer: named("BIGINT", "INTEGER"),
    unsigned_small_integer: both("INTEGER"),
    unsigned_integer: named("BIGINT", "INTEGER"),
    unsigned_big_integer: named("BIGINT", "INTEGER"),
    boolean: named("BOOLEAN", "INTEGER"),
    float: named("FLOAT", "REAL"),
    double: named("DOUBLE", "REAL"),
    numeric: both("NUMERIC"),
    // A number in such a column is a float behind the scenes, which keeps 15 digits.
    wider_numeric: Some((15, "TEXT")),
    char: named("CHAR", "TEXT"),
    string: named("VARCHAR", "TEXT"),
    text: both("TEXT"),
    counted_bytes: None,
    bytes: both("BLOB"),
    date: named("DATE", "TEXT"),
    time: named("TIME", "TEXT"),
    date_time: named("DATETIME", "TEXT"),
    timestamp: named("TIMESTAMP", "TEXT"),
    microseconds: None,
    interval: lacks("keep microseconds in a BigInteger"),
    uuid: named("CHAR(36)", "TEXT"),
    // Not JSON, which would make a float of a document that is a number.
    json: both("TEXT"),
    inet: named("VARCHAR(45)", "TEXT"),
    enums: Enums::Check,
    arrays: false,
    named: false,
};

/// MySQL has names of its own in CAST.
pub(crate) const MYSQL_TYPES: TypeNames = TypeNames {
    small_integer: named("SMALLINT", "SIGNED"),
    integer: named("INTEGER", "SIGNED"),
    big_integer: named("BIGINT", "SIGNED"),
    unsigned_small_integer: named("SMALLINT UNSIGNED", "UNSIGNED"),
    unsigned_integer: named("INTEGER UNSIGNED", "UNSIGNED"),
    unsigned_big_integer: named("BIGINT UNSIGNED", "UNSIGNED"),
    boolean: named("BOOLEAN", "SIGNED"),
    float: both("FLOAT"),
    double: both("DOUBLE"),
    numeric: both("DECIMAL"),
    wider_numeric: None,
    char: both("CHAR"),
    string: named("VARCHAR", "CHAR"),
    // TEXT and BLOB end at 64 KiB.
    text: named("LONGTEXT", "CHAR"),
    counted_bytes: Some("VARBINARY"),
    // With a length CAST would fill up with zeros.
    bytes: named("LONGBLOB", "BINARY"),
    date: both("DATE"),
    time: both("TIME"),
    date_time: both("DATETIME"),
    // TIMESTAMP ends in 2038, and on MariaDB the first one of a table changes by itself.
    timestamp: both("DATETIME"),
    microseconds: Some("(6)"),
    interval: both("TIME(6)"),
    uuid: named("CHAR(36)", "CHAR(36)"),
    json: without_cast("JSON", "cast to Text, which is what MariaDB's JSON is"),
    inet: named("VARCHAR(45)", "CHAR(45)"),
    enums: Enums::Inline,
    arrays: false,
    named: false,
};

pub(crate) const POSTGRESQL_TYPES: TypeNames = TypeNames {
    small_integer: both("SMALLINT"),
    integer: both("INTEGER"),
    big_integer: both("BIGINT"),
    unsigned_small_integer: both("INTEGER"),
    unsigned_integer: both("BIGINT"),
    unsigned_big_integer: both("NUMERIC(20, 0)"),
    boolean: both("BOOLEAN"),
    float: both("REAL"),
    double: both("DOUBLE PRECISION"),
    numeric: both("NUMERIC"),
    wider_numeric: None,
    char: both("CHAR"),
    string: both("VARCHAR"),
    text: named("TEXT", "VARCHAR"),
    counted_bytes: None,
    bytes: both("BYTEA"),
    date: both("DATE"),
    time: both("TIME"),
    date_time: both("TIMESTAMP"),
    timestamp: both("TIMESTAMPTZ"),
    microseconds: Some(""),
    interval: both("INTERVAL"),
    uuid: both("UUID"),
    json: both("JSONB"),
    inet: both("INET"),
    enums: Enums::Type,
    arrays: true,
    named: true,
};
