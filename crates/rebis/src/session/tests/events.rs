use rebis_core::{Error, ErrorKind, text};

use super::*;
use crate::{SessionEvents, State};

type Heard = Arc<Mutex<Vec<String>>>;

fn say(heard: &Heard, what: impl Into<String>) {
    heard.lock().unwrap().push(what.into());
}

fn take(heard: &Heard) -> Vec<String> {
    std::mem::take(&mut *heard.lock().unwrap())
}

/// A session, everything that it tells is written down.
fn heard(db: &Database) -> (Session, Heard) {
    let (session, heard) = (db.session(), Heard::default());
    let all = |what: &'static str| {
        let heard = Arc::clone(&heard);
        move |_: &Session| say(&heard, what)
    };
    let fallible = |what: &'static str| {
        let told = all(what);
        move |session: &Session| {
            told(session);
            Ok(())
        }
    };
    let object = |what: &'static str| {
        let heard = Arc::clone(&heard);
        move |user: &crate::Instance<User>| {
            say(&heard, format!("{what} {}", user.read()?.name));
            Ok(())
        }
    };
    let begun = all("after_begin");
    session.on_after_begin(move |session, conn| {
        conn.execute(text("select 1"))?;
        begun(session);
        Ok(())
    });
    session.on_before_flush(fallible("before_flush"));
    session.on_after_flush(fallible("after_flush"));
    session.on_before_commit(fallible("before_commit"));
    session.on_after_commit(all("after_commit"));
    session.on_after_rollback(all("after_rollback"));
    session.on_after_soft_rollback(all("after_soft_rollback"));
    session.on_before_insert(object("before_insert"));
    session.on_before_update(object("before_update"));
    session.on_before_delete(object("before_delete"));
    session.on_after_insert(object("after_insert"));
    session.on_after_update(object("after_update"));
    session.on_after_delete(object("after_delete"));
    let log = Arc::clone(&heard);
    session.on_state_change(move |object, from, to| {
        assert!(object.downcast::<User>().is_some() && object.downcast::<Address>().is_none());
        say(&log, format!("{} {from:?} {to:?}", object.model()));
    });
    (session, heard)
}

#[test]
fn events_come_in_their_order_d62() {
    let db = Database::new();
    let (session, heard) = heard(&db);
    let ed = session.add(user("ed")).unwrap();
    assert_eq!(take(&heard), ["User Transient Pending"]);
    session.commit().unwrap();
    assert_eq!(
        take(&heard),
        [
            "before_commit",
            "before_flush",
            "after_begin",
            "before_insert ed",
            "after_insert ed",
            "after_flush",
            "User Pending Persistent",
            "after_commit"
        ]
    );
    ed.set(User::name, "eddie").unwrap();
    session.flush().unwrap();
    assert_eq!(take(&heard)[2..], ["before_update eddie", "after_update eddie", "after_flush"]);
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    let told = [
        "before_flush",
        "before_delete eddie",
        "after_delete eddie",
        "after_flush",
        "User Persistent Deleted",
    ];
    assert_eq!(take(&heard), told);
    session.rollback().unwrap();
    assert_eq!(take(&heard), ["after_rollback", "User Deleted Persistent"]);
    session.rollback().unwrap();
    assert_eq!(take(&heard), [""; 0], "there was nothing to roll back");
    let savepoint = session.begin_nested().unwrap();
    session.add(user("jo")).unwrap();
    take(&heard);
    savepoint.rollback().unwrap();
    assert_eq!(take(&heard), ["after_soft_rollback", "User Pending Transient"]);
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    let told = take(&heard);
    assert_eq!(told[told.len() - 2..], ["after_commit", "User Deleted Detached"]);
    session.close();
    assert_eq!(take(&heard), [""; 0]);
}

#[test]
fn before_flush_may_add_change_and_delete() {
    let db = Database::new();
    let session = db.session();
    let old = session.add(user("old")).unwrap();
    session.commit().unwrap();
    session.on_before_flush(|session| {
        let all = session.query::<User>().all()?;
        for user in &all {
            user.write()?.fullname = Some("changed".into());
        }
        session.add(user("added"))?;
        if let Some(old) = all.first() {
            session.delete(old)?;
        }
        Ok(())
    });
    let new = session.add(user("new")).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(
        db.verbs(),
        ["SELECT users", "SELECT addresses", "SELECT keywords", "INSERT users", "DELETE users"]
    );
    assert_eq!((old.state(), new.state()), (State::Deleted, State::Persistent));
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String,)>("select name from users order by id"),
        [("new".into(),), ("added".into(),)]
    );
}

#[test]
fn before_insert_and_update_may_change_what_is_sent() {
    let db = Database::new();
    let session = db.session();
    session.on_before_insert::<User>(|user| user.set(User::fullname, Some("by listener".to_owned())));
    session.on_before_update::<User>(|user| {
        let name = user.get(User::name)?.to_uppercase();
        user.set(User::name, name)
    });
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    ed.set(User::name, "eddie").unwrap();
    session.commit().unwrap();
    let rows = db.ask::<(String, String)>("select name, fullname from users");
    assert_eq!(rows, [("EDDIE".to_owned(), "by listener".to_owned())]);
    assert_eq!(ed.read().unwrap().name, "EDDIE");
}

#[test]
fn an_error_of_a_listener_stops_the_flush_and_undoes_it() {
    let db = Database::new();
    let session = db.session();
    session.on_before_insert::<Address>(|address| {
        // It looks like a clash that was found before anything was sent, and is none.
        Err(Error::new(ErrorKind::Conflict, format!("no {}", address.read()?.email)))
    });
    session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    assert_eq!(session.commit().unwrap_err().to_string(), "no a");
    assert_eq!(kind(session.commit()), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
}

#[test]
fn while_a_flush_sends_only_the_own_object_may_change() {
    let db = Database::new();
    let session = db.session();
    let other = session.add(user("other")).unwrap();
    session.commit().unwrap();
    let refused: Arc<Mutex<Vec<ErrorKind>>> = Arc::default();
    let log = Arc::clone(&refused);
    let maker_of_kinds = move |session: &Session| {
        let other = session.query::<User>();
        let found = [
            kind(session.add(user("late"))),
            kind(session.flush()),
            kind(session.commit()),
            kind(session.rollback()),
            kind(session.begin_nested()),
            kind(other.all()),
        ];
        log.lock().unwrap().extend(found);
    };
    // A listener is given the object; the session it finds by other ways.
    struct Handle(Session);
    thread_local!(static HANDLE: std::cell::RefCell<Option<Handle>> = const { std::cell::RefCell::new(None) });
    HANDLE.set(Some(Handle(session.clone())));
    session.on_before_insert::<User>(move |_| {
        HANDLE.with_borrow(|handle| {
            let session = &handle.as_ref().unwrap().0;
            maker_of_kinds(session);
            let other = session.core.unit.all().remove(0);
            let other = crate::Instance::<User>::new(&session.core, other);
            assert_eq!(kind(other.set(User::name, "changed")), ErrorKind::InvalidState);
            session.close();
        });
        Ok(())
    });
    session.add(user("ed")).unwrap();
    session.commit().unwrap();
    HANDLE.take();
    assert_eq!(refused.lock().unwrap().as_slice(), [ErrorKind::InvalidState; 6]);
    assert_eq!(other.read().unwrap().name, "other");
    session.rollback().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(2,)]);
}

#[test]
fn a_commit_flushes_until_nothing_is_left_d49() {
    let db = Database::new();
    let session = db.session();
    let left = Mutex::new(3);
    let listener = session.on_after_flush(move |session| {
        let mut left = left.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            session.add(user(&format!("more {left}")))?;
        }
        Ok(())
    });
    session.add(user("ed")).unwrap();
    db.sent();
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["INSERT users"; 4]);
    listener.remove();
    let number = Mutex::new(0);
    session.on_after_flush(move |session| {
        *number.lock().unwrap() += 1;
        session.add(user(&format!("endless {}", number.lock().unwrap()))).map(|_| ())
    });
    session.add(user("jo")).unwrap();
    db.sent();
    let error = session.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert_eq!(db.verbs().len(), 100, "{error}");
    session.rollback().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(4,)]);
}

#[test]
fn listeners_to_the_end_of_a_transaction_cannot_send_d56() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.flush().unwrap();
    let heard = Heard::default();
    let look = |heard: &Heard| {
        let heard = Arc::clone(heard);
        move |session: &Session| {
            let error = session.query::<User>().all().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidState);
            let own = session.core.unit.all().remove(0);
            let own = crate::Instance::<User>::new(&session.core, own);
            say(&heard, format!("{} {error}", own.read().unwrap().name));
            assert_eq!(kind(session.commit()), ErrorKind::InvalidState);
            assert_eq!(kind(session.rollback()), ErrorKind::InvalidState);
        }
    };
    session.on_after_commit(look(&heard));
    session.on_after_rollback(look(&heard));
    session.commit().unwrap();
    let told = take(&heard);
    assert!(told.len() == 1 && told[0].starts_with("ed ") && told[0].contains("committed state"), "{told:?}");
    db.sent();
    assert_eq!(ed.read().unwrap().name, "ed");
    assert_eq!(db.verbs(), ["SELECT users"], "only then it is expired");
    ed.set(User::name, "eddie").unwrap();
    session.rollback().unwrap();
    let told = take(&heard);
    assert!(told.len() == 1 && told[0].starts_with("ed ") && told[0].contains("inactive state"), "{told:?}");
}

#[test]
fn what_a_listener_to_a_commit_adds_is_undone_by_the_next_rollback() {
    let db = Database::new();
    let session = db.session();
    let listener = session.on_after_commit(|session| {
        session.add(user("late")).unwrap();
    });
    session.add(user("ed")).unwrap();
    session.commit().unwrap();
    listener.remove();
    session.rollback().unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select name from users"), [("ed".to_owned(),)]);
}

#[test]
fn loads_and_refreshes_are_told_and_may_load_more() {
    let db = Database::new();
    db.session().add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    let first = db.session();
    first.add(User { addresses: [address("a"), address("b")].into(), ..user("ed") }).unwrap();
    first.commit().unwrap();
    let session = db.session();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    session.on_load::<User>(move |user| {
        let addresses = user.related(User::addresses).unwrap().len();
        say(&log, format!("load {} {addresses}", user.get(User::name).unwrap()));
    });
    let log = Arc::clone(&heard);
    session.on_refresh::<User>(move |user| say(&log, format!("refresh {}", user.get(User::name).unwrap())));
    let ed = session.query::<User>().one().unwrap();
    assert_eq!(take(&heard), ["load ed 2"]);
    session.query::<User>().one().unwrap();
    assert_eq!(take(&heard), [""; 0], "it is there");
    session.refresh(&ed).unwrap();
    assert_eq!(take(&heard), ["refresh ed"]);
    session.commit().unwrap();
    assert_eq!(ed.read().unwrap().name, "ed");
    assert_eq!(take(&heard), ["refresh ed"]);
}

#[test]
fn a_set_is_told_once_with_its_net_change() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    session.on_set(User::name, move |_, old, new| {
        say(&log, format!("{old} -> {new}"));
        Ok(())
    });
    let log = Arc::clone(&heard);
    session.on_set(User::fullname, move |_, old, new| {
        say(&log, format!("{old:?} -> {new:?}"));
        Ok(())
    });
    ed.set(User::name, "between").unwrap();
    ed.set(User::name, "eddie").unwrap();
    assert_eq!(take(&heard), [""; 0]);
    session.flush().unwrap();
    assert_eq!(take(&heard), ["ed -> eddie"]);
    ed.set(User::fullname, Some("Ed".to_owned())).unwrap();
    session.flush().unwrap();
    assert_eq!(take(&heard), [r#"None -> Some("Ed")"#]);
}

#[test]
fn links_are_told_at_once_on_both_sides() {
    let db = Database::new();
    let session = db.session();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    session.on_append(User::addresses, move |user, address| {
        say(&log, format!("{} + {}", user.get(User::name).unwrap(), address.read().unwrap().email));
    });
    let log = Arc::clone(&heard);
    session.on_remove(User::addresses, move |user, address| {
        say(&log, format!("{} - {}", user.get(User::name).unwrap(), address.read().unwrap().email));
    });
    let log = Arc::clone(&heard);
    session.on_append(Address::user, move |address, user| {
        say(&log, format!("{} of {}", address.read().unwrap().email, user.get(User::name).unwrap()));
    });
    let ed = session.add(user("ed")).unwrap();
    let jo = session.add(user("jo")).unwrap();
    let home = ed.related(User::addresses).unwrap().push(address("a")).unwrap();
    assert_eq!(take(&heard), ["ed + a", "a of ed"]);
    home.set(Address::user, &jo).unwrap();
    assert_eq!(take(&heard), ["ed - a", "a of jo", "jo + a"]);
    jo.related(User::addresses).unwrap().remove(&home).unwrap();
    assert_eq!(take(&heard), ["jo - a"]);
}

#[test]
fn a_listener_that_panics_leaves_a_session_that_can_be_rolled_back() {
    let db = Database::new();
    let session = db.session();
    let listener = session.on_before_insert::<User>(|_| panic!("in the listener"));
    session.add(user("ed")).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| session.flush()));
    assert!(panicked.is_err());
    listener.remove();
    session.rollback().unwrap();
    session.add(user("jo")).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select name from users"), [("jo".to_owned(),)]);
    // A savepoint that is dropped in a panic tells its listeners all the same; theirs does not abort.
    session.on_after_soft_rollback(|_| panic!("in the drop"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _savepoint = session.begin_nested().unwrap();
        panic!("in the program");
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"in the program"));
}

#[test]
fn a_new_object_in_the_row_of_a_deleted_one_is_an_insert_to_listeners() {
    let db = Database::new();
    let session = db.session();
    let old = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    let heard = Heard::default();
    for (what, kind) in [("insert", 0), ("update", 1), ("delete", 2)] {
        let log = Arc::clone(&heard);
        let listen = move |user: &crate::Instance<User>| {
            say(&log, format!("{what} {}", user.read()?.name));
            Ok(())
        };
        match kind {
            0 => session.on_before_insert::<User>(listen),
            1 => session.on_before_update::<User>(listen),
            _ => session.on_before_delete::<User>(listen),
        };
    }
    session.delete(&old).unwrap();
    session.add(User { id: 1, ..user("new") }).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(take(&heard), ["insert new"]);
    assert!(db.verbs().contains(&"UPDATE users".to_owned()));
    session.rollback().unwrap();
}
