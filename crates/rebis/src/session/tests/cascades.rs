//! What comes in, goes and stays with an object.

use rebis_core::ErrorKind;
use rebis_derive::Model;

use super::*;
use crate::{Many, One, State};

/// Two kinds of owners, each of which owns its things.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "firms")]
struct Firm {
    #[rebis(primary_key)]
    id: i64,
    // Without `expunge`: a firm can leave the session alone.
    #[rebis(relationship(back_populates = "firm", cascade = "save-update, merge, delete, delete-orphan"))]
    things: Many<Thing>,
    #[rebis(relationship(view_only, foreign_keys = "firm_id"))]
    seen: Many<Thing>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "clubs")]
struct Club {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship(back_populates = "club", cascade = "all, delete-orphan"))]
    things: Many<Thing>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "things")]
struct Thing {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(foreign_key = Firm::id)]
    firm_id: Option<i64>,
    #[rebis(foreign_key = Club::id)]
    club_id: Option<i64>,
    #[rebis(foreign_key = Box::id)]
    box_id: Option<i64>,
    #[rebis(relationship(back_populates = "things"))]
    firm: One<Firm>,
    #[rebis(relationship(back_populates = "things"))]
    club: One<Club>,
    /// A box has one thing in it, and goes with it.
    #[rebis(relationship(cascade = "all, delete-orphan", single_parent))]
    r#box: One<Box>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "boxes")]
struct Box {
    #[rebis(primary_key)]
    id: i64,
}

fn database() -> Database {
    Database::with(create_all::<(Firm, Club, Box, Thing)>)
}

fn thing(name: &str) -> Thing {
    Thing { name: name.into(), ..Thing::default() }
}

#[test]
fn what_is_put_into_a_collection_is_pending_at_once_e28() {
    let db = database();
    let session = db.session();
    let firm = session.add(Firm::default()).unwrap();
    session.commit().unwrap();
    let things = firm.related(Firm::things).unwrap();
    let new = things.push(thing("new")).unwrap();
    assert_eq!(new.state(), State::Pending);
    // One that is in no session any more comes in again.
    let old = session.add(thing("old")).unwrap();
    session.expunge(&old).unwrap();
    assert_eq!(old.state(), State::Transient);
    things.push(&old).unwrap();
    assert_eq!(old.state(), State::Pending);
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from things where firm_id = 1"), [(2,)]);
}

#[test]
fn a_parent_draws_nobody_in_through_its_other_side_e29() {
    let db = database();
    let session = db.session();
    let firm = session.add(Firm::default()).unwrap();
    let out = session.add(thing("out")).unwrap();
    session.expunge(&out).unwrap();
    out.set(Thing::firm, &firm).unwrap();
    assert_eq!(out.state(), State::Transient);
    session.commit().unwrap();
    assert_eq!(out.state(), State::Transient);
    assert_eq!(db.ask::<(i64,)>("select count(*) from things"), [(0,)]);
    // In itself it is drawn in by the object that names it.
    let new = session.add(thing("new")).unwrap();
    let other = session.add(Firm::default()).unwrap();
    session.expunge(&other).unwrap();
    new.set(Thing::firm, &other).unwrap();
    session.commit().unwrap();
    assert_eq!(
        (other.state(), db.ask::<(i64,)>("select firm_id from things")),
        (State::Persistent, vec![(2,)])
    );
}

#[test]
fn taken_out_of_a_parent_that_is_in_no_session_e31() {
    let db = database();
    let session = db.session();
    let firm = session.add(Firm { things: [thing("a")].into(), ..Firm::default() }).unwrap();
    let things = firm.related(Firm::things).unwrap();
    let child = things.all().remove(0);
    session.expunge(&firm).unwrap();
    assert_eq!(child.state(), State::Pending);
    things.remove(&child).unwrap();
    session.commit().unwrap();
    assert_eq!(child.state(), State::Transient);
    assert_eq!(db.ask::<(i64,)>("select count(*) from things"), [(0,)]);
}

#[test]
fn without_delete_orphan_the_key_is_cleared_e32() {
    let db = Database::new();
    let session = db.session();
    let team = session.add(Team { players: [Player::default()].into(), ..Team::default() }).unwrap();
    session.commit().unwrap();
    let players = team.related(Team::players).unwrap();
    players.remove(&players.all()[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select team_id from players"), [(None,)]);
}

#[test]
fn one_owner_lost_is_enough_e34() {
    let db = database();
    let session = db.session();
    let firm = session.add(Firm { things: [thing("a")].into(), ..Firm::default() }).unwrap();
    let club = session.add(Club::default()).unwrap();
    let shared = firm.related(Firm::things).unwrap().all().remove(0);
    club.related(Club::things).unwrap().push(&shared).unwrap();
    club.related(Club::things).unwrap().remove(&shared).unwrap();
    assert_eq!(shared.state(), State::Transient);
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from things"), [(0,)]);
    // The same of one that has a row.
    let shared = firm.related(Firm::things).unwrap().push(thing("b")).unwrap();
    club.related(Club::things).unwrap().push(&shared).unwrap();
    session.commit().unwrap();
    firm.related(Firm::things).unwrap().remove(&shared).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from things"), [(0,)]);
}

#[test]
fn taken_out_before_the_parent_is_deleted_e35() {
    let db = Database::new();
    let session = db.session();
    let node = |name: &str| Node { name: name.into(), ..Node::default() };
    let root =
        session.add(Node { children: [node("survives"), node("goes")].into(), ..node("root") }).unwrap();
    let ed =
        session.add(User { addresses: [address("orphan"), address("goes")].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let children = root.related(Node::children).unwrap();
    children.remove(&children.all()[0]).unwrap();
    session.delete(&root).unwrap();
    let homes = ed.related(User::addresses).unwrap();
    homes.remove(&homes.all()[0]).unwrap();
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String, Option<i64>)>("select name, parent_id from nodes"),
        [("survives".to_owned(), None)]
    );
    assert_eq!(db.ask::<(i64,)>("select count(*) from addresses"), [(0,)]);
}

#[test]
fn delete_orphan_where_there_can_be_several_owners_e37() {
    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "crates")]
    struct Crate {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(foreign_key = Box::id)]
        box_id: Option<i64>,
        #[rebis(relationship(cascade = "all, delete-orphan"))]
        r#box: One<Box>,
    }
    let db = database();
    let session = db.session();
    let error = session.add(Crate::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("single_parent"), "{error}");
    let first = session.add(Thing { r#box: Box::default().into(), ..thing("a") }).unwrap();
    let shared = first.related(Thing::r#box).unwrap().unwrap();
    let second = session.add(thing("b")).unwrap();
    second.set(Thing::r#box, &shared).unwrap();
    db.sent();
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.to_string().contains("single_parent"), "{error}");
    assert_eq!(db.sent(), [""; 0]);
    session.rollback().unwrap();
    // Given up by one and taken by the other in one flush, it is no orphan.
    let first = session.add(Thing { r#box: Box::default().into(), ..thing("a") }).unwrap();
    let second = session.add(thing("b")).unwrap();
    session.commit().unwrap();
    let shared = first.related(Thing::r#box).unwrap().unwrap();
    first.set(Thing::r#box, None::<&crate::Instance<Box>>).unwrap();
    second.set(Thing::r#box, &shared).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select box_id from things order by id"), [(None,), (Some(1),)]);
    session.delete(&second).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from boxes"), [(0,)]);
}

#[test]
fn moved_by_the_other_side_e38() {
    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "keys")]
    struct Key {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(foreign_key = Lock::id)]
        lock_id: Option<i64>,
        #[rebis(relationship(back_populates = "key", cascade = "all, delete-orphan", single_parent))]
        lock: One<Lock>,
    }
    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "locks")]
    struct Lock {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(relationship(back_populates = "lock"))]
        key: One<Key>,
    }
    let db = Database::with(create_all::<(Lock, Key)>);
    let session = db.session();
    let first = session.add(Key { lock: Lock::default().into(), ..Key::default() }).unwrap();
    let second = session.add(Key::default()).unwrap();
    session.commit().unwrap();
    let lock = first.related(Key::lock).unwrap().unwrap();
    assert_eq!(lock.related(Lock::key).unwrap(), Some(first.clone()));
    lock.set(Lock::key, &second).unwrap();
    assert_eq!((first.related(Key::lock).unwrap(), second.related(Key::lock).unwrap()), (None, Some(lock)));
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select lock_id from keys order by id"), [(None,), (Some(1),)]);
}

#[test]
fn what_is_only_looked_at_is_never_written_e40() {
    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "views")]
    struct View {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(foreign_key = Box::id)]
        box_id: Option<i64>,
        #[rebis(relationship(view_only, cascade = "all"))]
        r#box: One<Box>,
    }
    let db = database();
    let session = db.session();
    let firm = session.add(Firm::default()).unwrap();
    let child = session.add(thing("a")).unwrap();
    firm.related(Firm::seen).unwrap().push(&child).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select firm_id from things"), [(None,)]);
    let error = session.add(View::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("view_only"), "{error}");
}
