//! The models of these tests.

use rebis_derive::{Embedded, Model};

use crate::{Deferred, Many, One};

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

/// Both sides are loaded by joins, where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "teams")]
pub(super) struct Team {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) name: String,
    #[rebis(relationship(back_populates = "team", loading = "joined", order_by = "name desc"))]
    pub(super) players: Many<Player>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "players")]
pub(super) struct Player {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) name: String,
    #[rebis(foreign_key = Team::id)]
    pub(super) team_id: Option<i64>,
    #[rebis(relationship(back_populates = "players", loading = "joined"))]
    pub(super) team: One<Team>,
}

/// With a key of two columns.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "shelves")]
pub(super) struct Shelf {
    #[rebis(primary_key, length = 30)]
    pub(super) room: String,
    #[rebis(primary_key)]
    pub(super) number: i64,
    #[rebis(relationship(back_populates = "shelf"))]
    pub(super) books: Many<Book>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(
    crate = "crate",
    table = "books",
    foreign_key(columns(shelf_number, room), refers(Shelf::number, Shelf::room))
)]
pub(super) struct Book {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) shelf_number: Option<i64>,
    pub(super) room: Option<String>,
    #[rebis(relationship(back_populates = "books"))]
    pub(super) shelf: One<Shelf>,
}

/// With columns that are not read with the object, and a foreign key to a column that is no primary key.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "profiles")]
pub(super) struct Profile {
    pub(super) bio: Deferred<Option<String>>,
    #[rebis(primary_key)]
    pub(super) id: i64,
    #[rebis(deferred = "media")]
    pub(super) photo: Deferred<Vec<u8>>,
    #[rebis(deferred = "media", column = "sound_bytes")]
    pub(super) sound: Deferred<Option<Vec<u8>>>,
    pub(super) nick: String,
    #[rebis(foreign_key = User::name)]
    pub(super) user_name: Option<String>,
    #[rebis(relationship)]
    pub(super) user: One<User>,
    #[rebis(relationship(back_populates = "profile"))]
    pub(super) badges: Many<Badge>,
}

/// What a profile always has its badges of, and a mark that is kept when it is deleted.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "badges")]
pub(super) struct Badge {
    #[rebis(primary_key)]
    pub(super) id: i64,
    pub(super) deleted: bool,
    #[rebis(foreign_key = Profile::id)]
    pub(super) profile_id: Option<i64>,
    #[rebis(relationship(back_populates = "badges"))]
    pub(super) profile: One<Profile>,
    #[rebis(foreign_key = Keyword::word, length = 30)]
    pub(super) word: Option<String>,
    #[rebis(relationship)]
    pub(super) keyword: One<Keyword>,
}

// ---- embedded structs ----

/// In the middle of an owner's fields; before a deferred column.
#[derive(Debug, Clone, Default, PartialEq, Embedded)]
#[rebis(crate = "crate")]
pub(super) struct Place {
    pub(super) street: String,
    #[rebis(column = "zip_code", length = 10, index)]
    pub(super) zip: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(crate = "crate", table = "parcels")]
pub(super) struct Parcel {
    #[rebis(primary_key)]
    pub(super) id: i64,
    #[rebis(embedded)]
    pub(super) from: Place,
    pub(super) picture: Deferred<Option<Vec<u8>>>,
    #[rebis(embedded, prefix = "to_")]
    pub(super) to: Option<Place>,
    pub(super) weight: i64,
}
