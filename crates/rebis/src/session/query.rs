//! Queries for objects.

use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::sql::{Expr, LockWait, Ordering, Select, Source, Untyped};
use rebis_core::{Error, ErrorKind, Result};

use super::core::Core;
use super::instance::Instance;
use crate::load::{Populate, load, select_all};
use crate::mapper::{Mapper, Record};

/// A query for the objects of a model; made by [`Session::query`](crate::Session::query).
#[derive(Debug)]
#[must_use = "a query does nothing until it is asked for rows"]
pub struct Query<T> {
    core: CoreRef,
    /// The mapper and the query; or what is wrong with the model.
    select: Result<(&'static Mapper, Select<Untyped>)>,
    populate: Populate,
    marker: PhantomData<T>,
}

struct CoreRef(Rc<Core>);

impl std::fmt::Debug for CoreRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl<T: Record> Query<T> {
    pub(super) fn of(core: &Rc<Core>, mapper: Result<&'static Mapper>) -> Self {
        Query {
            core: CoreRef(Rc::clone(core)),
            select: mapper.map(|mapper| (mapper, select_all(mapper))),
            populate: Populate::Expired,
            marker: PhantomData,
        }
    }

    fn with(mut self, change: impl FnOnce(Select<Untyped>) -> Select<Untyped>) -> Self {
        self.select = self.select.map(|(mapper, select)| (mapper, change(select)));
        self
    }

    fn name(&self) -> &'static str {
        self.select.as_ref().map_or("object", |(mapper, _)| mapper.name())
    }

    /// Only the rows for which this is true, and what was said before.
    pub fn filter(self, condition: Expr<bool>) -> Self {
        self.with(|select| select.filter(condition))
    }

    /// Joins another source: its columns can be used in conditions and orders.
    pub fn join(self, source: impl Into<Source>, on: Expr<bool>) -> Self {
        self.with(|select| select.join(source, on))
    }

    /// In this order, behind what was said before.
    pub fn order_by(self, key: impl Into<Ordering>) -> Self {
        self.with(|select| select.order_by(key))
    }

    /// At most so many.
    pub fn limit(self, count: u64) -> Self {
        self.with(|select| select.limit(count))
    }

    /// Without the first ones.
    pub fn offset(self, count: u64) -> Self {
        self.with(|select| select.offset(count))
    }

    /// Without repetitions.
    pub fn distinct(self) -> Self {
        self.with(Select::distinct)
    }

    /// Locks the rows until the end of the transaction; SQLite locks nothing.
    pub fn for_update(self, wait: LockWait) -> Self {
        self.with(|select| select.for_update(wait))
    }

    /// Objects that the session has already take over what is read; what has changed of them and is not flushed is lost.
    pub fn populate_existing(mut self) -> Self {
        self.populate = Populate::Existing;
        self
    }

    /// All of them; each object once for each row.
    ///
    /// # Errors
    /// What the database says; [`Conversion`](ErrorKind::Conversion) for a row that the struct cannot hold.
    pub fn all(self) -> Result<Vec<Instance<T>>> {
        let core = &self.core.0;
        let (mapper, select) = self.select?;
        core.autoflush()?;
        core.unit.sweep_if_due();
        let found = core.on_connection(|conn| load(&core.unit, conn, mapper, select, self.populate))?;
        Ok(found.into_iter().map(|object| Instance::new(core, object)).collect())
    }

    /// The first one.
    ///
    /// # Errors
    /// As [`all`](Query::all).
    pub fn first(self) -> Result<Option<Instance<T>>> {
        Ok(self.limit(1).all()?.into_iter().next())
    }

    /// The only one.
    ///
    /// # Errors
    /// [`NoRow`](ErrorKind::NoRow), [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](Query::all).
    pub fn one(self) -> Result<Instance<T>> {
        let name = self.name();
        let none = || Error::new(ErrorKind::NoRow, format!("one {name} was expected, and there is none"));
        self.one_or_none()?.ok_or_else(none)
    }

    /// The only one, or none.
    ///
    /// # Errors
    /// [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](Query::all).
    pub fn one_or_none(self) -> Result<Option<Instance<T>>> {
        let name = self.name();
        let mut found = self.all()?.into_iter();
        match (found.next(), found.next()) {
            (one, None) => Ok(one),
            _ => Err(Error::new(
                ErrorKind::MultipleRows,
                format!("one {name} was expected, and there are more"),
            )),
        }
    }
}
