//! The models of the random test, and what should be there of them.

use std::collections::{BTreeMap, BTreeSet};

use rebis::prelude::*;
use rebis::{Deferred, Embedded};

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "random_users", version = version)]
pub(crate) struct User {
    #[rebis(primary_key)]
    pub(crate) id: i64,
    #[rebis(unique, length = 40)]
    pub(crate) name: String,
    pub(crate) fullname: Option<String>,
    pub(crate) version: i64,
    #[rebis(foreign_key = Address::id)]
    pub(crate) favorite_id: Option<i64>,
    #[rebis(relationship(
        back_populates = "user",
        cascade = "all, delete-orphan",
        foreign_keys = "user_id"
    ))]
    pub(crate) addresses: Many<Address>,
    /// With `Address::user` a circle of two tables.
    #[rebis(relationship(post_update, foreign_keys = "favorite_id"))]
    pub(crate) favorite: One<Address>,
    #[rebis(relationship(back_populates = "users", secondary = UserKeyword))]
    pub(crate) keywords: Many<Keyword>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "random_addresses")]
pub(crate) struct Address {
    #[rebis(primary_key)]
    pub(crate) id: i64,
    pub(crate) email: String,
    #[rebis(foreign_key = User::id)]
    pub(crate) user_id: Option<i64>,
    #[rebis(relationship(back_populates = "addresses", foreign_keys = "user_id"))]
    pub(crate) user: One<User>,
}

/// With a key of its own that is not the first column, and counted changes.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "random_keywords", version = version)]
pub(crate) struct Keyword {
    pub(crate) weight: i64,
    #[rebis(primary_key, length = 40)]
    pub(crate) word: String,
    pub(crate) version: i64,
    #[rebis(relationship(back_populates = "keywords", secondary = UserKeyword))]
    pub(crate) users: Many<User>,
    #[rebis(relationship(back_populates = "keyword"))]
    pub(crate) papers: Many<Paper>,
}

#[derive(Debug, Clone, Model)]
#[rebis(table = "random_user_keywords")]
pub(crate) struct UserKeyword {
    #[rebis(primary_key, foreign_key = User::id)]
    pub(crate) user_id: i64,
    #[rebis(primary_key, length = 40, foreign_key = Keyword::word, on_update = "cascade")]
    pub(crate) word: String,
}

/// A tree.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "random_nodes")]
pub(crate) struct Node {
    #[rebis(primary_key)]
    pub(crate) id: i64,
    #[rebis(foreign_key = Node::id)]
    pub(crate) parent_id: Option<i64>,
    pub(crate) name: String,
    #[rebis(relationship(back_populates = "children"))]
    pub(crate) parent: One<Node>,
    #[rebis(relationship(back_populates = "parent", cascade = "all"))]
    pub(crate) children: Many<Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Embedded)]
pub(crate) struct Spot {
    #[rebis(length = 40)]
    pub(crate) shelf: String,
    pub(crate) level: Option<i64>,
}

/// With unique values that are handed on, a column that is read when it is asked for, and structs of columns.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "random_papers", version = version)]
pub(crate) struct Paper {
    #[rebis(primary_key)]
    pub(crate) id: i64,
    #[rebis(unique, length = 40)]
    pub(crate) code: String,
    #[rebis(unique, length = 40)]
    pub(crate) nick: Option<String>,
    pub(crate) text: Deferred<String>,
    #[rebis(embedded)]
    pub(crate) spot: Spot,
    #[rebis(embedded, prefix = "other_")]
    pub(crate) other: Option<Spot>,
    pub(crate) version: i64,
    #[rebis(length = 40, foreign_key = Keyword::word, on_update = "cascade")]
    pub(crate) word: Option<String>,
    #[rebis(relationship(back_populates = "papers"))]
    pub(crate) keyword: One<Keyword>,
}

pub(crate) type All = (User, Address, Keyword, UserKeyword, Node, Paper);

/// What should be there. Objects are known by numbers of the test's own, which are never used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) users: BTreeMap<usize, ExpectedUser>,
    pub(crate) addresses: BTreeMap<usize, ExpectedAddress>,
    pub(crate) keywords: BTreeMap<usize, ExpectedKeyword>,
    pub(crate) nodes: BTreeMap<usize, ExpectedNode>,
    pub(crate) papers: BTreeMap<usize, ExpectedPaper>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedPaper {
    pub(crate) code: String,
    pub(crate) nick: Option<String>,
    pub(crate) text: String,
    pub(crate) spot: Spot,
    pub(crate) other: Option<Spot>,
    pub(crate) keyword: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedUser {
    pub(crate) name: String,
    pub(crate) fullname: Option<String>,
    pub(crate) favorite: Option<usize>,
    pub(crate) keywords: BTreeSet<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedAddress {
    pub(crate) email: String,
    pub(crate) user: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedKeyword {
    pub(crate) word: String,
    pub(crate) weight: i64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectedNode {
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
}

/// The handles on the objects.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) users: BTreeMap<usize, Instance<User>>,
    pub(crate) addresses: BTreeMap<usize, Instance<Address>>,
    pub(crate) keywords: BTreeMap<usize, Instance<Keyword>>,
    pub(crate) nodes: BTreeMap<usize, Instance<Node>>,
    pub(crate) papers: BTreeMap<usize, Instance<Paper>>,
}

impl Held {
    /// Lets go of what is not there any more.
    pub(crate) fn keep(&mut self, now: &Expected) {
        self.users.retain(|number, _| now.users.contains_key(number));
        self.addresses.retain(|number, _| now.addresses.contains_key(number));
        self.keywords.retain(|number, _| now.keywords.contains_key(number));
        self.nodes.retain(|number, _| now.nodes.contains_key(number));
        self.papers.retain(|number, _| now.papers.contains_key(number));
    }
}
