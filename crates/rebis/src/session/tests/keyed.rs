use super::*;
use crate::State;

#[test]
fn a_collection_by_the_values_of_a_column() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let addresses = ed.related(User::addresses).unwrap().keyed(Address::email);
    let first = addresses.get("a").unwrap().unwrap();
    assert_eq!(addresses.insert(&first).unwrap(), first, "in its own place");
    assert_eq!(addresses.len(), 2);
    let second = addresses.insert(address("a")).unwrap();
    let other = addresses.get("b").unwrap().unwrap();
    assert_eq!(
        addresses.entries().unwrap(),
        [("b".to_owned(), other.clone()), ("a".to_owned(), second.clone())]
    );
    session.flush().unwrap();
    assert_eq!((first.state(), second.state()), (State::Deleted, State::Persistent));
    second.set(Address::email, "c").unwrap();
    assert!(!addresses.contains_key("a").unwrap() && addresses.contains_key("c").unwrap(), "as it is now");
    assert_eq!(addresses.remove("b").unwrap(), Some(other));
    assert_eq!(addresses.remove("b").unwrap(), None);
    assert_eq!((addresses.is_empty(), addresses.collection().all()), (false, vec![second]));
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select email from addresses"), [("c".to_owned(),)]);
}

#[test]
fn a_collection_is_a_set_of_objects() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let addresses = ed.related(User::addresses).unwrap();
    let first = addresses.all().remove(0);
    assert!(!addresses.insert(&first).unwrap());
    addresses.push(&first).unwrap();
    assert_eq!(addresses.len(), 1, "never twice");
    let second = session.add(address("a")).unwrap();
    assert!(!addresses.contains(&second), "equal values are two objects");
    assert!(addresses.insert(&second).unwrap());
    assert!(addresses.has_exactly([&second, &first, &second]), "in any order");
    assert!(!addresses.has_exactly([&first]));
    assert_eq!(addresses, ed.related(User::addresses).unwrap());
    let jo = session.add(user("jo")).unwrap();
    assert_ne!(addresses, jo.related(User::addresses).unwrap());
}
