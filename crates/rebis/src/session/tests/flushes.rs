use rebis_core::ErrorKind;

use super::*;
use crate::{Instance, State};

#[test]
fn parents_before_children_whatever_the_order_e1() {
    let db = Database::new();
    let session = db.session();
    let home = session.add(address("a@example.com")).unwrap();
    let ed = session.add(user("ed")).unwrap();
    home.set(Address::user, &ed).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["INSERT users", "INSERT addresses"]);
    assert_eq!(home.read().unwrap().user_id, Some(1));
}

#[test]
fn tables_decide_the_order_when_objects_do_not_e2() {
    let db = Database::new();
    let session = db.session();
    session.add(address("a@example.com")).unwrap();
    session.add(user("ed")).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["INSERT users", "INSERT addresses"]);
}

#[test]
fn a_graph_goes_in_whole_one_insert_for_each_table() {
    let db = Database::new();
    let session = db.session();
    let ed = session
        .add(User {
            addresses: [address("a@example.com"), address("b@example.com")].into(),
            keywords: [Keyword { word: "x".into(), ..Keyword::default() }].into(),
            ..user("ed")
        })
        .unwrap();
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["INSERT keywords", "INSERT users", "INSERT addresses", "INSERT user_keywords"]);
    let emails: Vec<String> = ed
        .related(User::addresses)
        .unwrap()
        .into_iter()
        .map(|address| address.read().unwrap().email.clone())
        .collect();
    session.commit().unwrap();
    assert_eq!(emails, ["a@example.com", "b@example.com"]);
    assert_eq!(db.ask::<(i64, String)>("select user_id, word from user_keywords"), [(1, "x".to_owned())]);
}

#[test]
fn children_are_deleted_first_e10() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    db.sent();
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.verbs(),
        ["SELECT users", "SELECT addresses", "SELECT user_keywords", "DELETE addresses", "DELETE users"]
            .map(|verb| if verb == "SELECT user_keywords" { "SELECT keywords" } else { verb })
    );
    assert_eq!(db.ask::<(i64,)>("select count(*) from addresses"), [(0,)]);
}

#[test]
fn trees_are_written_row_by_row() {
    let db = Database::new();
    let session = db.session();
    let leaf = Node { name: "leaf".into(), ..Node::default() };
    let branch = Node { name: "branch".into(), children: [leaf].into(), ..Node::default() };
    let root =
        session.add(Node { name: "root".into(), children: [branch].into(), ..Node::default() }).unwrap();
    session.commit().unwrap();
    let rows = db.ask::<(String, Option<i64>)>("select name, parent_id from nodes order by id");
    assert_eq!(
        rows,
        [("root".to_owned(), None), ("branch".to_owned(), Some(1)), ("leaf".to_owned(), Some(2))]
    );
    session.delete(&root).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from nodes"), [(0,)]);
}

#[test]
fn circles_of_rows_are_refused_e41() {
    let db = Database::new();
    let session = db.session();
    let one = session.add(Node { name: "one".into(), ..Node::default() }).unwrap();
    let two = session.add(Node { name: "two".into(), ..Node::default() }).unwrap();
    one.set(Node::parent, &two).unwrap();
    two.set(Node::parent, &one).unwrap();
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.to_string().contains("circle"), "{error}");
}

#[test]
fn a_deleted_and_a_new_row_of_one_key_are_one_update_e5() {
    let db = Database::new();
    let session = db.session();
    let old = session.add(Keyword { word: "x".into(), weight: 1, ..Keyword::default() }).unwrap();
    session.commit().unwrap();
    session.delete(&old).unwrap();
    let new = session.add(Keyword { word: "x".into(), weight: 2, ..Keyword::default() }).unwrap();
    db.sent();
    session.flush().unwrap();
    let verbs = db.verbs();
    assert_eq!(verbs.last().map(String::as_str), Some("UPDATE keywords"), "{verbs:?}");
    assert_eq!((old.state(), new.state()), (State::Deleted, State::Persistent));
    assert!(Instance::ptr_eq(&session.get_one::<Keyword>("x").unwrap(), &new));
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select weight from keywords"), [(2,)]);
}

#[test]
fn versions_count_changes_e52() {
    let db = Database::new();
    let session = db.session();
    let word = session.add(Keyword { word: "x".into(), ..Keyword::default() }).unwrap();
    session.flush().unwrap();
    assert_eq!(word.read().unwrap().version, 1);
    db.sent();
    word.write().unwrap().weight = 7;
    session.flush().unwrap();
    assert_eq!(
        db.sent(),
        ["UPDATE keywords SET weight = ?1, version = ?2 WHERE keywords.word = ?3 AND keywords.version = ?4"]
    );
    assert_eq!(word.read().unwrap().version, 2);
}

#[test]
fn keys_that_change_e46() {
    let db = Database::new();
    let session = db.session();
    let word = session.add(Keyword { word: "x".into(), ..Keyword::default() }).unwrap();
    session.flush().unwrap();
    word.write().unwrap().word = "y".into();
    session.flush().unwrap();
    db.sent();
    assert_eq!(session.get::<Keyword>("y").unwrap(), Some(word.clone()));
    assert_eq!(db.sent(), [""; 0]);
    assert_eq!(session.get::<Keyword>("x").unwrap(), None);
}

#[test]
fn a_failed_flush_wants_a_rollback_d47() {
    let db = Database::new();
    let session = db.session();
    session.add(user("ed")).unwrap();
    session.commit().unwrap();
    session.add(user("ed")).unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::UniqueViolation);
    assert_eq!(kind(session.query::<User>().all()), ErrorKind::PendingRollback);
    assert_eq!(kind(session.commit()), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert_eq!(session.query::<User>().all().unwrap().len(), 1);
}
