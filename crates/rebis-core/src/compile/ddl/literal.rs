//! Texts of a table's description inside of SQL, where databases take no parameters: defaults and comments.

use super::Writer;
use crate::dialect::Literals;
use crate::error::{Error, ErrorKind, Result};

impl Writer<'_> {
    pub(super) fn literal(&mut self, text: &str) -> Result<()> {
        if text.contains('\0') {
            return Err(Error::new(ErrorKind::Schema, "a default or a comment contains a NUL"));
        }
        let doubles = match self.dialect.tables.literals {
            Literals::Plain => false,
            Literals::DoubledBackslash => true,
            Literals::EscapeString => {
                let escaped = text.contains('\\');
                self.push(if escaped { "E" } else { "" });
                escaped
            }
        };
        self.push("'");
        for character in text.chars() {
            if character == '\'' || (doubles && character == '\\') {
                self.sql.push(character);
            }
            self.sql.push(character);
        }
        self.push("'");
        Ok(())
    }
}
