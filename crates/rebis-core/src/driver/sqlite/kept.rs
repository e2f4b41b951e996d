//! The prepared statements that a connection keeps.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::statement::Statement;

/// Prepared statements by their texts; the least recently used one goes when there are too many.
#[derive(Debug)]
pub(super) struct Statements {
    /// Those used last, the latest at the end: a few texts are compared faster than one is hashed and moved.
    recent: Vec<(Box<str>, Statement)>,
    most_recent: usize,
    others: LruCache<Box<str>, Statement>,
}

/// How many are looked through, of as many as are kept or more.
const RECENT: usize = 4;

impl Statements {
    pub(super) fn new(size: NonZeroUsize) -> Self {
        let most_recent = RECENT.min(size.get() - 1);
        let others = NonZeroUsize::new(size.get() - most_recent).unwrap_or(NonZeroUsize::MIN);
        Statements { recent: Vec::new(), most_recent, others: LruCache::new(others) }
    }

    /// Takes the statement of this text, to run it.
    pub(super) fn take(&mut self, sql: &str) -> Option<(Box<str>, Statement)> {
        match self.recent.iter().rposition(|(known, _)| **known == *sql) {
            Some(place) => Some(self.recent.remove(place)),
            None => self.others.pop_entry(sql),
        }
    }

    /// Puts one back, or a new one.
    pub(super) fn put(&mut self, sql: Box<str>, statement: Statement) {
        self.recent.push((sql, statement));
        if self.recent.len() > self.most_recent {
            let (sql, statement) = self.recent.remove(0);
            self.others.push(sql, statement);
        }
    }
}
