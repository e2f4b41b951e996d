use rebis_core::ErrorKind;

use super::*;
use crate::{Instance, State};

#[test]
fn merge_takes_over_what_is_there_d58() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let given = User { id: 1, fullname: Some("Ed".into()), ..user("eddie") };
    let same = session.merge(given).unwrap();
    assert!(Instance::ptr_eq(&ed, &same));
    assert_eq!(ed.related(User::addresses).unwrap().len(), 2, "a collection that was not given stays");
    let keep = Address { id: 2, email: "kept".into(), user_id: Some(1), ..Address::default() };
    session.merge(User { id: 1, addresses: [keep, address("new")].into(), ..user("eddie") }).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64, String)>("select id, email from addresses order by id"),
        [(2, "kept".to_owned()), (3, "new".to_owned())]
    );
    assert_eq!(
        db.ask::<(String, Option<String>)>("select name, fullname from users"),
        [("eddie".to_owned(), None)]
    );
    let new = session.merge(User { id: 77, ..user("jo") }).unwrap();
    assert_eq!(new.state(), State::Pending);
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64,)>("select id from users order by id"),
        [(1,), (77,)],
        "E7: a key of its own is kept"
    );
}

#[test]
fn objects_come_back_d5_d16_e61() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.rollback().unwrap();
    assert_eq!(ed.state(), State::Transient);
    session.add_instance(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!((ed.state(), ed.read().unwrap().id), (State::Persistent, 1));
    session.delete(&ed).unwrap();
    session.add_instance(&ed).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "E61: the deletion is called off");
    session.expunge(&ed).unwrap();
    session.add_instance(&ed).unwrap();
    ed.write().unwrap().name = "eddie".into();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select name from users"), [("eddie".to_owned(),)]);
    session.expunge(&ed).unwrap();
    session.get_one::<User>(1).unwrap();
    assert_eq!(kind(session.add_instance(&ed)), ErrorKind::InvalidState, "D16");
    let twin = session.get_one::<User>(1).unwrap();
    session.delete(&twin).unwrap();
    session.flush().unwrap();
    assert_eq!(kind(session.add_instance(&twin)), ErrorKind::InvalidState, "D5");
}
