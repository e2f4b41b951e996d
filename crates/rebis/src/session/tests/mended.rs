//! What a review of the unit of work and the flush found.

use super::*;
use crate::State;

#[test]
fn what_is_not_in_a_collection_is_not_taken_out() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("home")].into(), ..user("ed") }).unwrap();
    let jo = session.add(user("jo")).unwrap();
    let eds = ed.related(User::addresses).unwrap();
    let home = eds.all().remove(0);
    jo.related(User::addresses).unwrap().push(&home).unwrap();
    eds.remove(&home).unwrap();
    assert_eq!(home.state(), State::Pending);
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select user_id from addresses"), [(Some(2),)]);
    session.close();
    // Of one that has a row, and whose owner is not loaded.
    let (ed, home) = (session.get_one::<User>(1).unwrap(), session.get_one::<Address>(1).unwrap());
    ed.related(User::addresses).unwrap().remove(&home).unwrap();
    ed.write().unwrap().fullname = Some("Ed".into());
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select user_id from addresses"), [(Some(2),)]);
}
