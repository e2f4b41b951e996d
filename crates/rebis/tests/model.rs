//! Structs as models, by the derive.
#![allow(clippy::unwrap_used)]

use rebis::schema::{ColumnDef, Entities, Entity, ForeignKey, OnChange, SqlType, Table};
use rebis::sql::{Expression, select};
use rebis::{Engine, ErrorKind, Many, Model, One, Session, State, create_all, text};

// ---- models ----

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(table = "users")]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 50)]
    name: String,
    fullname: Option<String>,
    #[rebis(relationship(back_populates = "user", cascade = "all, delete-orphan", order_by = "id desc"))]
    addresses: Many<Address>,
    #[rebis(relationship(back_populates = "users", secondary = UserKeyword, order_by = "word"))]
    keywords: Many<Keyword>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(table = "addresses")]
struct Address {
    email: String,
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::id, on_delete = "cascade", index)]
    user_id: i64,
    #[rebis(relationship(back_populates = "addresses"))]
    user: One<User>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct UserKeyword {
    #[rebis(primary_key, foreign_key = User::id)]
    user_id: i64,
    #[rebis(primary_key, foreign_key = Keyword::id)]
    keyword_id: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(table = "keywords")]
struct Keyword {
    #[rebis(primary_key)]
    id: Option<i32>,
    #[rebis(column = "the word")]
    word: String,
    #[rebis(relationship(back_populates = "keywords", secondary = UserKeyword))]
    users: Many<User>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
struct Node {
    #[rebis(primary_key)]
    id: i64,
    /// None of a root.
    #[rebis(foreign_key = Self::id)]
    parent_id: Option<i64>,
    title: String,
    #[rebis(relationship(back_populates = "parent", order_by = "title"))]
    children: Many<Self>,
    #[rebis(relationship(back_populates = "children"))]
    parent: One<Node>,
}

fn session<E: Entities>() -> (Engine, Session) {
    let engine = Engine::new("sqlite://").unwrap();
    create_all::<E>(&engine).unwrap();
    let session = Session::new(&engine);
    (engine, session)
}

fn named(name: &str) -> User {
    User { name: name.into(), ..User::default() }
}

fn at(email: &str) -> Address {
    Address { email: email.into(), ..Address::default() }
}

// ---- tables ----

#[test]
fn the_table_is_the_one_that_a_hand_writes() {
    let users = Table::build("users")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("name", SqlType::String { length: 50 }).unique())
        .column(ColumnDef::new("fullname", SqlType::Text).nullable())
        .finish()
        .unwrap();
    let addresses = Table::build("addresses")
        .column(ColumnDef::new("email", SqlType::Text))
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("user_id", SqlType::BigInteger).index())
        .foreign_key(ForeignKey::new(["user_id"], "users", ["id"]).on_delete(OnChange::Cascade))
        .finish()
        .unwrap();
    let between = Table::build("user_keyword")
        .column(ColumnDef::new("user_id", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("keyword_id", SqlType::BigInteger).primary_key())
        .foreign_key(ForeignKey::new(["user_id"], "users", ["id"]))
        .foreign_key(ForeignKey::new(["keyword_id"], "keywords", ["id"]))
        .finish()
        .unwrap();
    let keywords = Table::build("keywords")
        .column(ColumnDef::new("id", SqlType::Integer).autoincrement())
        .column(ColumnDef::new("the word", SqlType::Text))
        .finish()
        .unwrap();
    assert_alike(User::table(), &users);
    assert_alike(Address::table(), &addresses);
    assert_alike(UserKeyword::table(), &between);
    assert_alike(Keyword::table(), &keywords);
    assert!(std::ptr::eq(User::table(), User::table()));
    assert_eq!(User::table_name(), (None, "users"));
}

/// In every part: two tables of one name are equal.
fn assert_alike(derived: &Table, by_hand: &Table) {
    assert_eq!((derived.schema(), derived.name()), (by_hand.schema(), by_hand.name()));
    assert_eq!(derived.columns(), by_hand.columns());
    assert_eq!(derived.foreign_keys(), by_hand.foreign_keys());
    assert_eq!(derived.unique_constraints(), by_hand.unique_constraints());
    assert_eq!(derived.indexes(), by_hand.indexes());
    assert_eq!(derived.check_constraints(), by_hand.check_constraints());
    assert_eq!(derived.comment(), by_hand.comment());
    let key = |table: &Table| table.primary_key().map(|column| column.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(key(derived), key(by_hand));
}

// ---- sessions ----

type Shop = (User, Address, UserKeyword, Keyword);

#[test]
fn a_graph_goes_in_and_comes_back() {
    let (engine, session) = session::<Shop>();
    let keyword = |word: &str| Keyword { word: word.into(), ..Keyword::default() };
    let ed = session
        .add(User {
            addresses: [at("a@x"), at("b@x")].into(),
            keywords: [keyword("tall"), keyword("blond")].into(),
            ..named("ed")
        })
        .unwrap();
    session.commit().unwrap();
    assert_eq!(ed.state(), State::Persistent);
    let rows = engine
        .connect()
        .unwrap()
        .fetch_all::<(String, i64)>(text("select email, user_id from addresses order by id"));
    assert_eq!(rows.unwrap(), [("a@x".to_owned(), 1), ("b@x".to_owned(), 1)]);

    let session = Session::new(&engine);
    let ed = session.query::<User>().filter(User::name.eq("ed")).one().unwrap();
    assert_eq!(ed.to_value().unwrap(), User { id: 1, ..named("ed") });
    // In the order that the relation asks for.
    let emails = ed.related(User::addresses).unwrap().all();
    let emails: Vec<String> = emails.iter().map(|address| address.get(Address::email).unwrap()).collect();
    assert_eq!(emails, ["b@x", "a@x"]);
    let words = ed.related(User::keywords).unwrap().all();
    assert_eq!(
        words.iter().map(|word| word.get(Keyword::word).unwrap()).collect::<Vec<_>>(),
        ["blond", "tall"]
    );
    assert_eq!(words[0].related(Keyword::users).unwrap().all(), std::slice::from_ref(&ed));
    let address = session.get_one::<Address>(1).unwrap();
    assert_eq!(address.related(Address::user).unwrap(), Some(ed));
}

#[test]
fn changes_are_found_by_column() {
    let (engine, session) = session::<Shop>();
    let ed = session.add(named("ed")).unwrap();
    session.commit().unwrap();
    ed.write().unwrap().fullname = Some("Ed Jones".into());
    ed.set(User::name, "edward").unwrap();
    session.commit().unwrap();
    let mut conn = engine.connect().unwrap();
    let row: User = conn.execute(text("select fullname, id, name from users")).unwrap().of().one().unwrap();
    assert_eq!(row, User { id: 1, fullname: Some("Ed Jones".into()), ..named("edward") });
    drop(conn);
    ed.write().unwrap().name = "nobody".into();
    session.rollback().unwrap();
    assert_eq!(ed.get(User::name).unwrap(), "edward");
}

#[test]
fn both_sides_know_and_orphans_go() {
    let (engine, session) = session::<Shop>();
    let ed = session.add(User { addresses: [at("a@x"), at("b@x")].into(), ..named("ed") }).unwrap();
    let jo = session.add(named("jo")).unwrap();
    session.commit().unwrap();
    let [a, b] = <[_; 2]>::try_from(ed.related(User::addresses).unwrap().all()).unwrap();
    a.set(Address::user, &jo).unwrap();
    assert!(jo.related(User::addresses).unwrap().contains(&a));
    ed.related(User::addresses).unwrap().remove(&b).unwrap();
    session.commit().unwrap();
    assert_eq!(count(&engine, "addresses"), 1);
    assert_eq!(a.get(Address::user_id).unwrap(), 2);
    session.delete(&jo).unwrap();
    session.commit().unwrap();
    assert_eq!((count(&engine, "addresses"), count(&engine, "users")), (0, 1));
    assert_eq!(a.state(), State::Detached);
}

fn count(engine: &Engine, table: &'static str) -> i64 {
    engine.connect().unwrap().scalar(rebis::raw(format!("select count(*) from {table}"))).unwrap()
}

#[test]
fn a_tree_refers_to_itself() {
    let (engine, session) = session::<Node>();
    let node = |title: &str, children: Vec<Node>| Node {
        title: title.into(),
        children: children.into(),
        ..Node::default()
    };
    let root =
        session.add(node("root", vec![node("b", vec![node("leaf", vec![])]), node("a", vec![])])).unwrap();
    session.commit().unwrap();
    let session = Session::new(&engine);
    drop(root);
    let root = session.query::<Node>().filter(Node::parent_id.is_null()).one().unwrap();
    let children = root.related(Node::children).unwrap().all();
    assert_eq!(children.iter().map(|child| child.get(Node::title).unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let leaf = children[1].related(Node::children).unwrap().all().remove(0);
    assert_eq!(leaf.related(Node::parent).unwrap().unwrap(), children[1]);
    assert_eq!(root.related(Node::parent).unwrap(), None);
    leaf.set(Node::parent, &root).unwrap();
    session.commit().unwrap();
    assert_eq!(leaf.get(Node::parent_id).unwrap(), root.get(Node::id).ok());
}

#[test]
fn rows_become_plain_structs() {
    let (engine, session) = session::<Shop>();
    session.add_all([named("ed"), named("jo")]).unwrap();
    session.commit().unwrap();
    let mut conn = engine.connect().unwrap();
    let columns = (User::fullname, User::id, User::name);
    let users: Vec<User> = conn.execute(select(columns).order_by(User::id)).unwrap().of().all().unwrap();
    assert_eq!(users, [User { id: 1, ..named("ed") }, User { id: 2, ..named("jo") }]);
    let error = conn.fetch_all::<User>(text("select id, name from users")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(
        error.to_string().starts_with("the field User.fullname cannot be read: the answer has no column"),
        "{error}"
    );
}
