//! What the derive would write, by hand.

use rebis_core::process::Published;
use rebis_core::rows::RowView;
use rebis_core::schema::{ColumnDef, Entity, ForeignKey, SqlType, Table};
use rebis_core::sql::Column;
use rebis_core::value::{FromValue, IntoValue, Mismatch};
use rebis_core::{Result, Value, ValueRef};

use crate::mapper::{Definition, Given, Mapper, Model, RelationDef, Target, mapper};
use crate::model::{Cascade, Loading, RelationKind};
use crate::{Many, One, ToMany, ToOne};

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) fullname: Option<String>,
    pub(super) addresses: Many<Address>,
    pub(super) keywords: Many<Keyword>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Address {
    pub(super) id: i64,
    pub(super) email: String,
    pub(super) user_id: Option<i64>,
    pub(super) user: One<User>,
}

/// With a key of its own, and counted changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Keyword {
    pub(super) word: String,
    pub(super) weight: i64,
    pub(super) version: i64,
    pub(super) users: Many<User>,
}

pub(super) struct UserKeyword;

/// A tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    pub(super) id: i64,
    pub(super) parent_id: Option<i64>,
    pub(super) name: String,
    pub(super) parent: One<Node>,
    pub(super) children: Many<Node>,
}

macro_rules! table {
    ($model:ident, $builder:expr) => {
        impl Entity for $model {
            fn table() -> &'static Table {
                static TABLE: Published<Table> = Published::new();
                TABLE.get_or_init(|| $builder.finish().unwrap())
            }
        }
    };
}

macro_rules! model {
    ($model:ident: $($column:ident $position:literal),+; key $($key:ident $key_position:literal),+; version $version:expr;
     $($relation:ident $number:literal),*; $definitions:expr) => {
        impl Model for $model {
            fn name() -> &'static str {
                stringify!($model)
            }

            fn definition() -> Definition {
                Definition {
                    name: stringify!($model).into(),
                    table: <$model as Entity>::table().clone(),
                    columns: vec![$(stringify!($column).to_owned()),+],
                    version: $version,
                    relations: $definitions,
                }
            }

            fn published() -> &'static Published<Result<Mapper>> {
                static MAPPER: Published<Result<Mapper>> = Published::new();
                &MAPPER
            }

            fn read_column(&self, column: usize) -> Value {
                match column {
                    $($position => self.$column.clone().into_value(),)+
                    _ => Value::Null,
                }
            }

            fn write_column(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
                match column {
                    $($position => self.$column = FromValue::from_value(value)?,)+
                    _ => {}
                }
                Ok(())
            }

            fn same_column(&self, other: &Self, column: usize) -> bool {
                match column {
                    $($position => self.$column == other.$column,)+
                    _ => true,
                }
            }

            fn take_related(&mut self, relation: usize) -> Option<Vec<Given>> {
                match relation {
                    $($number => self.$relation.take_given(),)*
                    _ => None,
                }
            }

            fn decode(row: &RowView<'_>, first: usize) -> Result<Self> {
                Ok($model { $($column: row.value(first + $position)?,)+ ..$model::default() })
            }

            fn decode_key(row: &RowView<'_>, first: usize) -> Result<Vec<Value>> {
                Ok(vec![$(row.value::<Value>(first + $key_position).inspect(|_| { let _ = stringify!($key); })?),+])
            }
        }
    };
}

table!(
    User,
    Table::build("users")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("name", SqlType::Text).unique())
        .column(ColumnDef::new("fullname", SqlType::Text).nullable())
);
model!(User: id 0, name 1, fullname 2; key id 0; version None; addresses 0, keywords 1; vec![
    RelationDef::new("addresses", RelationKind::Many, Target::Of(mapper::<Address>))
        .back_populates("user")
        .cascade(Cascade::ALL.with_delete_orphan()),
    RelationDef::new("keywords", RelationKind::Many, Target::Of(mapper::<Keyword>))
        .back_populates("users")
        .secondary(UserKeyword::table()),
]);

table!(
    Address,
    Table::build("addresses")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("email", SqlType::Text))
        .column(ColumnDef::new("user_id", SqlType::BigInteger).nullable())
        .foreign_key(ForeignKey::new(["user_id"], "users", ["id"]))
);
model!(Address: id 0, email 1, user_id 2; key id 0; version None; user 0; vec![
    RelationDef::new("user", RelationKind::One, Target::Of(mapper::<User>)).back_populates("addresses"),
]);

table!(
    Keyword,
    Table::build("keywords")
        .column(ColumnDef::new("weight", SqlType::BigInteger))
        .column(ColumnDef::new("word", SqlType::String { length: 30 }).primary_key())
        .column(ColumnDef::new("version", SqlType::BigInteger))
);
model!(Keyword: word 0, weight 1, version 2; key word 0; version Some("version".to_owned()); users 0; vec![
    RelationDef::new("users", RelationKind::Many, Target::Of(mapper::<User>))
        .back_populates("keywords")
        .secondary(UserKeyword::table()),
]);

table!(
    UserKeyword,
    Table::build("user_keywords")
        .column(ColumnDef::new("user_id", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("word", SqlType::String { length: 30 }).primary_key())
        .foreign_key(ForeignKey::new(["user_id"], "users", ["id"]))
        .foreign_key(ForeignKey::new(["word"], "keywords", ["word"]))
);

table!(
    Node,
    Table::build("nodes")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("parent_id", SqlType::BigInteger).nullable())
        .column(ColumnDef::new("name", SqlType::Text))
        .foreign_key(ForeignKey::new(["parent_id"], "nodes", ["id"]))
);
model!(Node: id 0, parent_id 1, name 2; key id 0; version None; parent 0, children 1; vec![
    RelationDef::new("parent", RelationKind::One, Target::Of(mapper::<Node>)).back_populates("children"),
    RelationDef::new("children", RelationKind::Many, Target::Of(mapper::<Node>))
        .back_populates("parent")
        .cascade(Cascade::ALL),
]);

/// Both sides are loaded by joins, where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Team {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) players: Many<Player>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Player {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) team_id: Option<i64>,
    pub(super) team: One<Team>,
}

table!(
    Team,
    Table::build("teams")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("name", SqlType::Text))
);
model!(Team: id 0, name 1; key id 0; version None; players 0; vec![
    RelationDef::new("players", RelationKind::Many, Target::Of(mapper::<Player>))
        .back_populates("team")
        .loading(Loading::Joined)
        .order_by("name", true),
]);

table!(
    Player,
    Table::build("players")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("name", SqlType::Text))
        .column(ColumnDef::new("team_id", SqlType::BigInteger).nullable())
        .foreign_key(ForeignKey::new(["team_id"], "teams", ["id"]))
);
model!(Player: id 0, name 1, team_id 2; key id 0; version None; team 0; vec![
    RelationDef::new("team", RelationKind::One, Target::Of(mapper::<Team>))
        .back_populates("players")
        .loading(Loading::Joined),
]);

#[allow(non_upper_case_globals)]
impl Team {
    pub(super) const players: ToMany<Team, Player> = ToMany::new(0);
}

#[allow(non_upper_case_globals)]
impl Player {
    pub(super) const team: ToOne<Player, Team> = ToOne::new(0);
}

#[allow(non_upper_case_globals)]
impl User {
    pub(super) const id: Column<User, i64> = Column::new("id");
    pub(super) const name: Column<User, String> = Column::new("name");
    pub(super) const fullname: Column<User, Option<String>> = Column::new("fullname");
    pub(super) const addresses: ToMany<User, Address> = ToMany::new(0);
    pub(super) const keywords: ToMany<User, Keyword> = ToMany::new(1);
}

#[allow(non_upper_case_globals)]
impl Address {
    pub(super) const id: Column<Address, i64> = Column::new("id");
    pub(super) const email: Column<Address, String> = Column::new("email");
    pub(super) const user_id: Column<Address, Option<i64>> = Column::new("user_id");
    pub(super) const user: ToOne<Address, User> = ToOne::new(0);
}

#[allow(non_upper_case_globals)]
impl Keyword {
    pub(super) const word: Column<Keyword, String> = Column::new("word");
    pub(super) const users: ToMany<Keyword, User> = ToMany::new(0);
}

#[allow(non_upper_case_globals)]
impl Node {
    pub(super) const name: Column<Node, String> = Column::new("name");
    pub(super) const children: ToMany<Node, Node> = ToMany::new(1);
    pub(super) const parent: ToOne<Node, Node> = ToOne::new(0);
}

/// With a key of two columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shelf {
    pub(super) room: String,
    pub(super) number: i64,
    pub(super) books: Many<Book>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Book {
    pub(super) id: i64,
    pub(super) shelf_number: Option<i64>,
    pub(super) room: Option<String>,
    pub(super) shelf: One<Shelf>,
}

table!(
    Shelf,
    Table::build("shelves")
        .column(ColumnDef::new("room", SqlType::String { length: 30 }).primary_key())
        .column(ColumnDef::new("number", SqlType::BigInteger).primary_key())
);
model!(Shelf: room 0, number 1; key room 0, number 1; version None; books 0; vec![
    RelationDef::new("books", RelationKind::Many, Target::Of(mapper::<Book>)).back_populates("shelf"),
]);

table!(
    Book,
    Table::build("books")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("shelf_number", SqlType::BigInteger).nullable())
        .column(ColumnDef::new("room", SqlType::String { length: 30 }).nullable())
        .foreign_key(ForeignKey::new(["shelf_number", "room"], "shelves", ["number", "room"]))
);
model!(Book: id 0, shelf_number 1, room 2; key id 0; version None; shelf 0; vec![
    RelationDef::new("shelf", RelationKind::One, Target::Of(mapper::<Shelf>)).back_populates("books"),
]);

#[allow(non_upper_case_globals)]
impl Shelf {
    pub(super) const books: ToMany<Shelf, Book> = ToMany::new(0);
}

#[allow(non_upper_case_globals)]
impl Book {
    pub(super) const id: Column<Book, i64> = Column::new("id");
    pub(super) const shelf: ToOne<Book, Shelf> = ToOne::new(0);
}
