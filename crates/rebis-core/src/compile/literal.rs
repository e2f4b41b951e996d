//! Values inside of SQL, where databases take no parameters: defaults, comments, labels, conditions, the queries of views.

use crate::dialect::{Dialect, Literals, Writing};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Value, text};

/// A text as a literal, which is the same text in every mode of the session.
///
/// # Errors
/// [`ErrorKind::Schema`] when it contains a NUL.
pub(super) fn push_literal(sql: &mut String, text: &str, dialect: &Dialect) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::new(
            ErrorKind::Schema,
            "a default, a comment, a label, a separator or a value in DDL contains a NUL",
        ));
    }
    let doubles = match dialect.tables.literals {
        Literals::Plain => false,
        Literals::DoubledBackslash => true,
        Literals::EscapeString => {
            let escaped = text.contains('\\');
            sql.push_str(if escaped { "E" } else { "" });
            escaped
        }
    };
    sql.push('\'');
    for character in text.chars() {
        if character == '\'' || (doubles && character == '\\') {
            sql.push(character);
        }
        sql.push(character);
    }
    sql.push('\'');
    Ok(())
}

/// A value as the driver would bind it, written as a literal of the same type.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for a value that has no literal there.
pub(super) fn push_value(sql: &mut String, value: &Value, dialect: &Dialect) -> Result<()> {
    let writing = dialect.writing;
    // A type's name for PostgreSQL; MySQL's word before a text that is a time; SQLite keeps texts.
    let mut typed = |name: &str, word: &str, text: &str| {
        let (before, after) = match writing {
            Writing::Postgresql => ("CAST(", format!(" AS {name})")),
            Writing::Mysql => (word, String::new()),
            Writing::Sqlite => ("", String::new()),
        };
        sql.push_str(before);
        push_literal(sql, text, dialect)?;
        sql.push_str(&after);
        Ok(())
    };
    match value {
        Value::Date(value) => return typed("DATE", "DATE ", &text::date(*value)),
        Value::Time(value) => return typed("TIME", "TIME ", &text::time(*value)),
        Value::DateTime(value) => return typed("TIMESTAMP", "TIMESTAMP ", &text::date_time(*value)),
        Value::Timestamp(value) => {
            let mysql = writing == Writing::Mysql;
            let text = if mysql { text::date_time(value.naive_utc()) } else { text::timestamp(*value) };
            return typed("TIMESTAMPTZ", "TIMESTAMP ", &text);
        }
        Value::Uuid(value) => return typed("UUID", "", &value.to_string()),
        Value::Json(text) => return typed("JSONB", "", text),
        Value::Text(text) => return push_literal(sql, text, dialect),
        Value::Null => sql.push_str("NULL"),
        Value::Bool(value) => sql.push_str(if *value { "TRUE" } else { "FALSE" }),
        // Its digits alone are more than an integer holds, before the minus is looked at.
        Value::Int(i64::MIN) => sql.push_str("(-9223372036854775807 - 1)"),
        Value::Int(value) => push_number(sql, &value.to_string()),
        Value::UInt(value) => push_number(sql, &value.to_string()),
        Value::Decimal(value) if writing == Writing::Sqlite => {
            return push_literal(sql, &value.to_string(), dialect);
        }
        Value::Decimal(value) => push_number(sql, &value.to_string()),
        Value::Float(value) if value.is_finite() => match writing {
            Writing::Sqlite => push_number(sql, &format!("{value:?}")),
            Writing::Mysql => push_number(sql, &format!("{value:e}")),
            Writing::Postgresql => sql.push_str(&format!("CAST('{value:?}' AS DOUBLE PRECISION)")),
        },
        Value::Bytes(bytes) => {
            let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            match writing {
                Writing::Postgresql => sql.push_str(&format!("decode('{hexadecimal}', 'hex')")),
                Writing::Sqlite | Writing::Mysql => sql.push_str(&format!("X'{hexadecimal}'")),
            }
        }
        Value::Float(value) if writing == Writing::Postgresql => {
            let word = if value.is_nan() {
                "NaN"
            } else if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            sql.push_str(&format!("CAST('{word}' AS DOUBLE PRECISION)"));
        }
        // A program can make one of any text, which must not become SQL.
        Value::Digits(digits) if !is_number(digits) => {
            let text = "a value of digits has something else in it, and so no literal";
            return Err(Error::new(ErrorKind::Data, text));
        }
        Value::Digits(digits) if writing == Writing::Sqlite => return push_literal(sql, digits, dialect),
        Value::Digits(digits) => push_number(sql, digits),
        Value::Interval(value) if writing != Writing::Sqlite => {
            return typed("INTERVAL", "TIME ", &text::interval(*value));
        }
        Value::Array(elements) if writing == Writing::Postgresql => {
            sql.push_str("ARRAY[");
            for (index, element) in elements.iter().enumerate() {
                sql.push_str(if index > 0 { ", " } else { "" });
                push_value(sql, element, dialect)?;
            }
            sql.push(']');
        }
        Value::Float(_) | Value::Interval(_) | Value::Array(_) => {
            let text = format!("{} has no value of this kind, and so no literal", dialect.name);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Value::Refused(why) => {
            return Err(Error::new(ErrorKind::Data, format!("a value could not be made: {why}")));
        }
    }
    Ok(())
}

/// Digits, with a minus and a point where they have their place. Anybody can put any text there.
fn is_number(digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Between parentheses where it is negative: behind a minus it would begin a comment.
fn push_number(sql: &mut String, digits: &str) {
    if digits.starts_with(['-', '+']) {
        sql.push_str(&format!("({digits})"));
    } else {
        sql.push_str(digits);
    }
}
