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

/// Tables of one name in two schemas.
mod alpha {
    use rebis_derive::Model;

    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "clients", schema = "alpha")]
    pub(super) struct Client {
        #[rebis(primary_key)]
        pub(super) id: i64,
    }

    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "orders", schema = "alpha")]
    pub(super) struct Order {
        #[rebis(primary_key)]
        pub(super) id: i64,
        #[rebis(foreign_key = Client::id)]
        pub(super) client_id: Option<i64>,
    }
}

mod beta {
    use rebis_derive::Model;

    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "clients", schema = "beta")]
    pub(super) struct Client {
        #[rebis(primary_key)]
        pub(super) id: i64,
    }

    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "orders", schema = "beta")]
    pub(super) struct Order {
        #[rebis(primary_key)]
        pub(super) id: i64,
        #[rebis(foreign_key = Client::id)]
        pub(super) client_id: Option<i64>,
    }
}

#[test]
fn a_foreign_key_stays_in_its_schema() {
    let db = Database::with(|engine| {
        engine.pool().on_connect(|raw, _| {
            for schema in ["alpha", "beta"] {
                raw.execute(&format!("attach ':memory:' as {schema}"), &[])?;
                raw.execute(&format!("create table {schema}.clients (id integer primary key)"), &[])?;
                let key = "references clients on update cascade";
                raw.execute(
                    &format!(
                        "create table {schema}.orders (id integer primary key, client_id integer {key})"
                    ),
                    &[],
                )?;
            }
            Ok(())
        });
        Ok(())
    });
    let session = db.session();
    session.add(alpha::Client { id: 1 }).unwrap();
    let client = session.add(beta::Client { id: 1 }).unwrap();
    let stays = session.add(alpha::Order { id: 1, client_id: Some(1) }).unwrap();
    let follows = session.add(beta::Order { id: 1, client_id: Some(1) }).unwrap();
    session.flush().unwrap();
    client.set(beta::Client::id, 5).unwrap();
    session.flush().unwrap();
    assert_eq!(stays.get(alpha::Order::client_id).unwrap(), Some(1));
    assert_eq!(follows.get(beta::Order::client_id).unwrap(), Some(5));
}

#[test]
fn a_text_of_a_key_is_not_shown() {
    let db = Database::new();
    let session = db.session();
    let word = session.add(Keyword { word: "secret".into(), ..Keyword::default() }).unwrap();
    session.flush().unwrap();
    assert_eq!(format!("{word:?}"), "Instance<Keyword>(Persistent, Text(6 bytes))");
    let key = crate::model::Key::of([1.into(), "secret".into()]).unwrap().unwrap();
    assert_eq!(format!("{key:?}"), "Composite([Integer(1), Text(6 bytes)])");
}

#[test]
fn behind_the_last_version_there_is_none() {
    let db = Database::new();
    let session = db.session();
    let word = session.add(Keyword { word: "a".into(), ..Keyword::default() }).unwrap();
    session.flush().unwrap();
    word.set(Keyword::version, i64::MAX).unwrap();
    session.flush().unwrap();
    word.set(Keyword::weight, 7).unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::InvalidState);
}

#[test]
fn a_savepoint_looks_only_at_what_it_has_changed() {
    let db = Database::new();
    let session = db.session();
    let users: Vec<_> = (0..5).map(|number| session.add(user(&format!("user {number}"))).unwrap()).collect();
    session.commit().unwrap();
    let full = |user: &Instance<User>| user.get(User::fullname).unwrap();
    let say = |user: &Instance<User>, text: &str| user.set(User::fullname, Some(text.to_owned())).unwrap();
    say(&users[0], "outside");
    let outer = session.begin_nested().unwrap();
    say(&users[0], "outer");
    say(&users[1], "outer");
    let inner = session.begin_nested().unwrap();
    say(&users[1], "inner");
    say(&users[2], "inner");
    inner.commit().unwrap();
    let inner = session.begin_nested().unwrap();
    say(&users[2], "undone");
    say(&users[3], "undone");
    inner.rollback().unwrap();
    assert_eq!((full(&users[2]).as_deref(), full(&users[3])), (Some("inner"), None));
    outer.rollback().unwrap();
    assert_eq!(full(&users[0]).as_deref(), Some("outside"));
    assert_eq!([1, 2, 3].map(|user| full(&users[user])), [None, None, None]);
    let kept = session.begin_nested().unwrap();
    say(&users[4], "kept");
    kept.commit().unwrap();
    session.rollback().unwrap();
    assert_eq!([0, 4].map(|user| full(&users[user])), [None, None]);
}

/// Types with the names that generated code might have for its own.
mod short {
    use rebis_derive::{Embedded, Model};

    type P = i64;
    type M = String;
    type N = Option<i64>;

    #[derive(Debug, Clone, Default, PartialEq, Embedded)]
    #[rebis(crate = "crate")]
    pub(super) struct Inner {
        pub(super) first: P,
        pub(super) second: M,
        pub(super) third: N,
    }

    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "shorts")]
    pub(super) struct Short {
        #[rebis(primary_key)]
        pub(super) id: P,
        pub(super) name: M,
        pub(super) number: N,
        #[rebis(embedded)]
        pub(super) inner: Inner,
        #[rebis(relationship(join = "name = super::User::name", view_only))]
        pub(super) user: crate::One<super::User>,
    }
}

#[test]
fn generated_code_takes_no_names_of_the_program() {
    use short::{Inner, Short};
    let db = Database::with(create_all::<(Short, User, Keyword, UserKeyword)>);
    let session = db.session();
    let inner = Inner { first: 1, second: "a".into(), third: None };
    let short = Short { id: 1, name: "ed".into(), number: Some(7), inner: inner.clone(), ..Short::default() };
    session.add(user("ed")).unwrap();
    session.add(short).unwrap();
    session.commit().unwrap();
    let short = session.get_one::<Short>(1).unwrap();
    assert_eq!((short.read().unwrap().inner.clone(), short.read().unwrap().number), (inner, Some(7)));
    // By a path to a column.
    assert_eq!(short.related(Short::user).unwrap().unwrap().get(User::id).unwrap(), 1);
}
