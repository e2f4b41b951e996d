//! Rows that name one another: foreign keys that are written by an UPDATE of their own.

use rebis_derive::Model;

use super::*;
use crate::{Many, One};

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "balls")]
struct Ball {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Person::id)]
    person_id: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "persons")]
struct Person {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(foreign_key = Ball::id)]
    favourite_id: Option<i64>,
    #[rebis(relationship(post_update, cascade = "all, delete-orphan"))]
    balls: Many<Ball>,
    #[rebis(relationship(foreign_keys = "favourite_id"))]
    favourite: One<Ball>,
}

/// Three rows of its own table are named.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "links")]
struct Link {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Link::id)]
    a_id: Option<i64>,
    #[rebis(foreign_key = Link::id)]
    b_id: Option<i64>,
    #[rebis(foreign_key = Link::id)]
    c_id: Option<i64>,
    #[rebis(relationship(foreign_keys = "a_id", post_update))]
    a: One<Link>,
    #[rebis(relationship(foreign_keys = "b_id", post_update))]
    b: One<Link>,
    #[rebis(relationship(foreign_keys = "c_id", post_update))]
    c: One<Link>,
}

#[test]
fn a_collection_that_closes_a_circle_e43() {
    let db = Database::with(create_all::<(Ball, Person)>);
    let session = db.session();
    let ed = session.add(Person { name: "ed".into(), ..Person::default() }).unwrap();
    let balls = [(); 4].map(|()| ed.related(Person::balls).unwrap().push(Ball::default()).unwrap());
    ed.set(Person::favourite, &balls[2]).unwrap();
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["INSERT balls", "INSERT persons", "UPDATE balls"]);
    assert_eq!(
        db.ask::<(i64, i64)>("select person_id, favourite_id from balls, persons where balls.id = 3"),
        [(1, 3)]
    );
    assert_eq!(db.ask::<(i64,)>("select count(*) from balls where person_id = 1"), [(4,)]);
    ed.related(Person::balls).unwrap();
    balls.iter().for_each(|ball| drop(ball.read().unwrap()));
    db.sent();
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["UPDATE balls", "DELETE persons", "DELETE balls"]);
    assert_eq!(db.ask::<(i64,)>("select count(*) from balls"), [(0,)]);
}

#[test]
fn post_updates_of_one_row_are_one_statement_and_rows_of_one_shape_too_e44() {
    let db = Database::with(create_all::<(Link,)>);
    let session = db.session();
    let [one, two, three] = [(); 3].map(|()| session.add(Link::default()).unwrap());
    for link in [&one, &two] {
        link.set(Link::a, &three).unwrap();
        link.set(Link::b, &two).unwrap();
        link.set(Link::c, &one).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(db.verbs(), ["INSERT links", "UPDATE links"]);
    assert_eq!(
        db.ask::<(i64, i64, i64, i64)>(
            "select id, a_id, b_id, c_id from links where a_id is not null order by id"
        ),
        [(1, 3, 2, 1), (2, 3, 2, 1)]
    );
    for link in [&one, &two, &three] {
        session.delete(link).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from links"), [(0,)]);
}

#[test]
fn foreign_keys_without_a_relation_put_rows_in_order() {
    #[derive(Debug, Clone, Default, Model)]
    #[rebis(crate = "crate", table = "stones")]
    struct Stone {
        #[rebis(primary_key)]
        id: i64,
        #[rebis(foreign_key = Stone::id)]
        on_id: Option<i64>,
    }
    let db = Database::with(create_all::<(Stone,)>);
    let session = db.session();
    let stones =
        [(1, Some(2)), (2, Some(3)), (3, None)].map(|(id, on_id)| session.add(Stone { id, on_id }).unwrap());
    session.flush().unwrap();
    assert_eq!(db.sent().len(), 1, "parents first, in one statement");
    session.delete(&stones[2]).unwrap();
    session.delete(&stones[1]).unwrap();
    session.delete(&stones[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from stones"), [(0,)]);
}
