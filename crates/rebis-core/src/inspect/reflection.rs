//! All tables of a schema → a [`MetaData`].

use std::fmt;

use super::facts::TableName;
use crate::engine::Connection;
use crate::error::Result;
use crate::schema::MetaData;

type Filter<'f> = dyn Fn(&str) -> bool + 'f;

/// Which tables are read into a [`MetaData`].
///
/// ```
/// use rebis_core::inspect::Reflection;
/// use rebis_core::schema::MetaData;
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table users (id integer primary key)"))?;
/// conn.execute(text("create table addresses (id integer primary key, owner int references users (id))"))?;
/// conn.execute(text("create table tmp_import (x)"))?;
/// let metadata = Reflection::new().filter(|name| !name.starts_with("tmp_")).read(&mut conn)?;
/// assert_eq!(metadata.sorted_tables()?.iter().map(|table| table.name()).collect::<Vec<_>>(), ["users", "addresses"]);
/// assert_eq!(MetaData::reflect(&mut conn)?.tables().len(), 3);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Default)]
#[must_use = "it reads nothing until `read`"]
pub struct Reflection<'f> {
    schema: Option<String>,
    filter: Option<Box<Filter<'f>>>,
    views: bool,
    alone: bool,
}

impl fmt::Debug for Reflection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reflection")
            .field("schema", &self.schema)
            .field("views", &self.views)
            .field("alone", &self.alone)
            .finish_non_exhaustive()
    }
}

impl<'f> Reflection<'f> {
    /// All tables of the connection's own schema, and those that they refer to.
    pub fn new() -> Self {
        Reflection::default()
    }

    /// Those of another schema.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Only those whose name it takes, and what they refer to.
    pub fn filter(mut self, filter: impl Fn(&str) -> bool + 'f) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Views as well.
    pub fn views(mut self) -> Self {
        self.views = true;
        self
    }

    /// Without following foreign keys to tables that were not asked for.
    pub fn without_referred(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Reads them.
    ///
    /// # Errors
    /// What the database says.
    pub fn read(&self, conn: &mut Connection) -> Result<MetaData> {
        let mut inspector = conn.inspect();
        let schema = self.schema.as_deref();
        let mut names = inspector.table_names(schema)?;
        if self.views {
            names.extend(inspector.view_names(schema)?);
        }
        if let Some(filter) = &self.filter {
            names.retain(|name| filter(name));
        }
        let names = names.into_iter().map(|name| TableName { schema: self.schema.clone(), name });
        let tables = inspector.follow(names, !self.alone)?;
        Ok(tables.iter().fold(MetaData::new(), MetaData::table))
    }
}

impl MetaData {
    /// All tables of the connection's own schema, and those that they refer to; [`Reflection`] says which and where.
    ///
    /// # Errors
    /// What the database says.
    pub fn reflect(conn: &mut Connection) -> Result<MetaData> {
        Reflection::new().read(conn)
    }
}
