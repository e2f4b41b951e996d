//! Texts inside of SQL, where databases take no parameters: defaults, comments, the labels of enums.

use crate::dialect::{Dialect, Literals};
use crate::error::{Error, ErrorKind, Result};

/// A text as a literal, which is the same text in every mode of the session.
///
/// # Errors
/// [`ErrorKind::Schema`] when it contains a NUL.
pub(super) fn push_literal(sql: &mut String, text: &str, dialect: &Dialect) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::Schema, "a default, a comment or a label contains a NUL"));
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
