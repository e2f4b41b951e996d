//! Deferred columns.

use rebis_core::ErrorKind;
use rebis_core::sql::Expression;

use super::*;
use crate::{Deferred, JoinRelated, State, entity, joinedload, selectinload, undefer, undefer_group};

const PROFILES: &str = "SELECT profiles.id, profiles.nick, profiles.user_name FROM profiles";

fn profile() -> Profile {
    Profile {
        nick: "eddie".into(),
        bio: Some("long".to_owned()).into(),
        photo: vec![1, 2].into(),
        sound: None.into(),
        badges: [Badge::default()].into(),
        ..Profile::default()
    }
}

fn filled() -> Database {
    let db = Database::new();
    let session = db.session();
    session.add(profile()).unwrap();
    session.commit().unwrap();
    db.sent();
    db
}

#[test]
fn deferred_columns_are_loaded_when_they_are_asked_for_f35() {
    let db = filled();
    let session = db.session();
    let eddie = session.get_one::<Profile>(1).unwrap();
    assert_eq!(db.sent(), [format!("{PROFILES} WHERE profiles.id = ?1")]);
    assert_eq!(eddie.get(Profile::bio).unwrap().as_deref(), Some("long"));
    assert_eq!(db.sent(), ["SELECT profiles.bio FROM profiles WHERE profiles.id = ?1"]);
    assert!(!eddie.read().unwrap().photo.is_loaded());
    assert_eq!(eddie.column("photo").unwrap(), vec![1_u8, 2].into());
    assert_eq!(
        db.sent(),
        ["SELECT profiles.photo, profiles.sound_bytes FROM profiles WHERE profiles.id = ?1"],
        "with its group"
    );
    assert_eq!(eddie.get(Profile::sound).unwrap(), None);
    eddie.load(Profile::photo).unwrap();
    assert_eq!(eddie.read().unwrap().sound, Deferred::from(None));
    assert_eq!(db.sent(), [""; 0]);
    session.commit().unwrap();
    assert_eq!(db.sent(), [""; 0], "what was loaded is no change");
}

#[test]
fn no_look_at_the_struct_loads_anything() {
    let db = filled();
    let session = db.session();
    let eddie = session.get_one::<Profile>(1).unwrap();
    db.sent();
    let value = eddie.to_value().unwrap();
    assert_eq!((value.photo.value(), value.clone().photo.into_value()), (None, None));
    assert!(format!("{value:?}").contains("photo: Deferred(..)"), "{value:?}");
    assert_eq!(format!("{:?}", Deferred::from(7)), "7");
    assert_eq!(Deferred::<i64>::default(), Deferred::unloaded());
    assert_eq!(db.sent(), [""; 0]);
    session.close();
    assert_eq!(kind(eddie.get(Profile::photo)), ErrorKind::Detached);
    assert_eq!(eddie.get(Profile::nick).unwrap(), "eddie");
}

#[test]
fn undefer_loads_with_the_query() {
    let db = filled();
    let session = db.session();
    let eddie = session.query::<Profile>().option(undefer(Profile::bio)).one().unwrap();
    assert_eq!(
        db.sent(),
        ["SELECT profiles.id, profiles.nick, profiles.user_name, profiles.bio FROM profiles"]
    );
    assert_eq!(eddie.read().unwrap().bio.value().unwrap().as_deref(), Some("long"));
    let media = || undefer_group::<Profile>("media");
    session.query::<Profile>().option(media()).one().unwrap();
    assert_eq!(db.sent().len(), 1);
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1, 2], "an object that is there takes it too");
    assert_eq!(db.sent(), [""; 0]);
    session.close();
    // Behind relations, by each way of loading; with a page around it; and in rows.
    let check = |badges: Vec<crate::Instance<Badge>>, statements: usize| {
        assert_eq!(db.sent().len(), statements);
        let profile = badges[0].related(Badge::profile).unwrap().unwrap();
        assert_eq!(profile.read().unwrap().photo.value(), Some(&vec![1, 2]));
        assert_eq!(profile.get(Profile::nick).unwrap(), "eddie");
        assert_eq!(db.sent(), [""; 0]);
        session.close();
    };
    let badges = || session.query::<Badge>();
    check(badges().option(selectinload(Badge::profile).then(media())).all().unwrap(), 2);
    check(badges().option(joinedload(Badge::profile).then(media())).all().unwrap(), 1);
    let paged = session.query::<Profile>().option(media()).option(joinedload(Profile::badges)).limit(1);
    let eddie = paged.one().unwrap();
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1, 2]);
    assert_eq!((eddie.related(Profile::badges).unwrap().len(), db.sent().len()), (1, 1));
    session.close();
    let rows = session.select((entity::<Profile>().option(media()), Badge::id)).join_related(Profile::badges);
    let (eddie, badge) = rows.one().unwrap();
    assert_eq!((eddie.read().unwrap().photo.value(), badge), (Some(&vec![1, 2]), 1));
}

#[test]
fn what_is_not_loaded_is_never_written() {
    let db = filled();
    let session = db.session();
    let eddie = session.get_one::<Profile>(1).unwrap();
    db.sent();
    eddie.write().unwrap().nick = "ed".into();
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1, 2], "loaded after the change");
    session.flush().unwrap();
    assert_eq!(db.sent()[1..], ["UPDATE profiles SET nick = ?1 WHERE profiles.id = ?2"]);
    eddie.write().unwrap().photo = Deferred::unloaded();
    session.flush().unwrap();
    assert_eq!(db.sent(), [""; 0], "forgotten is not changed");
    eddie.set(Profile::photo, vec![3_u8]).unwrap();
    eddie.write().unwrap().bio = None.into();
    session.flush().unwrap();
    assert_eq!(
        db.sent(),
        ["UPDATE profiles SET bio = ?1, photo = ?2 WHERE profiles.id = ?3"],
        "without a look"
    );
    assert_eq!(eddie.get(Profile::photo).unwrap(), [3]);
    session.rollback().unwrap();
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1, 2]);
    assert_eq!(eddie.get(Profile::bio).unwrap().as_deref(), Some("long"));
    // An INSERT writes what was set.
    db.sent();
    let new = session.add(Profile { photo: vec![7].into(), ..Profile::default() }).unwrap();
    assert_eq!((new.get(Profile::bio).unwrap(), db.sent().len()), (None, 0));
    session.flush().unwrap();
    assert_eq!(
        db.sent(),
        ["INSERT INTO profiles (nick, user_name, photo) VALUES (?1, ?2, ?3) RETURNING profiles.id"]
    );
    assert_eq!((new.get(Profile::photo).unwrap(), new.get(Profile::bio).unwrap()), (vec![7], None));
    assert_eq!(db.sent(), ["SELECT profiles.bio FROM profiles WHERE profiles.id = ?1"]);
    assert_eq!(session.query::<Profile>().filter(Profile::photo.eq(vec![7_u8])).one().unwrap(), new);
}

#[test]
fn an_expired_object_leaves_them_unloaded_d41() {
    let db = filled();
    let session = db.session();
    let eddie = session.get_one::<Profile>(1).unwrap();
    eddie.load(Profile::photo).unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!(eddie.read().unwrap().nick, "eddie");
    assert_eq!(db.sent(), [format!("{PROFILES} WHERE profiles.id = ?1")]);
    assert!(!eddie.read().unwrap().photo.is_loaded());
    assert_eq!(eddie.get(Profile::photo).unwrap(), [1, 2]);
    session.close();
    // F38: what the query said stays.
    let eddie = session.query::<Profile>().option(undefer(Profile::bio)).one().unwrap();
    session.commit().unwrap();
    assert!(eddie.read().unwrap().bio.is_loaded());
    session.delete(&eddie).unwrap();
    session.flush().unwrap();
    assert_eq!(eddie.state(), State::Deleted);
    assert_eq!(kind(eddie.get(Profile::photo)), ErrorKind::ObjectDeleted);
}

/// As rows without a session, a struct has what the answer has.
#[test]
fn rows_of_a_struct_have_what_is_selected() {
    let db = filled();
    let mut conn = db.engine.connect().unwrap();
    let sql = "select id, nick, user_name, photo from profiles";
    let found = conn.fetch_all::<Profile>(rebis_core::text(sql)).unwrap().remove(0);
    assert_eq!((found.photo.value(), found.bio.is_loaded()), (Some(&vec![1, 2]), false));
}

#[test]
fn a_merged_value_says_nothing_of_what_it_has_not() {
    let db = filled();
    let session = db.session();
    let eddie = session.query::<Profile>().option(undefer(Profile::bio)).one().unwrap();
    eddie.set(Profile::photo, vec![9_u8]).unwrap();
    let merge = |value| session.no_autoflush(|| session.merge(value)).unwrap();
    merge(Profile { id: 1, nick: "new".into(), ..Profile::default() });
    assert!(eddie.read().unwrap().bio.is_loaded());
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.sent(), ["UPDATE profiles SET nick = ?1, photo = ?2 WHERE profiles.id = ?3"]);
    merge(Profile { id: 1, bio: None.into(), ..Profile::default() });
    assert_eq!(eddie.get(Profile::bio).unwrap(), None);
}

// ---- embedded structs ----

fn place(street: &str) -> Place {
    Place { street: street.into(), zip: Some("1".into()) }
}

#[test]
fn embedded_structs_are_columns_of_their_owner() {
    let db = Database::new();
    let table = <Parcel as rebis_core::schema::Entity>::table();
    let described: Vec<(&str, bool)> =
        table.columns().iter().map(|column| (column.name(), column.is_nullable())).collect();
    assert_eq!(
        described,
        [
            ("id", false),
            ("street", false),
            ("zip_code", true),
            ("picture", true),
            ("to_street", true),
            ("to_zip_code", true),
            ("weight", false)
        ],
        "in the order of the struct"
    );
    assert_eq!(table.indexes().len(), 2);
    let session = db.session();
    let parcel = session
        .add(Parcel { from: place("a"), picture: Some(vec![1_u8]).into(), weight: 7, ..Parcel::default() })
        .unwrap();
    session.commit().unwrap();
    session.close();
    db.sent();
    let columns = "SELECT parcels.id, parcels.weight, parcels.street, parcels.zip_code, parcels.to_street, parcels.to_zip_code";
    let found = session.query::<Parcel>().filter(Parcel::to.street.is_null()).one().unwrap();
    assert_eq!(db.sent(), [format!("{columns} FROM parcels WHERE parcels.to_street IS NULL")]);
    let value = found.to_value().unwrap();
    assert_eq!((value.from, value.to, value.weight), (place("a"), None, 7));
    assert_eq!(found.get(Parcel::picture).unwrap(), Some(vec![1]));
    drop(parcel);
    db.sent();
    // What has changed is found for each column.
    found.write().unwrap().from.street = "b".into();
    session.flush().unwrap();
    assert_eq!(db.sent(), ["UPDATE parcels SET street = ?1 WHERE parcels.id = ?2"]);
    found.write().unwrap().to = Some(place("c"));
    found.set(Parcel::from.zip, Some("2".to_owned())).unwrap();
    session.flush().unwrap();
    assert_eq!(
        db.sent(),
        ["UPDATE parcels SET zip_code = ?1, to_street = ?2, to_zip_code = ?3 WHERE parcels.id = ?4"]
    );
    found.set(Parcel::to.zip, None::<String>).unwrap();
    session.commit().unwrap();
    assert_eq!(found.get(Parcel::to.street).unwrap(), "c");
    assert_eq!(found.to_value().unwrap().to, Some(Place { street: "c".into(), zip: None }));
    found.write().unwrap().to = None;
    session.commit().unwrap();
    assert_eq!(found.to_value().unwrap().to, None);
    assert_eq!(kind(found.set(Parcel::to.street, "x")), ErrorKind::Conversion, "there is none to put it in");
    session.rollback().unwrap();
    let updated = session.query::<Parcel>().update([Parcel::from.street.set("z")]).unwrap();
    assert_eq!((updated, found.get(Parcel::from.street).unwrap().as_str()), (1, "z"));
    let loaded =
        session.query::<Parcel>().option(undefer(Parcel::picture)).populate_existing().one().unwrap();
    assert_eq!(loaded.read().unwrap().picture.value(), Some(&Some(vec![1])));
}
