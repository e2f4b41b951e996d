//! Clauses of SELECT that stand beside what it computes: locks, ties, groupings, words for one database.

use std::sync::Arc;

use super::expression::Expr;
use super::from::IntoSource;
use super::node::{Node, Source};
use super::select::Select;
use super::selection::Selection;
use super::typed::{Operand, Typed};
use crate::url::Backend;

/// How a query keeps others from its rows.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    /// `None` while only its tables are named.
    pub(crate) strength: Option<LockStrength>,
    pub(crate) wait: LockWait,
    /// The tables whose rows it is about; all, when there are none.
    pub(crate) of: Vec<Source>,
}

/// What others cannot do with locked rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LockStrength {
    Update,
    NoKeyUpdate,
    Share,
    KeyShare,
}

/// What a query does about rows that others have locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum LockWait {
    /// It waits for them.
    #[default]
    Wait,
    /// It fails.
    NoWait,
    /// It leaves them out.
    SkipLocked,
}

/// Words of a program's own for one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Words {
    pub(crate) backend: Backend,
    pub(crate) place: WordsPlace,
    pub(crate) words: &'static str,
}

/// Where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum WordsPlace {
    /// `SELECT /*+ … */`
    Hint,
    /// `SELECT …`
    Prefix,
    /// At the end.
    Suffix,
}

/// How several groupings are computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub enum Grouping {
    Rollup,
    Cube,
    Sets,
}

impl<R> Select<R> {
    fn locked(mut self, strength: LockStrength, wait: LockWait) -> Self {
        let of = self.node.lock.take().map(|lock| lock.of).unwrap_or_default();
        self.node.lock = Some(Lock { strength: Some(strength), wait, of });
        self
    }

    /// `FOR UPDATE`: nobody else changes these rows before this transaction ends. SQLite has no row locks: there it says nothing.
    #[must_use]
    pub fn for_update(self, wait: LockWait) -> Self {
        self.locked(LockStrength::Update, wait)
    }

    /// `FOR NO KEY UPDATE`: as [`for_update`](Select::for_update), but others may refer to these rows by foreign keys. MySQL and
    /// MariaDB take the stronger lock.
    #[must_use]
    pub fn for_no_key_update(self, wait: LockWait) -> Self {
        self.locked(LockStrength::NoKeyUpdate, wait)
    }

    /// `FOR SHARE`: nobody changes these rows before this transaction ends.
    #[must_use]
    pub fn for_share(self, wait: LockWait) -> Self {
        self.locked(LockStrength::Share, wait)
    }

    /// `FOR KEY SHARE`: nobody deletes these rows or changes their keys before this transaction ends. MySQL and MariaDB take the
    /// stronger lock.
    #[must_use]
    pub fn for_key_share(self, wait: LockWait) -> Self {
        self.locked(LockStrength::KeyShare, wait)
    }

    /// Of a lock: only the rows of this table, `FOR UPDATE OF …`. MariaDB does not have it. Before or behind the lock; without one it
    /// is a [`Statement`](crate::ErrorKind::Statement) error.
    #[must_use]
    pub fn lock_of(mut self, source: impl IntoSource) -> Self {
        let none = Lock { strength: None, wait: LockWait::Wait, of: Vec::new() };
        self.node.lock.get_or_insert(none).of.push(source.into());
        self
    }

    /// At most that many rows, and those that are equal to the last of them in the order: `FETCH FIRST … ROWS WITH TIES`. PostgreSQL and
    /// MariaDB have it.
    #[must_use]
    pub fn limit_with_ties(mut self, count: u64) -> Self {
        self.node.limit = Some(Arc::new(Node::Value(count.into())));
        self.node.ties = true;
        self
    }

    fn grouped(mut self, kind: Grouping, sets: Vec<Vec<Arc<Node>>>) -> Self {
        self.node.group_by.push(Arc::new(Node::Grouping { kind, sets }));
        self
    }

    /// `GROUP BY ROLLUP (a, b)`: by both, by the first alone, and all rows. What a row is not grouped by is NULL in it: select it as
    /// [`nullable`](super::Expression::nullable). SQLite does not have it; on MySQL and MariaDB it is the
    /// only grouping of its query, and MariaDB takes no order beside it.
    #[must_use]
    pub fn group_by_rollup<S: Selection>(self, by: S) -> Self {
        self.grouped(Grouping::Rollup, by.items().into_iter().map(|item| vec![item.node]).collect())
    }

    /// `GROUP BY CUBE (a, b)`: by both, by each alone, and all rows. PostgreSQL only.
    #[must_use]
    pub fn group_by_cube<S: Selection>(self, by: S) -> Self {
        self.grouped(Grouping::Cube, by.items().into_iter().map(|item| vec![item.node]).collect())
    }

    /// `GROUP BY GROUPING SETS ((a, b), (a), ())`: by each of these. PostgreSQL only.
    #[must_use]
    pub fn group_by_sets<T: Typed>(self, sets: impl IntoIterator<Item = Vec<Expr<T>>>) -> Self {
        let sets = sets.into_iter().map(|set| set.into_iter().map(Operand::into_node).collect());
        self.grouped(Grouping::Sets, sets.collect())
    }

    fn with_words(mut self, backend: Backend, place: WordsPlace, words: &'static str) -> Self {
        self.node.words.push(Words { backend, place, words });
        self
    }

    /// A hint for one database's optimiser: `SELECT /*+ … */`. Others do not see it.
    ///
    /// ```
    /// use rebis_core::sql::{literal, select};
    /// use rebis_core::{Backend, Dialect};
    ///
    /// let quick = select(literal(1)).hint(Backend::Mysql, "MAX_EXECUTION_TIME(1000)");
    /// assert_eq!(quick.to_sql(Dialect::MYSQL)?, "SELECT /*+ MAX_EXECUTION_TIME(1000) */ ?");
    /// assert_eq!(quick.to_sql(Dialect::SQLITE)?, "SELECT ?1");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn hint(self, backend: Backend, hint: &'static str) -> Self {
        self.with_words(backend, WordsPlace::Hint, hint)
    }

    /// Words behind SELECT for one database: `SELECT SQL_NO_CACHE …`. Others do not see them.
    #[must_use]
    pub fn prefix(self, backend: Backend, words: &'static str) -> Self {
        self.with_words(backend, WordsPlace::Prefix, words)
    }

    /// Words at the end for one database. Others do not see them.
    #[must_use]
    pub fn suffix(self, backend: Backend, words: &'static str) -> Self {
        self.with_words(backend, WordsPlace::Suffix, words)
    }
}
