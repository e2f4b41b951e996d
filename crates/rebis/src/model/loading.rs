//! How the objects of relations come, and their columns: what a query says of it, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use rebis_core::sql::{IntoSource, Source};

use super::criteria::Criteria;
use super::relation::{ToMany, ToOne};

/// How the objects of a relation come into the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loading {
    /// By a SELECT of their own, when they are first asked for.
    Lazy,
    /// By a SELECT for each object, right after the query.
    Immediate,
    /// By one more SELECT for up to 500 objects, right after the query.
    Selectin,
    /// By an outer join in the query itself.
    Joined,
    /// From the columns of a join that the program has made.
    ContainsEager,
    /// Not at all: asking for them is an error.
    Raise,
    /// From memory; asking for what is not there is an error.
    RaiseOnSql,
}

/// The name of a relation: `User::addresses`, `Address::user`.
pub trait RelationName: Copy {
    /// The model that has it.
    type Owner;
    /// The model that it leads to.
    type Target;
    #[doc(hidden)]
    fn number(self) -> usize;
}

impl<M, T> RelationName for ToMany<M, T> {
    type Owner = M;
    type Target = T;

    fn number(self) -> usize {
        self.0
    }
}

impl<M, T> RelationName for ToOne<M, T> {
    type Owner = M;
    type Target = T;

    fn number(self) -> usize {
        self.0
    }
}

/// How the objects of one relation of `M` come, and those behind them; for [`Query::option`](crate::Query::option).
pub struct Load<M, T> {
    /// `None` for all that are not named.
    relation: Option<usize>,
    branch: Branch,
    marker: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Load<M, T> {
    fn new(relation: Option<usize>, loading: Option<Loading>) -> Self {
        let branch = Branch { loading, ..Branch::default() };
        Load { relation, branch, marker: PhantomData }
    }

    /// What is said of the objects that this relation leads to: how their relations come, which deferred columns are loaded.
    /// Several stand beside each other.
    #[must_use]
    pub fn then(mut self, next: impl LoadOption<T>) -> Self {
        next.add_to(&mut self.branch.next);
        self
    }

    /// The same again for the objects that it leads to, so many times: for a relation between objects of one model. It ends
    /// where there are no more.
    #[must_use]
    pub fn recursion_depth(mut self, depth: u32) -> Self {
        self.branch.recursion = Some(depth.saturating_sub(1));
        self
    }

    /// Of [`selectinload`]: so many keys go into one SELECT, and not 500. A database takes only so many.
    #[must_use]
    pub fn chunk_size(mut self, keys: usize) -> Self {
        self.branch.chunk_size = Some(keys.max(1));
        self
    }

    /// Of [`raiseload`]: what is in memory is given, and only what needs SQL is refused.
    #[must_use]
    pub fn sql_only(mut self) -> Self {
        if self.branch.loading == Some(Loading::Raise) {
            self.branch.loading = Some(Loading::RaiseOnSql);
        }
        self
    }

    /// Of [`joinedload`]: by an inner join, where there always is an object. Behind an outer join it stands inside of that one, so that
    /// nobody is lost there; an object of the query itself without one is.
    ///
    /// ```
    /// use rebis::prelude::*;
    /// use rebis::joinedload;
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct User {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    /// }
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct Address {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     #[rebis(foreign_key = User::id)]
    ///     user_id: i64,
    ///     #[rebis(relationship)]
    ///     user: One<User>,
    /// }
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// rebis::create_all::<(User, Address)>(&engine)?;
    /// let session = Session::new(&engine);
    /// session.add(Address { user: User::default().into(), ..Address::default() })?;
    /// // … FROM address JOIN user AS user_1 ON user_1.id = address.user_id
    /// let address = session.query::<Address>().option(joinedload(Address::user).inner_join()).one()?;
    /// assert!(address.related(Address::user)?.is_some());
    /// # Ok::<(), rebis::Error>(())
    /// ```
    #[must_use]
    pub fn inner_join(mut self) -> Self {
        self.branch.inner_join = true;
        self
    }

    /// Of [`contains_eager`]: the rows come from this source and not from the model's table itself: an alias that was joined.
    #[must_use]
    pub fn of(mut self, source: impl IntoSource) -> Self {
        self.branch.source = Some(source.into());
        self
    }
}

impl<M, T> fmt::Debug for Load<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Load").field(&self.relation).field(&self.branch).finish()
    }
}

fn load<R: RelationName>(relation: R, loading: Option<Loading>) -> Load<R::Owner, R::Target> {
    Load::new(Some(relation.number()), loading)
}

/// The objects of a relation come by one more SELECT for up to 500 objects of the query.
pub fn selectinload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::Selectin))
}

/// The objects of a relation come with the query itself, by an outer join. A LIMIT counts the query's own objects all the same.
pub fn joinedload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::Joined))
}

/// The objects of a relation come from a join that the program has made: a collection has what the query's filters leave of it.
pub fn contains_eager<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::ContainsEager))
}

/// The objects of a relation come when they are first asked for.
pub fn lazyload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::Lazy))
}

/// The objects of a relation come right after the query, by a SELECT for each of its objects.
pub fn immediateload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::Immediate))
}

/// The objects of a relation come as the model says; what is said of those behind them counts.
pub fn defaultload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, None)
}

/// The objects of a relation are not loaded: asking for them is an error of the kind
/// [`InvalidState`](rebis_core::ErrorKind::InvalidState). What the query loads in another way can be asked for.
pub fn raiseload<R: RelationName>(relation: R) -> Load<R::Owner, R::Target> {
    load(relation, Some(Loading::Raise))
}

/// [`raiseload`] of all relations that are not named, of all objects that the query loads.
pub fn raiseload_all<M>() -> Load<M, M> {
    Load::new(None, Some(Loading::Raise))
}

/// Something that [`Query::option`](crate::Query::option) takes for objects of the model `M`: how a relation comes
/// ([`selectinload`] and its like), which deferred columns are loaded ([`undefer`](crate::undefer)), a condition for a model wherever it
/// appears ([`with_loader_criteria`](crate::with_loader_criteria)).
#[diagnostic::on_unimplemented(
    message = "this says nothing of the objects of `{M}`",
    label = "an option for another model",
    note = "what a relation leads to is told behind it: `selectinload(User::addresses).then(…)`"
)]
pub trait LoadOption<M> {
    #[doc(hidden)]
    fn add_to(self, options: &mut LoadOptions);
}

impl<M, T> LoadOption<M> for Load<M, T> {
    fn add_to(self, options: &mut LoadOptions) {
        match self.relation {
            Some(relation) => options.merge(relation, self.branch),
            None => options.others = self.branch.loading,
        }
    }
}

/// What a query says of the objects of one model.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    relations: BTreeMap<usize, Branch>,
    /// Of those that are not named.
    others: Option<Loading>,
    /// Whether what would be joined comes by statements of its own.
    no_joins: bool,
    /// Deferred columns that are loaded, and groups of them, by their names.
    pub(super) undeferred: Vec<&'static str>,
    pub(super) undeferred_groups: Vec<&'static str>,
    /// Conditions for models, here and for all that is behind.
    pub(super) criteria: Criteria,
}

#[derive(Debug, Clone, Default)]
struct Branch {
    loading: Option<Loading>,
    /// How many times more the same counts for the objects behind it.
    recursion: Option<u32>,
    source: Option<Source>,
    inner_join: bool,
    chunk_size: Option<usize>,
    next: LoadOptions,
}

impl LoadOptions {
    /// What is said last counts.
    fn merge(&mut self, relation: usize, branch: Branch) {
        let known = self.relations.entry(relation).or_default();
        if branch.loading.is_some() {
            (known.loading, known.inner_join) = (branch.loading, branch.inner_join);
        }
        known.recursion = branch.recursion.or(known.recursion);
        known.chunk_size = branch.chunk_size.or(known.chunk_size);
        known.source = branch.source.or(known.source.take());
        known.next.others = branch.next.others.or(known.next.others);
        known.next.undeferred.extend(branch.next.undeferred);
        known.next.undeferred_groups.extend(branch.next.undeferred_groups);
        known.next.criteria.extend(&branch.next.criteria);
        for (relation, inner) in branch.next.relations {
            known.next.merge(relation, inner);
        }
    }

    /// What is said of a relation; `None` when nothing is.
    pub(crate) fn loading(&self, relation: usize) -> Option<Loading> {
        self.relations.get(&relation).and_then(|branch| branch.loading).or(self.others)
    }

    /// Where the rows of a relation come from that the program has joined.
    pub(crate) fn source(&self, relation: usize) -> Option<&Source> {
        self.relations.get(&relation)?.source.as_ref()
    }

    /// What is said of the objects behind a relation.
    pub(crate) fn behind(&self, relation: usize) -> LoadOptions {
        let Some(branch) = self.relations.get(&relation) else {
            let criteria = self.criteria.clone();
            return LoadOptions { others: self.others, criteria, ..LoadOptions::default() };
        };
        let mut next = branch.next.clone();
        next.others = next.others.or(self.others);
        next.criteria.extend(&self.criteria);
        if let Some(left) = branch.recursion.filter(|left| *left > 0) {
            let again = Branch { recursion: Some(left - 1), ..branch.clone() };
            next.merge(relation, again);
        }
        next
    }

    /// The same for a later look at the objects: a join of the program's is not there then.
    pub(crate) fn for_refresh(&self) -> LoadOptions {
        let mut options = self.clone();
        for branch in options.relations.values_mut() {
            if branch.loading == Some(Loading::ContainsEager) {
                branch.loading = None;
            }
        }
        options
    }

    /// The same by statements of their own, where nothing can be joined to the query itself.
    pub(crate) fn without_joins(&self) -> LoadOptions {
        LoadOptions { no_joins: true, ..self.clone() }
    }

    /// How the objects of a relation come, by what is said or else by the model.
    pub(crate) fn strategy(&self, relation: usize, default: Loading) -> Loading {
        match self.loading(relation).unwrap_or(default) {
            Loading::Joined if self.no_joins => Loading::Selectin,
            loading => loading,
        }
    }

    /// How many keys of a relation go into one SELECT, where it is said.
    pub(crate) fn chunk_size(&self, relation: usize) -> Option<usize> {
        self.relations.get(&relation).and_then(|branch| branch.chunk_size)
    }

    /// Whether a relation is joined by an inner join.
    pub(crate) fn is_inner(&self, relation: usize) -> bool {
        self.relations.get(&relation).is_some_and(|branch| branch.inner_join)
    }

    /// Whether a deferred column of the query's own objects is loaded.
    pub(crate) fn undefers(&self, column: &str, group: Option<&str>) -> bool {
        self.undeferred.contains(&column)
            || group.is_some_and(|group| self.undeferred_groups.contains(&group))
    }

    pub(crate) fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// Whether something is said that takes another statement right after the query.
    pub(crate) fn loads_after(&self) -> bool {
        let after = |loading| matches!(loading, Some(Loading::Selectin | Loading::Immediate));
        after(self.others) || self.relations.values().any(|branch| after(branch.loading))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.relations.is_empty()
            && self.others.is_none()
            && self.undeferred.is_empty()
            && self.undeferred_groups.is_empty()
            && self.criteria.is_empty()
    }
}
