//! Models as plain structs in statements, without a session.

use rebis_core::{Error, ErrorKind, Expression, insert, select};

use super::*;
use crate::{InsertModels, entity, undefer};

#[test]
fn structs_are_rows_of_an_insert_and_come_back() {
    let db = Database::new();
    let mut conn = db.engine.connect().unwrap();
    let word = |word: &str| Keyword { word: word.into(), weight: 7, ..Keyword::default() };
    let (a, b) = (word("a"), word("b"));
    assert_eq!(
        conn.execute(insert::<Keyword>().models([&a, &b]).unwrap()).unwrap().rows_affected(),
        2,
        "two rows by one statement"
    );
    assert_eq!(db.verbs(), ["INSERT keywords"]);
    let found: Vec<Keyword> =
        conn.fetch_all(select(entity::<Keyword>()).order_by(Keyword::word.desc())).unwrap();
    assert_eq!(found, [Keyword { version: 1, ..b }, Keyword { version: 1, ..a }]);
}

#[test]
fn structs_of_an_insert_leave_keys_to_the_database() {
    let db = Database::new();
    let mut conn = db.engine.connect().unwrap();
    let users = [user("ed"), user("jo")];
    let again = insert::<User>().models(&users).unwrap().on_conflict_do_nothing(["name"]);
    let made: Vec<(i64, String)> =
        conn.fetch_all(insert::<User>().models(&users).unwrap().returning((User::id, User::name))).unwrap();
    assert_eq!(made, [(1, "ed".to_owned()), (2, "jo".to_owned())]);
    assert_eq!(conn.execute(again).unwrap().rows_affected(), 0);
    let uneven = insert::<User>().models([&user("a"), &User { id: 7, ..user("b") }]);
    assert_eq!(uneven.unwrap_err().kind(), ErrorKind::Bind);
    let other = insert::<User>().models([&address("a")]).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Configuration);
    assert!(other.to_string().contains("'addresses', and the INSERT is into 'users'"), "{other}");
}

#[test]
fn deferred_columns_of_a_plain_struct_come_when_an_option_says_so() {
    let db = Database::new();
    let mut conn = db.engine.connect().unwrap();
    let profile = Profile { nick: "ed".into(), photo: vec![7].into(), ..Profile::default() };
    conn.execute(insert::<Profile>().models([&profile]).unwrap()).unwrap();
    let found: Vec<Profile> = conn.fetch_all(select(entity::<Profile>())).unwrap();
    assert_eq!((found[0].nick.as_str(), found[0].photo.is_loaded()), ("ed", false));
    let select = select(entity::<Profile>().option(undefer(Profile::photo)));
    let found: Vec<Profile> = conn.fetch_all(select).unwrap();
    assert_eq!(found[0].photo.value(), Some(&vec![7]));
}

#[test]
fn new_changed_and_deleted_objects_are_told_apart() {
    let db = Database::new();
    let session = db.session();
    let kept = session.add(user("kept")).unwrap();
    let gone = session.add(user("gone")).unwrap();
    session.commit().unwrap();
    let count = |of: Result<Vec<crate::AnyInstance>, Error>| of.unwrap().len();
    let counts = || (count(session.pending()), count(session.dirty()), count(session.deleted()));
    assert_eq!(counts(), (0, 0, 0));
    kept.set(User::fullname, "Kept").unwrap();
    session.delete(&gone).unwrap();
    session.add(user("new")).unwrap();
    assert_eq!(counts(), (1, 1, 1));
    assert_eq!(session.dirty().unwrap()[0].downcast(), Some(kept));
    session.flush().unwrap();
    assert_eq!(counts(), (0, 0, 0));
}
