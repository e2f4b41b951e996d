//! How objects are loaded: relations in each way, deferred columns, conditions for a model wherever it appears.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rebis::prelude::*;
use rebis::{
    Deferred, Embedded, JoinRelated, Load, LoadOption, contains_eager, joinedload, lazyload, selectinload,
    undefer, undefer_group, with_loader_criteria,
};

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("unit_loading_in_each_way_f1_f11_f13_f29", each_way),
    ("unit_loading_in_chunks_f26", chunks),
    ("unit_loading_of_a_page_f14", page),
    ("unit_loading_nested_f16_f38", nested),
    ("unit_loading_of_joins_of_the_program", contained),
    ("unit_loading_of_deferred_columns_f35_d41", deferred),
    ("unit_loading_with_criteria_f40", criteria),
    ("unit_loading_of_embedded_structs", embedded),
];

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_load_users")]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 50)]
    name: String,
    bio: Deferred<Option<String>>,
    #[rebis(deferred = "media")]
    photo: Deferred<Option<Vec<u8>>>,
    #[rebis(deferred = "media")]
    birthday: Deferred<Option<chrono::NaiveDate>>,
    #[rebis(relationship(back_populates = "user", order_by = "email desc"))]
    addresses: Many<Address>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_load_addresses")]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 50)]
    email: String,
    deleted: bool,
    #[rebis(foreign_key = User::id)]
    user_id: Option<i64>,
    #[rebis(relationship(back_populates = "addresses"))]
    user: One<User>,
    #[rebis(foreign_key = Town::name, length = 30)]
    town_name: Option<String>,
    #[rebis(relationship)]
    town: One<Town>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_load_towns")]
struct Town {
    #[rebis(primary_key, length = 30)]
    name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Embedded)]
struct Place {
    street: String,
    #[rebis(column = "zip_code", length = 10, index)]
    zip: Option<String>,
    since: Option<chrono::NaiveDate>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_load_parcels")]
struct Parcel {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(embedded)]
    from: Place,
    picture: Deferred<Option<Vec<u8>>>,
    #[rebis(embedded, prefix = "to_")]
    to: Option<Place>,
    weight: i64,
}

/// A session, and how many statements it has sent.
struct Counted {
    session: Session,
    sent: Arc<AtomicUsize>,
}

impl Counted {
    /// How many statements were sent since the last look.
    fn sent(&self) -> usize {
        self.sent.swap(0, Ordering::Relaxed)
    }
}

/// On new tables: ed with two addresses, one of them in a town, jo with none, li with a deleted one.
fn session(database: &Database) -> Counted {
    let engine = database.engine(1);
    rebis::drop_all::<(User, Address, Town)>(&engine).unwrap();
    rebis::create_all::<(User, Address, Town)>(&engine).unwrap();
    let session = Session::new(&engine);
    let address = |email: &str, deleted, town: Option<&str>| Address {
        email: email.into(),
        deleted,
        town: town.map(|name| Town { name: name.into() }.into()).unwrap_or_default(),
        ..Address::default()
    };
    let user = |name: &str, addresses: Vec<Address>| User {
        name: name.into(),
        photo: Some(name.as_bytes().to_vec()).into(),
        addresses: addresses.into(),
        ..User::default()
    };
    let people = [
        user("ed", vec![address("a", false, Some("Rome")), address("b", false, None)]),
        user("jo", Vec::new()),
        user("li", vec![address("c", true, None)]),
    ];
    for person in people {
        session.add(person).unwrap();
        session.flush().unwrap();
    }
    session.commit().unwrap();
    session.close();
    let sent: Arc<AtomicUsize> = Arc::default();
    let count = Arc::clone(&sent);
    engine.on_before_cursor_execute(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let session = Session::new(&engine);
    Counted { session, sent }
}

fn emails(users: &[Instance<User>]) -> Vec<Vec<String>> {
    let of = |user: &Instance<User>| {
        let addresses = user.related(User::addresses).unwrap();
        addresses.into_iter().map(|address| address.get(Address::email).unwrap()).collect()
    };
    users.iter().map(of).collect()
}

/// The users with this option, and how many statements that took.
fn users(counted: &Counted, option: impl LoadOption<User>) -> (Vec<Instance<User>>, usize) {
    counted.session.close();
    counted.sent();
    let found = counted.session.query::<User>().option(option).order_by(User::id).all().unwrap();
    (found, counted.sent())
}

fn each_way(database: &Database) -> Outcome {
    let counted = session(database);
    let ways: [(Load<User, Address>, usize, usize); 4] = [
        (lazyload(User::addresses), 1, 3),
        (rebis::immediateload(User::addresses), 4, 0),
        (selectinload(User::addresses), 2, 0),
        (joinedload(User::addresses), 1, 0),
    ];
    for (load, at_once, later) in ways {
        let said = format!("{load:?}");
        let (found, sent) = users(&counted, load);
        assert_eq!(sent, at_once, "{said}");
        assert_eq!(emails(&found), [vec!["b", "a"], vec![], vec!["c"]], "{said}");
        assert_eq!(counted.sent(), later, "{said}");
    }
    for (load, statements) in [(selectinload(Address::user), 2), (joinedload(Address::user), 1)] {
        counted.session.close();
        counted.sent();
        let homes = counted.session.query::<Address>().option(load).order_by(Address::id).all().unwrap();
        let names =
            homes.iter().map(|home| home.related(Address::user).unwrap().unwrap().get(User::name).unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["ed", "ed", "li"]);
        assert_eq!(counted.sent(), statements);
    }
    passed("the same objects by 6 ways")
}

fn chunks(database: &Database) -> Outcome {
    const USERS: usize = 1_201;
    let counted = session(database);
    let many = (0..USERS).map(|number| User {
        name: format!("{number}"),
        addresses: [Address { email: format!("{number}"), ..Address::default() }].into(),
        ..User::default()
    });
    counted.session.add_all(many).unwrap();
    counted.session.commit().unwrap();
    let (found, sent) = users(&counted, selectinload(User::addresses));
    assert_eq!((found.len(), sent), (USERS + 3, 1 + 3));
    for user in found.iter().skip(3) {
        assert_eq!(emails(std::slice::from_ref(user)), [[user.get(User::name).unwrap()]]);
    }
    assert_eq!(counted.sent(), 0);
    passed(format!("{} users by 4 statements", found.len()))
}

fn page(database: &Database) -> Outcome {
    let counted = session(database);
    let query = || counted.session.query::<User>().option(joinedload(User::addresses));
    let found = query().order_by(User::name.desc()).limit(2).offset(1).all().unwrap();
    assert_eq!((emails(&found), counted.sent()), (vec![vec![], vec!["b".to_owned(), "a".into()]], 1));
    counted.session.close();
    // Locked rows get what would be joined by statements of their own.
    let locked = query().for_update(rebis::sql::LockWait::Wait).order_by(User::id).all().unwrap();
    assert_eq!((emails(&locked).len(), locked.len()), (3, 3));
    counted.session.rollback().unwrap();
    passed("a limit counts users")
}

fn nested(database: &Database) -> Outcome {
    let counted = session(database);
    let inner = joinedload(User::addresses).then(joinedload(Address::town).inner_join());
    let (found, sent) = users(&counted, inner);
    assert_eq!((emails(&found), sent), (vec![vec!["a".to_owned()], vec![], vec![]], 1), "nobody is lost");
    let towns =
        selectinload(User::addresses).then(joinedload(Address::town)).then(selectinload(Address::user));
    let (found, sent) = users(&counted, towns);
    assert_eq!(sent, 2, "the users are in memory");
    let home = found[0].related(User::addresses).unwrap().all().remove(1);
    assert_eq!(home.related(Address::town).unwrap().unwrap().get(Town::name).unwrap(), "Rome");
    assert_eq!(home.related(Address::user).unwrap().as_ref(), Some(&found[0]));
    assert_eq!(counted.sent(), 0);
    counted.session.commit().unwrap();
    assert_eq!(found[0].get(User::name).unwrap(), "ed");
    let home = found[0].related(User::addresses).unwrap().all().remove(1);
    counted.sent();
    assert!(home.related(Address::town).unwrap().is_some());
    assert_eq!(counted.sent(), 0, "a refresh does it again");
    passed("joins inside of joins, and behind selectinload")
}

fn contained(database: &Database) -> Outcome {
    let counted = session(database);
    let query = counted.session.query::<User>().join_related(User::addresses);
    let query = query.filter(Address::email.eq("b")).option(contains_eager(User::addresses));
    let found = query.all().unwrap();
    assert_eq!((emails(&found), counted.sent()), (vec![vec!["b".to_owned()]], 1));
    counted.session.expire(&found[0]).unwrap();
    assert_eq!(emails(&found), [["b", "a"]]);
    passed("filled from the program's join, and as ever after a refresh")
}

fn deferred(database: &Database) -> Outcome {
    let counted = session(database);
    let (found, sent) = users(&counted, lazyload(User::addresses));
    let ed = &found[0];
    assert_eq!((sent, ed.read().unwrap().photo.is_loaded()), (1, false));
    assert_eq!(ed.get(User::photo).unwrap().as_deref(), Some(b"ed".as_slice()));
    assert_eq!((ed.get(User::birthday).unwrap(), counted.sent()), (None, 1), "with its group");
    let day = chrono::NaiveDate::from_ymd_opt(2024, 2, 29);
    ed.set(User::birthday, day).unwrap();
    ed.write().unwrap().bio = Some("long".to_owned()).into();
    counted.session.commit().unwrap();
    counted.sent();
    assert_eq!(ed.get(User::name).unwrap(), "ed");
    assert!(!ed.read().unwrap().bio.is_loaded(), "a refresh leaves it");
    assert_eq!((ed.get(User::bio).unwrap().as_deref(), counted.sent()), (Some("long"), 2));
    let (found, _) = users(&counted, undefer_group::<User>("media"));
    assert_eq!(found[0].read().unwrap().birthday.value(), Some(&day));
    let (found, _) = users(&counted, undefer(User::bio));
    assert_eq!(found[0].read().unwrap().bio.value(), Some(&Some("long".to_owned())));
    assert_eq!(counted.sent(), 0);
    // Behind a relation, in a page, and as a filter.
    counted.session.close();
    let behind = joinedload(Address::user).then(undefer_group("media"));
    let home =
        counted.session.query::<Address>().option(behind).order_by(Address::id).first().unwrap().unwrap();
    let owner = home.related(Address::user).unwrap().unwrap();
    assert_eq!(owner.read().unwrap().photo.value(), Some(&Some(b"ed".to_vec())));
    assert_eq!(counted.session.query::<User>().filter(User::birthday.eq(day)).count().unwrap(), 1);
    passed("loaded when asked for, with the query, and never written unasked")
}

fn criteria(database: &Database) -> Outcome {
    let counted = session(database);
    let there = || with_loader_criteria::<Address>(|address| address.c(Address::deleted).eq(false));
    let expected = [vec!["b", "a"], vec![], vec![]];
    for load in [lazyload(User::addresses), selectinload(User::addresses), joinedload(User::addresses)] {
        counted.session.close();
        let query = counted.session.query::<User>().option(there()).option(load).order_by(User::id);
        assert_eq!(emails(&query.all().unwrap()), expected);
    }
    let addresses = counted.session.query::<Address>().option(there());
    assert_eq!(addresses.count().unwrap(), 2);
    let without = counted.session.query::<User>().option(there()).outer_join_related(User::addresses);
    assert_eq!(without.filter(Address::id.is_null()).count().unwrap(), 2);
    passed("of the query, joins, what comes along and what comes later")
}

fn embedded(database: &Database) -> Outcome {
    let engine = database.engine(1);
    rebis::drop_all::<Parcel>(&engine).unwrap();
    rebis::create_all::<Parcel>(&engine).unwrap();
    let session = Session::new(&engine);
    let place = |street: &str| Place {
        street: street.into(),
        zip: Some("1".into()),
        since: chrono::NaiveDate::from_ymd_opt(2024, 2, 29),
    };
    let both = Parcel { from: place("a"), to: Some(place("b")), weight: 1, ..Parcel::default() };
    let one = Parcel { from: place("c"), picture: Some(vec![1]).into(), weight: 2, ..Parcel::default() };
    let parcels = session.add_all([both, one]).unwrap();
    session.commit().unwrap();
    let there = session.query::<Parcel>().filter(Parcel::to.street.eq("b")).one().unwrap();
    assert_eq!(there, parcels[0]);
    assert_eq!(there.to_value().unwrap().to, Some(place("b")));
    let other = session.query::<Parcel>().filter(Parcel::to.street.is_null()).one().unwrap();
    assert_eq!((other.to_value().unwrap().to, other.get(Parcel::picture).unwrap()), (None, Some(vec![1])));
    there.write().unwrap().to = None;
    other.write().unwrap().to = Some(place("d"));
    other.set(Parcel::from.zip, None::<String>).unwrap();
    session.commit().unwrap();
    let streets = select((Parcel::from.street, Parcel::to.street.nullable())).order_by(Parcel::from.street);
    let streets: Vec<(String, Option<String>)> = session.execute(streets).unwrap().all().unwrap();
    assert_eq!(streets, [("a".to_owned(), None), ("c".to_owned(), Some("d".to_owned()))]);
    assert_eq!(other.get(Parcel::from.since).unwrap(), place("").since);
    passed("columns of their owner, none where all are NULL")
}
