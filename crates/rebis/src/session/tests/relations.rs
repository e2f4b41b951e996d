use super::*;
use crate::{Instance, State};

#[test]
fn both_sides_know_at_once() {
    let db = Database::new();
    let session = db.session();
    let (ed, jo) = (session.add(user("ed")).unwrap(), session.add(user("jo")).unwrap());
    let home = ed.related(User::addresses).unwrap().push(address("a")).unwrap();
    assert_eq!(home.related(Address::user).unwrap(), Some(ed.clone()));
    home.set(Address::user, &jo).unwrap();
    assert!(ed.related(User::addresses).unwrap().is_empty());
    assert_eq!(jo.related(User::addresses).unwrap().all(), std::slice::from_ref(&home));
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select user_id from addresses"), [(2,)]);
}

#[test]
fn a_many_to_one_is_found_in_memory_f2() {
    let db = Database::new();
    let session = db.session();
    session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let session = db.session();
    let homes = session.query::<Address>().all().unwrap();
    db.sent();
    let ed = homes[0].related(Address::user).unwrap().unwrap();
    assert_eq!(db.verbs(), ["SELECT users"]);
    assert!(Instance::ptr_eq(&ed, &homes[1].related(Address::user).unwrap().unwrap()));
    assert_eq!(db.sent(), [""; 0]);
    let lone = session.add(address("c")).unwrap();
    session.flush().unwrap();
    db.sent();
    assert_eq!(lone.related(Address::user).unwrap(), None);
    assert_eq!(db.sent(), [""; 0], "NULL names nobody");
}

#[test]
fn children_move_between_parents_e19() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    let jo = session.add(user("jo")).unwrap();
    session.commit().unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    jo.related(User::addresses).unwrap().push(&home).unwrap();
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String, i64)>("select email, user_id from addresses"), [("a".to_owned(), 2)]);
}

#[test]
fn orphans_are_deleted_e32() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let homes = ed.related(User::addresses).unwrap();
    let gone = homes.all().remove(0);
    homes.remove(&gone).unwrap();
    let never = homes.push(address("never")).unwrap();
    homes.remove(&never).unwrap();
    session.commit().unwrap();
    assert_eq!((gone.state(), never.state()), (State::Detached, State::Transient));
    assert_eq!(db.ask::<(String,)>("select email from addresses"), [("b".to_owned(),)]);
}

#[test]
fn links_are_rows_of_their_own_e20_e23() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    let word = session.add(Keyword { word: "x".into(), ..Keyword::default() }).unwrap();
    ed.related(User::keywords).unwrap().push(&word).unwrap();
    word.related(Keyword::users).unwrap().push(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from user_keywords"), [(1,)]);
    word.related(Keyword::users).unwrap().remove(&ed).unwrap();
    db.sent();
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["DELETE user_keywords"]);
    assert_eq!(db.ask::<(i64,)>("select count(*) from user_keywords"), [(0,)]);
    assert!(ed.related(User::keywords).unwrap().is_empty());
}

#[test]
fn what_is_put_in_through_write_takes_the_place_of_the_collection() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    ed.write().unwrap().addresses = [address("b"), address("c")].into();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String,)>("select email from addresses order by email"),
        [("b".to_owned(),), ("c".to_owned(),)]
    );
}
