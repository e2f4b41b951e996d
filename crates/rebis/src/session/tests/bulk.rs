//! Many rows at once, past the unit of work.

use rebis_core::ErrorKind;
use rebis_core::sql::Expression;

use super::*;

fn keyword(word: &str, weight: i64) -> Keyword {
    Keyword { word: word.into(), weight, ..Keyword::default() }
}

#[test]
fn a_bulk_insert_is_one_statement_and_makes_no_objects() {
    let db = Database::new();
    let session = db.session();
    let pending = session.add(user("first")).unwrap();
    assert_eq!(session.bulk_insert([user("jo"), user("mo")]).unwrap(), 2);
    assert_eq!(db.verbs(), ["INSERT users", "INSERT users"], "what is pending goes first");
    assert_eq!(session.bulk_insert(Vec::<User>::new()).unwrap(), 0);
    assert_eq!(session.bulk_insert([keyword("x", 1)]).unwrap(), 1);
    assert_eq!(session.query::<User>().filter(User::name.eq("mo")).one().unwrap().get(User::id).unwrap(), 3);
    assert_eq!(session.get_one::<Keyword>("x").unwrap().get(Keyword::version).unwrap(), 1);
    session.rollback().unwrap();
    assert_eq!(session.query::<User>().count().unwrap(), 0);
    assert_eq!(pending.state(), crate::State::Transient);
}

#[test]
fn shapes_that_differ_go_apart() {
    let db = Database::new();
    let session = db.session();
    let of = |id| User { id, ..user(&format!("user {id}")) };
    session.bulk_insert([user("a"), user("b"), of(7), of(9), user("c")]).unwrap();
    assert_eq!(db.verbs(), ["INSERT users"; 3]);
    let ids: Vec<(i64,)> =
        session.execute(rebis_core::sql::select(User::id).order_by(User::id)).unwrap().all().unwrap();
    assert_eq!(ids, [(1,), (2,), (7,), (9,), (10,)]);
}

#[test]
fn nothing_of_a_relation_is_lost_in_a_bulk_insert() {
    let db = Database::new();
    let session = db.session();
    let ed = User { addresses: [address("a")].into(), ..user("ed") };
    let error = session.bulk_insert([user("jo"), ed]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.to_string().contains("User::addresses"), "{error}");
    assert!(db.sent().is_empty());
}

#[test]
fn a_bulk_update_writes_these_columns_and_counts_versions() {
    let db = Database::new();
    let session = db.session();
    session.bulk_insert([keyword("x", 1), keyword("y", 2)]).unwrap();
    let held = session.get_one::<Keyword>("x").unwrap();
    let of = |word, weight, version| Keyword { version, ..keyword(word, weight) };
    db.sent();
    session.bulk_update([Keyword::weight.name()], [of("x", 10, 1), of("y", 20, 1)]).unwrap();
    assert!(db.verbs().iter().all(|verb| verb == "UPDATE keywords"));
    assert_eq!((held.get(Keyword::weight).unwrap(), held.get(Keyword::version).unwrap()), (10, 2));
    let stale = session.bulk_update([Keyword::weight.name()], [of("x", 11, 2), of("y", 21, 1)]);
    assert_eq!(kind(stale), ErrorKind::StaleData);
    let wrong = session.bulk_update(["height"], [of("x", 11, 2)]);
    assert_eq!(kind(wrong), ErrorKind::Configuration);
    let key = session.bulk_update([Keyword::word.name()], [of("x", 11, 2)]);
    assert_eq!(kind(key), ErrorKind::Configuration);
}
