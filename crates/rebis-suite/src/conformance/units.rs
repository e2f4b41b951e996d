//! The unit of work: objects, relations, keys and versions through a session.

use rebis::prelude::*;
use rebis::selectinload;

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("units_of_a_whole_graph", graph),
    ("units_of_a_tree", tree),
    ("units_that_are_stale_e53", stale),
    ("units_that_are_undone_d26", undone),
    ("units_of_many_rows", many),
    ("units_past_the_unit_of_work", bulk),
];

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_unit_users", version = version)]
struct User {
    #[rebis(length = 50, unique)]
    name: String,
    #[rebis(primary_key)]
    id: i64,
    fullname: Option<String>,
    version: i64,
    #[rebis(relationship(back_populates = "user", cascade = "all, delete-orphan", order_by = "email"))]
    addresses: Many<Address>,
    #[rebis(relationship(back_populates = "users", secondary = UserWord))]
    words: Many<Word>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_unit_addresses")]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    email: String,
    #[rebis(foreign_key = User::id)]
    user_id: Option<i64>,
    #[rebis(relationship(back_populates = "addresses"))]
    user: One<User>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_unit_words")]
struct Word {
    #[rebis(primary_key, length = 30)]
    word: String,
    #[rebis(relationship(back_populates = "words", secondary = UserWord))]
    users: Many<User>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_unit_user_words")]
struct UserWord {
    #[rebis(primary_key, foreign_key = User::id)]
    user_id: i64,
    #[rebis(primary_key, length = 30, foreign_key = Word::word)]
    word: String,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_unit_nodes")]
struct Node {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(foreign_key = Node::id)]
    parent_id: Option<i64>,
    #[rebis(relationship(back_populates = "children"))]
    parent: One<Node>,
    #[rebis(relationship(back_populates = "parent", cascade = "all"))]
    children: Many<Node>,
}

/// A session on new tables.
fn session(database: &Database) -> Session {
    let engine = database.engine(2);
    rebis::drop_all::<(User, Address, Word, UserWord, Node)>(&engine).unwrap();
    rebis::create_all::<(User, Address, Word, UserWord, Node)>(&engine).unwrap();
    Session::new(&engine)
}

fn user(name: &str) -> User {
    User { name: name.into(), ..User::default() }
}

fn address(email: &str) -> Address {
    Address { email: email.into(), ..Address::default() }
}

fn emails(user: &Instance<User>) -> Vec<String> {
    let addresses = user.related(User::addresses).unwrap();
    addresses.into_iter().map(|address| address.get(Address::email).unwrap()).collect()
}

fn graph(database: &Database) -> Outcome {
    let session = session(database);
    let word = Word { word: "x".into(), ..Word::default() };
    let ed = session
        .add(User { addresses: [address("b"), address("a")].into(), words: [word].into(), ..user("ed") })
        .unwrap();
    let jo = session.add(user("jo")).unwrap();
    session.commit().unwrap();
    assert_eq!(emails(&ed), ["a", "b"]);
    let first = ed.related(User::addresses).unwrap().all().remove(0);
    first.set(Address::user, &jo).unwrap();
    ed.write().unwrap().fullname = Some("Ed".into());
    let word = ed.related(User::words).unwrap().all().remove(0);
    ed.related(User::words).unwrap().remove(&word).unwrap();
    jo.related(User::words).unwrap().push(&word).unwrap();
    session.commit().unwrap();
    assert_eq!((emails(&ed), emails(&jo)), (vec!["b".to_owned()], vec!["a".to_owned()]));
    assert_eq!(ed.get(User::version).unwrap(), 2);
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    let left = session.query::<User>().option(selectinload(User::words)).all().unwrap();
    assert_eq!(left, std::slice::from_ref(&jo));
    assert_eq!(jo.related(User::words).unwrap().all(), [word]);
    assert_eq!(session.query::<Address>().count().unwrap(), 1, "the other one went with its user");
    session.delete(&jo).unwrap();
    session.commit().unwrap();
    passed("a graph in, moved, and out again")
}

fn tree(database: &Database) -> Outcome {
    let session = session(database);
    let named = |name: &str, children: Vec<Node>| Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    };
    let leaves = (0..5).map(|number| named(&format!("leaf {number}"), Vec::new())).collect();
    let root = session.add(named("root", vec![named("branch", leaves), named("twig", Vec::new())])).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Node>().count().unwrap(), 8);
    session.delete(&root).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Node>().count().unwrap(), 0);
    passed("8 nodes, 3 levels, deleted from the root")
}

fn stale(database: &Database) -> Outcome {
    let first = session(database);
    first.add(user("ed")).unwrap();
    first.commit().unwrap();
    let held: User = first.query::<User>().one().unwrap().to_value().unwrap();
    first.commit().unwrap();
    let second = Session::new(&database.engine(1));
    second.query::<User>().one().unwrap().set(User::fullname, Some("second".to_owned())).unwrap();
    second.commit().unwrap();
    let merged = first.merge(User { fullname: Some("first".into()), ..held });
    assert_eq!(merged.unwrap_err().kind(), ErrorKind::StaleData);
    first.rollback().unwrap();
    let ed = first.query::<User>().one().unwrap();
    assert_eq!(
        (ed.get(User::fullname).unwrap().as_deref(), ed.get(User::version).unwrap()),
        (Some("second"), 2)
    );
    // A row that somebody deletes in between.
    ed.set(User::fullname, Some("third".to_owned())).unwrap();
    first.no_autoflush(|| first.execute_write(delete::<User>()).map(|_| ())).unwrap();
    assert_eq!(first.flush().unwrap_err().kind(), ErrorKind::StaleData);
    first.rollback().unwrap();
    assert_eq!(first.query::<User>().count().unwrap(), 1);
    passed("who comes second is told")
}

fn undone(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    assert_eq!(emails(&ed), ["a"]);
    ed.set(User::name, "eddie").unwrap();
    ed.related(User::addresses).unwrap().push(address("b")).unwrap();
    let savepoint = session.begin_nested().unwrap();
    session.add(user("eddie")).unwrap();
    assert_eq!(session.flush().unwrap_err().kind(), ErrorKind::UniqueViolation);
    savepoint.rollback().unwrap();
    session.flush().unwrap();
    assert_eq!(ed.get(User::name).unwrap(), "eddie");
    session.rollback().unwrap();
    assert_eq!((ed.get(User::name).unwrap(), emails(&ed)), ("ed".to_owned(), vec!["a".to_owned()]));
    session.commit().unwrap();
    assert_eq!(session.query::<Address>().count().unwrap(), 1);
    passed("memory and database as they were")
}

fn many(database: &Database) -> Outcome {
    const USERS: usize = 2_500;
    let session = session(database);
    let users = (0..USERS).map(|number| User {
        addresses: [address(&format!("{number}"))].into(),
        ..user(&format!("user {number}"))
    });
    let users = session.add_all(users).unwrap();
    session.commit().unwrap();
    for user in &users {
        let name = user.get(User::name).unwrap();
        assert_eq!(format!("user {}", emails(user)[0]), name, "each key came back to its own object");
        if name.ends_with('7') {
            user.set(User::fullname, Some("seven".to_owned())).unwrap();
        }
    }
    session.commit().unwrap();
    let sevens = session.query::<User>().filter(User::fullname.eq("seven")).count().unwrap();
    assert_eq!(sevens, USERS as u64 / 10);
    passed(format!("{USERS} users with an address each, every tenth changed"))
}

fn bulk(database: &Database) -> Outcome {
    const USERS: i64 = 2_500;
    let session = session(database);
    let users = (1..=USERS).map(|number| user(&format!("user {number}")));
    assert_eq!(session.bulk_insert(users).unwrap(), USERS.unsigned_abs());
    let held = session.query::<User>().filter(User::name.eq("user 7")).one().unwrap();
    let found: Vec<User> =
        session.query::<User>().all().unwrap().iter().map(|user| user.to_value().unwrap()).collect();
    let renamed =
        |user: &User| User { fullname: Some(format!("{} {}", user.name, user.name)), ..user.clone() };
    session.bulk_update([User::fullname.name()], found.iter().map(renamed)).unwrap();
    assert_eq!(held.get(User::fullname).unwrap().as_deref(), Some("user 7 user 7"));
    assert_eq!(held.get(User::version).unwrap(), 2);
    let stale = session.bulk_update([User::fullname.name()], found.iter().take(2).map(renamed));
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().unwrap();
    assert_eq!(session.query::<User>().count().unwrap(), 0);
    passed(format!("{USERS} rows inserted and updated, and none left after the rollback"))
}
