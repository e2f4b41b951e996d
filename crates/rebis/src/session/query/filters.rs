//! Conditions and joins by relations.

use rebis_core::sql::{Alias, Expr, Expression, Select, Source, all, exists, named, select};
use rebis_core::{Error, ErrorKind, Result};

use super::Query;
use crate::mapper::{Direction, Mapper, Model, Record, Relation, Secondary, State, mapper};
use crate::model::{RelationName, ToMany, ToOne};
use crate::session::Instance;
use crate::unit::conflict;

/// A relation by its name, and the mapper that has it.
fn of_name<R: RelationName>(name: R) -> Result<(&'static Mapper, &'static Relation)>
where
    R::Owner: Model,
{
    let mapper = mapper::<R::Owner>()?;
    Ok((mapper, &mapper.relations()?[name.number()]))
}

/// A condition; what is wrong with the models is told when the statement is made.
fn condition(made: Result<Expr<bool>>) -> Expr<bool> {
    made.unwrap_or_else(|error| named(error.to_string()))
}

impl<M: Model, T: Model> ToMany<M, T> {
    /// Whether one of the objects there at least is so: `EXISTS (SELECT … WHERE … AND condition)`.
    #[must_use]
    pub fn any(self, condition: Expr<bool>) -> Expr<bool> {
        self::condition(related(self, Some(condition)))
    }

    /// Whether there is no object.
    #[must_use]
    pub fn is_empty(self) -> Expr<bool> {
        !condition(related(self, None))
    }

    /// Whether this object is among those there.
    ///
    /// # Errors
    /// [`InvalidState`](ErrorKind::InvalidState) for an object that is not flushed; [`Conflict`](ErrorKind::Conflict) for one that
    /// is being written.
    pub fn contains(self, instance: &Instance<T>) -> Result<Expr<bool>> {
        names_instance(self, instance)
    }
}

impl<M: Model, T: Model> ToOne<M, T> {
    /// Whether there is an object, and it is so: `EXISTS (SELECT … WHERE … AND condition)`.
    #[must_use]
    pub fn has(self, condition: Expr<bool>) -> Expr<bool> {
        self::condition(related(self, Some(condition)))
    }

    /// Whether it is this object.
    ///
    /// # Errors
    /// [`InvalidState`](ErrorKind::InvalidState) for an object that is not flushed; [`Conflict`](ErrorKind::Conflict) for one that
    /// is being written.
    pub fn is(self, instance: &Instance<T>) -> Result<Expr<bool>> {
        names_instance(self, instance)
    }

    /// Whether there is no object: the foreign key is NULL.
    #[must_use]
    pub fn is_none(self) -> Expr<bool> {
        let none = of_name(self).and_then(|(mapper, relation)| {
            if relation.direction != Direction::ManyToOne {
                return Ok(!related(self, None)?);
            }
            let nulls = relation.pairs.iter().map(|(near, _)| mapper.column(*near).is_null());
            Ok(rebis_core::sql::any(nulls))
        });
        condition(none)
    }
}

/// Whether there is a related row for which a condition is true.
fn related<R: RelationName>(name: R, condition: Option<Expr<bool>>) -> Result<Expr<bool>>
where
    R::Owner: Model,
{
    let (mapper, relation) = of_name(name)?;
    let target = relation.target;
    if target == mapper {
        return related_in_one_table(mapper, relation, condition);
    }
    let Some(Secondary { table, near, far }) = &relation.secondary else {
        let joined = relation.pairs.iter().map(|(near, far)| target.column(*far).eq(mapper.column(*near)));
        let (_, first) = relation.pairs.first().ok_or_else(no_columns)?;
        let inside = select(vec![target.column(*first)]).from(target.table());
        return Ok(exists(inside.filter(all(joined.chain(condition)))));
    };
    let (_, first) = near.first().ok_or_else(no_columns)?;
    let mut inside = select(vec![table.c(first.clone())]).from(table);
    if let Some(condition) = condition {
        let on = far.iter().map(|(far, name)| table.c(name.clone()).eq(target.column(*far)));
        inside = inside.join(target.table(), all(on)).filter(condition);
    }
    let near = near.iter().map(|(near, name)| table.c(name.clone()).eq(mapper.column(*near)));
    Ok(exists(inside.filter(all(near))))
}

fn no_columns() -> Error {
    Error::new(ErrorKind::Configuration, "the relation has no columns")
}

/// Between a table and itself the names would mean the inner rows on both sides: so by IN.
fn related_in_one_table(
    mapper: &'static Mapper,
    relation: &Relation,
    condition: Option<Expr<bool>>,
) -> Result<Expr<bool>> {
    let several = || {
        let text = "a condition over a relation of a table to itself by several columns; write it with an alias and `exists`";
        Err(Error::new(ErrorKind::Unsupported, text))
    };
    let (near, inside) = match &relation.secondary {
        None => {
            let [(near, far)] = relation.pairs.as_slice() else { return several() };
            // A NULL among the values would make NOT IN true of nobody.
            let inside = select(mapper.column(*far)).from(mapper.table());
            (*near, inside.filter(mapper.column(*far).is_not_null()))
        }
        Some(Secondary { table, near, far }) => {
            let ([(near, name)], [_, ..]) = (near.as_slice(), far.as_slice()) else { return several() };
            let on = far.iter().map(|(far, name)| table.c(name.clone()).eq(mapper.column(*far)));
            let inside = select(table.c(name.clone())).from(table);
            (*near, inside.join(mapper.table(), all(on.collect::<Vec<_>>())))
        }
    };
    let inside = condition.into_iter().fold(inside, Select::filter);
    let near = mapper.column(near);
    Ok(near.clone().is_not_null() & near.in_select(inside))
}

/// Whether the object on the other side is this one.
fn names_instance<R: RelationName>(name: R, instance: &Instance<R::Target>) -> Result<Expr<bool>>
where
    R::Owner: Model,
    R::Target: Model,
{
    let (mapper, relation) = of_name(name)?;
    instance.core.freshen(&instance.object)?;
    let head = &instance.object.head;
    if matches!(head.state.get(), State::Pending | State::Transient) {
        let text = format!("the {} is not in the database yet; flush it first", head.mapper.name());
        return Err(Error::new(ErrorKind::InvalidState, text));
    }
    let Some(record) = instance.object.data.get() else { return Err(conflict(head)) };
    let Some(Secondary { table, near, far }) = &relation.secondary else {
        let equal = relation.pairs.iter().map(|(near, far)| mapper.column(*near).eq(record.read(*far)));
        return Ok(all(equal.collect::<Vec<_>>()));
    };
    let (_, first) = near.first().ok_or_else(no_columns)?;
    let near = near.iter().map(|(near, name)| table.c(name.clone()).eq(mapper.column(*near)));
    let far = far.iter().map(|(far, name)| table.c(name.clone()).eq(record.read(*far)));
    let inside = select(vec![table.c(first.clone())]).from(table);
    Ok(exists(inside.filter(all(near.chain(far).collect::<Vec<_>>()))))
}

/// Joins by relations: the ON comes from the models. A many to many is two joins.
///
/// ```
/// use rebis::sql::{Expression, count, select};
/// use rebis::{JoinRelated, Session};
/// # use rebis::{Model, Result, ToMany, sql::Column};
/// # #[allow(non_snake_case)]
/// # fn with<User: Model, Address: Model>(
/// #     name: Column<User, String>,
/// #     id: Column<Address, i64>,
/// #     addresses: ToMany<User, Address>,
/// #     session: &Session,
/// # ) -> Result<()> {
/// // With `User::name`, `User::addresses` and `Address::id` of two models:
/// let counts = select((name, count(id))).join_related(addresses).group_by(name);
/// let counts: Vec<(String, i64)> = session.execute(counts)?.all()?;
/// # Ok(())
/// # }
/// ```
pub trait JoinRelated: Sized {
    #[doc(hidden)]
    fn join_source(self, source: Source, on: Expr<bool>, outer: bool) -> Self;

    #[doc(hidden)]
    fn failed(self, error: Error) -> Self;

    /// Joins the rows that a relation leads to.
    #[must_use]
    fn join_related<R: RelationName>(self, relation: R) -> Self
    where
        R::Owner: Model,
    {
        join(self, relation, None, false)
    }

    /// The same, with rows that have none.
    #[must_use]
    fn outer_join_related<R: RelationName>(self, relation: R) -> Self
    where
        R::Owner: Model,
    {
        join(self, relation, None, true)
    }

    /// Joins the rows that a relation leads to under another name: where their table is there already.
    #[must_use]
    fn join_related_as<R: RelationName>(self, relation: R, alias: &Alias<R::Target>) -> Self
    where
        R::Owner: Model,
    {
        join(self, relation, Some(Source::from(alias)), false)
    }

    /// The same, with rows that have none.
    #[must_use]
    fn outer_join_related_as<R: RelationName>(self, relation: R, alias: &Alias<R::Target>) -> Self
    where
        R::Owner: Model,
    {
        join(self, relation, Some(Source::from(alias)), true)
    }
}

fn join<J: JoinRelated, R: RelationName>(to: J, name: R, source: Option<Source>, outer: bool) -> J
where
    R::Owner: Model,
{
    let (mapper, relation) = match of_name(name) {
        Ok(found) => found,
        Err(error) => return to.failed(error),
    };
    let target = relation.target;
    let source = source.unwrap_or_else(|| Source::from(target.table()));
    let there = |far: usize| source.c(target.mapped()[far].name.to_string());
    match &relation.secondary {
        None => {
            let on = relation.pairs.iter().map(|(near, far)| there(*far).eq(mapper.column(*near)));
            let on = all(on.collect::<Vec<_>>());
            to.join_source(source.clone(), on, outer)
        }
        Some(Secondary { table, near, far }) => {
            let on = near.iter().map(|(near, name)| table.c(name.clone()).eq(mapper.column(*near)));
            let between = to.join_source(Source::from(table), all(on.collect::<Vec<_>>()), outer);
            let on = far.iter().map(|(far, name)| there(*far).eq(table.c(name.clone())));
            let on = all(on.collect::<Vec<_>>());
            between.join_source(source.clone(), on, outer)
        }
    }
}

impl<R> JoinRelated for Select<R> {
    fn join_source(self, source: Source, on: Expr<bool>, outer: bool) -> Self {
        if outer { self.outer_join(source, on) } else { self.join(source, on) }
    }

    fn failed(self, error: Error) -> Self {
        self.filter(named(error.to_string()))
    }
}

impl<T: Record> JoinRelated for Query<T> {
    fn join_source(self, source: Source, on: Expr<bool>, outer: bool) -> Self {
        self.with(|asked| asked.join(source, on, outer))
    }

    fn failed(mut self, error: Error) -> Self {
        self.asked.select = Err(error);
        self
    }
}

impl<T: Record> Query<T> {
    /// Only the rows whose columns have these values; the names are known at run time only. One that the model does not have is told
    /// by the methods that ask for rows.
    pub fn filter_by<N: AsRef<str>, V: rebis_core::value::IntoValue>(
        self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let by = |query: Self, (name, value): (N, V)| {
            query.with(|asked| asked.filter_by(name.as_ref(), value.into_value()))
        };
        values.into_iter().fold(self, by)
    }
}
