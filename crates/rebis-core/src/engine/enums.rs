//! The types of enums in the database: made where they are missing, dropped where they are there.

use super::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{EnumType, Table};
use crate::sql::{drop_enum, text};
use crate::url::Backend;

impl Connection {
    /// Whether the enum's type is there, by the database's catalogue.
    pub(super) fn has_enum(&mut self, enumeration: &EnumType) -> Result<bool> {
        let Some(count) = self.dialect().tables.count_types else { return Ok(false) };
        let count = text(count)
            .bind("schema", self.schema_of(enumeration.schema.as_deref()))
            .bind("name", enumeration.name());
        Ok(self.scalar::<i64>(count)? > 0)
    }

    /// Drops those that are there.
    pub(super) fn drop_enums(&mut self, enumerations: &[EnumType]) -> Result<()> {
        for enumeration in enumerations {
            if self.has_enum(enumeration)? {
                self.execute(drop_enum(enumeration))?;
            }
        }
        Ok(())
    }
}

/// The enums of these tables' columns, each once.
///
/// # Errors
/// [`ErrorKind::Schema`] when two that differ have the same name.
pub(super) fn enumerations(tables: &[Table], backend: Backend) -> Result<Vec<EnumType>> {
    let mut found: Vec<EnumType> = Vec::new();
    let columns = tables.iter().flat_map(Table::columns);
    for enumeration in columns.filter_map(|column| column.sql_type().enumeration(backend)) {
        match found.iter().find(|known| known.is_named_as(enumeration)) {
            Some(known) if known != enumeration => {
                let text = format!("two enums that differ are both called '{}'", enumeration.name());
                return Err(Error::new(ErrorKind::Schema, text));
            }
            Some(_) => {}
            None => found.push(enumeration.clone()),
        }
    }
    Ok(found)
}
