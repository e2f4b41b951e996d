//! What listeners are told of tables that are made and dropped, and the SQL that tables bring along.

use super::events::DdlListener;
use super::{Connection, Engine};
use crate::error::Result;
use crate::pool::Listener;
use crate::schema::{DdlMoment, MetaData, Table};
use crate::sql::ddl;

/// A table, or all of a [`MetaData`], that is made or dropped.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct DdlEvent<'e> {
    /// Before or behind what.
    pub moment: DdlMoment,
    /// Of what.
    pub target: DdlTarget<'e>,
}

/// What is made or dropped.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DdlTarget<'e> {
    /// One table, by itself or as one of several.
    Table(&'e Table),
    /// All that are told to `create_all` or `drop_all`, whether they are there or not.
    MetaData(&'e MetaData),
}

impl DdlEvent<'_> {
    /// The table, where it is one.
    pub fn table(&self) -> Option<&Table> {
        match self.target {
            DdlTarget::Table(table) => Some(table),
            DdlTarget::MetaData(_) => None,
        }
    }
}

impl Engine {
    /// Before a table, or all of a `MetaData`, is made. An error ends the work, and so it does in the three others.
    pub fn on_before_create(
        &self,
        listener: impl Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.on_ddl(DdlMoment::BeforeCreate, listener)
    }

    /// Behind a table with its indexes, or all of a `MetaData`, that was made.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.on_after_create(|conn, event| {
    ///     if event.table().is_some_and(|table| table.name() == "colours") {
    ///         conn.execute(text("insert into colours values ('red')"))?;
    ///     }
    ///     Ok(())
    /// });
    /// let colours = Table::build("colours").column(ColumnDef::new("name", SqlType::Text)).finish()?;
    /// let mut conn = engine.connect()?;
    /// conn.create_table(&colours)?;
    /// assert_eq!(conn.scalar::<String>(text("select name from colours"))?, "red");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_after_create(
        &self,
        listener: impl Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.on_ddl(DdlMoment::AfterCreate, listener)
    }

    /// Before a table, or all of a `MetaData`, is dropped.
    pub fn on_before_drop(
        &self,
        listener: impl Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.on_ddl(DdlMoment::BeforeDrop, listener)
    }

    /// Behind a table, or all of a `MetaData`, that was dropped.
    pub fn on_after_drop(
        &self,
        listener: impl Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.on_ddl(DdlMoment::AfterDrop, listener)
    }

    fn on_ddl(
        &self,
        moment: DdlMoment,
        listener: impl Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        let listener: DdlListener = (moment, Box::new(listener));
        Listener::new(self.core().listeners.ddl.push(listener))
    }
}

impl Connection {
    /// Tells the listeners, and runs what the table brings along: behind them before it is made or dropped, else before them.
    pub(super) fn tell_ddl(&mut self, moment: DdlMoment, target: DdlTarget<'_>) -> Result<()> {
        let before = matches!(moment, DdlMoment::BeforeCreate | DdlMoment::BeforeDrop);
        if !before {
            self.run_attached(moment, target)?;
        }
        let engine = self.engine().clone();
        let event = DdlEvent { moment, target };
        for (heard, listener) in engine.core().listeners.ddl.iter() {
            if *heard == moment {
                listener(self, &event)?;
            }
        }
        if before { self.run_attached(moment, target) } else { Ok(()) }
    }

    fn run_attached(&mut self, moment: DdlMoment, target: DdlTarget<'_>) -> Result<()> {
        let DdlTarget::Table(table) = target else { return Ok(()) };
        let backend = self.dialect().backend;
        let wanted =
            |ddl: &&crate::schema::AttachedDdl| ddl.moment == moment && ddl.only_on.includes(backend);
        for attached in table.attached().iter().filter(wanted) {
            self.execute(ddl(attached.sql))?;
        }
        Ok(())
    }
}
