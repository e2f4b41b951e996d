use super::*;
use crate::State;

#[test]
fn a_rollback_puts_memory_back_without_a_query_d26() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    let gone = session.add(user("gone")).unwrap();
    session.commit().unwrap();
    assert_eq!((ed.read().unwrap().id, gone.read().unwrap().id), (1, 2));
    ed.write().unwrap().fullname = Some("Ed".into());
    session.delete(&gone).unwrap();
    let new = session.add(user("new")).unwrap();
    session.flush().unwrap();
    assert_eq!(new.read().unwrap().id, 3);
    ed.write().unwrap().name = "eddie".into();
    db.sent();
    session.rollback().unwrap();
    assert_eq!(
        (new.state(), gone.state(), ed.state()),
        (State::Transient, State::Persistent, State::Persistent)
    );
    let copy = ed.read().unwrap().clone();
    assert_eq!((copy.name.as_str(), copy.fullname), ("ed", None));
    assert_eq!(new.read().unwrap().id, 0, "D2: its key is unset again");
    assert_eq!(db.sent(), [""; 0]);
    assert_eq!(session.get::<User>(2).unwrap(), Some(gone));
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String,)>("select name from users order by id"),
        [("ed".to_owned(),), ("gone".to_owned(),)]
    );
}

#[test]
fn savepoints_undo_their_part_d50_d52() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    let savepoint = session.begin_nested().unwrap();
    ed.write().unwrap().name = "inner".into();
    let jo = session.add(user("jo")).unwrap();
    session.flush().unwrap();
    savepoint.rollback().unwrap();
    assert_eq!((ed.read().unwrap().name.as_str(), jo.state()), ("ed", State::Transient));
    let savepoint = session.begin_nested().unwrap();
    ed.write().unwrap().name = "kept".into();
    savepoint.commit().unwrap();
    assert_eq!(ed.read().unwrap().name, "kept");
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select name from users"), [("kept".to_owned(),)]);
    let savepoint = session.begin_nested().unwrap();
    ed.write().unwrap().name = "lost".into();
    session.flush().unwrap();
    savepoint.commit().unwrap();
    session.rollback().unwrap();
    assert_eq!(ed.read().unwrap().name, "kept", "D52: the outer rollback undoes what the savepoint kept");
}

#[test]
fn relations_come_back_as_well() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    let jo = session.add(user("jo")).unwrap();
    session.commit().unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    assert!(jo.related(User::addresses).unwrap().is_empty());
    home.set(Address::user, &jo).unwrap();
    session.flush().unwrap();
    session.rollback().unwrap();
    assert_eq!(home.related(Address::user).unwrap(), Some(ed.clone()));
    assert_eq!(ed.related(User::addresses).unwrap().all(), [home]);
    assert!(jo.related(User::addresses).unwrap().is_empty());
}

#[test]
fn a_failed_flush_leaves_memory_as_it_was_after_the_rollback() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    ed.write().unwrap().fullname = Some("Ed".into());
    let twin = session.add(user("ed")).unwrap();
    session.flush().unwrap_err();
    session.rollback().unwrap();
    assert_eq!((ed.read().unwrap().fullname.clone(), twin.state()), (None, State::Transient));
    assert_eq!(twin.read().unwrap().name, "ed");
}

#[test]
fn new_objects_inside_hundreds_of_savepoints_come_back_too() {
    let db = Database::new();
    let session = db.session();
    let mut savepoints: Vec<_> = (0..300).map(|_| session.begin_nested().unwrap()).collect();
    let deep = session.add(user("deep")).unwrap();
    session.flush().unwrap();
    deep.write().unwrap().name = "deeper".into();
    savepoints.pop().unwrap().rollback().unwrap();
    let copy = deep.read().unwrap().clone();
    assert_eq!((deep.state(), copy.id, copy.name.as_str()), (State::Transient, 0, "deep"));
    let kept = session.add(user("kept")).unwrap();
    for savepoint in savepoints.into_iter().rev() {
        savepoint.commit().unwrap();
    }
    assert_eq!(kept.state(), State::Persistent);
    session.rollback().unwrap();
    assert_eq!((kept.state(), kept.read().unwrap().id), (State::Transient, 0));
}
