use rebis_core::ErrorKind;

use super::*;
use crate::{Instance, selectinload};

/// A user with two addresses, committed, in a session that has nothing in memory.
fn stored(db: &Database) -> Session {
    let session = db.session();
    session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    session.close();
    session
}

fn loaded(session: &Session) -> (Instance<User>, Instance<Address>) {
    (session.get_one(1).unwrap(), session.get_one(1).unwrap())
}

/// Neither an empty collection nor nobody: the rows are there, and nobody has asked for them.
fn assert_detached(ed: &Instance<User>, home: &Instance<Address>) {
    assert_eq!(kind(ed.related(User::addresses)), ErrorKind::Detached);
    assert_eq!(kind(ed.related(User::keywords)), ErrorKind::Detached);
    assert_eq!(kind(home.related(Address::user)), ErrorKind::Detached);
    assert_eq!(kind(ed.related_by_name::<Address>("addresses")), ErrorKind::Detached);
}

#[test]
fn relations_that_were_never_loaded_are_detached_after_close() {
    let db = Database::new();
    let session = stored(&db);
    let (ed, home) = loaded(&session);
    session.close();
    assert_detached(&ed, &home);

    let (ed, home) = loaded(&session);
    drop(session);
    assert_detached(&ed, &home);
}

#[test]
fn relations_that_were_never_loaded_are_detached_after_expunge() {
    let db = Database::new();
    let session = stored(&db);
    let (ed, home) = loaded(&session);
    session.expunge(&ed).unwrap();
    session.expunge(&home).unwrap();
    assert_detached(&ed, &home);
    // What leads to it is put in, and the others are still not known.
    let other = session.add(address("c")).unwrap();
    other.set(Address::user, &ed).unwrap();
    assert_eq!(kind(ed.related(User::addresses)), ErrorKind::Detached);
}

#[test]
fn relations_that_were_loaded_stay_readable_without_their_session() {
    let db = Database::new();
    let session = stored(&db);
    let ed = session.query::<User>().option(selectinload(User::addresses)).one().unwrap();
    let before = ed.related(User::addresses).unwrap();
    drop(session);
    assert_eq!(before.len(), 2, "a collection that was taken before");
    let homes = ed.related(User::addresses).unwrap().all();
    let emails: Vec<String> = homes.iter().map(|home| home.get(Address::email).unwrap()).collect();
    assert_eq!(emails, ["a", "b"]);
    assert_eq!(homes[0].state(), crate::State::Detached);
    assert_eq!(kind(homes[0].related(Address::user)), ErrorKind::Detached, "never asked for");
    assert_eq!(kind(ed.related(User::keywords)), ErrorKind::Detached);
}

#[test]
fn relations_that_were_loaded_stay_readable_after_expunge_and_close() {
    let db = Database::new();
    let session = stored(&db);
    let ed = session.get_one::<User>(1).unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2);
    session.expunge(&ed).unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "they went along, and nobody else holds them");
    session.close();
    session.close();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2);

    let jo = session.add(User { addresses: [address("c")].into(), ..user("jo") }).unwrap();
    session.close();
    assert_eq!(jo.state(), crate::State::Transient);
    assert_eq!(jo.related(User::addresses).unwrap().len(), 1, "what was put in and never inserted");
}

#[test]
fn what_has_left_the_session_is_kept_as_long_as_it_is_held() {
    let db = Database::new();
    let session = stored(&db);
    let ed = session.get_one::<User>(1).unwrap();
    ed.related(User::addresses).unwrap();
    session.close();
    assert_eq!(session.core.unit.count_left(), 3);
    drop(ed);
    session.close();
    assert_eq!(session.core.unit.count_left(), 0);
    let ed = session.get_one::<User>(1).unwrap();
    session.expunge(&ed).unwrap();
    assert_eq!(session.core.unit.count_left(), 1);
    session.add_instance(&ed).unwrap();
    assert_eq!(session.core.unit.count_left(), 0, "it is back");
}

#[test]
fn what_a_deleted_object_refers_to_can_be_asked() {
    let db = Database::new();
    let session = stored(&db);
    let home = session.get_one::<Address>(1).unwrap();
    session.delete(&home).unwrap();
    session.flush().unwrap();
    assert_eq!(home.related(Address::user).unwrap().unwrap().get(User::name).unwrap(), "ed");
}

#[test]
fn a_read_guard_is_not_in_the_way_of_relations() {
    let db = Database::new();
    let session = stored(&db);
    let ed = session.get_one::<User>(1).unwrap();
    let guard = ed.read().unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "loaded now");
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "loaded already");
    drop(guard);
    ed.write().unwrap().fullname = Some("Ed".into());
    let guard = ed.read().unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "changed, but not in its relations");
    drop(guard);
    ed.write().unwrap().addresses = [address("c")].into();
    let guard = ed.read().unwrap();
    assert_eq!(kind(ed.related(User::addresses)), ErrorKind::Conflict, "what was assigned has to be taken");
    drop(guard);
    assert_eq!(ed.related(User::addresses).unwrap().len(), 1);
}
