//! Queries whose rows have objects and columns side by side.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::schema::Entity;
use rebis_core::sql::{
    Alias, Column, Expr, IntoSource, Labelled, LockWait, Ordering, Select, Selection, Source, Typed, Untyped,
    named, select,
};
use rebis_core::{Error, ErrorKind, FromValue, Result, Value};

use super::JoinRelated;
use crate::load::{Populate, Reading, after, columns};
use crate::mapper::{Model, Object, mapper};
use crate::model::{LoadOption, LoadOptions, Loading};
use crate::session::core::Core;
use crate::session::{Instance, Session};

/// All columns of a model, as one part of a row: an object of the session.
///
/// ```
/// use rebis::sql::Expression;
/// use rebis::{Instance, JoinRelated, Session, entity};
/// # use rebis::{Model, Result, ToMany, sql::Column};
/// # fn with<User: Model, Address: Model>(
/// #     addresses: ToMany<User, Address>,
/// #     email: Column<Address, String>,
/// #     session: &Session,
/// # ) -> Result<()> {
/// // With `User::addresses` and `Address::email` of two models:
/// let pairs = session.select((entity::<User>(), email.nullable())).outer_join_related(addresses);
/// let pairs: Vec<(Instance<User>, Option<String>)> = pairs.all()?;
/// # Ok(())
/// # }
/// ```
///
/// In a statement of a connection it gives plain structs, which no session knows:
///
/// ```
/// use rebis::prelude::*;
///
/// #[derive(Debug, Clone, Default, PartialEq, Model)]
/// struct User {
///     #[rebis(primary_key)]
///     id: i64,
///     name: String,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<User>(&engine)?;
/// let mut conn = engine.connect()?;
/// let (ed, jo) = (User { id: 1, name: "ed".into() }, User { id: 2, name: "jo".into() });
/// conn.execute(insert::<User>().models([&ed, &jo])?)?;
/// let users: Vec<User> = conn.fetch_all(select(entity::<User>()).filter(User::name.eq("jo")))?;
/// assert_eq!(users, [jo]);
/// # Ok::<(), rebis::Error>(())
/// ```
pub fn entity<M: Model>() -> EntityColumns<M> {
    EntityColumns { source: None, options: LoadOptions::default(), marker: PhantomData }
}

/// All columns of a model, as one part of a row; made by [`entity`].
#[must_use]
pub struct EntityColumns<M> {
    source: Option<Source>,
    options: LoadOptions,
    marker: PhantomData<fn() -> M>,
}

impl<M: Model> EntityColumns<M> {
    /// From an alias that was joined, and not from the table itself.
    pub fn of(mut self, alias: &Alias<M>) -> Self {
        self.source = Some(alias.into());
        self
    }

    /// As [`Query::option`](crate::Query::option); what is to be joined comes by `selectinload`.
    pub fn option(mut self, option: impl LoadOption<M>) -> Self {
        option.add_to(&mut self.options);
        self
    }

    /// As an `Option`: for the side of an outer join that may have no row.
    pub fn nullable(self) -> NullableEntity<M> {
        NullableEntity(self)
    }
}

/// All columns of a model that an outer join may leave without a row; made by [`EntityColumns::nullable`].
#[derive(Debug)]
#[must_use]
pub struct NullableEntity<M>(EntityColumns<M>);

impl<M> fmt::Debug for EntityColumns<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntityColumns").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A query under construction: its columns, and the objects whose relations are loaded afterwards.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "the session's own")]
pub struct RowPlan {
    select: Select<Untyped>,
    width: usize,
    core: Rc<Core>,
    loads: Vec<Rc<LoadOptions>>,
    /// What the entities are selected of.
    sources: Vec<Source>,
}

impl RowPlan {
    fn add<S: Selection>(&mut self, selection: S, width: usize) -> usize {
        let select = std::mem::replace(&mut self.select, select(Vec::<Expr<Value>>::new()));
        self.select = select.add_columns(selection);
        self.width += width;
        self.width - width
    }
}

/// Where the rows of a query go.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "the session's own")]
pub struct RowReading<'r> {
    reading: Reading<'r>,
    /// The objects that were read, for each entity.
    found: Vec<Vec<Rc<Object>>>,
    /// That of the row before, for each entity.
    last: Vec<Option<Rc<Object>>>,
}

type Reader<T> = Box<dyn Fn(&mut RowReading<'_>, &RowView<'_>) -> Result<T>>;

/// One part of a row: a column, an expression, an [`entity`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected by a session",
    note = "select columns, expressions and entities: `session.select((entity::<User>(), Address::email))`"
)]
pub trait RowPart {
    /// What it becomes.
    type Type;
    #[doc(hidden)]
    fn plan(self, plan: &mut RowPlan) -> Result<Reader<Self::Type>>;
}

fn value<S: Selection, T: FromValue + 'static>(selection: S, plan: &mut RowPlan) -> Reader<T> {
    let place = plan.add(selection, 1);
    Box::new(move |_, row| row.value(place))
}

impl<T: Typed + FromValue> RowPart for Expr<T> {
    type Type = T;

    fn plan(self, plan: &mut RowPlan) -> Result<Reader<T>> {
        Ok(value(self, plan))
    }
}

impl<M: Entity, T: Typed + FromValue> RowPart for Column<M, T> {
    type Type = T;

    fn plan(self, plan: &mut RowPlan) -> Result<Reader<T>> {
        Ok(value(self, plan))
    }
}

impl<T: Typed + FromValue> RowPart for Labelled<T> {
    type Type = T;

    fn plan(self, plan: &mut RowPlan) -> Result<Reader<T>> {
        Ok(value(self, plan))
    }
}

impl<M: Model> RowPart for NullableEntity<M> {
    type Type = Option<Instance<M>>;

    fn plan(self, plan: &mut RowPlan) -> Result<Reader<Self::Type>> {
        let mapper = mapper::<M>()?;
        let source = self.0.source.unwrap_or_else(|| Source::from(mapper.table()));
        let columns = columns(mapper, &source, &self.0.options);
        plan.sources.push(source);
        let width = columns.len();
        let first = plan.add(columns, width);
        let options = Rc::new(self.0.options);
        plan.loads.push(Rc::clone(&options));
        let defaults = mapper.definitions().iter().any(|relation| relation.loading != Loading::Lazy);
        let eager = defaults || !options.is_empty();
        let (at, core) = (plan.loads.len() - 1, Rc::clone(&plan.core));
        Ok(Box::new(move |rows, row| {
            let last = rows.last.get_mut(at).and_then(Option::take);
            let object = rows.reading.hydrate(mapper, row, first, &options, last.as_ref())?;
            let Some(object) = object else { return Ok(None) };
            if let Some(last) = rows.last.get_mut(at) {
                *last = Some(Rc::clone(&object));
            }
            if eager && let Some(found) = rows.found.get_mut(at) {
                found.push(Rc::clone(&object));
            }
            Ok(Some(Instance::new(&core, object)))
        }))
    }
}

/// The rows of a statement as plain structs, by the names of the columns. Deferred columns stay unloaded, unless an option loads them.
impl<M: Model> Selection for EntityColumns<M> {
    type Row = M;

    fn items(self) -> Vec<rebis_core::sql::Item> {
        match mapper::<M>() {
            Ok(mapper) => {
                let source = self.source.unwrap_or_else(|| Source::from(mapper.table()));
                columns(mapper, &source, &self.options).items()
            }
            // It is told when the statement is compiled.
            Err(error) => vec![named::<Value>(error.to_string())].items(),
        }
    }
}

impl<M: Model> RowPart for EntityColumns<M> {
    type Type = Instance<M>;

    fn plan(self, plan: &mut RowPlan) -> Result<Reader<Instance<M>>> {
        let read = NullableEntity(self).plan(plan)?;
        Ok(Box::new(move |rows, row| {
            read(rows, row)?.ok_or_else(|| {
                let name = M::name();
                let text = format!("a row has no {name}, as on the missing side of an outer join; select `entity::<{name}>().nullable()`");
                Error::new(ErrorKind::Conversion, text)
            })
        }))
    }
}

/// What a session can select: a [part](RowPart), or a tuple of up to sixteen of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected by a session",
    note = "select a tuple of columns, expressions and entities: `session.select((entity::<User>(), Address::email))`"
)]
pub trait RowParts {
    /// What a row becomes.
    type Row;
    #[doc(hidden)]
    fn plan(self, plan: &mut RowPlan) -> Result<Reader<Self::Row>>;
}

macro_rules! row_parts {
    ($($name:ident)+) => {
        impl<$($name: RowPart),+> RowParts for ($($name,)+)
        where
            $($name::Type: 'static),+
        {
            type Row = ($($name::Type,)+);

            #[allow(non_snake_case, reason = "the names are the types'")]
            fn plan(self, plan: &mut RowPlan) -> Result<Reader<Self::Row>> {
                let ($($name,)+) = self;
                $(let $name = $name.plan(plan)?;)+
                Ok(Box::new(move |rows, row| Ok(($($name(rows, row)?,)+))))
            }
        }
    };
}

row_parts! { A }
row_parts! { A B }
row_parts! { A B C }
row_parts! { A B C D }
row_parts! { A B C D E }
row_parts! { A B C D E F }
row_parts! { A B C D E F G }
row_parts! { A B C D E F G H }
row_parts! { A B C D E F G H I }
row_parts! { A B C D E F G H I J }
row_parts! { A B C D E F G H I J K }
row_parts! { A B C D E F G H I J K L }
row_parts! { A B C D E F G H I J K L M }
row_parts! { A B C D E F G H I J K L M N }
row_parts! { A B C D E F G H I J K L M N O }
row_parts! { A B C D E F G H I J K L M N O P }

/// The statement, how its rows are read, what is loaded of each entity afterwards, and what the entities are selected of.
type Planned<R> = (Select<Untyped>, Reader<R>, Vec<Rc<LoadOptions>>, Vec<Source>);

/// A query for rows of objects and columns; made by [`Session::select`].
#[must_use = "a query does nothing until it is asked for rows"]
pub struct RowQuery<R> {
    core: Rc<Core>,
    /// The query, how a row is read, what is loaded afterwards; or what is wrong with a model.
    plan: Result<Planned<R>>,
    populate: Populate,
}

impl Session {
    /// A query for rows of objects and columns: `session.select((entity::<User>(), Address::email))`.
    ///
    /// A model that makes no sense is told by the methods that ask for rows.
    pub fn select<S: RowParts>(&self, parts: S) -> RowQuery<S::Row> {
        let core = Rc::clone(&self.core);
        let empty = select(Vec::<Expr<Value>>::new());
        let (loads, sources) = (Vec::new(), Vec::new());
        let mut plan = RowPlan { select: empty, width: 0, core: Rc::clone(&core), loads, sources };
        let read = parts.plan(&mut plan);
        let plan = read.map(|read| (plan.select, read, plan.loads, plan.sources));
        RowQuery { core, plan, populate: Populate::Expired }
    }
}

impl<R> RowQuery<R> {
    fn with(mut self, change: impl FnOnce(Select<Untyped>) -> Select<Untyped>) -> Self {
        self.plan = self.plan.map(|(select, read, loads, sources)| (change(select), read, loads, sources));
        self
    }

    /// Rows come from here; without it from the table of the first columns.
    pub fn from(self, source: impl IntoSource) -> Self {
        self.with(|select| select.from(source))
    }

    /// Only the rows for which this is true, and what was said before.
    pub fn filter(self, condition: Expr<bool>) -> Self {
        self.with(|select| select.filter(condition))
    }

    /// [`filter`](RowQuery::filter) where there is a value to filter by.
    pub fn where_if<V>(self, value: Option<V>, condition: impl FnOnce(V) -> Expr<bool>) -> Self {
        self.with(|select| select.where_if(value, condition))
    }

    /// Joins another source.
    pub fn join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.with(|select| select.join(source, on))
    }

    /// The same, with rows that have no partner there.
    pub fn outer_join(self, source: impl IntoSource, on: Expr<bool>) -> Self {
        self.with(|select| select.outer_join(source, on))
    }

    /// `GROUP BY` these.
    pub fn group_by<S: Selection>(self, by: S) -> Self {
        self.with(|select| select.group_by(by))
    }

    /// `HAVING condition`, all of them when there are several.
    pub fn having(self, condition: Expr<bool>) -> Self {
        self.with(|select| select.having(condition))
    }

    /// In this order, behind what was said before.
    pub fn order_by(self, key: impl Into<Ordering>) -> Self {
        self.with(|select| select.order_by(key))
    }

    /// At most so many rows.
    pub fn limit(self, count: u64) -> Self {
        self.with(|select| select.limit(count))
    }

    /// Without the first rows.
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

    /// All rows.
    ///
    /// # Errors
    /// What the database says; [`Conversion`](ErrorKind::Conversion) for a cell that its type cannot hold.
    #[track_caller]
    pub fn all(self) -> Result<Vec<R>> {
        let (statement, read, loads, sources) = self.plan?;
        let criteria = loads.iter().map(|options| options.criteria());
        let statement = criteria.fold(statement, |select, criteria| criteria.apply(select, &sources));
        let core = &self.core;
        core.autoflush()?;
        core.unit.sweep_if_due();
        core.on_connection(|conn| {
            let reading = Reading::new(&core.unit, self.populate);
            let (found, last) = (vec![Vec::new(); loads.len()], vec![None; loads.len()]);
            let mut reading = RowReading { reading, found, last };
            let mut all = Vec::new();
            conn.execute(statement)?.each(|row| {
                all.push(read(&mut reading, row)?);
                Ok(())
            })?;
            for (options, mut objects) in loads.iter().zip(std::mem::take(&mut reading.found)) {
                objects.sort_by_key(|object| object.head.id);
                objects.dedup_by_key(|object| object.head.id);
                after(&reading.reading, conn, &objects, &options.without_joins())?;
            }
            Ok(all)
        })
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`all`](RowQuery::all).
    pub fn first(self) -> Result<Option<R>> {
        Ok(self.limit(1).all()?.into_iter().next())
    }

    /// The only row.
    ///
    /// # Errors
    /// [`NoRow`](ErrorKind::NoRow), [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](RowQuery::all).
    #[track_caller]
    pub fn one(self) -> Result<R> {
        let none = || Error::new(ErrorKind::NoRow, "a row was expected and there is none");
        self.one_or_none()?.ok_or_else(none)
    }

    /// The only row, or none.
    ///
    /// # Errors
    /// [`MultipleRows`](ErrorKind::MultipleRows), and as [`all`](RowQuery::all).
    #[track_caller]
    pub fn one_or_none(self) -> Result<Option<R>> {
        let mut found = self.all()?.into_iter();
        match (found.next(), found.next()) {
            (one, None) => Ok(one),
            _ => Err(Error::new(ErrorKind::MultipleRows, "one row was expected and there are more")),
        }
    }
}

impl<R> JoinRelated for RowQuery<R> {
    fn join_source(self, source: Source, on: Expr<bool>, outer: bool) -> Self {
        if outer { self.outer_join(source, on) } else { self.join(source, on) }
    }

    fn failed(mut self, error: Error) -> Self {
        self.plan = Err(error);
        self
    }
}

impl<R> fmt::Debug for RowQuery<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowQuery").finish_non_exhaustive()
    }
}
