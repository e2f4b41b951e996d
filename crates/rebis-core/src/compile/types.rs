//! Types → their names in CREATE TABLE and in CAST.

use std::borrow::Cow;

use super::identifier::push_qualified;
use super::literal::push_literal;
use crate::dialect::{Dialect, Enums, Name, Word};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{EnumType, MysqlType, PostgresqlType, SchemaTranslateMap, SqlType};
use crate::url::Backend;

/// Where a type is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Column,
    Cast,
}

/// A type's name in CREATE TABLE.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the database has no such columns.
pub(crate) fn column_type(sql_type: &SqlType, dialect: &Dialect) -> Result<String> {
    column_type_in(sql_type, dialect, SchemaTranslateMap::none())
}

/// The same, where schemas stand for others.
///
/// # Errors
/// As [`column_type`].
pub(super) fn column_type_in(
    sql_type: &SqlType,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<String> {
    Namer { dialect, schemas, place: Place::Column }.name(sql_type)
}

/// A type's name in CAST.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the database cannot cast to it.
pub(super) fn cast_type(
    sql_type: &SqlType,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<String> {
    Namer { dialect, schemas, place: Place::Cast }.name(sql_type)
}

/// The type that a cast of any value of a column keeps whole; `None` where an explicit cast may cut without an error, as to
/// `varchar(5)`.
pub(crate) fn cast_that_keeps(sql_type: &SqlType, dialect: &Dialect) -> Option<String> {
    match sql_type.on(dialect.backend) {
        SqlType::String { .. } => column_type(&SqlType::Text, dialect).ok(),
        SqlType::Binary { .. } => column_type(&SqlType::LargeBinary, dialect).ok(),
        SqlType::Char { .. }
        | SqlType::TimeWith { .. }
        | SqlType::DateTimeWith { .. }
        | SqlType::TimestampWith { .. }
        | SqlType::Array(_)
        | SqlType::Named(_)
        | SqlType::Mysql(_)
        | SqlType::Postgresql(_)
        | SqlType::Native(_) => None,
        known => column_type(known, dialect).ok(),
    }
}

/// The labels between parentheses, as literals.
///
/// # Errors
/// [`ErrorKind::Schema`] when there is none, one is there twice, one contains a NUL; or what MySQL would not give back as it was.
pub(super) fn push_labels(sql: &mut String, labels: &[Cow<'static, str>], dialect: &Dialect) -> Result<()> {
    let twice =
        |(index, label): (usize, &Cow<'_, str>)| labels.iter().skip(index + 1).any(|other| other == label);
    if labels.is_empty() || labels.iter().enumerate().any(twice) {
        return Err(Error::new(ErrorKind::Schema, "an enum has no label, or one of them twice"));
    }
    if dialect.backend == Backend::Mysql && labels.iter().any(|label| label.ends_with(' ')) {
        let text = "an enum's label ends with a space, which MySQL would leave out";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    sql.push('(');
    for (index, label) in labels.iter().enumerate() {
        sql.push_str(if index > 0 { ", " } else { "" });
        push_literal(sql, label, dialect)?;
    }
    sql.push(')');
    Ok(())
}

struct Namer<'d> {
    dialect: &'d Dialect,
    schemas: &'d SchemaTranslateMap,
    place: Place,
}

impl Namer<'_> {
    fn name(&self, sql_type: &SqlType) -> Result<String> {
        let names = &self.dialect.types;
        let sql_type = sql_type.on(self.dialect.backend);
        let name = match sql_type {
            SqlType::SmallInteger => names.small_integer,
            SqlType::Integer => names.integer,
            SqlType::BigInteger => names.big_integer,
            SqlType::UnsignedSmallInteger => names.unsigned_small_integer,
            SqlType::UnsignedInteger => names.unsigned_integer,
            SqlType::UnsignedBigInteger => names.unsigned_big_integer,
            SqlType::Boolean => names.boolean,
            SqlType::Float => names.float,
            SqlType::Double => names.double,
            SqlType::Text => names.text,
            SqlType::LargeBinary => names.bytes,
            SqlType::Date => names.date,
            SqlType::Interval => names.interval,
            SqlType::Uuid => names.uuid,
            SqlType::Json => names.json,
            SqlType::Inet => names.inet,
            SqlType::Time => return self.moment(names.time, sql_type, 6),
            SqlType::DateTime => return self.moment(names.date_time, sql_type, 6),
            SqlType::Timestamp => return self.moment(names.timestamp, sql_type, 6),
            SqlType::TimeWith { precision } => return self.moment(names.time, sql_type, *precision),
            SqlType::DateTimeWith { precision } => return self.moment(names.date_time, sql_type, *precision),
            SqlType::TimestampWith { precision } => {
                return self.moment(names.timestamp, sql_type, *precision);
            }
            SqlType::Numeric { precision, scale } => match names.wider_numeric {
                Some((digits, wider)) if self.place == Place::Column && *precision > digits => {
                    return Ok(wider.to_owned());
                }
                _ => {
                    return Ok(format!("{}({precision}, {scale})", self.word(names.numeric, sql_type)?));
                }
            },
            SqlType::Char { length } => return Ok(format!("{}({length})", self.word(names.char, sql_type)?)),
            SqlType::String { length } => {
                return Ok(format!("{}({length})", self.word(names.string, sql_type)?));
            }
            SqlType::Binary { length } => match names.counted_bytes {
                Some(word) if self.place == Place::Column => return Ok(format!("{word}({length})")),
                _ => names.bytes,
            },
            SqlType::Enum(enumeration) => return self.enumeration(enumeration),
            SqlType::Array(element) if names.arrays => return Ok(format!("{}[]", self.name(element)?)),
            SqlType::Array(_) => {
                return self.lacks(sql_type, "PostgreSQL has arrays; here keep them as Json");
            }
            SqlType::Range(bound) => return self.range(sql_type, bound),
            SqlType::Named(name) if names.named => return self.qualified(name.schema.as_deref(), &name.name),
            SqlType::Named(_) => return self.lacks(sql_type, "say by `with_variant` what it is here"),
            SqlType::Mysql(own) => return self.mysql(sql_type, own),
            SqlType::Postgresql(own) => return self.postgresql(sql_type, own),
            SqlType::Native(name) => return Ok(name.as_str().to_owned()),
            // `on` has looked inside.
            SqlType::Variant(_) => {
                return Err(Error::new(ErrorKind::Internal, "a variant inside of a variant"));
            }
        };
        self.word(name, sql_type).map(str::to_owned)
    }

    fn word(&self, name: Name, sql_type: &SqlType) -> Result<&'static str> {
        match if self.place == Place::Column { name.column } else { name.cast } {
            Word::Is(word) => Ok(word),
            Word::Lacks(instead) => self.lacks(sql_type, instead),
        }
    }

    fn lacks<T>(&self, sql_type: &SqlType, instead: &str) -> Result<T> {
        let what = if self.place == Place::Column { "has no columns of" } else { "cannot cast to" };
        let text = format!("{} {what} the type {sql_type:?}; {instead}", self.dialect.name);
        Err(Error::new(ErrorKind::Unsupported, text))
    }

    fn moment(&self, name: Name, sql_type: &SqlType, digits: u8) -> Result<String> {
        let word = self.word(name, sql_type)?;
        if digits > 6 {
            let text = format!("{sql_type:?} has more than the 6 digits of a second that databases keep");
            return Err(Error::new(ErrorKind::Schema, text));
        }
        Ok(match self.dialect.types.microseconds {
            None => word.to_owned(),
            Some(six) if digits == 6 => format!("{word}{six}"),
            Some(_) => format!("{word}({digits})"),
        })
    }

    fn qualified(&self, schema: Option<&str>, name: &str) -> Result<String> {
        let mut sql = String::new();
        push_qualified(&mut sql, self.schemas.translate(schema), name, self.dialect)?;
        Ok(sql)
    }

    fn enumeration(&self, enumeration: &EnumType) -> Result<String> {
        let names = &self.dialect.types;
        let labels = &enumeration.labels;
        match names.enums {
            Enums::Type => self.qualified(enumeration.schema.as_deref(), &enumeration.name),
            _ if self.place == Place::Cast => self.name(&SqlType::Text),
            Enums::Inline => {
                let mut sql = String::from("ENUM");
                push_labels(&mut sql, labels, self.dialect)?;
                Ok(sql)
            }
            Enums::Check => {
                let longest = labels.iter().map(|label| label.chars().count()).max();
                self.name(&SqlType::String { length: longest.unwrap_or(0).max(1) as u32 })
            }
        }
    }

    fn range(&self, sql_type: &SqlType, bound: &SqlType) -> Result<String> {
        if !self.dialect.types.arrays {
            return self
                .lacks(sql_type, "PostgreSQL has ranges; here keep both ends in columns of their own");
        }
        let name = match bound.on(self.dialect.backend) {
            SqlType::Integer => "INT4RANGE",
            SqlType::BigInteger => "INT8RANGE",
            SqlType::Numeric { .. } => "NUMRANGE",
            SqlType::Date => "DATERANGE",
            SqlType::DateTime => "TSRANGE",
            SqlType::Timestamp => "TSTZRANGE",
            _ => {
                return self.lacks(
                    sql_type,
                    "it has ranges of Integer, BigInteger, Numeric, Date, DateTime, Timestamp",
                );
            }
        };
        Ok(name.to_owned())
    }

    fn mysql(&self, sql_type: &SqlType, own: &MysqlType) -> Result<String> {
        let (column, cast, instead) = match own {
            MysqlType::TinyInteger => ("TINYINT", "SIGNED", "SmallInteger"),
            MysqlType::UnsignedTinyInteger => ("TINYINT UNSIGNED", "UNSIGNED", "SmallInteger"),
            MysqlType::MediumInteger => ("MEDIUMINT", "SIGNED", "Integer"),
            MysqlType::UnsignedMediumInteger => ("MEDIUMINT UNSIGNED", "UNSIGNED", "Integer"),
            MysqlType::Year => ("YEAR", "UNSIGNED", "SmallInteger"),
            MysqlType::Bit { .. } => ("BIT", "UNSIGNED", "an integer or LargeBinary"),
            MysqlType::Set(_) => ("SET", "CHAR", "a table of its own, or Json"),
            MysqlType::TinyText => ("TINYTEXT", "CHAR", "String or Text"),
            MysqlType::Text => ("TEXT", "CHAR", "SqlType::Text"),
            MysqlType::MediumText => ("MEDIUMTEXT", "CHAR", "SqlType::Text"),
            MysqlType::TinyBlob => ("TINYBLOB", "BINARY", "LargeBinary"),
            MysqlType::Blob => ("BLOB", "BINARY", "LargeBinary"),
            MysqlType::MediumBlob => ("MEDIUMBLOB", "BINARY", "LargeBinary"),
        };
        if self.dialect.backend != Backend::Mysql {
            return self.lacks(sql_type, &format!("it is MySQL's; use {instead}"));
        }
        if self.place == Place::Cast {
            return Ok(cast.to_owned());
        }
        let mut sql = column.to_owned();
        match own {
            MysqlType::Bit { length } => sql.push_str(&format!("({length})")),
            MysqlType::Set(labels) if labels.iter().any(|label| label.contains(',')) => {
                return Err(Error::new(ErrorKind::Schema, "a label of a SET contains a comma"));
            }
            MysqlType::Set(labels) => push_labels(&mut sql, labels, self.dialect)?,
            _ => {}
        }
        Ok(sql)
    }

    fn postgresql(&self, sql_type: &SqlType, own: &PostgresqlType) -> Result<String> {
        let (name, instead) = match own {
            PostgresqlType::Json => ("JSON", "SqlType::Json"),
            PostgresqlType::Cidr => ("CIDR", "String"),
            PostgresqlType::MacAddr => ("MACADDR", "Char or Binary"),
            PostgresqlType::Bit { .. } => ("BIT", "LargeBinary"),
            PostgresqlType::BitVarying { .. } => ("BIT VARYING", "LargeBinary"),
            PostgresqlType::TimeTz => ("TIMETZ", "Time"),
            PostgresqlType::TsVector => ("TSVECTOR", "Text"),
            PostgresqlType::TsQuery => ("TSQUERY", "Text"),
            PostgresqlType::Xml => ("XML", "Text"),
            PostgresqlType::Citext => ("CITEXT", "Text with a collation"),
            PostgresqlType::Hstore => ("HSTORE", "Json"),
        };
        if self.dialect.backend != Backend::Postgresql {
            return self.lacks(sql_type, &format!("it is PostgreSQL's; use {instead}"));
        }
        Ok(match own {
            PostgresqlType::Bit { length } | PostgresqlType::BitVarying { length } => {
                format!("{name}({length})")
            }
            _ => name.to_owned(),
        })
    }
}
