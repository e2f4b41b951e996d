//! Operations on keywords, whose key is the program's, and on single rows: merged, expired, read again.

use rebis::State;
use rebis::prelude::*;

use crate::models::{ExpectedKeyword, Keyword, Paper, User};
use crate::{World, nothing};

impl World {
    pub(crate) fn add_keyword(&mut self) -> String {
        let number = self.number();
        let word = format!("word {number}");
        let keyword = Keyword { word: word.clone(), ..Keyword::default() };
        // Without a row, a merge is an add.
        let by_merge = self.random.one_in(3);
        let instance = if by_merge { self.session.merge(keyword) } else { self.session.add(keyword) };
        self.held.keywords.insert(number, instance.unwrap());
        self.now.keywords.insert(number, ExpectedKeyword { word, weight: 0 });
        format!("{number}, by merge: {by_merge}")
    }

    pub(crate) fn weigh_keyword(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.keywords) else { return nothing() };
        let weight = i64::try_from(self.random.below(4)).unwrap();
        self.held.keywords[&number].write().unwrap().weight = weight;
        self.now.keywords.get_mut(&number).unwrap().weight = weight;
        format!("{number}: {weight}")
    }

    /// The key of a row changes, and with it the rows that refer to it.
    pub(crate) fn rename_keyword(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.keywords) else { return nothing() };
        let word = format!("word {number}, {}", self.random.below(1_000_000));
        self.held.keywords[&number].set(Keyword::word, word.as_str()).unwrap();
        self.now.keywords.get_mut(&number).unwrap().word.clone_from(&word);
        format!("{number}: {word}")
    }

    pub(crate) fn delete_keyword(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.keywords) else { return nothing() };
        if self.held.keywords[&number].state() == State::Pending || self.random.one_in(2) {
            self.session.flush().unwrap();
        }
        let keyword = &self.held.keywords[&number];
        let unlinked = self.random.one_in(2);
        if unlinked {
            keyword.related(Keyword::users).unwrap().replace([]).unwrap();
        }
        self.session.delete(keyword).unwrap();
        self.session.flush().unwrap();
        self.forget_keyword(number);
        format!("{number}, unlinked first: {unlinked}")
    }

    /// A new object takes over the row of a deleted one.
    pub(crate) fn switch_keyword(&mut self) -> String {
        let Some(old) = self.random.pick(&self.now.keywords) else { return nothing() };
        if self.held.keywords[&old].state() == State::Pending || self.random.one_in(2) {
            self.session.flush().unwrap();
        }
        let new = self.number();
        let expected = ExpectedKeyword {
            weight: self.now.keywords[&old].weight + 10,
            ..self.now.keywords[&old].clone()
        };
        self.session.delete(&self.held.keywords[&old]).unwrap();
        let keyword = Keyword { word: expected.word.clone(), weight: expected.weight, ..Keyword::default() };
        let instance = self.session.add(keyword).unwrap();
        let linked = self.random.pick(&self.now.users);
        self.session.flush().unwrap();
        self.forget_keyword(old);
        if let Some(user) = linked {
            instance.related(Keyword::users).unwrap().push(&self.held.users[&user]).unwrap();
            self.now.users.get_mut(&user).unwrap().keywords.insert(new);
        }
        self.held.keywords.insert(new, instance);
        self.now.keywords.insert(new, expected);
        format!("{old} by {new}, linked to {linked:?}")
    }

    /// After its DELETE: users that had it loaded read their keywords again.
    fn forget_keyword(&mut self, number: usize) {
        self.now.keywords.remove(&number);
        for (user, expected) in &mut self.now.users {
            if expected.keywords.remove(&number) {
                self.session.expire(&self.held.users[user]).unwrap();
            }
        }
        for (paper, expected) in &mut self.now.papers {
            if expected.keyword == Some(number) {
                expected.keyword = None;
                self.session.expire_part(&self.held.papers[paper], Paper::keyword).unwrap();
            }
        }
    }

    /// A value with the key of a row that is there.
    pub(crate) fn merge(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return nothing() };
        self.session.flush().unwrap();
        let user = &self.held.users[&number];
        let fullname = Some(format!("merged {}", self.random.below(5)));
        let value = User { fullname: fullname.clone(), ..user.to_value().unwrap() };
        let merged = self.session.merge(value).unwrap();
        assert!(Instance::ptr_eq(&merged, user), "one row, one object");
        self.now.users.get_mut(&number).unwrap().fullname = fullname;
        format!("user {number}")
    }

    /// With a change of its columns, which is lost, or without.
    pub(crate) fn expire(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return nothing() };
        self.session.flush().unwrap();
        let user = &self.held.users[&number];
        let lost = self.random.one_in(2);
        if lost {
            user.write().unwrap().fullname = Some("never sent".to_owned());
        }
        let whole = self.random.one_in(2);
        if whole {
            self.session.expire(user).unwrap();
        } else {
            self.session.expire_part(user, User::fullname).unwrap();
            self.session.expire_part(user, User::keywords).unwrap();
            self.session.expire_part(user, User::favorite).unwrap();
        }
        format!("user {number}, with a change: {lost}, as a whole: {whole}")
    }

    /// By the database, or by a value that is known to be the same.
    pub(crate) fn refresh(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.keywords) else { return nothing() };
        let keyword = &self.held.keywords[&number];
        let asked = self.random.one_in(2);
        if asked && keyword.state() == State::Persistent {
            // With autoflush it flushes by itself.
            if !self.session.options().autoflush {
                self.session.flush().unwrap();
            }
            self.session.refresh(keyword).unwrap();
        } else {
            self.session.flush().unwrap();
            assert_eq!(self.session.merge_loaded(keyword.to_value().unwrap()).unwrap(), *keyword);
        }
        format!("keyword {number}, by the database: {asked}")
    }
}
