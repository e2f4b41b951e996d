//! Operations on papers: unique values that are handed on, deferred columns, embedded structs, and statements past the unit of work.

use std::collections::BTreeSet;

use rebis::State;
use rebis::prelude::*;

use crate::models::{ExpectedPaper, Keyword, Paper, Spot};
use crate::{World, nothing};

impl World {
    pub(crate) fn add_paper(&mut self) -> String {
        let number = self.number();
        let code = self.free_code();
        let expected =
            ExpectedPaper { code, keyword: self.random.pick(&self.now.keywords), ..ExpectedPaper::default() };
        let paper = Paper { code: expected.code.clone(), text: String::new().into(), ..Paper::default() };
        let instance = match expected.keyword {
            Some(keyword) => {
                self.held.keywords[&keyword].related(Keyword::papers).unwrap().push(paper).unwrap()
            }
            None => self.session.add(paper).unwrap(),
        };
        self.held.papers.insert(number, instance);
        let told = format!("{number}: {expected:?}");
        self.now.papers.insert(number, expected);
        told
    }

    /// Often one that another paper has had a moment ago.
    fn free_code(&mut self) -> String {
        let taken: BTreeSet<&String> = self.now.papers.values().map(|paper| &paper.code).collect();
        let free = (0..).map(|number| format!("code {number}")).find(|code| !taken.contains(code));
        free.unwrap()
    }

    pub(crate) fn change_paper(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        let level = (!self.random.one_in(3)).then(|| self.random.below(4) as i64);
        let text = self.random.one_in(2).then(|| format!("text {}", self.random.below(100)));
        let other = self.random.one_in(2).then(|| Spot { shelf: "other".to_owned(), level });
        let (paper, expected) = (&self.held.papers[&number], self.now.papers.get_mut(&number).unwrap());
        paper.set(Paper::spot.level, level).unwrap();
        expected.spot.level = level;
        if let Some(text) = text {
            paper.set(Paper::text, text.as_str()).unwrap();
            expected.text = text;
        }
        paper.write().unwrap().other.clone_from(&other);
        expected.other = other;
        format!("{number}: {expected:?}")
    }

    /// Some papers exchange their unique values, or move on in a chain, or one leaves and a new one takes what it had; flushed or not.
    pub(crate) fn hand_on(&mut self) -> String {
        let mut all: Vec<usize> = self.now.papers.keys().copied().collect();
        if all.len() < 4 {
            return nothing();
        }
        for place in (1..all.len()).rev() {
            all.swap(place, self.random.below(place + 1));
        }
        let some = &all[..2 + self.random.below(3)];
        let chain = self.random.one_in(3);
        let mut codes: Vec<String> = some.iter().map(|number| self.now.papers[number].code.clone()).collect();
        let mut nicks: Vec<Option<String>> =
            some.iter().map(|number| self.now.papers[number].nick.clone()).collect();
        codes.rotate_left(1);
        nicks.rotate_left(1);
        if chain {
            let last = codes.len() - 1;
            codes[last] = self.free_code();
            nicks[last] = (!self.random.one_in(3)).then(|| codes[last].replace("code", "nick"));
            let taken = |nick: &Option<String>| self.now.papers.values().any(|paper| paper.nick == *nick);
            if nicks[last].is_some() && taken(&nicks[last]) {
                nicks[last] = None;
            }
        }
        for ((number, code), nick) in some.iter().zip(codes).zip(nicks) {
            self.held.papers[number].set(Paper::code, code.as_str()).unwrap();
            self.held.papers[number].set(Paper::nick, nick.clone()).unwrap();
            let expected = self.now.papers.get_mut(number).unwrap();
            (expected.code, expected.nick) = (code, nick);
        }
        format!("{some:?}, in a chain: {chain}")
    }

    /// A new one has the unique values of one that is deleted in the same flush, which another one may take over from it meanwhile.
    pub(crate) fn take_over(&mut self) -> String {
        let Some(old) = self.random.pick(&self.now.papers) else { return nothing() };
        self.session.flush().unwrap();
        let gone = self.now.papers.remove(&old).unwrap();
        self.session.delete(&self.held.papers[&old]).unwrap();
        let heir = self.random.pick(&self.now.papers).filter(|_| self.random.one_in(2));
        let expected = match heir {
            Some(heir) => {
                self.held.papers[&heir].set(Paper::code, gone.code.as_str()).unwrap();
                let left = std::mem::replace(&mut self.now.papers.get_mut(&heir).unwrap().code, gone.code);
                ExpectedPaper { code: left, nick: gone.nick, ..ExpectedPaper::default() }
            }
            None => ExpectedPaper { code: gone.code, nick: gone.nick, ..ExpectedPaper::default() },
        };
        let (code, nick) = (expected.code.clone(), expected.nick.clone());
        let number = self.number();
        let new = self
            .session
            .no_autoflush(|| {
                self.session.add(Paper { code, nick, text: String::new().into(), ..Paper::default() })
            })
            .unwrap();
        self.session.flush().unwrap();
        if let Some(keyword) = gone.keyword {
            self.session.expire(&self.held.keywords[&keyword]).unwrap();
        }
        self.held.papers.insert(number, new);
        self.now.papers.insert(number, expected);
        format!("{old} by {number}, with {heir:?} between them")
    }

    pub(crate) fn move_paper(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        let keyword = self.random.pick(&self.now.keywords).filter(|_| !self.random.one_in(4));
        let by_keyword = self.random.one_in(2);
        let paper = &self.held.papers[&number];
        match (keyword, self.now.papers[&number].keyword) {
            (Some(new), _) if by_keyword => {
                self.held.keywords[&new].related(Keyword::papers).unwrap().push(paper).unwrap();
            }
            (Some(new), _) => paper.set(Paper::keyword, &self.held.keywords[&new]).unwrap(),
            (None, Some(old)) if by_keyword => {
                self.held.keywords[&old].related(Keyword::papers).unwrap().remove(paper).unwrap();
            }
            (None, _) => paper.set(Paper::keyword, None::<&Instance<Keyword>>).unwrap(),
        }
        self.now.papers.get_mut(&number).unwrap().keyword = keyword;
        format!("{number} to {keyword:?}, by the keyword: {by_keyword}")
    }

    /// The keys of rows go round, and with them what refers to them.
    pub(crate) fn exchange_words(&mut self) -> String {
        let some: Vec<usize> =
            self.now.keywords.keys().copied().filter(|_| self.random.one_in(2)).take(3).collect();
        if some.len() < 2 {
            return nothing();
        }
        let mut words: Vec<String> =
            some.iter().map(|number| self.now.keywords[number].word.clone()).collect();
        words.rotate_left(1);
        for (number, word) in some.iter().zip(words) {
            self.held.keywords[number].set(Keyword::word, word.as_str()).unwrap();
            self.now.keywords.get_mut(number).unwrap().word = word;
        }
        format!("{some:?}")
    }

    /// Rows past the unit of work, which become objects by a query.
    pub(crate) fn bulk_insert(&mut self) -> String {
        let numbers = [self.number(), self.number()];
        let mut added = Vec::new();
        for number in numbers {
            let expected = ExpectedPaper {
                code: format!("bulk {number}"),
                text: format!("bulk text {number}"),
                ..ExpectedPaper::default()
            };
            added.push(Paper {
                code: expected.code.clone(),
                text: expected.text.clone().into(),
                ..Paper::default()
            });
            self.now.papers.insert(number, expected);
        }
        assert_eq!(self.session.bulk_insert(added).unwrap(), 2);
        for number in numbers {
            let code = &self.now.papers[&number].code;
            let found = self.session.query::<Paper>().filter(Paper::code.eq(code.as_str())).one().unwrap();
            self.held.papers.insert(number, found);
        }
        format!("{numbers:?}")
    }

    /// Past the unit of work, in memory with changes that are flushed before or stay beside.
    pub(crate) fn bulk_update(&mut self) -> String {
        let level = Some(self.random.below(4) as i64);
        let number = self.random.pick(&self.now.papers);
        let beside = self.random.one_in(2);
        let Some(number) = number.filter(|number| self.held.papers[number].state() == State::Persistent)
        else {
            return nothing();
        };
        let nick = format!("nick {}", self.number());
        let paper = &self.held.papers[&number];
        if beside {
            self.session.flush().unwrap();
        }
        let written = |values| self.session.bulk_update(["shelf", "level"], [values]);
        let mut value = paper.to_value().unwrap();
        value.spot = Spot { shelf: "bulk".to_owned(), level };
        if beside {
            paper.set(Paper::nick, Some(nick.clone())).unwrap();
            self.session.no_autoflush(|| written(value)).unwrap();
        } else {
            // Its version is the one that it has when everything is sent.
            self.session.flush().unwrap();
            value.version = paper.get(Paper::version).unwrap();
            written(value).unwrap();
        }
        let expected = self.now.papers.get_mut(&number).unwrap();
        expected.spot = Spot { shelf: "bulk".to_owned(), level };
        if beside {
            expected.nick = Some(nick);
        }
        format!("{number}, beside a change: {beside}")
    }

    pub(crate) fn query_update(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        self.session.flush().unwrap();
        let beside = self.random.one_in(2);
        let text = format!("updated {}", self.random.below(100));
        let code = self.now.papers[&number].code.clone();
        let update = || {
            let query = self.session.query::<Paper>().filter(Paper::code.eq(code.as_str()));
            let set = query.update([Paper::spot.shelf.set("updated"), Paper::text.set(text.as_str())])?;
            assert_eq!(set, 1);
            Ok(())
        };
        if beside {
            let other = Some(Spot { shelf: "beside".to_owned(), level: None });
            self.held.papers[&number].write().unwrap().other.clone_from(&other);
            self.session.no_autoflush(update).unwrap();
            self.now.papers.get_mut(&number).unwrap().other = other;
        } else {
            update().unwrap();
        }
        let expected = self.now.papers.get_mut(&number).unwrap();
        (expected.spot.shelf, expected.text) = ("updated".to_owned(), text);
        format!("{number}, beside a change: {beside}")
    }

    pub(crate) fn query_delete(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        self.session.flush().unwrap();
        let gone = self.now.papers.remove(&number).unwrap();
        let query = self.session.query::<Paper>().filter(Paper::code.eq(gone.code.as_str()));
        assert_eq!(query.delete().unwrap(), 1);
        assert_eq!(self.held.papers[&number].state(), State::Deleted);
        if let Some(keyword) = gone.keyword {
            self.session.expire_part(&self.held.keywords[&keyword], Keyword::papers).unwrap();
        }
        format!("{number}")
    }

    /// With a change of another part, which stays.
    pub(crate) fn expire_part(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        self.session.flush().unwrap();
        let paper = &self.held.papers[&number];
        let level = Some(40 + self.random.below(4) as i64);
        paper.set(Paper::spot.level, level).unwrap();
        paper.set(Paper::text, "never sent").unwrap();
        paper.set(Paper::spot.shelf, "never sent").unwrap();
        self.session.expire_part(paper, Paper::text).unwrap();
        self.session.expire_part(paper, Paper::spot.shelf).unwrap();
        self.session.expire_part(paper, Paper::keyword).unwrap();
        self.now.papers.get_mut(&number).unwrap().spot.level = level;
        format!("{number}")
    }

    /// A stream that is read to some row, or to its end.
    pub(crate) fn stream(&mut self) -> String {
        if self.now.papers.len() < 4 {
            return nothing();
        }
        self.session.flush().unwrap();
        let read = 1 + self.random.below(6);
        let size = 1 + self.random.below(3);
        let mut stream = self.session.query::<Paper>().order_by(Paper::code).stream(size).unwrap();
        let found: Vec<Instance<Paper>> = stream.by_ref().take(read).map(Result::unwrap).collect();
        if read <= 2 && size == 1 {
            assert_eq!(self.session.query::<Paper>().count().unwrap_err().kind(), ErrorKind::Busy);
        }
        drop(stream);
        let mut codes: Vec<&String> = self.now.papers.values().map(|paper| &paper.code).collect();
        codes.sort();
        for (paper, code) in found.iter().zip(codes) {
            assert_eq!(&paper.read().unwrap().code, code);
            assert!(self.held.papers.values().any(|held| held == paper), "one row, one object");
        }
        format!("{} of {}", found.len(), self.now.papers.len())
    }

    /// Another session changes or deletes a row between two transactions of this one.
    pub(crate) fn stranger(&mut self) -> String {
        self.end(true);
        // What was compared has begun another one.
        self.end(true);
        let Some(number) = self.random.pick(&self.now.papers) else { return nothing() };
        let deletes = self.random.one_in(4);
        let paper = self.held.papers[&number].clone();
        let id = paper.get(Paper::id).unwrap();
        self.session.rollback().unwrap();
        self.disturb(id, deletes);
        // Without expire_on_commit what is here is old.
        paper.set(Paper::nick, Some(format!("stale {number}"))).unwrap_or(());
        let flushed = self.session.flush().map_err(|error| error.kind());
        self.session.rollback().unwrap();
        if deletes {
            assert_ne!(flushed, Ok(()).and(Err::<(), _>(ErrorKind::Conflict)));
            self.forget_paper(number, &paper);
        } else {
            self.session.refresh(&paper).unwrap();
            let expected = self.now.papers.get_mut(&number).unwrap();
            expected.spot.shelf = "of a stranger".to_owned();
            self.committed.papers.clone_from(&self.now.papers);
        }
        format!("{number}, deletes: {deletes}, the flush: {flushed:?}")
    }

    fn disturb(&self, id: i64, deletes: bool) {
        let other = Session::new(&self.engine);
        let same = other.get_one::<Paper>(id).unwrap();
        if deletes {
            other.delete(&same).unwrap();
        } else {
            same.set(Paper::spot.shelf, "of a stranger").unwrap();
        }
        other.commit().unwrap();
    }

    /// Its row is gone, and nothing has told the session.
    fn forget_paper(&mut self, number: usize, paper: &Instance<Paper>) {
        if paper.state() == State::Persistent {
            self.session.expunge(paper).unwrap();
        }
        if let Some(keyword) = self.now.papers[&number].keyword {
            self.session.expire(&self.held.keywords[&keyword]).unwrap();
        }
        self.now.papers.remove(&number);
        self.committed.papers.remove(&number);
        self.held.papers.remove(&number);
    }
}
