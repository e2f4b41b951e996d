//! A database's name of a type → the portable one, where the column holds all values of that. Where there is no type for
//! UUIDs, `char(36)` is it.

use std::borrow::Cow;

use crate::schema::{MysqlType, PostgresqlType, SqlType};

/// A type's name taken apart: `timestamp(3) without time zone` is `timestamp without time zone` with the argument 3.
struct Parts {
    words: String,
    arguments: Vec<String>,
}

fn parts(name: &str) -> Parts {
    let (before, rest) = name.split_once('(').unwrap_or((name, ""));
    let (inside, after) = rest.rsplit_once(')').unwrap_or((rest, ""));
    let words = before.split_whitespace().chain(after.split_whitespace());
    let words = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ");
    let arguments = inside.split(',').map(|argument| argument.trim().to_owned());
    Parts { words, arguments: arguments.filter(|argument| !argument.is_empty()).collect() }
}

impl Parts {
    fn argument_texts(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// `decimal(10,2)`.
    fn numeric(&self) -> Option<SqlType> {
        let (precision, scale) = match *self.argument_texts() {
            [precision] => (precision, "0"),
            [precision, scale] => (precision, scale),
            _ => return None,
        };
        Some(SqlType::Numeric { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
    }

    /// The one argument, as in `varchar(50)`.
    fn length<N: std::str::FromStr>(&self) -> Option<N> {
        match *self.argument_texts() {
            [length] => length.parse().ok(),
            _ => None,
        }
    }

    /// `varchar(50)`.
    fn string(&self) -> Option<SqlType> {
        self.length().map(|length| SqlType::String { length })
    }

    /// `char(50)`.
    fn char(&self) -> Option<SqlType> {
        self.length().map(|length| SqlType::Char { length })
    }

    /// The type with so many digits of a second; a microsecond is six.
    fn moment(&self, unsaid: u8, whole: SqlType, with: fn(u8) -> SqlType) -> Option<SqlType> {
        let digits = if self.has_arguments() { self.length()? } else { unsaid };
        Some(if digits == 6 { whole } else { with(digits) })
    }

    fn time(&self, unsaid: u8) -> Option<SqlType> {
        self.moment(unsaid, SqlType::Time, |precision| SqlType::TimeWith { precision })
    }

    fn date_time(&self, unsaid: u8) -> Option<SqlType> {
        self.moment(unsaid, SqlType::DateTime, |precision| SqlType::DateTimeWith { precision })
    }

    fn timestamp(&self, unsaid: u8) -> Option<SqlType> {
        self.moment(unsaid, SqlType::Timestamp, |precision| SqlType::TimestampWith { precision })
    }

    fn has_arguments(&self) -> bool {
        !self.arguments.is_empty()
    }
}

/// SQLite keeps what it was told as a type and goes by its affinity; so the declared words count.
pub(super) fn sqlite(name: &str) -> Option<SqlType> {
    let parts = parts(name);
    match parts.words.as_str() {
        "numeric" | "decimal" => return parts.numeric(),
        "varchar" | "character varying" => return parts.string(),
        "char" if parts.arguments == ["36"] => return Some(SqlType::Uuid),
        "char" => return parts.char(),
        _ if parts.has_arguments() => return None,
        _ => {}
    }
    Some(match parts.words.as_str() {
        "smallint" | "int2" => SqlType::SmallInteger,
        "integer" | "int" | "int4" => SqlType::Integer,
        "bigint" | "int8" => SqlType::BigInteger,
        "boolean" | "bool" => SqlType::Boolean,
        "float" => SqlType::Float,
        "real" | "double" | "double precision" => SqlType::Double,
        "text" => SqlType::Text,
        "blob" => SqlType::LargeBinary,
        "date" => SqlType::Date,
        "time" => SqlType::Time,
        "datetime" => SqlType::DateTime,
        "timestamp" => SqlType::Timestamp,
        "uuid" => SqlType::Uuid,
        "json" => SqlType::Json,
        _ => return None,
    })
}

/// SQLite prints a quoted type without its quotes, so that words it would not take as they are get them again. A column
/// without a type takes everything, as one of BLOB does.
pub(super) fn sqlite_native(name: String) -> Cow<'static, str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_ (),+-.".contains(letter);
    if name.is_empty() {
        Cow::Borrowed("BLOB")
    } else if name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(plain)
        && !name.contains("--")
    {
        Cow::Owned(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// By `information_schema.columns.column_type`. MySQL's `text` of 64 KiB counts as text of any length.
pub(super) fn mysql(name: &str) -> Option<SqlType> {
    let parts = parts(name);
    match parts.words.as_str() {
        "tinyint" if parts.arguments == ["1"] => Some(SqlType::Boolean),
        "tinyint" => Some(SqlType::Mysql(MysqlType::TinyInteger)),
        "tinyint unsigned" => Some(SqlType::Mysql(MysqlType::UnsignedTinyInteger)),
        "mediumint" => Some(SqlType::Mysql(MysqlType::MediumInteger)),
        "mediumint unsigned" => Some(SqlType::Mysql(MysqlType::UnsignedMediumInteger)),
        "smallint unsigned" => Some(SqlType::UnsignedSmallInteger),
        "int unsigned" => Some(SqlType::UnsignedInteger),
        "bigint unsigned" => Some(SqlType::UnsignedBigInteger),
        "year" => Some(SqlType::Mysql(MysqlType::Year)),
        "bit" => parts.length().map(|length| SqlType::Mysql(MysqlType::Bit { length })),
        "tinytext" => Some(SqlType::Mysql(MysqlType::TinyText)),
        "tinyblob" => Some(SqlType::Mysql(MysqlType::TinyBlob)),
        "varbinary" => parts.length().map(|length| SqlType::Binary { length }),
        // MySQL until 8.0.17 and MariaDB print a width: `int(11)`.
        "smallint" => Some(SqlType::SmallInteger),
        "int" => Some(SqlType::Integer),
        "bigint" => Some(SqlType::BigInteger),
        "float" if !parts.has_arguments() => Some(SqlType::Float),
        "double" if !parts.has_arguments() => Some(SqlType::Double),
        "decimal" => parts.numeric(),
        "varchar" => parts.string(),
        "text" | "mediumtext" | "longtext" => Some(SqlType::Text),
        "blob" | "mediumblob" | "longblob" => Some(SqlType::LargeBinary),
        "date" => Some(SqlType::Date),
        "time" => parts.time(0),
        "datetime" => parts.date_time(0),
        // With fewer digits it is no DATETIME: it stays what it is called.
        "timestamp" => parts.timestamp(0).filter(|sql_type| *sql_type == SqlType::Timestamp),
        "uuid" => Some(SqlType::Uuid),
        "char" if parts.arguments == ["36"] => Some(SqlType::Uuid),
        "char" => parts.char(),
        "json" => Some(SqlType::Json),
        _ => None,
    }
}

/// By `format_type`.
pub(super) fn postgres(name: &str) -> Option<SqlType> {
    if let Some(element) = name.strip_suffix("[]") {
        return postgres(element).map(|element| SqlType::Array(Box::new(element)));
    }
    let parts = parts(name);
    Some(match parts.words.as_str() {
        "numeric" => return parts.numeric(),
        "character varying" if parts.has_arguments() => return parts.string(),
        "character varying" | "text" => SqlType::Text,
        "time without time zone" => return parts.time(6),
        "timestamp without time zone" => return parts.date_time(6),
        "timestamp with time zone" => return parts.timestamp(6),
        "character" => return parts.char(),
        "bit" => return parts.length().map(|length| SqlType::Postgresql(PostgresqlType::Bit { length })),
        "bit varying" => {
            return parts.length().map(|length| SqlType::Postgresql(PostgresqlType::BitVarying { length }));
        }
        _ if parts.has_arguments() => return None,
        "interval" => SqlType::Interval,
        "inet" => SqlType::Inet,
        "cidr" => SqlType::Postgresql(PostgresqlType::Cidr),
        "macaddr" => SqlType::Postgresql(PostgresqlType::MacAddr),
        "time with time zone" => SqlType::Postgresql(PostgresqlType::TimeTz),
        "tsvector" => SqlType::Postgresql(PostgresqlType::TsVector),
        "tsquery" => SqlType::Postgresql(PostgresqlType::TsQuery),
        "xml" => SqlType::Postgresql(PostgresqlType::Xml),
        "citext" => SqlType::Postgresql(PostgresqlType::Citext),
        "hstore" => SqlType::Postgresql(PostgresqlType::Hstore),
        "json" => SqlType::Postgresql(PostgresqlType::Json),
        "int4range" => range(SqlType::Integer),
        "int8range" => range(SqlType::BigInteger),
        "daterange" => range(SqlType::Date),
        "tsrange" => range(SqlType::DateTime),
        "tstzrange" => range(SqlType::Timestamp),
        "smallint" => SqlType::SmallInteger,
        "integer" => SqlType::Integer,
        "bigint" => SqlType::BigInteger,
        "boolean" => SqlType::Boolean,
        "real" => SqlType::Float,
        "double precision" => SqlType::Double,
        "bytea" => SqlType::LargeBinary,
        "date" => SqlType::Date,
        "uuid" => SqlType::Uuid,
        "jsonb" => SqlType::Json,
        _ => return None,
    })
}

fn range(bound: SqlType) -> SqlType {
    SqlType::Range(Box::new(bound))
}
