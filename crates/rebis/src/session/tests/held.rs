//! What is held while other things happen: collections over commits, objects that leave and come back, deletions that wait.

use rebis_core::{ErrorKind, text};

use super::*;
use crate::{Child, Instance, JoinMode, LazyLoads, SessionEvents, SessionOptions, State};

fn with_addresses(session: &Session) -> Instance<User> {
    let ed = session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    ed
}

#[test]
fn a_collection_that_is_held_over_a_commit_is_loaded_again() {
    let db = Database::new();
    let session = db.session();
    let ed = with_addresses(&session);
    let addresses = ed.related(User::addresses).unwrap();
    let first = addresses.all().remove(0);
    session.commit().unwrap();
    assert_eq!(addresses.len(), 2);
    session.commit().unwrap();
    assert!(!addresses.insert(&first).unwrap(), "it is in already");
    session.commit().unwrap();
    addresses.replace([&first]).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select email from addresses"), [("a".to_owned(),)]);
    session.commit().unwrap();
    let keyed = ed.related(User::addresses).unwrap().keyed(Address::email);
    session.commit().unwrap();
    keyed.insert(Child::from(address("a"))).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from addresses"), [(1,)]);
    // The session has ended: as it was last seen.
    assert_eq!(keyed.len(), 1);
    session.close();
    assert_eq!(keyed.len(), 1);
}

#[test]
fn what_is_another_ones_by_now_is_not_taken_out() {
    let db = Database::new();
    let session = db.session();
    let ed = with_addresses(&session);
    let addresses = ed.related(User::addresses).unwrap();
    let moved = addresses.all().remove(0);
    let jo = session.add(user("jo")).unwrap();
    moved.set(Address::user, &jo).unwrap();
    session.commit().unwrap();
    addresses.remove(&moved).unwrap();
    ed.set(User::fullname, Some("Ed".to_owned())).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select user_id from addresses order by id"), [(2,), (1,)]);
}

#[test]
fn a_savepoint_that_cannot_be_undone_wants_a_rollback() {
    let db = Database::new();
    let session = db.session();
    session.add(user("a")).unwrap();
    let part = session.begin_nested().unwrap();
    session.add(user("b")).unwrap();
    session.flush().unwrap();
    // As a server does that ends the transaction by itself.
    session.execute_write(text("rollback")).unwrap();
    assert!(part.rollback().is_err());
    assert_eq!(kind(session.commit()), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
}

#[test]
fn a_listener_to_a_begin_that_fails_is_asked_again() {
    let db = Database::new();
    let session = db.session();
    session.on_after_begin(|_, _| Err(rebis_core::Error::new(ErrorKind::Other, "no tenant")));
    for _ in 0..2 {
        assert_eq!(kind(session.query::<User>().count()), ErrorKind::Other);
    }
}

#[test]
fn an_expiry_does_not_forget_a_deletion() {
    let db = Database::new();
    let session = db.session();
    let ed = with_addresses(&session);
    session.delete(&ed).unwrap();
    session.expire(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
}

#[test]
fn a_scalar_that_writes_is_a_write() {
    let db = Database::new();
    let session = db.session();
    let ed = with_addresses(&session);
    let renamed: i64 =
        session.scalar(text("update users set name = 'jo' where id = 1 returning id")).unwrap();
    assert_eq!((renamed, ed.get(User::name).unwrap()), (1, "jo".to_owned()));
    session.rollback().unwrap();
    assert_eq!(ed.get(User::name).unwrap(), "ed");
}

#[test]
fn a_joined_session_leaves_nothing_of_a_commit_that_fails() {
    let db = Database::new();
    let conn = db.engine.connect().unwrap();
    let session = Session::join(conn, JoinMode::CreateSavepoint, SessionOptions::default());
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    session.add(user("jo")).unwrap();
    session.rollback().unwrap();
    drop(session);
    // An instance that is left does not keep the connection: a memory database has only one.
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
    assert_eq!(ed.state(), State::Detached);
}

#[test]
fn what_has_changed_of_a_detached_object_counts_when_it_comes_back() {
    let db = Database::new();
    let session = db.session();
    let ed = with_addresses(&session);
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2);
    session.expunge(&ed).unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "what was loaded stays readable");
    ed.set(User::name, "eddie".to_owned()).unwrap();
    assert!(session.modified().unwrap().is_empty());
    session.commit().unwrap();
    db.sent();
    session.add_instance(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.sent(), ["UPDATE users SET name = ?1 WHERE users.id = ?2"]);
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "loaded again");
}

#[test]
fn counts_of_an_order_are_counts_of_a_subquery() {
    let db = Database::new();
    let session = db.session();
    with_addresses(&session);
    db.sent();
    assert_eq!(session.query::<User>().order_by(User::name).count().unwrap(), 1);
    assert!(session.query::<User>().distinct().order_by(User::name).exists().unwrap());
    assert!(!session.query::<User>().limit(0).exists().unwrap());
    let sent = db.sent();
    assert!(sent.iter().all(|sql| sql.contains("FROM (SELECT")), "{sent:?}");
}

#[test]
fn lazy_loads_by_name_count_for_the_programs_line() {
    let db = Database::new();
    let options = SessionOptions { lazy_loads: LazyLoads::Refuse(2), ..SessionOptions::default() };
    let session = Session::with_options(&db.engine, options);
    let users: Vec<_> = ["a", "b"].map(|name| session.add(user(name)).unwrap()).into();
    session.commit().unwrap();
    users[0].related_by_name::<Address>("addresses").unwrap();
    users[1].related_by_name::<Address>("addresses").unwrap();
}

#[test]
fn selectin_finds_by_the_key_that_the_database_has() {
    let db = Database::new();
    let session = db.session();
    let word = Keyword { word: "x".into(), ..Keyword::default() };
    session.add(User { keywords: [word].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let word = session.query::<Keyword>().one().unwrap();
    session
        .no_autoflush(|| {
            word.set(Keyword::word, "y".to_owned())?;
            let words = session.query::<Keyword>().option(crate::selectinload(Keyword::users)).all()?;
            assert_eq!(words[0].related(Keyword::users)?.len(), 1);
            Ok(())
        })
        .unwrap();
}
