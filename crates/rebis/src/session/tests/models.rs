//! The models of these tests.

use rebis_derive::Model;

use crate::{Many, One};

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "users")]
pub(super) struct User {
    #[rebis(primary_key)]
    pub(super) id: i64,
    #[rebis(unique)]
    pub(super) name: String,
    pub(super) fullname: Option<String>,
    #[rebis(relationship(back_populates = "user", cascade = "all, delete-orphan"))]
    pub(super) addresses: Many<Address>,
    #[rebis(relationship(back_populates = "users", secondary = UserKeyword))]
    pub(super) keywords: Many<Keyword>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "addresses")]
pub(super) struct Address {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) email: String,
    #[rebis(foreign_key = User::id)]
    pub(super) user_id: Option<i64>,
    #[rebis(relationship(back_populates = "addresses"))]
    pub(super) user: One<User>,
}

/// With a key of its own that is not the first column, and counted changes.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "keywords", version = version)]
pub(super) struct Keyword {
    pub(super) weight: i64,
    #[rebis(primary_key, length = 30)]
    pub(super) word: String,
    pub(super) version: i64,
    #[rebis(relationship(back_populates = "keywords", secondary = UserKeyword))]
    pub(super) users: Many<User>,
}

#[derive(Debug, Clone, Model)]
#[rebis(crate = "crate", table = "user_keywords")]
pub(super) struct UserKeyword {
    #[rebis(primary_key, foreign_key = User::id)]
    user_id: i64,
    #[rebis(primary_key, length = 30, foreign_key = Keyword::word)]
    word: String,
}

/// A tree.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "nodes")]
pub(super) struct Node {
    #[rebis(primary_key)]
    pub(super) id: i64,
    #[rebis(foreign_key = Node::id)]
    pub(super) parent_id: Option<i64>,
    pub(super) name: String,
    #[rebis(relationship(back_populates = "children"))]
    pub(super) parent: One<Node>,
    #[rebis(relationship(back_populates = "parent", cascade = "all"))]
    pub(super) children: Many<Node>,
}
