//! Values in the text itself, for people to read.

use super::Renderer;
use crate::url::Backend;
use crate::value::{Value, text};

impl Renderer<'_> {
    pub(super) fn literal(&mut self, value: &Value) {
        let sqlite = self.dialect.is(Backend::Sqlite);
        let postgresql = self.dialect.is(Backend::Postgresql);
        match value {
            Value::Null => self.push("NULL"),
            Value::Bool(value) if sqlite => self.push(if *value { "1" } else { "0" }),
            Value::Bool(value) => self.push(if *value { "TRUE" } else { "FALSE" }),
            // `- -1` would begin a comment without the parentheses; this number alone has no positive counterpart.
            Value::Int(i64::MIN) => self.push("(-9223372036854775807 - 1)"),
            Value::Int(value) if *value < 0 => self.push(&format!("({value})")),
            Value::Int(value) => self.push(&value.to_string()),
            Value::UInt(value) => self.push(&value.to_string()),
            Value::Float(value) => self.float(*value),
            Value::Text(text) => self.text_literal(text),
            Value::Bytes(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                self.push(&if postgresql {
                    format!("CAST('\\x{digits}' AS BYTEA)")
                } else {
                    format!("X'{digits}'")
                });
            }
            Value::Date(value) => self.typed_literal("DATE", &text::date(*value)),
            Value::Time(value) => self.typed_literal("TIME", &text::time(*value)),
            Value::DateTime(value) => self.typed_literal("TIMESTAMP", &text::date_time(*value)),
            Value::Timestamp(value) if sqlite || postgresql => {
                self.typed_literal("TIMESTAMPTZ", &text::timestamp(*value));
            }
            Value::Timestamp(value) => self.typed_literal("TIMESTAMP", &text::date_time(value.naive_utc())),
            Value::Interval(value) if postgresql => self.typed_literal("INTERVAL", &text::interval(*value)),
            Value::Interval(value) => self.typed_literal("TIME", &text::interval(*value)),
            Value::Decimal(number) if sqlite => self.text_literal(&number.to_string()),
            Value::Decimal(number) if number.is_sign_negative() => self.push(&format!("({number})")),
            Value::Decimal(number) => self.push(&number.to_string()),
            Value::Digits(digits) if digits.starts_with('-') => self.push(&format!("({digits})")),
            Value::Digits(digits) => self.push(digits),
            Value::Uuid(value) => self.cast_literal("UUID", &value.to_string()),
            Value::Json(json) => self.cast_literal("JSONB", json),
            Value::Array(elements) => {
                self.push("ARRAY[");
                for (index, element) in elements.iter().enumerate() {
                    self.push(if index > 0 { ", " } else { "" });
                    self.literal(element);
                }
                self.push("]");
            }
            Value::Refused(why) => {
                let why = why.replace("*/", "* /");
                self.push(&format!("NULL /* no value: {why} */"));
            }
        }
    }

    /// An exponent makes it a floating point number on every database.
    fn float(&mut self, value: f64) {
        let postgresql = self.dialect.is(Backend::Postgresql);
        let word = match value {
            _ if value.is_nan() => "NaN",
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ if value.is_sign_negative() => return self.push(&format!("({value:e})")),
            _ => return self.push(&format!("{value:e}")),
        };
        self.push(&match word {
            _ if postgresql => format!("CAST('{word}' AS DOUBLE PRECISION)"),
            "Infinity" => "9e999".to_owned(),
            "-Infinity" => "(-9e999)".to_owned(),
            // The others have no such number.
            _ => "NULL".to_owned(),
        });
    }

    /// SQLite stores it as text.
    fn typed_literal(&mut self, name: &str, text: &str) {
        if !self.dialect.is(Backend::Sqlite) {
            self.push(name);
            self.push(" ");
        }
        self.text_literal(text);
    }

    /// Where the database has no such type, it is text.
    fn cast_literal(&mut self, name: &str, text: &str) {
        let cast = self.dialect.is(Backend::Postgresql);
        self.push(if cast { "CAST(" } else { "" });
        self.text_literal(text);
        if cast {
            self.push(&format!(" AS {name})"));
        }
    }

    /// What ends a text early, or its statement, is escaped: quotes, MySQL's backslashes, NUL where there is a way.
    fn text_literal(&mut self, text: &str) {
        let sqlite = self.dialect.is(Backend::Sqlite);
        if sqlite && text.contains('\0') {
            let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
            return self.push(&format!("CAST(X'{digits}' AS TEXT)"));
        }
        self.push("'");
        for character in text.chars() {
            match character {
                '\'' => self.push("''"),
                '\\' if self.dialect.backslash_escapes => self.push("\\\\"),
                '\0' if self.dialect.backslash_escapes => self.push("\\0"),
                _ => self.sql.push(character),
            }
        }
        self.push("'");
    }
}
