use rebis_core::ErrorKind;

use super::*;
use crate::{Instance, SessionEvents, State};

#[test]
fn a_rolled_back_object_gets_another_key_when_it_comes_again_d2() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    assert!(session.in_transaction() && session.contains(&ed), "D1");
    session.flush().unwrap();
    assert_eq!(ed.get(User::id).unwrap(), 1);
    session.rollback().unwrap();
    assert_eq!((ed.state(), session.contains(&ed)), (State::Transient, false));
    assert_eq!((ed.get(User::id).unwrap(), ed.get(User::name).unwrap().as_str()), (0, "ed"));
    session.add_instance(&ed).unwrap();
    db.sent();
    session.commit().unwrap();
    assert_eq!(db.sent(), ["INSERT INTO users (name, fullname) VALUES (?1, ?2) RETURNING users.id"]);
}

#[test]
fn a_deleted_object_cannot_be_added_again_d5_d7_d10() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    session.delete(&ed).unwrap();
    assert!(session.is_modified(&ed).unwrap());
    session.flush().unwrap();
    assert_eq!((ed.state(), session.contains(&ed)), (State::Deleted, false));
    assert_eq!(kind(session.add_instance(&ed)), ErrorKind::InvalidState);
    db.sent();
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "D10: it is deleted");
    session.commit().unwrap();
    assert_eq!((ed.state(), ed.was_deleted(), ed.is_doomed()), (State::Detached, true, false));
    assert_eq!(kind(session.add_instance(&ed)), ErrorKind::InvalidState, "D7");
    assert_eq!(kind(session.delete(&ed)), ErrorKind::InvalidState);
    assert_eq!(kind(session.expunge(&ed)), ErrorKind::InvalidState);
}

#[test]
fn deleted_objects_can_be_expunged_d11() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    session.commit().unwrap();
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    session.expunge(&ed).unwrap();
    assert_eq!(ed.state(), State::Detached);
    session.rollback().unwrap();
    assert_eq!((ed.state(), home.state()), (State::Detached, State::Detached), "they stay out");
}

#[test]
fn related_objects_are_expunged_along_by_their_cascade() {
    let db = Database::new();
    let session = db.session();
    let word = Keyword { word: "x".into(), ..Keyword::default() };
    let ed = session
        .add(User { addresses: [address("a")].into(), keywords: [word].into(), ..user("ed") })
        .unwrap();
    session.flush().unwrap();
    let (home, word) = (
        ed.related(User::addresses).unwrap().all().remove(0),
        ed.related(User::keywords).unwrap().all().remove(0),
    );
    session.expunge(&ed).unwrap();
    assert_eq!((home.state(), word.state()), (State::Detached, State::Persistent), "all, and save-update");
}

#[test]
fn a_session_is_closed_for_good_when_it_says_so_d14() {
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine).with(|options| options.close_resets_only = false);
    let session = maker.session();
    let ed = session.add(user("ed")).unwrap();
    session.reset();
    assert_eq!(ed.state(), State::Transient);
    session.add(user("ed")).unwrap();
    session.close();
    assert!(!session.is_active());
    let refused = [
        kind(session.add(user("ed"))),
        kind(session.query::<User>().all()),
        kind(session.get::<User>(1)),
        kind(session.begin()),
        kind(session.commit()),
        kind(session.rollback()),
    ];
    assert_eq!(refused, [ErrorKind::InvalidState; 6]);
    assert_eq!(db.engine.pool().status().leased, 0);
}

#[test]
fn one_row_has_one_object_d16() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    drop(ed.read().unwrap());
    session.expunge(&ed).unwrap();
    let other = session.get::<User>(1).unwrap().unwrap();
    assert!(!Instance::ptr_eq(&ed, &other));
    assert_eq!(kind(session.add_instance(&ed)), ErrorKind::InvalidState);
    session.expunge(&other).unwrap();
    session.add_instance(&ed).unwrap();
    assert_eq!(session.get::<User>(1).unwrap(), Some(ed));
}

#[test]
fn the_database_decides_over_a_key_that_is_there_d17() {
    let db = Database::new();
    let session = db.session();
    session.add(user("ed")).unwrap();
    session.flush().unwrap();
    let twin = session.add(User { id: 1, ..user("jo") }).unwrap();
    db.sent();
    assert_eq!(kind(session.flush()), ErrorKind::UniqueViolation);
    assert_eq!(db.verbs(), ["INSERT users"]);
    session.rollback().unwrap();
    assert_eq!(
        (twin.state(), twin.get(User::id).unwrap()),
        (State::Transient, 1),
        "its own key is not unset"
    );
}

#[test]
fn keys_with_a_wrong_number_of_values_or_null_d22() {
    let db = Database::new();
    let session = db.session();
    let error = session.get::<Shelf>("a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bind);
    assert!(error.to_string().contains("room, number, and 1 values"), "{error}");
    assert_eq!(kind(session.get::<User>((1, 2))), ErrorKind::Bind);
    assert_eq!(session.get::<User>(rebis_core::Value::Null).unwrap(), None);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn keys_of_another_type_are_refused() {
    let db = Database::new();
    let session = db.session();
    let error = session.get::<User>("abc").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bind);
    let told = error.to_string();
    assert!(told.contains("User has the column 'id' of the type integer"), "{told}");
    assert!(told.contains("a value of the type text"), "{told}");
    assert_eq!(kind(session.get::<User>(true)), ErrorKind::Bind);
    assert_eq!(kind(session.get_one::<User>("1")), ErrorKind::Bind);
    let error = session.get::<Shelf>((1, 2)).unwrap_err();
    assert!(
        error.to_string().contains("'room' of the type text, and a value of the type integer"),
        "{error}"
    );
    assert_eq!(kind(session.get::<Shelf>(("a", "b"))), ErrorKind::Bind);
    assert_eq!(kind(session.get::<Keyword>(7)), ErrorKind::Bind);
    assert_eq!(db.sent(), [""; 0]);
    assert_eq!(session.get::<Shelf>(("a", 2_u8)).unwrap(), None);
    assert_eq!(session.get::<Keyword>("seven".to_owned()).unwrap(), None);
}

#[test]
fn objects_that_come_back_are_told() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    session.expunge(&ed).unwrap();
    let told: Arc<Mutex<Vec<(State, State)>>> = Arc::default();
    let heard = Arc::clone(&told);
    session.on_state_change(move |_, from, to| heard.lock().unwrap().push((from, to)));
    session.add_instance(&ed).unwrap();
    assert_eq!(*told.lock().unwrap(), [(State::Detached, State::Persistent)]);
}

#[test]
fn what_has_changed_can_be_asked() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    assert!(session.modified().unwrap().is_empty() && !session.is_modified(&ed).unwrap());
    let name = ed.get(User::name).unwrap();
    ed.set(User::name, name).unwrap();
    assert!(!session.is_modified(&ed).unwrap(), "the same value is no change");
    ed.set(User::name, "eddie").unwrap();
    session.add(address("a")).unwrap();
    let modified = session.modified().unwrap();
    let told: Vec<(&str, State)> = modified.iter().map(|any| (any.model(), any.state())).collect();
    assert_eq!(told, [("User", State::Persistent), ("Address", State::Pending)]);
    session.flush().unwrap();
    assert!(session.modified().unwrap().is_empty());
}
