//! One column of CREATE TABLE.

use std::borrow::Cow;

use super::Writer;
use super::objects::push_next_value;
use crate::compile::types::{column_type_in, push_labels};
use crate::dialect::{Comments, Enums, Identity, Writing};
use crate::error::Result;
use crate::schema::{ColumnDef, ServerDefault, SqlType, Table};

impl Writer<'_> {
    pub(super) fn column(&mut self, table: &Table, column: &ColumnDef) -> Result<()> {
        let words = self.dialect.tables;
        self.identifier(&column.name)?;
        self.push(" ");
        let whole_key = column.autoincrement && self.key_is_in_column(table)?;
        // SQLite counts a key of exactly this type.
        let sql_type = if whole_key { &SqlType::Integer } else { &column.sql_type };
        let name = column_type_in(sql_type, self.dialect, self.schemas)?;
        let strict = self.dialect.writing == Writing::Sqlite && table.sqlite_options().strict;
        self.push(if strict { strict_type(&name) } else { &name });
        if let Some(collation) = &column.collation {
            self.push(" COLLATE ");
            self.identifier(collation)?;
        }
        self.identity(column)?;
        if let Some(computed) = &column.computed {
            self.push(" GENERATED ALWAYS AS (");
            self.expression(table, &computed.expression)?;
            self.push(if computed.stored { ") STORED" } else { ") VIRTUAL" });
        }
        if let Some(default) = &column.server_default {
            self.push(" DEFAULT ");
            self.default_value(table, default, &column.sql_type)?;
        }
        let not_null = !column.nullable || column.primary_key;
        if not_null && (column.computed.is_none() || words.computed_not_null) {
            self.push(" NOT NULL");
        }
        if whole_key {
            self.push(" PRIMARY KEY AUTOINCREMENT");
        } else if column.autoincrement && words.identity == Identity::AutoIncrement {
            self.push(" AUTO_INCREMENT");
        }
        self.check_labels(table, column)?;
        if let (Comments::Inline, Some(comment)) = (words.comments, &column.comment) {
            self.push(" COMMENT ");
            self.inline_comment(comment)?;
        }
        Ok(())
    }

    /// Where an enum is a text, that it is one of the labels.
    fn check_labels(&mut self, table: &Table, column: &ColumnDef) -> Result<()> {
        let sql_type = column.sql_type.on(self.dialect.backend);
        let (Enums::Check, SqlType::Enum(enumeration)) = (self.dialect.types.enums, sql_type) else {
            return Ok(());
        };
        self.push(" ");
        self.constraint_name(Some(&format!("ck_{}_{}", table.name(), column.name())))?;
        self.push("CHECK (");
        self.identifier(column.name())?;
        self.push(" IN ");
        push_labels(&mut self.sql, &enumeration.labels, self.dialect)?;
        self.push(")");
        Ok(())
    }

    /// How PostgreSQL counts a column, and whether the others can count it so.
    fn identity(&mut self, column: &ColumnDef) -> Result<()> {
        let Some(identity) = column.counting() else { return Ok(()) };
        let starts = self.dialect.tables.identity == Identity::AutoIncrement;
        if self.dialect.tables.identity == Identity::Generated {
            if *column.sql_type.on(self.dialect.backend) == SqlType::UnsignedBigInteger {
                let what = "counted columns of 64 bits without a sign; use `SqlType::BigInteger`, with the other as a variant \
                            where it is wanted";
                return self.unsupported(what);
            }
            let when = if identity.always { "ALWAYS" } else { "BY DEFAULT" };
            self.push(&format!(" GENERATED {when} AS IDENTITY"));
            let start = identity.start.map(|start| format!("START WITH {start}"));
            let increment = identity.increment.map(|step| format!("INCREMENT BY {step}"));
            let options: Vec<String> = start.into_iter().chain(increment).collect();
            if !options.is_empty() {
                self.push(&format!(" ({})", options.join(" ")));
            }
        } else if identity.always {
            return self.unsupported("counted columns that take no key of the program's own");
        } else if identity.increment.is_some() || (identity.start.is_some() && !starts) {
            return self.unsupported("counted columns with this start or step; give the keys yourself");
        }
        Ok(())
    }

    pub(super) fn default_value(
        &mut self,
        table: &Table,
        default: &ServerDefault,
        sql_type: &SqlType,
    ) -> Result<()> {
        match default {
            ServerDefault::Expression(expression) => {
                self.push("(");
                self.expression(table, expression)?;
                self.push(")");
            }
            ServerDefault::NextValue(sequence) => {
                self.push("(");
                let schema = self.schemas.translate(sequence.schema_name());
                push_next_value(&mut self.sql, schema, sequence.name(), self.dialect)?;
                self.push(")");
            }
            ServerDefault::Sql(sql) => {
                self.push("(");
                self.push(sql);
                self.push(")");
            }
            ServerDefault::Text(text) => {
                let sql_type = sql_type.on(self.dialect.backend);
                let large = match sql_type {
                    SqlType::Text | SqlType::LargeBinary | SqlType::Json => true,
                    SqlType::Mysql(own) => own.is_large(),
                    _ => false,
                };
                let parentheses = large && self.dialect.tables.large_default_is_expression;
                self.push(if parentheses { "(" } else { "" });
                self.literal(text)?;
                self.push(if parentheses { ")" } else { "" });
            }
            ServerDefault::Integer(number) => self.push(&number.to_string()),
            ServerDefault::Boolean(value) => self.push(if *value { "TRUE" } else { "FALSE" }),
            ServerDefault::CurrentTimestamp => {
                let now = self.now(sql_type.on(self.dialect.backend));
                self.push(&now);
            }
        }
        Ok(())
    }

    /// The moment of the insert. MySQL takes no other digits than the column's.
    fn now(&self, sql_type: &SqlType) -> Cow<'static, str> {
        match sql_type {
            SqlType::DateTimeWith { precision } | SqlType::TimestampWith { precision }
                if self.dialect.writing == Writing::Mysql =>
            {
                let digits = if *precision == 0 { String::new() } else { format!("({precision})") };
                format!("CURRENT_TIMESTAMP{digits}").into()
            }
            _ => self.dialect.tables.now.into(),
        }
    }
}

/// The type of a STRICT table whose rules SQLite has for that name elsewhere.
pub(crate) fn strict_type(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.to_ascii_uppercase().contains(word));
    match () {
        () if has(&["INT", "BOOL"]) => "INTEGER",
        () if has(&["CHAR", "CLOB", "TEXT", "DATE", "TIME"]) => "TEXT",
        () if has(&["BLOB"]) => "BLOB",
        () if has(&["REAL", "FLOA", "DOUB"]) => "REAL",
        () => "ANY",
    }
}
