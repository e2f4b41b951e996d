//! What is there against what should be there.

use std::collections::BTreeSet;

use rebis::prelude::*;

use crate::World;
use crate::models::{
    Address, ExpectedAddress, ExpectedKeyword, ExpectedNode, ExpectedPaper, ExpectedUser, Keyword, Node,
    Paper, User, UserKeyword,
};

impl World {
    /// Memory: all columns, and the relations of some objects, as many as the seed of the moment says; with autoflush or without.
    pub(crate) fn compare(&mut self, what: &str) {
        let mut chance = self.random.below(1 << 30);
        for _ in 0..self.random.below(4) {
            chance &= self.random.below(1 << 30);
        }
        let all = self.now.users.keys().chain(self.now.addresses.keys());
        let all =
            all.chain(self.now.keywords.keys()).chain(self.now.nodes.keys()).chain(self.now.papers.keys());
        let chosen: BTreeSet<usize> = all
            .copied()
            .enumerate()
            .filter(|(at, _)| chance >> (at % 29) & 1 == 1)
            .map(|(_, number)| number)
            .collect();
        if chance & (1 << 29) == 0 {
            return self.compare_memory(&chosen, what);
        }
        self.session
            .no_autoflush(|| {
                self.compare_memory(&chosen, what);
                Ok(())
            })
            .unwrap();
    }

    fn compare_memory(&self, chosen: &BTreeSet<usize>, what: &str) {
        for (number, expected) in &self.now.users {
            self.compare_user(*number, expected, chosen.contains(number), what);
        }
        for (number, expected) in &self.now.addresses {
            self.compare_address(*number, expected, chosen.contains(number), what);
        }
        for (number, expected) in &self.now.keywords {
            self.compare_keyword(*number, expected, chosen.contains(number), what);
        }
        for (number, expected) in &self.now.nodes {
            self.compare_node(*number, expected, chosen.contains(number), what);
        }
        for (number, expected) in &self.now.papers {
            self.compare_paper(*number, expected, chosen.contains(number), what);
        }
    }

    fn compare_user(&self, number: usize, expected: &ExpectedUser, related: bool, what: &str) {
        let user = &self.held.users[&number];
        let read = user.read().unwrap();
        assert_eq!(
            (&read.name, &read.fullname),
            (&expected.name, &expected.fullname),
            "user {number}; {what}"
        );
        drop(read);
        if !related {
            return;
        }
        let addresses = user.related(User::addresses).unwrap();
        let own = self.addresses_of(number);
        let own_instances = own.iter().map(|address| &self.held.addresses[address]);
        assert!(
            addresses.has_exactly(own_instances),
            "addresses of user {number}: {:?}, not {own:?}; {what}",
            addresses.all()
        );
        let keywords = user.related(User::keywords).unwrap();
        let own = expected.keywords.iter().map(|word| &self.held.keywords[word]);
        let shown = &expected.keywords;
        assert!(
            keywords.has_exactly(own),
            "keywords of user {number}: {:?}, not {shown:?}; {what}",
            keywords.all()
        );
        let favorite = expected.favorite.map(|address| self.held.addresses[&address].clone());
        assert_eq!(user.related(User::favorite).unwrap(), favorite, "favorite of user {number}; {what}");
    }

    fn compare_address(&self, number: usize, expected: &ExpectedAddress, related: bool, what: &str) {
        let address = &self.held.addresses[&number];
        assert_eq!(address.read().unwrap().email, expected.email, "address {number}; {what}");
        if related {
            let user = expected.user.map(|user| self.held.users[&user].clone());
            assert_eq!(address.related(Address::user).unwrap(), user, "user of address {number}; {what}");
        }
    }

    fn compare_keyword(&self, number: usize, expected: &ExpectedKeyword, related: bool, what: &str) {
        let keyword = &self.held.keywords[&number];
        let read = keyword.read().unwrap();
        assert_eq!((&read.word, read.weight), (&expected.word, expected.weight), "keyword {number}; {what}");
        drop(read);
        if related {
            let users = keyword.related(Keyword::users).unwrap();
            let own = self.now.users.iter().filter(|(_, user)| user.keywords.contains(&number));
            let own = own.map(|(user, _)| &self.held.users[user]);
            assert!(users.has_exactly(own), "users of keyword {number}: {:?}; {what}", users.all());
            let papers = keyword.related(Keyword::papers).unwrap();
            let own = self.now.papers.iter().filter(|(_, paper)| paper.keyword == Some(number));
            let own = own.map(|(paper, _)| &self.held.papers[paper]);
            assert!(papers.has_exactly(own), "papers of keyword {number}: {:?}; {what}", papers.all());
        }
    }

    fn compare_node(&self, number: usize, expected: &ExpectedNode, related: bool, what: &str) {
        let node = &self.held.nodes[&number];
        assert_eq!(node.read().unwrap().name, expected.name, "node {number}; {what}");
        if related {
            let parent = expected.parent.map(|parent| self.held.nodes[&parent].clone());
            assert_eq!(node.related(Node::parent).unwrap(), parent, "parent of node {number}; {what}");
            let children = node.related(Node::children).unwrap();
            let own = self.now.nodes.iter().filter(|(_, node)| node.parent == Some(number));
            let own = own.map(|(child, _)| &self.held.nodes[child]);
            assert!(children.has_exactly(own), "children of node {number}: {:?}; {what}", children.all());
        }
    }

    fn compare_paper(&self, number: usize, expected: &ExpectedPaper, related: bool, what: &str) {
        let paper = &self.held.papers[&number];
        let read = paper.read().unwrap();
        assert_eq!(
            (&read.code, &read.nick, &read.spot, &read.other),
            (&expected.code, &expected.nick, &expected.spot, &expected.other),
            "paper {number}; {what}"
        );
        drop(read);
        if related {
            let keyword = expected.keyword.map(|keyword| self.held.keywords[&keyword].clone());
            assert_eq!(paper.related(Paper::keyword).unwrap(), keyword, "keyword of paper {number}; {what}");
            assert_eq!(paper.get(Paper::text).unwrap(), expected.text, "text of paper {number}; {what}");
        }
    }

    /// The rows of all tables, keys included.
    pub(crate) fn compare_database(&self) {
        let (now, held) = (&self.now, &self.held);
        let user_id = |number: &usize| held.users[number].get(User::id).unwrap();
        let address_id = |number: &usize| held.addresses[number].get(Address::id).unwrap();
        let node_id = |number: &usize| held.nodes[number].get(Node::id).unwrap();
        let version = |number: &usize| held.users[number].get(User::version).unwrap();
        compare(
            &self.session,
            select((User::name, User::fullname, User::favorite_id, User::version)),
            now.users.iter().map(|(number, user)| {
                (
                    user.name.clone(),
                    user.fullname.clone(),
                    user.favorite.as_ref().map(address_id),
                    version(number),
                )
            }),
        );
        compare(
            &self.session,
            select((Address::id, Address::email, Address::user_id)),
            now.addresses.iter().map(|(number, address)| {
                (address_id(number), address.email.clone(), address.user.as_ref().map(user_id))
            }),
        );
        let version = |number: &usize| held.keywords[number].get(Keyword::version).unwrap();
        compare(
            &self.session,
            select((Keyword::word, Keyword::weight, Keyword::version)),
            now.keywords
                .iter()
                .map(|(number, keyword)| (keyword.word.clone(), keyword.weight, version(number))),
        );
        compare(
            &self.session,
            select((UserKeyword::user_id, UserKeyword::word)),
            now.users.iter().flat_map(|(number, user)| {
                let word = |word| now.keywords[word].word.clone();
                user.keywords.iter().map(word).map(move |word| (user_id(number), word))
            }),
        );
        compare(
            &self.session,
            select((Node::id, Node::name, Node::parent_id)),
            now.nodes.iter().map(|(number, node)| {
                (node_id(number), node.name.clone(), node.parent.as_ref().map(node_id))
            }),
        );
        self.compare_papers();
    }
}

impl World {
    fn compare_papers(&self) {
        let version = |number: &usize| self.held.papers[number].get(Paper::version).unwrap();
        let of = (
            Paper::code,
            Paper::nick,
            Paper::text,
            Paper::spot.shelf,
            Paper::spot.level,
            Paper::other.level,
            Paper::word,
            Paper::version,
        );
        compare(
            &self.session,
            select(of),
            self.now.papers.iter().map(|(number, paper)| {
                (
                    paper.code.clone(),
                    paper.nick.clone(),
                    paper.text.clone(),
                    paper.spot.shelf.clone(),
                    paper.spot.level,
                    paper.other.as_ref().and_then(|other| other.level),
                    paper.keyword.as_ref().map(|keyword| self.now.keywords[keyword].word.clone()),
                    version(number),
                )
            }),
        );
    }
}

fn compare<R: FromRow + Ord + std::fmt::Debug>(
    session: &Session,
    query: impl rebis::rows::Query<R>,
    expected: impl Iterator<Item = R>,
) {
    let mut expected: Vec<R> = expected.collect();
    let mut found = session.execute(query).unwrap().all().unwrap();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "rows of the database, and what should be there");
}
