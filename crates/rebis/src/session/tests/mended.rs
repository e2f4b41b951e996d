//! What a review of the unit of work and the flush found.

use rebis_core::ErrorKind;
use rebis_derive::Model;

use super::*;
use crate::{Deferred, Instance, Many, One, State};

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

#[test]
fn what_is_expired_in_part_is_not_sent() {
    let db = Database::new();
    let session = db.session();
    let profile = Profile {
        photo: vec![1].into(),
        sound: Some(vec![2]).into(),
        bio: Some("long".to_owned()).into(),
        ..Profile::default()
    };
    session.add(profile).unwrap();
    session.add(Parcel { to: Some(Place { street: "a".into(), zip: None }), ..Parcel::default() }).unwrap();
    session.commit().unwrap();
    session.close();
    let eddie = session.get_one::<Profile>(1).unwrap();
    {
        let mut eddie = eddie.write().unwrap();
        (eddie.photo, eddie.sound, eddie.bio) =
            (vec![3].into(), Some(vec![4]).into(), Some("short".to_owned()).into());
    }
    session.expire_part(&eddie, Profile::photo).unwrap();
    session.expire_part(&eddie, Profile::sound).unwrap();
    assert!(session.is_modified(&eddie).unwrap());
    session.expire_part(&eddie, Profile::bio).unwrap();
    assert!(!session.is_modified(&eddie).unwrap());
    let parcel = session.get_one::<Parcel>(1).unwrap();
    parcel.write().unwrap().to = None;
    let street = crate::sql::Column::<Parcel, String>::new("to_street");
    assert_eq!(kind(session.expire_part(&parcel, street)), ErrorKind::InvalidState);
    session.expire(&parcel).unwrap();
    db.sent();
    session.flush().unwrap();
    assert!(db.sent().iter().all(|sql| sql.starts_with("SELECT")), "nothing is left of the changes");
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1]);
    assert_eq!(eddie.get(Profile::sound).unwrap(), Some(vec![2]));
    assert_eq!(eddie.get(Profile::bio).unwrap().as_deref(), Some("long"));
    assert_eq!(parcel.read().unwrap().to.as_ref().unwrap().street, "a");
    session.commit().unwrap();
    type Row = (Vec<u8>, Option<Vec<u8>>, Option<String>);
    assert_eq!(
        db.ask::<Row>("select photo, sound_bytes, bio from profiles"),
        [(vec![1], Some(vec![2]), Some("long".to_owned()))]
    );
}

#[test]
fn what_was_assigned_is_not_lost_when_it_cannot_be_taken_in() {
    let db = Database::new();
    let session = db.session();
    session.add(User { addresses: [address("old")].into(), ..user("ed") }).unwrap();
    session.add(user("jo")).unwrap();
    session.commit().unwrap();
    session.close();
    let ed = session.get_one::<User>(1).unwrap();
    let jo = session.get_one::<User>(2).unwrap();
    let mut stream = session.query::<Address>().stream(1).unwrap();
    ed.write().unwrap().addresses = [address("new")].into();
    assert_eq!(kind(ed.related(User::addresses)), ErrorKind::Busy);
    assert!(stream.next().is_some());
    drop(stream);
    session.flush().unwrap();
    assert_eq!(ed.related(User::addresses).unwrap().all()[0].read().unwrap().email, "new");
    // The last one counts, and an expiry or a rollback drops it.
    for rolls_back in [false, true] {
        let _ = ed.get(User::name).unwrap();
        let mut stream = session.query::<User>().stream(1).unwrap();
        ed.write().unwrap().addresses = [address("gone")].into();
        assert_eq!(kind(ed.related(User::addresses)), ErrorKind::Busy);
        stream.next().unwrap().unwrap();
        drop(stream);
        if rolls_back {
            session.rollback().unwrap();
        } else {
            session.expire(&ed).unwrap();
        }
        session.flush().unwrap();
    }
    ed.write().unwrap().addresses = [address("new")].into();
    // Before anything is taken in, all borrows are looked at.
    jo.write().unwrap().fullname = Some("Jo".into());
    let guard = jo.read().unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::Conflict);
    drop(guard);
    session.commit().unwrap();
    assert_eq!(db.ask::<(String, i64)>("select email, user_id from addresses"), [("new".to_owned(), 1)]);
}

fn existing<T: crate::Model>(instances: &[&Instance<T>]) -> Many<T> {
    let mut many = Many::default();
    instances.iter().for_each(|instance| many.push_existing(instance.reference()));
    many
}

#[test]
fn an_add_that_fails_leaves_no_trace() {
    let db = Database::new();
    let (session, other) = (db.session(), db.session());
    let strange = other.add(Keyword { word: "strange".into(), ..Keyword::default() }).unwrap();
    let home = session.add(address("home")).unwrap();
    let ed = User { addresses: existing(&[&home]), keywords: existing(&[&strange]), ..user("ed") };
    assert_eq!(kind(session.add(ed)), ErrorKind::InvalidState);
    assert_eq!(home.related(Address::user).unwrap(), None);
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select user_id from addresses"), [(None,)]);
    // A borrow that is in the way is found before anything is linked.
    let away = session.add(address("away")).unwrap();
    let guard = home.write().unwrap();
    let jo = User { addresses: existing(&[&away, &home]), ..user("jo") };
    assert_eq!(kind(session.add(jo)), ErrorKind::Conflict);
    drop(guard);
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<i64>,)>("select user_id from addresses"), [(None,), (None,)]);
}

/// Three stages, each of which owns the next.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "houses")]
struct House {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship(back_populates = "house", cascade = "all, delete-orphan"))]
    rooms: Many<Room>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "rooms")]
struct Room {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = House::id)]
    house_id: Option<i64>,
    #[rebis(relationship(back_populates = "rooms"))]
    house: One<House>,
    #[rebis(relationship(back_populates = "room", cascade = "all"))]
    chairs: Many<Chair>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "chairs")]
struct Chair {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Room::id)]
    room_id: Option<i64>,
    #[rebis(relationship(back_populates = "chairs"))]
    room: One<Room>,
}

#[test]
fn what_belongs_to_a_new_object_goes_with_it() {
    let db = Database::with(create_all::<(House, Room, Chair)>);
    let session = db.session();
    let house = session.add(House::default()).unwrap();
    session.commit().unwrap();
    let rooms = house.related(House::rooms).unwrap();
    let furnished = || Room { chairs: [Chair::default()].into(), ..Room::default() };
    let chair = |room: &Instance<Room>| room.related(Room::chairs).unwrap().all().remove(0);
    // Taken out; no owner at the flush; the owner expired; the owner deleted.
    let room = rooms.push(furnished()).unwrap();
    let of_room = chair(&room);
    rooms.remove(&room).unwrap();
    assert_eq!((room.state(), of_room.state()), (State::Transient, State::Transient));
    let room = rooms.push(furnished()).unwrap();
    let of_room = chair(&room);
    session.expire(&house).unwrap();
    assert_eq!((room.state(), of_room.state()), (State::Transient, State::Transient));
    let room = rooms.push(furnished()).unwrap();
    let of_room = chair(&room);
    session.delete(&house).unwrap();
    session.commit().unwrap();
    assert_eq!((room.state(), of_room.state()), (State::Transient, State::Transient));
    assert_eq!(
        db.ask::<(i64,)>("select (select count(*) from rooms) + (select count(*) from chairs)"),
        [(0,)]
    );
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "pets", unique(id, name))]
struct Pet {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 40)]
    name: String,
    #[rebis(server_default = "7")]
    age: Option<i64>,
    #[rebis(server_default = "'none'")]
    note: Deferred<String>,
}

fn pet(id: i64, name: &str) -> Pet {
    Pet { id, name: name.into(), age: Some(1), note: "some".to_owned().into() }
}

#[test]
fn a_new_row_in_place_of_a_deleted_one_has_the_defaults() {
    let db = Database::with(create_all::<(Pet,)>);
    let session = db.session();
    let pets = || db.ask::<(i64, String, Option<i64>, String)>("select id, name, age, note from pets");
    for new in [Pet { age: None, ..pet(1, "new") }, Pet { note: Deferred::unloaded(), ..pet(1, "new") }] {
        let old = session.add(pet(1, "old")).unwrap();
        session.commit().unwrap();
        let expected = match (&new.age, new.note.value()) {
            (None, _) => (1, "new".to_owned(), Some(7), "some".to_owned()),
            _ => (1, "new".to_owned(), Some(1), "none".to_owned()),
        };
        session.delete(&old).unwrap();
        let new = session.add(new).unwrap();
        session.commit().unwrap();
        assert_eq!((pets(), new.get(Pet::age).unwrap()), (vec![expected.clone()], expected.2));
        session.delete(&new).unwrap();
        session.commit().unwrap();
    }
}

#[test]
fn rows_that_exchange_their_key_and_another_value() {
    let db = Database::with(create_all::<(Pet,)>);
    let session = db.session();
    let [one, two] = [(1, "one"), (2, "two")].map(|(id, name)| session.add(pet(id, name)).unwrap());
    session.commit().unwrap();
    for (pet, id, name) in [(&one, 2, "two"), (&two, 1, "one")] {
        let mut pet = pet.write().unwrap();
        (pet.id, pet.name, pet.age) = (id, name.into(), Some(id * 10));
    }
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64, String, i64)>("select id, name, age from pets order by id"),
        [(1, "one".to_owned(), 10), (2, "two".to_owned(), 20)]
    );
    assert_eq!((one.get(Pet::id).unwrap(), two.get(Pet::id).unwrap()), (2, 1));
}
