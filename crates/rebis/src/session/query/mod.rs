//! Queries for objects.

mod filters;
mod rows;
mod stream;
mod write;

use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::sql::{Expr, IntoSource, LockWait, Ordering, Select, Untyped, count_all, literal};
use rebis_core::{Error, ErrorKind, Result};

pub use filters::JoinRelated;
pub use rows::{EntityColumns, NullableEntity, RowPart, RowParts, RowQuery, entity};
pub use stream::Stream;

use super::core::Core;
use super::instance::Instance;
use crate::load::{Fetch, Populate, select_all};
use crate::mapper::{Mapper, Record};
use crate::model::{LoadOption, LoadOptions};

/// A query for the objects of a model; made by [`Session::query`](crate::Session::query).
#[derive(Debug)]
#[must_use = "a query does nothing until it is asked for rows"]
pub struct Query<T> {
    core: CoreRef,
    /// The mapper and the query; or what is wrong with the model.
    select: Result<(&'static Mapper, Select<Untyped>)>,
    /// Whether it has a LIMIT, an OFFSET or a DISTINCT.
    paged: bool,
    /// Whether it says more than which rows: to ask something else of them it is a subquery.
    ordered: bool,
    filters: Vec<Expr<bool>>,
    /// Whether the rows are locked: then nothing is joined to them, as PostgreSQL locks no rows that may be missing.
    locked: bool,
    /// Whether nothing but filters was said.
    only_filters: bool,
    populate: Populate,
    options: LoadOptions,
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
            paged: false,
            ordered: false,
            filters: Vec::new(),
            locked: false,
            only_filters: true,
            populate: Populate::Expired,
            options: LoadOptions::default(),
            marker: PhantomData,
        }
    }

    fn with(mut self, change: impl FnOnce(Select<Untyped>) -> Select<Untyped>) -> Self {
        self.only_filters = false;
        self.select = self.select.map(|(mapper, select)| (mapper, change(select)));
        self
    }

    fn name(&self) -> &'static str {
        self.select.as_ref().map_or("object", |(mapper, _)| mapper.name())
    }

    /// Only the rows for which this is true, and what was said before.
    pub fn filter(mut self, condition: Expr<bool>) -> Self {
        let only_filters = self.only_filters;
        self.filters.push(condition.clone());
        self = self.with(|select| select.filter(condition));
        self.only_filters = only_filters;
        self
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
        self.with(|select| select.join(source, on))
    }

    /// The same, with rows that have no partner there.
    pub fn outer_join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.with(|select| select.outer_join(source, on))
    }

    /// In this order, behind what was said before.
    pub fn order_by(mut self, key: impl Into<Ordering>) -> Self {
        self.ordered = true;
        self.with(|select| select.order_by(key))
    }

    /// At most so many.
    pub fn limit(mut self, count: u64) -> Self {
        self.paged = true;
        self.with(|select| select.limit(count))
    }

    /// Without the first ones.
    pub fn offset(mut self, count: u64) -> Self {
        self.paged = true;
        self.with(|select| select.offset(count))
    }

    /// Without repetitions.
    pub fn distinct(mut self) -> Self {
        self.paged = true;
        self.with(Select::distinct)
    }

    /// Locks the rows until the end of the transaction; SQLite locks nothing. What [`joinedload`](crate::joinedload) would join comes
    /// by statements of its own then, and is not locked.
    pub fn for_update(mut self, wait: LockWait) -> Self {
        self.locked = true;
        self.with(|select| select.for_update(wait))
    }

    /// Objects that the session has already take over what is read; what has changed of them and is not flushed is lost.
    pub fn populate_existing(mut self) -> Self {
        self.populate = Populate::Existing;
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
        option.add_to(&mut self.options);
        self
    }

    fn fetch(self) -> Result<(Rc<Core>, Fetch, Populate)> {
        let (mapper, select) = self.select?;
        let options = if self.locked { self.options.without_joins() } else { self.options };
        let fetch = Fetch::new(mapper, select, Rc::new(options));
        Ok((self.core.0, Fetch { paged: self.paged, ..fetch }, self.populate))
    }

    /// All of them; each object once for each row, and once only when a collection is loaded by a join.
    ///
    /// # Errors
    /// What the database says; [`Conversion`](ErrorKind::Conversion) for a row that the struct cannot hold.
    #[track_caller]
    pub fn all(self) -> Result<Vec<Instance<T>>> {
        let (core, fetch, populate) = self.fetch()?;
        core.autoflush()?;
        core.unit.sweep_if_due();
        let found = core.on_connection(|conn| fetch.all(&core.unit, conn, populate))?;
        Ok(found.into_iter().map(|object| Instance::new(&core, object)).collect())
    }

    /// How many rows it has.
    ///
    /// # Errors
    /// As [`all`](Query::all).
    #[track_caller]
    pub fn count(self) -> Result<u64> {
        let (_, select) = self.select?;
        let select = self.options.criteria().apply(select, &[]);
        let core = &self.core.0;
        core.autoflush()?;
        let statement = if self.paged || self.ordered || self.locked {
            rebis_core::sql::select((count_all(),)).from(&select.subquery("counted"))
        } else {
            select.with_only_columns((count_all(),))
        };
        let count = core.on_connection(|conn| conn.scalar(statement))?;
        u64::try_from(count)
            .map_err(|_| Error::new(ErrorKind::Protocol, "the database counts less than no rows"))
    }

    /// Whether it has a row.
    ///
    /// # Errors
    /// As [`all`](Query::all).
    #[track_caller]
    pub fn exists(self) -> Result<bool> {
        let (mapper, select) = self.select?;
        let select = self.options.criteria().apply(select, &[]);
        let core = &self.core.0;
        core.autoflush()?;
        if self.paged || self.ordered || self.locked {
            let found = rebis_core::sql::select((literal(1_i64),)).from(&select.subquery("found")).limit(1);
            return core.on_connection(|conn| Ok(conn.execute(found)?.first()?.is_some()));
        }
        let key = mapper.key().iter().take(1).map(|key| &mapper.mapped()[*key].name);
        let key: Vec<_> = key.map(|name| mapper.table().c(name.to_string())).collect();
        let statement = select.with_only_columns(key).limit(1);
        core.on_connection(|conn| Ok(conn.execute(statement)?.first()?.is_some()))
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
    #[track_caller]
    pub fn one(self) -> Result<Instance<T>> {
        let name = self.name();
        let none = || Error::new(ErrorKind::NoRow, format!("one {name} was expected, and there is none"));
        self.one_or_none()?.ok_or_else(none)
    }

    /// The only one, or none.
    ///
    /// # Errors
    /// [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](Query::all).
    #[track_caller]
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
