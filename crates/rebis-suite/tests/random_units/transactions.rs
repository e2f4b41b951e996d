//! Flushes, those that fail as well, savepoints, and the ends of transactions.

use rebis::prelude::*;

use crate::models::{Keyword, User};
use crate::{World, nothing};

impl World {
    pub(crate) fn flush(&mut self) -> String {
        self.session.flush().unwrap();
        self.compare_database();
        "and the database".to_owned()
    }

    /// A flush that cannot succeed, with a good change beside; the way out is a rollback, of the savepoint if there is one.
    pub(crate) fn fail(&mut self) -> String {
        let (Some(user), Some(keyword)) =
            (self.random.pick(&self.now.users), self.random.pick(&self.now.keywords))
        else {
            return nothing();
        };
        self.session.flush().unwrap();
        let (user, keyword) = (&self.held.users[&user], &self.held.keywords[&keyword]);
        let twice = self.random.one_in(2);
        let weight = keyword.get(Keyword::weight).unwrap();
        let expected = if twice {
            keyword.set(Keyword::weight, weight + 1).unwrap();
            self.session.add(User { name: user.get(User::name).unwrap(), ..User::default() }).unwrap();
            ErrorKind::UniqueViolation
        } else {
            let word = keyword.get(Keyword::word).unwrap();
            let behind = update::<Keyword>().set(Keyword::version, 1_000_000).filter(Keyword::word.eq(word));
            assert_eq!(self.session.execute_write(behind).unwrap(), 1);
            keyword.set(Keyword::weight, weight + 1).unwrap();
            self.session.add(User { name: "never there".to_owned(), ..User::default() }).unwrap();
            ErrorKind::StaleData
        };
        assert_eq!(self.session.flush().unwrap_err().kind(), expected);
        assert_eq!(self.session.query::<User>().count().unwrap_err().kind(), ErrorKind::PendingRollback);
        let inside = match self.savepoints.pop() {
            Some((savepoint, before)) => {
                savepoint.rollback().unwrap();
                self.now = before;
                true
            }
            None => {
                self.end(false);
                false
            }
        };
        format!("{expected:?}, inside of a savepoint: {inside}")
    }

    pub(crate) fn begin_nested(&mut self) -> String {
        if self.savepoints.len() == 3 {
            return nothing();
        }
        let savepoint = self.session.begin_nested().unwrap();
        self.savepoints.push((savepoint, self.now.clone()));
        format!("number {}", self.savepoints.len())
    }

    pub(crate) fn end_nested(&mut self) -> String {
        let Some((savepoint, before)) = self.savepoints.pop() else { return nothing() };
        if self.random.one_in(2) {
            savepoint.commit().unwrap();
            return "kept".to_owned();
        }
        savepoint.rollback().unwrap();
        self.now = before;
        "undone".to_owned()
    }

    pub(crate) fn commit_or_roll_back(&mut self) -> String {
        let commit = !self.random.one_in(3);
        self.end(commit);
        if commit { "by a commit".to_owned() } else { "by a rollback".to_owned() }
    }

    pub(crate) fn end(&mut self, commit: bool) {
        if commit {
            self.session.commit().unwrap();
            self.committed = self.now.clone();
        } else {
            self.session.rollback().unwrap();
            self.now = self.committed.clone();
        }
        // Their ends were those of the transaction: dropped, they undo nothing.
        self.savepoints.clear();
        self.compare_database();
        self.held.keep(&self.now);
    }
}
