//! Names in SQL text.

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};

/// A name between the dialect's quotes, each of which is doubled inside it.
///
/// # Errors
/// [`ErrorKind::Schema`] for a name that the database would cut: it would mean the table, or the column, of the shorter name.
/// [`ErrorKind::Statement`] for an empty one and for a NUL.
pub(super) fn push_identifier(sql: &mut String, name: &str, dialect: &Dialect) -> Result<()> {
    if name.is_empty() || name.contains('\0') {
        return Err(Error::new(ErrorKind::Statement, "a name is empty or contains a NUL"));
    }
    if dialect.tables.cuts_names_at.is_some_and(|most| name.len() > most) {
        let text = format!("{} would cut the name '{name}', which is too long", dialect.name);
        return Err(Error::new(ErrorKind::Schema, text));
    }
    let quote = dialect.identifier_quote;
    sql.push(quote);
    for character in name.chars() {
        if character == quote {
            sql.push(quote);
        }
        sql.push(character);
    }
    sql.push(quote);
    Ok(())
}

/// The same, with its schema where one is named.
///
/// # Errors
/// As [`push_identifier`].
pub(super) fn push_qualified(
    sql: &mut String,
    schema: Option<&str>,
    name: &str,
    dialect: &Dialect,
) -> Result<()> {
    if let Some(schema) = schema {
        push_identifier(sql, schema, dialect)?;
        sql.push('.');
    }
    push_identifier(sql, name, dialect)
}
