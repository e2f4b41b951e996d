//! Unique values at random, and those that are foreign keys.

use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One};

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "slots", unique(row, place))]
struct Slot {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 40)]
    name: String,
    #[rebis(unique, length = 40)]
    nick: Option<String>,
    row: i64,
    place: i64,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "holders")]
struct Holder {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 40)]
    name: String,
    #[rebis(relationship(back_populates = "holder", cascade = "all, delete-orphan"))]
    badge: One<Badge>,
    #[rebis(relationship(back_populates = "holder"))]
    hats: Many<Hat>,
}

/// One for each holder.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "badges")]
struct Badge {
    #[rebis(primary_key)]
    id: i64,
    label: String,
    #[rebis(unique, foreign_key = Holder::id)]
    holder_id: Option<i64>,
    #[rebis(relationship(back_populates = "badge"))]
    holder: One<Holder>,
}

/// In places on their holder's shelf.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "hats", unique(holder_id, place))]
struct Hat {
    #[rebis(primary_key)]
    id: i64,
    place: i64,
    #[rebis(foreign_key = Holder::id)]
    holder_id: i64,
    #[rebis(relationship(back_populates = "hats"))]
    holder: One<Holder>,
}

/// Numbers from a seed.
fn below(state: &mut u64, most: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % most
}

#[test]
fn values_go_round_at_random() {
    let seed = std::env::var("REBIS_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut random: u64 = seed;
    let db = Database::with(create_all::<(Slot,)>);
    let session = db.session();
    let mut slots: Vec<Instance<Slot>> = Vec::new();
    for round in 0..150 {
        // The same few values are dealt out anew to whoever is there, and to new rows.
        let gone: Vec<Instance<Slot>> = (0..below(&mut random, 3)).filter_map(|_| slots.pop()).collect();
        gone.iter().for_each(|slot| session.delete(slot).unwrap());
        let mut free: Vec<usize> = (0..12).collect();
        let mut deal = |random: &mut u64| free.swap_remove(below(random, free.len()));
        for slot in &slots {
            let number = deal(&mut random);
            let mut slot = slot.write().unwrap();
            slot.name = format!("name {number}");
            slot.nick = (number % 3 > 0).then(|| format!("nick {number}"));
            (slot.row, slot.place) = (i64::try_from(number % 3).unwrap(), i64::try_from(number / 3).unwrap());
        }
        while slots.len() < 9 {
            let number = deal(&mut random);
            let slot = Slot {
                id: 0,
                name: format!("name {number}"),
                nick: (number % 3 > 0).then(|| format!("nick {number}")),
                row: i64::try_from(number % 3).unwrap(),
                place: i64::try_from(number / 3).unwrap(),
            };
            slots.push(session.add(slot).unwrap());
        }
        let expected = |slot: &Instance<Slot>| {
            let slot = slot.read().unwrap();
            (slot.id, slot.name.clone(), slot.nick.clone(), slot.row, slot.place)
        };
        session.flush().unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error:?}"));
        let mut expected: Vec<_> = slots.iter().map(expected).collect();
        expected.sort();
        session.commit().unwrap();
        let found: Vec<(i64, String, Option<String>, i64, i64)> =
            db.ask("select id, name, nick, row, place from slots order by id");
        assert_eq!(found, expected, "seed {seed}, round {round}");
    }
}

#[test]
fn the_one_that_an_owner_has_is_replaced() {
    let db = Database::with(create_all::<(Holder, Badge, Hat)>);
    let session = db.session();
    let badge = |label: &str| Badge { label: label.into(), ..Badge::default() };
    let holder = |name: &str, label: &str| Holder {
        name: name.into(),
        badge: badge(label).into(),
        ..Holder::default()
    };
    let ed = session.add(holder("ed", "old")).unwrap();
    let jo = session.add(holder("jo", "hers")).unwrap();
    session.commit().unwrap();
    // The old one is an orphan, and goes before the new one comes.
    let new = session.add(badge("new")).unwrap();
    ed.related(Holder::badge).unwrap();
    ed.set(Holder::badge, &new).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String, i64)>("select label, holder_id from badges order by id"),
        [("hers".to_owned(), 2), ("new".to_owned(), 1)]
    );
    // Exchanged.
    let hers = jo.related(Holder::badge).unwrap().unwrap();
    ed.related(Holder::badge).unwrap();
    new.set(Badge::holder, None::<&Instance<Holder>>).unwrap();
    hers.set(Badge::holder, &ed).unwrap();
    new.set(Badge::holder, &jo).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String, i64)>("select label, holder_id from badges order by id"),
        [("hers".to_owned(), 1), ("new".to_owned(), 2)]
    );
}

#[test]
fn places_below_an_owner_are_exchanged_with_the_owners() {
    let db = Database::with(create_all::<(Holder, Badge, Hat)>);
    let session = db.session();
    let holder = |name: &str| Holder {
        name: name.into(),
        hats: [1, 2].map(|place| Hat { place, ..Hat::default() }).into(),
        ..Holder::default()
    };
    let [ed, jo] = ["ed", "jo"].map(|name| session.add(holder(name)).unwrap());
    session.commit().unwrap();
    let (his, hers) = (ed.related(Holder::hats).unwrap().all(), jo.related(Holder::hats).unwrap().all());
    // Within one owner, and between two.
    his[0].set(Hat::holder, &jo).unwrap();
    hers[0].set(Hat::holder, &ed).unwrap();
    his[1].set(Hat::place, 1).unwrap();
    hers[0].set(Hat::place, 2).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64, i64, i64)>("select id, holder_id, place from hats order by id"),
        [(1, 2, 1), (2, 1, 1), (3, 1, 2), (4, 2, 2)]
    );
}
