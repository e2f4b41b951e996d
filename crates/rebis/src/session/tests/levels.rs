//! Deletions through several levels, and through circles.

use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One};

/// Three levels, the last of which leads back to the first.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "firms_of_three")]
struct Firm {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Desk::id)]
    front_id: Option<i64>,
    #[rebis(relationship(
        cascade = "all, delete-orphan",
        foreign_keys = "firm_id",
        back_populates = "firm"
    ))]
    rooms: Many<Room>,
    #[rebis(relationship(post_update, foreign_keys = "front_id"))]
    front: One<Desk>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "rooms_of_three")]
struct Room {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Firm::id)]
    firm_id: Option<i64>,
    #[rebis(relationship(back_populates = "rooms", foreign_keys = "firm_id"))]
    firm: One<Firm>,
    #[rebis(relationship(cascade = "all, delete-orphan", back_populates = "room"))]
    desks: Many<Desk>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "desks_of_three")]
struct Desk {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Room::id)]
    room_id: i64,
    #[rebis(foreign_key = Desk::id)]
    next_id: Option<i64>,
    #[rebis(relationship(back_populates = "desks"))]
    room: One<Room>,
    #[rebis(relationship(post_update, foreign_keys = "next_id"))]
    next: One<Desk>,
}

#[test]
fn three_levels_and_circles_are_deleted_in_one_flush() {
    let db = Database::with(create_all::<(Firm, Room, Desk)>);
    for loaded in [false, true] {
        let session = db.session();
        let rooms =
            [Room { desks: [Desk::default(), Desk::default()].into(), ..Room::default() }, Room::default()];
        let firm = session.add(Firm { rooms: rooms.into(), ..Firm::default() }).unwrap();
        let other = session.add(Firm { rooms: [Room::default()].into(), ..Firm::default() }).unwrap();
        let room = firm.related(Firm::rooms).unwrap().all()[0].clone();
        let desks = room.related(Room::desks).unwrap().all();
        firm.set(Firm::front, &desks[0]).unwrap();
        other.set(Firm::front, &desks[1]).unwrap();
        // The desks in a circle of two.
        desks[0].set(Desk::next, &desks[1]).unwrap();
        desks[1].set(Desk::next, &desks[0]).unwrap();
        session.commit().unwrap();
        let counts = || -> Vec<i64> {
            let sql = "select count(*) from firms_of_three union all select count(*) from rooms_of_three union all \
                       select count(*) from desks_of_three";
            session.scalars(rebis_core::raw(sql)).unwrap()
        };
        assert_eq!(counts(), [2, 3, 2]);
        if !loaded {
            session.close();
        }
        let get = |id: i64| session.get_one::<Firm>(id).unwrap();
        let (firm, other) = if loaded { (firm, other) } else { (get(1), get(2)) };
        other.set(Firm::front, None::<&Instance<Desk>>).unwrap();
        session.delete(&firm).unwrap();
        session.flush().unwrap();
        assert_eq!(counts(), [1, 1, 0]);
        session.rollback().unwrap();
        assert_eq!(counts(), [2, 3, 2]);
        assert!(
            firm.related(Firm::front).unwrap().is_some() && other.related(Firm::front).unwrap().is_some()
        );
        // One room with its desks moves out before the firm goes.
        let room = firm
            .related(Firm::rooms)
            .unwrap()
            .all()
            .into_iter()
            .find(|room| !room.related(Room::desks).unwrap().is_empty());
        room.unwrap().set(Room::firm, &other).unwrap();
        session.delete(&firm).unwrap();
        session.flush().unwrap();
        assert_eq!(counts(), [1, 2, 2]);
        session.delete(&other).unwrap();
        session.commit().unwrap();
        assert_eq!(counts(), [0, 0, 0]);
    }
}
