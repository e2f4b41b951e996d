use rebis_core::ErrorKind;
use rebis_core::sql::Expression;

use super::*;
use crate::{Instance, State};

#[test]
fn a_new_object_is_pending_until_the_flush_d1() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    assert_eq!((ed.state(), db.sent()), (State::Pending, vec![]));
    session.flush().unwrap();
    assert_eq!(db.sent(), ["INSERT INTO users (name, fullname) VALUES (?1, ?2) RETURNING users.id"]);
    assert_eq!((ed.state(), ed.read().unwrap().id), (State::Persistent, 1));
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "E11: nothing has changed");
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64, String)>("select id, name from users"), [(1, "ed".to_owned())]);
}

#[test]
fn one_row_is_one_object_d19() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    db.sent();
    let same = session.query::<User>().filter(User::name.eq("ed")).one().unwrap();
    assert!(Instance::ptr_eq(&ed, &same));
    db.sent();
    assert_eq!(session.get::<User>(1).unwrap(), Some(ed.clone()));
    assert_eq!(db.sent(), [""; 0], "it is in memory");
    assert_eq!(session.get::<User>(2).unwrap(), None);
    assert_eq!(db.verbs(), ["SELECT users"]);
    assert_eq!(kind(session.get::<User>((1, 2))), ErrorKind::Bind, "D22");
    assert_eq!(kind(session.get_one::<User>(7)), ErrorKind::NoRow);
}

#[test]
fn only_what_has_changed_is_updated() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { fullname: Some("Ed".into()), ..user("ed") }).unwrap();
    session.flush().unwrap();
    db.sent();
    ed.write().unwrap().fullname = Some("Ed Jones".into());
    session.flush().unwrap();
    assert_eq!(db.sent(), ["UPDATE users SET fullname = ?1 WHERE users.id = ?2"]);
    ed.write().unwrap().fullname = Some("Ed J.".into());
    ed.set(User::fullname, Some("Ed Jones".to_owned())).unwrap();
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "it is as it was");
    assert_eq!(ed.get(User::fullname).unwrap().as_deref(), Some("Ed Jones"));
    ed.set(User::name, "eddie").unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!(ed.read().unwrap().name, "eddie");
    assert_eq!(db.verbs(), ["SELECT users"], "D25: a commit expires");
}

#[test]
fn guards_that_clash_are_errors_that_name_the_place() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    let line = line!() + 1;
    let guard = ed.write().unwrap();
    let error = ed.read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains(&format!("basics.rs:{line}:")), "{error}");
    assert_eq!(kind(session.flush()), ErrorKind::Conflict);
    assert_eq!(db.sent(), [""; 0], "nothing is sent");
    drop(guard);
    let (one, two) = (ed.read().unwrap(), ed.read().unwrap());
    assert_eq!(one.name, two.name);
    assert_eq!(kind(ed.write().map(|_| ())), ErrorKind::Conflict);
    drop((one, two));
    session.commit().unwrap();
}

#[test]
fn deleted_objects_d4_d7_d8() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    assert_eq!(kind(session.delete(&ed)), ErrorKind::InvalidState, "D8");
    session.commit().unwrap();
    session.delete(&ed).unwrap();
    assert!(ed.is_doomed());
    session.flush().unwrap();
    assert_eq!(ed.state(), State::Deleted);
    assert_eq!(kind(ed.write().map(|_| ())), ErrorKind::ObjectDeleted);
    session.commit().unwrap();
    assert_eq!(ed.state(), State::Detached);
    assert_eq!(ed.read().unwrap().name, "ed", "it stays readable");
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
}

#[test]
fn a_row_that_is_gone_d23_d34() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    db.ask::<(i64,)>("delete from users returning id");
    let mut conn = db.engine.connect().unwrap();
    conn.execute(rebis_core::text("delete from users")).unwrap();
    conn.commit().unwrap();
    drop(conn);
    assert_eq!(kind(ed.read().map(|_| ())), ErrorKind::ObjectDeleted);
    assert_eq!(kind(session.refresh(&ed)), ErrorKind::ObjectDeleted);
    assert_eq!(session.get::<User>(1).unwrap(), None);
    assert_eq!((ed.state(), session.contains(&ed)), (State::Deleted, false), "D23");
}

#[test]
fn stale_rows_e53() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.flush().unwrap();
    session.commit().unwrap();
    ed.write().unwrap().name = "eddie".into();
    let mut conn = db.engine.connect();
    // The session holds the only connection of a database in memory once it has read.
    if let Ok(conn) = &mut conn {
        conn.execute(rebis_core::text("delete from users")).unwrap();
    }
    drop(conn);
    let kind = session.flush().map_err(|error| error.kind());
    assert!(matches!(kind, Ok(()) | Err(ErrorKind::StaleData)), "{kind:?}");
    session.rollback().unwrap();
}

#[test]
fn expunged_and_closed_d11_d13() {
    let db = Database::new();
    let session = db.session();
    let (ed, jo) = (session.add(user("ed")).unwrap(), session.add(user("jo")).unwrap());
    session.expunge(&jo).unwrap();
    assert_eq!(jo.state(), State::Transient);
    session.commit().unwrap();
    assert_eq!(ed.read().unwrap().name, "ed");
    ed.write().unwrap().name = "changed".into();
    session.close();
    assert_eq!((ed.state(), ed.read().unwrap().name.as_str()), (State::Detached, "changed"));
    assert_eq!(session.query::<User>().all().unwrap().len(), 1, "it can be used again");
    drop(session);
    assert_eq!(ed.read().unwrap().name, "changed", "detached objects stay readable");
}

#[test]
fn queries_flush_first() {
    let db = Database::new();
    let session = db.session();
    session.add(user("ed")).unwrap();
    assert_eq!(session.query::<User>().all().unwrap().len(), 1);
    assert_eq!(db.verbs(), ["INSERT users", "SELECT users"]);
    session.add(user("jo")).unwrap();
    session
        .no_autoflush(|| {
            assert_eq!(session.query::<User>().all()?.len(), 1, "D46");
            Ok(())
        })
        .unwrap();
    assert_eq!(
        session.query::<User>().order_by(User::name.desc()).first().unwrap().unwrap().read().unwrap().name,
        "jo"
    );
}

#[test]
fn what_nobody_holds_is_let_go() {
    let db = Database::new();
    let session = db.session();
    session.add_all((0..20_000).map(|number| user(&format!("user {number}")))).unwrap();
    session.commit().unwrap();
    let held = session.query::<User>().limit(10).all().unwrap();
    for _ in 0..3 {
        assert_eq!(session.query::<User>().all().unwrap().len(), 20_000);
    }
    session.core.unit.sweep();
    assert_eq!(session.core.unit.all().len(), held.len());
}
