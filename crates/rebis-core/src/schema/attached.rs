//! SQL of the program's own that goes with a table.

use super::backends::OnlyOn;
use crate::url::Backend;

/// SQL that runs when its table is made or dropped: a trigger, a grant, rows that must be there.
///
/// ```
/// use rebis_core::{Backend, Engine, text};
/// use rebis_core::schema::{AttachedDdl, ColumnDef, DdlMoment, SqlType, Table};
///
/// let rows = AttachedDdl::new(DdlMoment::AfterCreate, "INSERT INTO colours VALUES ('red'), ('blue')");
/// let colours = Table::build("colours")
///     .column(ColumnDef::new("name", SqlType::Text))
///     .attach(rows)
///     .attach(AttachedDdl::new(DdlMoment::AfterCreate, "GRANT SELECT ON colours TO PUBLIC").only_on([Backend::Postgresql]))
///     .finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&colours)?;
/// assert_eq!(conn.scalar::<i64>(text("select count(*) from colours"))?, 2);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedDdl {
    pub(crate) moment: DdlMoment,
    pub(crate) sql: &'static str,
    pub(crate) only_on: OnlyOn,
}

/// When a table's DDL is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DdlMoment {
    /// Before CREATE TABLE, where the table is not there yet.
    BeforeCreate,
    /// Behind CREATE TABLE, its indexes and its comments.
    AfterCreate,
    /// Before DROP TABLE, where the table is there.
    BeforeDrop,
    /// Behind DROP TABLE.
    AfterDrop,
}

impl AttachedDdl {
    /// This SQL, which goes to the database as it stands, at that moment.
    pub fn new(moment: DdlMoment, sql: &'static str) -> Self {
        AttachedDdl { moment, sql, only_on: OnlyOn::default() }
    }

    /// The same, on these databases only.
    #[must_use]
    pub fn only_on(mut self, backends: impl IntoIterator<Item = Backend>) -> Self {
        self.only_on = OnlyOn::these(backends);
        self
    }
}
