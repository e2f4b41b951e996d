use rebis_core::ErrorKind;
use rebis_core::sql::{Expression, LockWait, alias, count, select};

use super::*;
use crate::{GetOptions, Instance, JoinRelated, Session, State, entity};

/// ed with two addresses and a keyword, jo with none, li with one address; nodes a > b > c.
fn filled() -> Database {
    let db = Database::new();
    let session = db.session();
    let word = Keyword { word: "x".into(), ..Keyword::default() };
    let ed = User { addresses: [address("a"), address("b")].into(), keywords: [word].into(), ..user("ed") };
    session.add(ed).unwrap();
    session.flush().unwrap();
    session.add(user("jo")).unwrap();
    session.add(User { addresses: [address("c")].into(), ..user("li") }).unwrap();
    session.flush().unwrap();
    session.add(address("nobody's")).unwrap();
    let node = |name: &str, children: Vec<Node>| Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    };
    session.add(node("a", vec![node("b", vec![node("c", vec![])])])).unwrap();
    session.commit().unwrap();
    db.sent();
    db
}

fn names(users: &[Instance<User>]) -> Vec<String> {
    users.iter().map(|user| user.read().unwrap().name.clone()).collect()
}

fn users(session: &Session, condition: rebis_core::sql::Expr<bool>) -> Vec<String> {
    names(&session.query::<User>().filter(condition).order_by(User::id).all().unwrap())
}

#[test]
fn conditions_over_collections() {
    let db = filled();
    let session = db.session();
    assert_eq!(users(&session, User::addresses.any(Address::email.eq("b"))), ["ed"]);
    assert_eq!(
        db.sent(),
        [
            "SELECT users.id, users.name, users.fullname FROM users WHERE EXISTS (SELECT addresses.user_id FROM addresses \
          WHERE addresses.user_id = users.id AND addresses.email = ?1) ORDER BY users.id"
        ]
    );
    assert_eq!(users(&session, !User::addresses.any(Address::email.eq("b"))), ["jo", "li"]);
    assert_eq!(users(&session, User::addresses.is_empty()), ["jo"]);
    db.sent();
    assert_eq!(users(&session, User::keywords.any(Keyword::word.eq("x"))), ["ed"]);
    assert_eq!(
        db.sent(),
        [
            "SELECT users.id, users.name, users.fullname FROM users WHERE EXISTS (SELECT user_keywords.user_id \
          FROM user_keywords JOIN keywords ON user_keywords.word = keywords.word \
          WHERE keywords.word = ?1 AND user_keywords.user_id = users.id) ORDER BY users.id"
        ]
    );
    assert_eq!(users(&session, User::keywords.is_empty()), ["jo", "li"]);
}

#[test]
fn conditions_over_relations_to_one() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    let emails = |condition| {
        db.sent();
        let homes = session.query::<Address>().filter(condition).order_by(Address::email).all().unwrap();
        homes.iter().map(|home| home.read().unwrap().email.clone()).collect::<Vec<_>>()
    };
    assert_eq!(emails(Address::user.has(User::name.eq("ed"))), ["a", "b"]);
    assert_eq!(
        db.sent(),
        [
            "SELECT addresses.id, addresses.email, addresses.user_id FROM addresses WHERE EXISTS (SELECT users.id FROM users \
          WHERE users.id = addresses.user_id AND users.name = ?1) ORDER BY addresses.email"
        ]
    );
    assert_eq!(emails(!Address::user.has(User::name.eq("ed"))), ["c", "nobody's"], "also who has none");
    assert_eq!(emails(Address::user.is(&ed).unwrap()), ["a", "b"]);
    assert!(db.sent()[0].ends_with("WHERE addresses.user_id = ?1 ORDER BY addresses.email"));
    assert_eq!(emails(Address::user.is_none()), ["nobody's"]);
    assert!(db.sent()[0].ends_with("WHERE addresses.user_id IS NULL ORDER BY addresses.email"));
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    assert_eq!(users(&session, User::addresses.contains(&home).unwrap()), ["ed"]);
    let word = ed.related(User::keywords).unwrap().all().remove(0);
    assert_eq!(users(&session, User::keywords.contains(&word).unwrap()), ["ed"]);
    let new = session.add(user("new")).unwrap();
    assert_eq!(kind(Address::user.is(&new)), ErrorKind::InvalidState);
}

#[test]
fn conditions_over_a_tree() {
    let db = filled();
    let session = db.session();
    let nodes = |condition| {
        let nodes = session.query::<Node>().filter(condition).order_by(Node::name).all().unwrap();
        nodes.iter().map(|node| node.read().unwrap().name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(nodes(Node::children.any(Node::name.eq("c"))), ["b"]);
    assert_eq!(nodes(!Node::children.any(Node::name.eq("c"))), ["a", "c"]);
    assert_eq!(nodes(Node::parent.has(Node::name.eq("a"))), ["b"]);
    assert_eq!(nodes(!Node::parent.has(Node::name.eq("a"))), ["a", "c"], "also the root");
    assert_eq!(nodes(Node::children.is_empty()), ["c"]);
    let child = alias::<Node>("child");
    let joined =
        session.query::<Node>().join_related_as(Node::children, &child).filter(child.c(Node::name).eq("c"));
    assert_eq!(joined.one().unwrap().read().unwrap().name, "b");
}

#[test]
fn joins_by_relation() {
    let db = filled();
    let session = db.session();
    let found =
        session.query::<User>().join_related(User::addresses).filter(Address::email.eq("c")).all().unwrap();
    assert_eq!(names(&found), ["li"]);
    assert_eq!(
        db.sent(),
        [
            "SELECT users.id, users.name, users.fullname FROM users JOIN addresses ON addresses.user_id = users.id \
          WHERE addresses.email = ?1"
        ]
    );
    let found = session.query::<User>().outer_join_related(User::keywords).filter(Keyword::word.is_null());
    assert_eq!(found.count().unwrap(), 2);
    assert_eq!(
        db.sent(),
        ["SELECT count(*) FROM users LEFT JOIN user_keywords ON user_keywords.user_id = users.id \
          LEFT JOIN keywords ON keywords.word = user_keywords.word WHERE keywords.word IS NULL"]
    );
    let counts = select((User::name, count(Address::id).nullable())).outer_join_related(User::addresses);
    let counts: Vec<(String, Option<i64>)> =
        session.execute(counts.group_by(User::name).order_by(User::name)).unwrap().all().unwrap();
    assert_eq!(counts, [("ed".to_owned(), Some(2)), ("jo".to_owned(), Some(0)), ("li".to_owned(), Some(1))]);
    assert_eq!(names(&session.query::<User>().filter_by([("name", "jo")]).all().unwrap()), ["jo"]);
    assert_eq!(kind(session.query::<User>().filter_by([("nmae", "jo")]).all()), ErrorKind::Configuration);
}

#[test]
fn statements_of_a_session() {
    let db = filled();
    let session = db.session();
    session.add(user("new")).unwrap();
    let all = select((User::id, User::name)).order_by(User::id);
    assert_eq!(session.execute(all.clone()).unwrap().all().unwrap().len(), 4, "it flushes first");
    assert_eq!(session.execute(all.clone()).unwrap().first().unwrap(), Some((1, "ed".to_owned())));
    assert_eq!(kind(session.execute(all.clone()).unwrap().one()), ErrorKind::MultipleRows);
    assert_eq!(kind(session.execute(all.filter(User::id.eq(9))).unwrap().one()), ErrorKind::NoRow);
    assert_eq!(
        session.execute(select(User::id).order_by(User::id)).unwrap().scalars().unwrap(),
        [1, 2, 3, 4]
    );
    assert_eq!(session.scalar(select(User::name).filter(User::id.eq(2))).unwrap(), "jo");
    let write = rebis_core::update::<User>().set(User::fullname, "x").filter(User::id.gt(2));
    assert_eq!(session.execute_write(write).unwrap(), 2);
}

#[test]
fn deleting_by_query_keeps_memory_in_step() {
    let db = filled();
    let session = db.session();
    let nobody = session.query::<Address>().filter(Address::email.eq("nobody's")).one().unwrap();
    let a = session.query::<Address>().filter(Address::email.eq("a")).one().unwrap();
    db.sent();
    assert_eq!(session.query::<Address>().filter(Address::user_id.is_null()).delete().unwrap(), 1);
    assert_eq!(
        db.sent(),
        [
            "SELECT addresses.id FROM addresses WHERE addresses.user_id IS NULL",
            "DELETE FROM addresses WHERE addresses.user_id IS NULL"
        ]
    );
    assert_eq!((nobody.state(), a.state()), (State::Deleted, State::Persistent));
    session.rollback().unwrap();
    assert_eq!(nobody.state(), State::Persistent, "it is back");
    assert_eq!(session.get::<Address>(4).unwrap(), Some(nobody.clone()));
    session.query::<Address>().filter(Address::user_id.is_null()).delete().unwrap();
    session.commit().unwrap();
    assert_eq!(nobody.state(), State::Detached);
    assert_eq!(session.get::<Address>(4).unwrap(), None);
    db.sent();
    assert_eq!(session.query::<User>().filter(User::name.eq("nobody")).delete().unwrap(), 0);
    assert_eq!(db.verbs(), ["DELETE users"], "no object of that model is in memory");
    assert_eq!(kind(session.query::<User>().limit(1).delete()), ErrorKind::Statement);
}

#[test]
fn updating_by_query_keeps_memory_in_step() {
    let db = filled();
    let session = db.session();
    let (ed, jo) = (session.get_one::<User>(1).unwrap(), session.get_one::<User>(2).unwrap());
    ed.write().unwrap().fullname = Some("flushed first".into());
    let changed =
        session.query::<User>().filter(User::name.eq("ed")).update([User::name.set("eddie")]).unwrap();
    assert_eq!(changed, 1);
    db.sent();
    assert_eq!(jo.read().unwrap().name, "jo");
    assert_eq!(db.sent(), [""; 0]);
    let now = ed.to_value().unwrap();
    assert_eq!((now.name.as_str(), now.fullname.as_deref()), ("eddie", Some("flushed first")));
    session.rollback().unwrap();
    assert_eq!(ed.read().unwrap().name, "ed");
}

#[test]
fn a_stream_has_the_connection_to_itself_f32() {
    let db = Database::new();
    let session = db.session();
    session.add_all((0..200).map(|number| user(&format!("{number}")))).unwrap();
    session.flush().unwrap();
    session.add(address("a")).unwrap();
    session.commit().unwrap();
    db.sent();
    let mut stream = session.query::<User>().order_by(User::id).stream(10).unwrap();
    let first = stream.next().unwrap().unwrap();
    assert_eq!(kind(session.query::<User>().count()), ErrorKind::Busy);
    assert_eq!(kind(first.related(User::addresses)), ErrorKind::Busy);
    first.write().unwrap().fullname = Some("changed".into());
    assert_eq!((kind(session.flush()), kind(session.commit())), (ErrorKind::Busy, ErrorKind::Busy));
    assert_eq!(db.verbs(), ["SELECT users"]);
    assert_eq!(
        stream.by_ref().map(|user| user.unwrap().read().unwrap().id).collect::<Vec<_>>(),
        (2..=200).collect::<Vec<_>>()
    );
    assert_eq!(session.query::<User>().count().unwrap(), 200, "it was read to its end");
    session.commit().unwrap();
    // Dropped early, or forgotten.
    let mut stream = session.query::<User>().stream(10).unwrap();
    stream.next().unwrap().unwrap();
    drop(stream);
    assert_eq!(session.query::<User>().count().unwrap(), 200);
    let mut stream = session.query::<User>().stream(10).unwrap();
    stream.next().unwrap().unwrap();
    session.rollback().unwrap();
    assert_eq!(session.query::<User>().count().unwrap(), 200);
    assert_eq!(stream.by_ref().take(9).filter(Result::is_ok).count(), 9, "these were read");
    assert_eq!(kind(stream.next().unwrap()), ErrorKind::InvalidState);
    assert!(stream.next().is_none());
    std::mem::forget(session.query::<User>().stream(10).unwrap());
    assert_eq!(kind(session.query::<User>().count()), ErrorKind::Busy);
    session.rollback().unwrap();
    let homes = session.query::<Address>().option(crate::joinedload(Address::user)).stream(10).unwrap();
    assert_eq!(homes.map(|home| home.unwrap().related(Address::user).unwrap()).collect::<Vec<_>>(), [None]);
    for load in [crate::joinedload(User::addresses), crate::selectinload(User::addresses)] {
        assert_eq!(kind(session.query::<User>().option(load).stream(10)), ErrorKind::Unsupported, "F32");
    }
}

/// What streaming keeps in memory does not grow with the rows.
#[test]
fn a_savepoint_that_is_undone_ends_a_stream() {
    let db = Database::new();
    let session = db.session();
    session.add_all((0..30).map(|number| user(&format!("{number}")))).unwrap();
    session.commit().unwrap();
    for kept in [false, true] {
        let part = session.begin_nested().unwrap();
        session.add(user("undone")).unwrap();
        session.flush().unwrap();
        let mut stream = session.query::<User>().stream(10).unwrap();
        stream.next().unwrap().unwrap();
        // Kept, it waits for the stream; then it is dropped, and so undone.
        if kept {
            assert_eq!(kind(part.commit()), ErrorKind::Busy);
        } else {
            part.rollback().unwrap();
        }
        let over = stream.find_map(Result::err);
        assert_eq!(over.map(|error| error.kind()), Some(ErrorKind::InvalidState));
        session.commit().unwrap();
        assert_eq!(
            session.query::<User>().count().unwrap(),
            30,
            "undone in the database as well as in memory"
        );
    }
}

#[test]
fn a_million_rows_stream_in_flat_memory() {
    let db = Database::new();
    let mut conn = db.engine.connect().unwrap();
    conn.execute(rebis_core::text(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000000) \
         insert into users (id, name) select i, 'user ' || i from n",
    ))
    .unwrap();
    conn.commit().unwrap();
    drop(conn);
    let session = db.session();
    let (mut rows, mut sum, mut most) = (0_u64, 0, 0);
    let mut held = Vec::new();
    for user in session.query::<User>().stream(1000).unwrap() {
        let user = user.unwrap();
        sum += user.read().unwrap().id;
        rows += 1;
        if rows % 100_000 == 0 {
            held.push(user);
        }
        if rows % 500 == 0 {
            most = most.max(session.core.unit.count());
        }
    }
    assert_eq!((rows, sum), (1_000_000, 500_000_500_000));
    assert!(most <= 12_000, "{most} objects were there at once");
    assert_eq!(held.len(), 10);
    assert_eq!(session.get::<User>(100_000).unwrap().as_ref(), Some(&held[0]), "what is held stays");
}

#[test]
fn rows_of_objects_and_columns() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    db.sent();
    let pairs =
        session.select((entity::<User>(), Address::email.nullable())).outer_join_related(User::addresses);
    let pairs: Vec<(Instance<User>, Option<String>)> =
        pairs.order_by(User::id).order_by(Address::id).all().unwrap();
    assert_eq!(
        db.sent(),
        ["SELECT users.id, users.name, users.fullname, addresses.email FROM users \
          LEFT JOIN addresses ON addresses.user_id = users.id ORDER BY users.id, addresses.id"]
    );
    let emails: Vec<Option<&str>> = pairs.iter().map(|(_, email)| email.as_deref()).collect();
    assert_eq!(emails, [Some("a"), Some("b"), None, Some("c")]);
    assert!(Instance::ptr_eq(&pairs[0].0, &ed) && Instance::ptr_eq(&pairs[1].0, &ed));
    let homes =
        session.select((User::name, entity::<Address>().nullable())).outer_join_related(User::addresses);
    let homes = homes.order_by(User::id).order_by(Address::id).all().unwrap();
    assert_eq!(homes.iter().filter(|(_, home)| home.is_none()).count(), 1);
    assert_eq!(homes[3].0, "li");
    let refused = session.select((User::name, entity::<Address>())).outer_join_related(User::addresses).all();
    assert_eq!(kind(refused), ErrorKind::Conversion);
    db.sent();
    let load = entity::<User>().option(crate::joinedload(User::addresses));
    let (user, length) = session.select((load, rebis_core::sql::length(User::name))).limit(1).one().unwrap();
    assert_eq!((db.verbs(), length), (vec!["SELECT users".to_owned(), "SELECT addresses".to_owned()], 2));
    assert_eq!(user.related(User::addresses).unwrap().len(), 2);
    assert_eq!(db.sent(), [""; 0]);
    let counts =
        session.select((User::name, count(Address::id).nullable())).outer_join_related(User::addresses);
    let counts = counts.group_by(User::name).having(count(Address::id).gt(1)).all().unwrap();
    assert_eq!(counts, [("ed".to_owned(), Some(2))]);
    let parent = alias::<Node>("parent");
    let nodes = session.select((entity::<Node>(), entity::<Node>().of(&parent)));
    let nodes =
        nodes.from(rebis_core::sql::table::<Node>()).join_related_as(Node::parent, &parent).all().unwrap();
    let names: Vec<_> = nodes
        .iter()
        .map(|(node, parent)| (node.get(Node::name).unwrap(), parent.get(Node::name).unwrap()))
        .collect();
    assert_eq!(names, [("b".to_owned(), "a".to_owned()), ("c".to_owned(), "b".to_owned())]);
}

#[test]
fn an_object_by_its_key_d19_d20() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    ed.write().unwrap().fullname = Some("changed".into());
    db.sent();
    let get = |options| session.get_with::<User>(1, options).unwrap();
    assert_eq!(get(GetOptions::new()), Some(ed.clone()));
    assert_eq!(db.sent(), [""; 0]);
    assert_eq!(get(GetOptions::new().for_update(LockWait::Wait)), Some(ed.clone()));
    assert_eq!((db.verbs().len(), ed.get(User::fullname).unwrap().as_deref()), (1, Some("changed")));
    assert_eq!(get(GetOptions::new().populate_existing()), Some(ed.clone()));
    assert_eq!((db.verbs().len(), ed.get(User::fullname).unwrap()), (1, None));
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "what had changed is lost");
    let jo =
        session.get_with(3, GetOptions::new().option(crate::joinedload(User::addresses))).unwrap().unwrap();
    assert_eq!(db.sent().len(), 1);
    assert_eq!((jo.related(User::addresses).unwrap().len(), db.sent().len()), (1, 0));
    assert_eq!(session.get_with::<User>(9, GetOptions::new().populate_existing()).unwrap(), None);
}
