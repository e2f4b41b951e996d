//! Conditions for a model wherever it appears in a query: deleted rows that are kept, rows of other tenants.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use rebis_core::schema::{Entity, Table};
use rebis_core::sql::{Alias, Expr, Select, Source};

use super::loading::{LoadOption, LoadOptions};

/// A condition for the rows of a model, whatever its table is called where it stands.
type Condition = Arc<dyn Fn(&Source) -> Expr<bool> + Send + Sync>;

/// Conditions for models; behind a pointer each, as they go along with every object.
#[derive(Clone, Default)]
pub(crate) struct Criteria(Vec<(&'static Table, Condition)>);

impl Criteria {
    /// What is there already is not added again.
    pub(super) fn extend(&mut self, others: &Criteria) {
        for (table, condition) in &others.0 {
            if !self.0.iter().any(|(_, known)| Arc::ptr_eq(known, condition)) {
                self.0.push((table, Arc::clone(condition)));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one for a table.
    pub(crate) fn restrict(&self, table: &Table) -> bool {
        self.0.iter().any(|(known, _)| *known == table)
    }

    /// Those for a table, by the name that it has here.
    pub(crate) fn of(&self, table: &Table, source: &Source) -> Vec<Expr<bool>> {
        let of_table = self.0.iter().filter(|(known, _)| *known == table);
        of_table.map(|(_, condition)| condition(source)).collect()
    }

    /// Adds them to a query that selects of these sources.
    pub(crate) fn apply<R>(&self, select: Select<R>, selected: &[Source]) -> Select<R> {
        if self.is_empty() {
            return select;
        }
        select.with_criteria(selected, &|table, source| self.of(table, source))
    }
}

impl fmt::Debug for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(table, _)| table.name())).finish()
    }
}

/// A condition for a model wherever it appears; made by [`with_loader_criteria`].
pub struct LoaderCriteria<M> {
    criteria: Criteria,
    marker: PhantomData<fn() -> M>,
}

/// A condition for the rows of a model wherever it appears in a query: its own objects, what is joined, what is loaded along with it or
/// right after it, and what is loaded lazily of its objects later. Not when an object that is there is read again. Given to
/// [`Query::option`](crate::Query::option), whatever model the query is for.
///
/// The closure gets the model under the name that its table has in that place. What a program writes into a condition by itself, as
/// in `User::addresses.any(…)`, is left as it is.
///
/// ```
/// use rebis::prelude::*;
/// use rebis::{selectinload, with_loader_criteria};
///
/// #[derive(Debug, Clone, Default, Model)]
/// struct Folder {
///     #[rebis(primary_key)]
///     id: i64,
///     #[rebis(relationship)]
///     notes: Many<Note>,
/// }
///
/// #[derive(Debug, Clone, Default, Model)]
/// struct Note {
///     #[rebis(primary_key)]
///     id: i64,
///     deleted: bool,
///     #[rebis(foreign_key = Folder::id)]
///     folder_id: i64,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<(Folder, Note)>(&engine)?;
/// let session = Session::new(&engine);
/// let notes = [Note::default(), Note { deleted: true, ..Note::default() }];
/// session.add(Folder { notes: notes.into(), ..Folder::default() })?;
/// session.commit()?;
/// session.close();
/// let there = with_loader_criteria::<Note>(|note| note.c(Note::deleted).eq(false));
/// let folder = session.query::<Folder>().option(there).option(selectinload(Folder::notes)).one()?;
/// assert_eq!(folder.related(Folder::notes)?.len(), 1);
/// # Ok::<(), rebis::Error>(())
/// ```
pub fn with_loader_criteria<M: Entity>(
    condition: impl Fn(&Alias<M>) -> Expr<bool> + Send + Sync + 'static,
) -> LoaderCriteria<M> {
    let condition: Condition = Arc::new(move |source| condition(&Alias::of_source(source.clone())));
    LoaderCriteria { criteria: Criteria(vec![(M::table(), condition)]), marker: PhantomData }
}

impl<Q, M> LoadOption<Q> for LoaderCriteria<M> {
    fn add_to(self, options: &mut LoadOptions) {
        options.criteria.extend(&self.criteria);
    }
}

impl<M> Clone for LoaderCriteria<M> {
    fn clone(&self) -> Self {
        LoaderCriteria { criteria: self.criteria.clone(), marker: PhantomData }
    }
}

impl<M> fmt::Debug for LoaderCriteria<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoaderCriteria").field(&self.criteria).finish()
    }
}
