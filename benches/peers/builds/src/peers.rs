//! The peers: what they depend on, and how an application with them reads.

/// One library, and its application.
#[derive(Debug)]
pub struct Peer {
    pub name: &'static str,
    /// Its column in the tables.
    pub column: &'static str,
    /// Lines of `Cargo.toml`; `@ROOT@` is the folder of Rebis, of which the last commit is taken. By its path cargo would take it for a
    /// part of the application, and build it so that parts of it can be built again, which costs a quarter more.
    pub dependencies: &'static str,
    /// A model with its functions; `@N@` is its number.
    pub model: &'static str,
    pub main: &'static str,
    /// Calls all functions of a model.
    pub call: &'static str,
    /// A model of five fields as the derive wants it, and the same without it; none where nothing is derived.
    pub five_fields: Option<[&'static str; 2]>,
}

pub const PEERS: [Peer; 5] = [
    Peer {
        name: "raw",
        column: "raw",
        dependencies: "rusqlite = { version = \"0.39\", features = [\"bundled\"] }",
        model: include_str!("../templates/raw_model.rs"),
        main: include_str!("../templates/raw_main.rs"),
        call: "item_@N@::all(session).unwrap()",
        five_fields: None,
    },
    Peer {
        name: "rebis",
        column: "rebis ORM",
        dependencies: "rebis = { git = \"file://@ROOT@\", default-features = false, features = [\"sqlite\"] }",
        model: include_str!("../templates/rebis_model.rs"),
        main: include_str!("../templates/rebis_main.rs"),
        call: "item_@N@::all(&session)?",
        five_fields: Some([
            "#[derive(Clone, rebis::Model)] #[rebis(table = \"users\")]
             pub struct User { #[rebis(primary_key)] @FIELDS@ }",
            "#[derive(Clone)] pub struct User { @FIELDS@ }",
        ]),
    },
    Peer {
        name: "diesel",
        column: "diesel",
        dependencies: "diesel = { version = \"2.3.14\", default-features = false, features = [\"sqlite\", \
                       \"returning_clauses_for_sqlite_3_35\"] }\n\
                       libsqlite3-sys = { version = \"*\", features = [\"bundled\"] }",
        model: include_str!("../templates/diesel_model.rs"),
        main: include_str!("../templates/diesel_main.rs"),
        call: "item_@N@::all(session).unwrap()",
        five_fields: Some([
            "use diesel::prelude::*;
             diesel::table! { users (id) { id -> BigInt, name -> Text, note -> Nullable<Text>, amount -> BigInt, active -> Bool, } }
             #[derive(Clone, Queryable, Selectable, Identifiable, Insertable, AsChangeset)] #[diesel(table_name = users)]
             pub struct User { @FIELDS@ }",
            "#[derive(Clone)] pub struct User { @FIELDS@ }",
        ]),
    },
    Peer {
        name: "sea-orm",
        column: "sea-orm",
        dependencies: "sea-orm = { version = \"2.0\", default-features = false, features = [\"runtime-tokio\", \
                       \"sqlx-sqlite\", \"macros\", \"sqlite-use-returning-for-3_35\"] }\n\
                       tokio = { version = \"1\", features = [\"rt\", \"macros\"] }",
        model: include_str!("../templates/sea_model.rs"),
        main: include_str!("../templates/sea_main.rs"),
        call: "item_@N@::all(session).await.unwrap()",
        five_fields: Some([
            "use sea_orm::entity::prelude::*;
             #[derive(Clone, Debug, PartialEq, DeriveEntityModel)] #[sea_orm(table_name = \"users\")]
             pub struct Model { #[sea_orm(primary_key)] @FIELDS@ }
             #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
             impl ActiveModelBehavior for ActiveModel {}",
            "#[derive(Clone, Debug, PartialEq)] pub struct Model { @FIELDS@ }
             #[derive(Copy, Clone, Debug)] pub enum Relation {}",
        ]),
    },
    Peer {
        name: "toasty",
        column: "toasty",
        dependencies: "toasty = { version = \"0.11\", default-features = false, features = [\"sqlite\"] }\n\
                       tokio = { version = \"1\", features = [\"rt\", \"macros\"] }",
        model: include_str!("../templates/toasty_model.rs"),
        main: include_str!("../templates/toasty_main.rs"),
        call: "item_@N@::all(session).await.unwrap()",
        five_fields: Some([
            "#[derive(Clone, toasty::Model)] #[table = \"users\"] pub struct User { #[key] #[auto] @FIELDS@ }",
            "#[derive(Clone)] pub struct User { @FIELDS@ }",
        ]),
    },
];

/// The five fields.
pub const FIELDS: &str =
    "pub id: i64, pub name: String, pub note: Option<String>, pub amount: i64, pub active: bool";
