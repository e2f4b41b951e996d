//! Names in SQL text.

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};

/// A name between the dialect's quotes, each of which is doubled inside it.
pub(super) fn push_identifier(sql: &mut String, name: &str, dialect: &Dialect) -> Result<()> {
    if name.is_empty() || name.contains('\0') {
        return Err(Error::new(ErrorKind::Statement, "a name is empty or contains a NUL"));
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
