//! In which order statements go, and which go together.

use rebis_core::{ErrorKind, text};
use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One, SessionEvents, raiseload};

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "owners")]
struct Owner {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(relationship(back_populates = "owner"))]
    pets: Many<Pet>,
    #[rebis(relationship(passive_deletes))]
    visits: Many<Visit>,
    #[rebis(relationship(passive_deletes = "all"))]
    notes: Many<Note>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "pets")]
struct Pet {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(server_default = "7")]
    age: Option<i64>,
    #[rebis(foreign_key = Owner::id)]
    owner_id: Option<i64>,
    #[rebis(relationship(back_populates = "pets"))]
    owner: One<Owner>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "visits")]
struct Visit {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Owner::id, on_delete = "cascade")]
    owner_id: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "notes")]
struct Note {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Owner::id, on_delete = "cascade")]
    owner_id: Option<i64>,
}

/// With a relation to one only.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "letters")]
struct Letter {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Owner::id)]
    owner_id: Option<i64>,
    #[rebis(relationship)]
    owner: One<Owner>,
}

fn database() -> Database {
    Database::with(create_all::<(Owner, Pet, Visit, Note, Letter)>)
}

fn owner(name: &str) -> Owner {
    Owner { name: name.into(), ..Owner::default() }
}

fn pet(name: &str) -> Pet {
    Pet { name: name.into(), ..Pet::default() }
}

#[test]
fn inserts_as_they_came_changes_by_their_keys_e7() {
    let db = database();
    let session = db.session();
    let all = [3, 1, 2].map(|id| session.add(Owner { id, ..owner("x") }).unwrap());
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select id from owners order by rowid"), [(1,), (2,), (3,)]);
    let inserted = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&inserted);
    session.on_before_update::<Owner>(move |owner| {
        log.lock().unwrap().push(owner.get(Owner::id)?);
        Ok(())
    });
    let log = Arc::clone(&inserted);
    session.on_before_delete::<Owner>(move |owner| {
        log.lock().unwrap().push(owner.get(Owner::id)?);
        Ok(())
    });
    all.iter().for_each(|owner| owner.set(Owner::name, "y").unwrap());
    session.flush().unwrap();
    assert_eq!(std::mem::take(&mut *inserted.lock().unwrap()), [1, 2, 3]);
    all.iter().for_each(|owner| session.delete(owner).unwrap());
    session.commit().unwrap();
    assert_eq!(*inserted.lock().unwrap(), [1, 2, 3]);
}

#[test]
fn neighbours_of_one_shape_share_a_statement_e8() {
    let db = database();
    let session = db.session();
    for id in [0, 0, 3, 4, 5] {
        session.add(Pet { id, ..pet("x") }).unwrap();
    }
    for age in [None, None, Some(1), Some(2), None] {
        session.add(Pet { age, ..pet("y") }).unwrap();
    }
    db.sent();
    session.flush().unwrap();
    let columns = |sql: String| sql.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
    let sent: Vec<String> = db.sent().into_iter().map(columns).collect();
    let (plain, keyed) = ("name, owner_id", "id, name, owner_id");
    assert_eq!(sent, [plain, keyed, plain, "name, age, owner_id", plain]);
}

#[test]
fn nothing_changed_nothing_sent_e11() {
    let db = database();
    let session = db.session();
    let ed = session.add(owner("ed")).unwrap();
    session.commit().unwrap();
    db.sent();
    session.flush().unwrap();
    assert!(!session.in_transaction());
    assert_eq!(db.sent(), [""; 0]);
    let name = ed.get(Owner::name).unwrap();
    db.sent();
    ed.set(Owner::name, name).unwrap();
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_deleted_parent_lets_its_children_go_e13() {
    let db = database();
    let session = db.session();
    let ed = session.add(Owner { pets: [pet("a"), pet("b")].into(), ..owner("ed") }).unwrap();
    session.commit().unwrap();
    drop(ed.read().unwrap());
    db.sent();
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    let sent = db.verbs();
    assert_eq!(sent, ["SELECT pets", "UPDATE pets", "DELETE owners"]);
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select owner_id from pets"), [(None,), (None,)]);
}

#[test]
fn a_deleted_target_is_the_databases_affair_e14() {
    let db = database();
    let session = db.session();
    let ed = session.add(owner("ed")).unwrap();
    let letter = session.add(Letter { owner: (&ed).into(), ..Letter::default() }).unwrap();
    session.commit().unwrap();
    session.delete(&ed).unwrap();
    drop(ed.read().unwrap());
    db.sent();
    assert_eq!(kind(session.flush()), ErrorKind::ForeignKeyViolation);
    assert_eq!(db.verbs().last().unwrap(), "DELETE owners");
    session.rollback().unwrap();
    letter.set(Letter::owner, None::<&Instance<Owner>>).unwrap();
    session.delete(&ed).unwrap();
    db.sent();
    session.commit().unwrap();
    let sent: Vec<String> = db.verbs().into_iter().filter(|verb| !verb.starts_with("SELECT")).collect();
    assert_eq!(sent, ["UPDATE letters", "DELETE owners"]);
}

#[test]
fn the_relation_counts_more_than_its_column_e16() {
    let db = database();
    let session = db.session();
    let ed = session.add(Owner { id: 10, ..owner("ed") }).unwrap();
    let letter =
        session.add(Letter { owner_id: Some(999), owner: (&ed).into(), ..Letter::default() }).unwrap();
    session.commit().unwrap();
    assert_eq!(letter.get(Letter::owner_id).unwrap(), Some(10));
}

#[test]
fn a_changed_column_leaves_the_loaded_relation_until_it_is_expired_e17() {
    let db = database();
    let session = db.session();
    let (ed, jo) = (session.add(owner("ed")).unwrap(), session.add(owner("jo")).unwrap());
    let letter = session.add(Letter { owner: (&ed).into(), ..Letter::default() }).unwrap();
    session.flush().unwrap();
    letter.set(Letter::owner_id, Some(2)).unwrap();
    assert_eq!(letter.related(Letter::owner).unwrap(), Some(ed.clone()));
    session.flush().unwrap();
    assert_eq!(letter.related(Letter::owner).unwrap(), Some(ed));
    session.expire(&letter).unwrap();
    assert_eq!(letter.related(Letter::owner).unwrap(), Some(jo));
}

#[test]
fn a_link_that_somebody_has_deleted_is_stale_e22() {
    let db = Database::new();
    let session = db.session();
    let words = ["x", "y"].map(|word| Keyword { word: word.into(), ..Keyword::default() });
    let ed = session.add(User { keywords: words.into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let words = ed.related(User::keywords).unwrap();
    session.execute_write(text("delete from user_keywords where word = 'x'")).unwrap();
    for word in words.all() {
        words.remove(&word).unwrap();
    }
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(
        error.to_string().contains("delete 2 row(s)") && error.to_string().contains("1 matched"),
        "{error}"
    );
}

#[test]
fn what_must_not_be_loaded_is_loaded_for_the_flush_e25() {
    let db = database();
    let session = db.session();
    session.add(Owner { pets: [pet("a")].into(), ..owner("ed") }).unwrap();
    session.commit().unwrap();
    let session = db.session();
    let ed = session.query::<Owner>().option(raiseload(Owner::pets)).one().unwrap();
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select owner_id from pets"), [(None,)]);
}

#[test]
fn passive_deletes_leave_children_to_the_database_e26() {
    let db = database();
    let session = db.session();
    let ed = session
        .add(Owner {
            visits: [Visit::default(), Visit::default()].into(),
            notes: [Note::default()].into(),
            ..owner("ed")
        })
        .unwrap();
    session.commit().unwrap();
    drop(ed.read().unwrap());
    // Of "all" not even what is loaded is dealt with.
    let visit = session.get_one::<Visit>(1).unwrap();
    assert_eq!(ed.related(Owner::notes).unwrap().len(), 1);
    db.sent();
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["SELECT pets", "DELETE owners"]);
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64,)>("select count(*) from visits union all select count(*) from notes"),
        [(0,), (0,)]
    );
    assert_eq!(kind(visit.read().map(|_| ())), ErrorKind::ObjectDeleted);
}

#[test]
fn passive_deletes_of_what_is_loaded_e26() {
    let db = database();
    let session = db.session();
    let ed = session.add(Owner { visits: [Visit::default()].into(), ..owner("ed") }).unwrap();
    session.flush().unwrap();
    db.sent();
    session.delete(&ed).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["SELECT pets", "UPDATE visits", "DELETE owners"]);
}
