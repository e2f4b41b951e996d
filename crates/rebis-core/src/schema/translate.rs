//! Schemas that stand for others: one description of a table, a schema for each tenant.

use std::sync::Arc;

use super::Table;

/// Which schema is meant by which: a table's description names one, or none, and statements go to the other.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SchemaTranslateMap, SqlType, Table};
/// use rebis_core::sql::{IntoStatement, insert_into};
/// use rebis_core::Engine;
///
/// let engine = Engine::new("sqlite://")?;
/// let notes = Table::build("notes").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// let tenant = engine.execution_options(|options| {
///     options.schema_translate_map = SchemaTranslateMap::new().with(None::<&str>, Some("tenant_7"));
/// })?;
/// let insert = insert_into(&notes).values([("n", 1)])?.into_statement();
/// assert_eq!(tenant.compile(&insert)?.sql(), r#"INSERT INTO "tenant_7"."notes" ("n") VALUES (?1)"#);
/// assert_eq!(engine.compile(&insert)?.sql(), r#"INSERT INTO "notes" ("n") VALUES (?1)"#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SchemaTranslateMap(Option<Arc<Vec<Translation>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Translation {
    named: Option<String>,
    meant: Option<String>,
}

impl SchemaTranslateMap {
    /// One by which every schema is itself.
    pub fn new() -> Self {
        SchemaTranslateMap::default()
    }

    /// The same as [`new`](Self::new), for whoever borrows it.
    pub(crate) fn none() -> &'static Self {
        static NONE: SchemaTranslateMap = SchemaTranslateMap(None);
        &NONE
    }

    /// The same, where `named` means `meant`; `None` is the schema of a table that names none. The last one said counts.
    #[must_use]
    pub fn with(mut self, named: Option<impl Into<String>>, meant: Option<impl Into<String>>) -> Self {
        let translation = Translation { named: named.map(Into::into), meant: meant.map(Into::into) };
        let translations = Arc::make_mut(self.0.get_or_insert_default());
        translations.retain(|known| known.named != translation.named);
        translations.push(translation);
        self
    }

    /// The schema that is meant by a table's; a temporary one is in none.
    pub(crate) fn of_table<'s>(&'s self, table: &'s Table) -> Option<&'s str> {
        if table.is_temporary() { table.schema() } else { self.translate(table.schema()) }
    }

    /// The schema that is meant.
    pub(crate) fn translate<'s>(&'s self, named: Option<&'s str>) -> Option<&'s str> {
        let mut translations = self.0.iter().flat_map(|translations| translations.iter());
        match translations.find(|known| known.named.as_deref() == named) {
            Some(known) => known.meant.as_deref(),
            None => named,
        }
    }
}
