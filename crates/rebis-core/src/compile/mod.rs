//! Statements → SQL text of one dialect and the order of its parameters.

mod cache;
mod ddl;
mod identifier;
mod key;
mod literal;
mod places;
mod render;
mod scan;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use cache::CompiledCache;
pub use cache::CompiledStatement;
pub(crate) use ddl::{create_statements, default_text, expression_text, strict_type};
pub(crate) use render::{Rendered, fits_in_array, update_of_arrays};
pub(crate) use types::{cast_that_keeps, column_type};

use crate::dialect::{Dialect, Placeholder};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::Text;
use crate::value::Value;

/// A statement as the driver gets it, without values: the same for every execution.
#[derive(Debug, PartialEq)]
pub(crate) struct Compiled {
    /// The text with the dialect's placeholders.
    pub(crate) sql: Box<str>,
    /// The names of the parameters, in the order in which they occur first.
    pub(crate) names: Box<[Box<str>]>,
    /// For each placeholder, the index of its name; of a tree, the number of its value.
    pub(crate) order: Box<[usize]>,
    /// Values that belong to the text, numbered behind the statement's own.
    pub(crate) fixed: Box<[Value]>,
    /// The tables that a cached tree names: its key has their addresses, which must not become another table's.
    pub(crate) tables: Box<[Table]>,
}

/// On every database the same, before anything is sent: SQLite would take a NUL for the end of the statement, PostgreSQL's protocol
/// for the end of the message's text.
fn check_nul(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(Error::new(ErrorKind::Statement, "the statement contains a NUL"));
    }
    Ok(())
}

/// Compiles SQL written by hand: names become placeholders, everything else stays as it is.
///
/// # Errors
/// [`Statement`](crate::ErrorKind::Statement) when a quote or a comment does not end, for a placeholder of the database's
/// own, and for a NUL.
pub(crate) fn compile_text(text: &Text, dialect: &Dialect) -> Result<Compiled> {
    check_nul(text.sql())?;
    let mut sql = String::with_capacity(text.sql().len());
    let mut names: Vec<Box<str>> = Vec::new();
    let mut order = Vec::new();
    for piece in scan::scan(text.sql(), dialect) {
        match piece? {
            scan::Piece::Sql(verbatim) => sql.push_str(verbatim),
            scan::Piece::Parameter(name) => {
                let known = names.iter().position(|known| **known == *name);
                let index = known.unwrap_or(names.len());
                if known.is_none() {
                    names.push(name.into());
                }
                match dialect.placeholder {
                    Placeholder::Question => {
                        sql.push('?');
                        order.push(index);
                    }
                    Placeholder::QuestionNumber | Placeholder::DollarNumber => {
                        sql.push(if dialect.placeholder == Placeholder::DollarNumber { '$' } else { '?' });
                        sql.push_str(&(index + 1).to_string());
                        if known.is_none() {
                            order.push(index);
                        }
                    }
                }
            }
        }
    }
    Ok(Compiled {
        sql: sql.into(),
        names: names.into(),
        order: order.into(),
        fixed: Box::default(),
        tables: Box::default(),
    })
}
