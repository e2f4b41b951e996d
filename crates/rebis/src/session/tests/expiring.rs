use rebis_core::ErrorKind;

use super::*;
use crate::{Instance, State};

/// A user with an address, both read, in a transaction without changes.
fn ed_with_an_address(db: &Database, session: &Session) -> (Instance<User>, Instance<Address>) {
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    drop((ed.read().unwrap(), home.read().unwrap()));
    db.sent();
    (ed, home)
}

fn behind(session: &Session, sql: &'static str) {
    session.no_autoflush(|| session.execute_write(rebis_core::text(sql))).unwrap();
}

#[test]
fn a_commit_expires_unless_it_is_told_not_to_d25() {
    let db = Database::new();
    let session = db.session();
    let (ed, _) = ed_with_an_address(&db, &session);
    session.commit().unwrap();
    assert!(!session.in_transaction());
    assert_eq!((ed.get(User::name).unwrap().as_str(), db.verbs()), ("ed", vec!["SELECT users".to_owned()]));
    assert!(session.in_transaction());
    session.rollback().unwrap();
    let session = SessionMaker::new(&db.engine).expire_on_commit(false).session();
    let ed = session.get::<User>(1).unwrap().unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!((ed.get(User::name).unwrap().as_str(), db.sent()), ("ed", vec![]));
}

#[test]
fn an_expired_object_comes_with_its_joined_relations_d28() {
    let db = Database::new();
    let session = db.session();
    let player = |name: &str| Player { name: name.into(), ..Player::default() };
    let team = Team { name: "a".into(), players: [player("one"), player("two")].into(), ..Team::default() };
    let team = session.add(team).unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!(team.get(Team::name).unwrap(), "a");
    let sent = db.sent();
    assert!(
        sent.len() == 1
            && sent[0].contains("LEFT OUTER JOIN players") | sent[0].contains("LEFT JOIN players"),
        "{sent:?}"
    );
    assert_eq!(team.related(Team::players).unwrap().len(), 2);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn an_expired_object_has_lost_its_changes_d29() {
    let db = Database::new();
    let session = db.session();
    let (ed, _) = ed_with_an_address(&db, &session);
    ed.set(User::name, "lost").unwrap();
    session.expire(&ed).unwrap();
    assert!(!session.is_modified(&ed).unwrap());
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0]);
    assert_eq!((ed.get(User::name).unwrap().as_str(), db.verbs()), ("ed", vec!["SELECT users".to_owned()]));
    ed.set(User::name, "lost").unwrap();
    session.expire_all().unwrap();
    assert_eq!((ed.get(User::name).unwrap().as_str(), db.verbs()), ("ed", vec!["SELECT users".to_owned()]));
}

#[test]
fn only_the_named_part_is_read_again_d31() {
    let db = Database::new();
    let session = db.session();
    let (ed, home) = ed_with_an_address(&db, &session);
    behind(&session, "update users set name = 'behind', fullname = 'Behind'");
    db.sent();
    ed.set(User::name, "lost").unwrap();
    ed.set(User::fullname, Some("kept".to_owned())).unwrap();
    session.expire_part(&ed, User::name).unwrap();
    assert!(session.is_modified(&ed).unwrap());
    assert_eq!(ed.get(User::fullname).unwrap().as_deref(), Some("kept"));
    assert_eq!(db.sent(), ["SELECT users.name FROM users WHERE users.id = ?1"]);
    assert_eq!((ed.get(User::name).unwrap().as_str(), db.sent()), ("behind", vec![]), "once");
    session.flush().unwrap();
    assert_eq!(db.sent(), ["UPDATE users SET fullname = ?1 WHERE users.id = ?2"]);
    session.expire_part(&ed, User::addresses).unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().all(), [home]);
    assert_eq!(db.verbs(), ["SELECT addresses"], "of the columns nothing is read");
    let guard = ed.write().unwrap();
    assert_eq!(kind(session.expire_part(&ed, User::name)), ErrorKind::Conflict);
    drop(guard);
    session.expire_part(&ed, User::name).unwrap();
    session.expire(&ed).unwrap();
    drop(ed.read().unwrap());
    assert_eq!(db.verbs(), ["SELECT users"], "as a whole, and not twice");
}

#[test]
fn only_persistent_objects_are_expired_and_refreshed_d32() {
    let db = Database::new();
    let session = db.session();
    let pending = session.add(user("ed")).unwrap();
    let transient = session.add(user("jo")).unwrap();
    session.expunge(&transient).unwrap();
    let other = db.session();
    let foreign = other.add(user("pat")).unwrap();
    for instance in [&pending, &transient, &foreign] {
        let refused =
            [session.expire(instance), session.refresh(instance), session.expire_part(instance, User::name)];
        assert_eq!(refused.map(kind), [ErrorKind::InvalidState; 3]);
    }
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_refresh_flushes_first_d35() {
    let db = Database::new();
    let session = db.session();
    let (ed, _) = ed_with_an_address(&db, &session);
    ed.set(User::fullname, Some("sent".to_owned())).unwrap();
    session.refresh(&ed).unwrap();
    assert_eq!(db.verbs(), ["UPDATE users", "SELECT users"]);
    assert_eq!(ed.get(User::fullname).unwrap().as_deref(), Some("sent"));
}

#[test]
fn a_refresh_without_a_flush_shows_the_database_d37() {
    let db = Database::new();
    let session = SessionMaker::new(&db.engine).autoflush(false).session();
    let (ed, home) = ed_with_an_address(&db, &session);
    ed.set(User::name, "lost").unwrap();
    ed.related(User::addresses).unwrap().push(address("b")).unwrap();
    session.refresh(&ed).unwrap();
    assert_eq!(ed.get(User::name).unwrap(), "ed");
    assert_eq!(ed.related(User::addresses).unwrap().all(), [home]);
    assert!(!session.is_modified(&ed).unwrap());
}

#[test]
fn related_objects_are_expired_along_by_their_cascade_d38() {
    let db = Database::new();
    let session = db.session();
    let (ed, home) = ed_with_an_address(&db, &session);
    let word = session.add(Keyword { word: "x".into(), ..Keyword::default() }).unwrap();
    ed.related(User::keywords).unwrap().push(&word).unwrap();
    session.flush().unwrap();
    let new = session
        .no_autoflush(|| {
            let new = ed.related(User::addresses)?.push(address("b"))?;
            word.set(Keyword::weight, 7)?;
            home.set(Address::email, "lost")?;
            session.expire(&ed)?;
            Ok(new)
        })
        .unwrap();
    assert_eq!(new.state(), State::Transient, "it belongs to the collection");
    assert_eq!((home.get(Address::email).unwrap().as_str(), word.get(Keyword::weight).unwrap()), ("a", 7));
    // Without delete-orphan a new object stays.
    let root = session.add(Node { name: "root".into(), ..Node::default() }).unwrap();
    session.flush().unwrap();
    let leaf =
        root.related(Node::children).unwrap().push(Node { name: "leaf".into(), ..Node::default() }).unwrap();
    session.no_autoflush(|| session.refresh(&root)).unwrap();
    assert_eq!(leaf.state(), State::Pending);
}

#[test]
fn a_query_leaves_alone_what_is_good_or_changed_d40() {
    let db = Database::new();
    let session = SessionMaker::new(&db.engine).autoflush(false).session();
    session.add_all([user("ed"), user("jo"), user("pat")]).unwrap();
    session.commit().unwrap();
    let users = session.query::<User>().order_by(User::id).all().unwrap();
    users[0].set(User::name, "changed").unwrap();
    session.expire(&users[1]).unwrap();
    behind(&session, "update users set fullname = 'new'");
    let fullnames = || users.iter().map(|user| user.get(User::fullname).unwrap()).collect::<Vec<_>>();
    session.query::<User>().all().unwrap();
    db.sent();
    assert_eq!(fullnames(), [None, Some("new".to_owned()), None]);
    assert_eq!((users[0].get(User::name).unwrap().as_str(), db.sent()), ("changed", vec![]));
    session.query::<User>().populate_existing().all().unwrap();
    assert_eq!(fullnames(), vec![Some("new".to_owned()); 3]);
    assert_eq!(users[0].get(User::name).unwrap(), "ed");
    assert!(!session.is_modified(&users[0]).unwrap());
}

#[test]
fn merging_without_asking_the_database_d59() {
    let db = Database::new();
    let session = db.session();
    let (ed, _) = ed_with_an_address(&db, &session);
    let cached = User {
        addresses: [Address { id: 1, user_id: Some(1), ..address("cached") }].into(),
        ..User { id: 1, fullname: Some("cached".into()), ..user("ed") }
    };
    assert_eq!(session.merge_loaded(cached.clone()).unwrap(), ed);
    assert_eq!(ed.get(User::fullname).unwrap().as_deref(), Some("cached"));
    assert_eq!(ed.related(User::addresses).unwrap().all()[0].get(Address::email).unwrap(), "cached");
    assert!(!session.is_modified(&ed).unwrap());
    let unknown = session.merge_loaded(User { id: 7, ..user("of no row") }).unwrap();
    assert_eq!((unknown.state(), db.sent()), (State::Persistent, vec![]));
    assert_eq!(kind(session.merge_loaded(user("without a key"))), ErrorKind::InvalidState);
    ed.set(User::name, "changed").unwrap();
    assert_eq!(kind(session.merge_loaded(cached)), ErrorKind::InvalidState);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_merge_flushes_once_and_before_it_begins_d61() {
    let db = Database::new();
    let session = db.session();
    let (ed, _) = ed_with_an_address(&db, &session);
    ed.set(User::fullname, Some("sent".to_owned())).unwrap();
    let value = User { addresses: [address("b"), address("c")].into(), ..ed.to_value().unwrap() };
    let merged = session.merge(value).unwrap();
    assert_eq!(db.verbs(), ["UPDATE users"], "and nothing while the addresses are merged");
    assert_eq!(merged.related(User::addresses).unwrap().len(), 2);
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["INSERT addresses", "DELETE addresses"]);
}
