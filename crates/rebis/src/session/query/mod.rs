//! Queries for objects.

mod asked;
mod filters;
mod rows;
mod stream;
mod write;

use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::Result;
use rebis_core::sql::{Expr, IntoSource, LockWait, Ordering};

use asked::Asked;
pub use filters::JoinRelated;
pub use rows::{EntityColumns, NullableEntity, RowPart, RowParts, RowQuery, entity};
pub use stream::Stream;

use super::core::Core;
use super::instance::Instance;
use crate::load::Populate;
use crate::mapper::{Mapper, Record};
use crate::model::LoadOption;

/// A query for the objects of a model; made by [`Session::query`](crate::Session::query).
#[derive(Debug)]
#[must_use = "a query does nothing until it is asked for rows"]
pub struct Query<T> {
    asked: Asked,
    marker: PhantomData<T>,
}

impl<T: Record> Query<T> {
    pub(super) fn of(core: &Rc<Core>, mapper: Result<&'static Mapper>) -> Self {
        Query { asked: Asked::of(core, mapper), marker: PhantomData }
    }

    fn with(self, change: impl FnOnce(Asked) -> Asked) -> Self {
        Query { asked: change(self.asked), ..self }
    }

    /// Only the rows for which this is true, and what was said before.
    pub fn filter(self, condition: Expr<bool>) -> Self {
        self.with(|asked| asked.filter(condition))
    }

    /// [`filter`](Query::filter) where there is a value to filter by.
    pub fn where_if<V>(self, value: Option<V>, condition: impl FnOnce(V) -> Expr<bool>) -> Self {
        match value {
            Some(value) => self.filter(condition(value)),
            None => self,
        }
    }

    /// Joins another source: its columns can be used in conditions and orders.
    pub fn join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.join_source(source.into(), on, false)
    }

    /// The same, with rows that have no partner there.
    pub fn outer_join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.join_source(source.into(), on, true)
    }

    /// In this order, behind what was said before.
    pub fn order_by(self, key: impl Into<Ordering>) -> Self {
        let key = key.into();
        self.with(|asked| asked.order_by(key))
    }

    /// At most so many.
    pub fn limit(self, count: u64) -> Self {
        self.with(|asked| asked.limit(count))
    }

    /// Without the first ones.
    pub fn offset(self, count: u64) -> Self {
        self.with(|asked| asked.offset(count))
    }

    /// Without repetitions.
    pub fn distinct(self) -> Self {
        self.with(Asked::distinct)
    }

    /// Locks the rows until the end of the transaction; SQLite locks nothing. What [`joinedload`](crate::joinedload) would join comes
    /// by statements of its own then, and is not locked.
    pub fn for_update(self, wait: LockWait) -> Self {
        self.with(|asked| asked.for_update(wait))
    }

    /// Objects that the session has already take over what is read; what has changed of them and is not flushed is lost.
    pub fn populate_existing(mut self) -> Self {
        self.asked.populate = Populate::Existing;
        self
    }

    /// How the objects of a relation come, and those behind them; deferred columns that are loaded ([`undefer`](crate::undefer)); a
    /// condition for a model ([`with_loader_criteria`](crate::with_loader_criteria)). It stays with the objects: also when they are refreshed, and
    /// when their relations are loaded later. What is said last of a relation counts.
    ///
    /// ```
    /// use rebis::{Session, joinedload, selectinload};
    /// # use rebis::{Model, Result, ToMany, ToOne};
    /// # fn with<User: Model, Address: Model>(
    /// #     addresses: ToMany<User, Address>,
    /// #     user: ToOne<Address, User>,
    /// #     session: &Session,
    /// # ) -> Result<()> {
    /// // With `User::addresses` and `Address::user` of two models:
    /// let users = session.query::<User>().option(selectinload(addresses).then(joinedload(user))).all()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn option(mut self, option: impl LoadOption<T>) -> Self {
        option.add_to(&mut self.asked.options);
        self
    }

    /// All of them; each object once for each row, and once only when a collection is loaded by a join.
    ///
    /// # Errors
    /// What the database says; [`Conversion`](rebis_core::ErrorKind::Conversion) for a row that the struct cannot hold.
    #[track_caller]
    pub fn all(self) -> Result<Vec<Instance<T>>> {
        let (core, found) = self.asked.all()?;
        Ok(found.into_iter().map(|object| Instance::new(&core, object)).collect())
    }

    /// How many rows it has.
    ///
    /// # Errors
    /// As [`all`](Query::all).
    #[track_caller]
    pub fn count(self) -> Result<u64> {
        self.asked.count()
    }

    /// Whether it has a row.
    ///
    /// # Errors
    /// As [`all`](Query::all).
    #[track_caller]
    pub fn exists(self) -> Result<bool> {
        self.asked.exists()
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
    /// [`NoRow`](rebis_core::ErrorKind::NoRow), [`MultipleRows`](rebis_core::ErrorKind::MultipleRows), and as [`all`](Query::all).
    #[track_caller]
    pub fn one(self) -> Result<Instance<T>> {
        let (core, object) = self.asked.one()?;
        Ok(Instance::new(&core, object))
    }

    /// The only one, or none.
    ///
    /// # Errors
    /// [`MultipleRows`](rebis_core::ErrorKind::MultipleRows), and as [`all`](Query::all).
    #[track_caller]
    pub fn one_or_none(self) -> Result<Option<Instance<T>>> {
        let (core, object) = self.asked.one_or_none()?;
        Ok(object.map(|object| Instance::new(&core, object)))
    }
}
