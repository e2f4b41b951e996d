//! What other units of work for Rust lose, refuse or overwrite (`rust-ef` and its like, tried in November 2026): each of their faults is
//! a case here, on every database. The comment above a case names the feature that was missing or broken.
//!
//! | feature | tested by |
//! |---|---|
//! | N+1 detection | `rebis/src/session/tests/loading.rs`, `conformance/sessions.rs` |
//! | optimistic version that counts by itself | `units_that_are_stale_e53` |
//! | self-referential tree | `units_of_a_tree`, and below |
//! | failed save, then retry | below, and `units_that_are_undone_d26` |
//! | threads, fork | `compile_fail/session_*.rs`, `tests/fork_sessions.rs` |
//! | reflection | `reflection`, `inspection` |

use rebis::prelude::*;
use rebis::{SessionOptions, State, selectinload};

use super::unit_models::{Author, Book, City, Department, Employee, Region, Tag, author, book, engine};
use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("unit_rivals_identity_map", identity),
    ("unit_rivals_two_types_in_one_session", two_types),
    ("unit_rivals_foreign_keys_of_columns_alone", columns_alone),
    ("unit_rivals_relations_to_one_alone", relations_to_one_alone),
    ("unit_rivals_children_of_a_tracked_parent", tracked_parent),
    ("unit_rivals_collections_stay_full", collections_stay),
    ("unit_rivals_a_circle_of_two_types", circle),
    ("unit_rivals_links_put_in_and_taken_out", links),
    ("unit_rivals_children_that_were_never_loaded", never_loaded),
    ("unit_rivals_orphans", orphans),
    ("unit_rivals_included_children_are_tracked", included),
    ("unit_rivals_rollback_restores_memory", rollback),
    ("unit_rivals_a_failed_flush_can_be_tried_again", retry),
    ("unit_rivals_expire_refresh_merge", expire_refresh_merge),
    ("unit_rivals_each_row_its_own_columns", own_columns),
    ("unit_rivals_rows_are_counted_in_each_batch", counted),
    ("unit_rivals_keys_of_the_program", keys_of_the_program),
];

fn session(database: &Database) -> Session {
    Session::new(&engine(database))
}

/// A session whose objects stay as they were read when a transaction ends.
fn keeping(database: &Database) -> Session {
    let mut options = SessionOptions::default();
    options.expire_on_commit = false;
    Session::with_options(&engine(database), options)
}

fn by_name(session: &Session, name: &str) -> Instance<Author> {
    session.query::<Author>().filter(Author::name.eq(name)).one().unwrap()
}

// Identity map: two finds gave two copies; of conflicting edits one won silently; queries were not tracked.
fn identity(database: &Database) -> Outcome {
    let session = session(database);
    session.add(Author { books: [book("a"), book("b")].into(), ..author("ed") }).unwrap();
    session.commit().unwrap();
    let session = Session::new(session.engine());
    let ed = by_name(&session, "ed");
    let key = ed.get(Author::id).unwrap();
    assert!(Instance::ptr_eq(&ed, &session.get_one::<Author>(key).unwrap()));
    let books = session.query::<Book>().all().unwrap();
    for book in &books {
        assert!(Instance::ptr_eq(&ed, &book.related(Book::author).unwrap().unwrap()));
    }
    ed.set(Author::visits, 7).unwrap();
    by_name(&session, "ed").set(Author::bio, Some("long".to_owned())).unwrap();
    session.commit().unwrap();
    let copy = Session::new(session.engine()).get_one::<Author>(key).unwrap().to_value().unwrap();
    assert_eq!((copy.visits, copy.bio.as_deref()), (7, Some("long")));
    passed("one object a row, by key, by query and by relation")
}

// Change tracking of two or more types: 50 of 100 edits were lost without a word; edits back were wrong; deleted objects stayed.
fn two_types(database: &Database) -> Outcome {
    let session = session(database);
    let authors = session.add_all((0..50).map(|number| author(&format!("author {number}")))).unwrap();
    let regions = session.add_all((0..50).map(|id| Region { id, name: "new".into() })).unwrap();
    session.commit().unwrap();
    for round in 1..=2 {
        let label = format!("round {round}");
        for (author, region) in authors.iter().zip(&regions) {
            author.set(Author::bio, Some(label.clone())).unwrap();
            region.set(Region::name, label.as_str()).unwrap();
        }
        session.commit().unwrap();
        let other = Session::new(session.engine());
        let edited = other.query::<Author>().filter(Author::bio.eq(label.as_str())).count().unwrap()
            + other.query::<Region>().filter(Region::name.eq(label.as_str())).count().unwrap();
        assert_eq!(edited, 100, "{label}");
    }
    for region in &regions {
        region.set(Region::name, "back").unwrap();
    }
    session.flush().unwrap();
    for region in &regions {
        region.set(Region::name, "round 2").unwrap();
    }
    session.delete(&authors[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Region>().filter(Region::name.eq("round 2")).count().unwrap(), 50);
    assert_eq!((authors[0].state(), session.query::<Author>().count().unwrap()), (State::Detached, 49));
    passed("200 edits of two types, an edit taken back, an object deleted")
}

// Flush order: edges came from collections only, the rest was the order of a hash map; foreign keys failed in 12 of 30 runs.
fn columns_alone(database: &Database) -> Outcome {
    let session = session(database);
    for round in 0..30 {
        let city = City { id: round, name: "c".into(), region_id: Some(round), ..City::default() };
        session.add(city).unwrap();
        session.add(Region { id: round, name: "r".into() }).unwrap();
        session.commit().unwrap();
    }
    // Between rows of one table the columns decide as well.
    session.add(City { id: 101, name: "suburb".into(), near_id: Some(102), ..City::default() }).unwrap();
    session.add(City { id: 102, name: "town".into(), ..City::default() }).unwrap();
    session.commit().unwrap();
    let found = session.query::<City>().filter(City::id.gt(100)).all().unwrap();
    session.delete(&found[1]).unwrap();
    session.delete(&found[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<City>().count().unwrap(), 30);
    passed("30 flushes, children added first, and a row of one table that names another one")
}

// Cascade of a save through a relation to one: foreign key error.
fn relations_to_one_alone(database: &Database) -> Outcome {
    let session = session(database);
    let department = Department { name: "new".into(), ..Department::default() };
    let mut employee = Employee { name: "ed".into(), ..Employee::default() };
    employee.department = department.into();
    let ed = session.add(employee).unwrap();
    session.commit().unwrap();
    let department = ed.related(Employee::department).unwrap().unwrap();
    assert_eq!(ed.get(Employee::department_id).unwrap(), Some(department.get(Department::id).unwrap()));
    passed("the parent of a new child goes in with it")
}

// A child put into the collection of a tracked parent was not saved.
fn tracked_parent(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(author("ed")).unwrap();
    session.commit().unwrap();
    // The collection is loaded or not.
    ed.related(Author::books).unwrap().push(book("first")).unwrap();
    session.commit().unwrap();
    ed.write().unwrap().books = [book("second")].into();
    ed.related(Author::books).unwrap().push(book("third")).unwrap();
    session.commit().unwrap();
    let titles = session.scalars(select(Book::title).order_by(Book::title)).unwrap();
    assert_eq!(titles, ["second", "third"], "what was assigned took the place of the first one");
    passed("put in, assigned, and put in again")
}

// The collection of a parent was empty after the save; deep trees were wrong on PostgreSQL.
fn collections_stay(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(Author { books: [book("a"), book("b")].into(), ..author("ed") }).unwrap();
    session.flush().unwrap();
    let titles: Vec<String> =
        ed.related(Author::books).unwrap().into_iter().map(|book| book.get(Book::title).unwrap()).collect();
    assert_eq!(titles, ["a", "b"]);
    session.commit().unwrap();
    assert_eq!(ed.related(Author::books).unwrap().len(), 2);
    passed("full after the flush and after the commit")
}

// A circle of two types: the last foreign key stayed NULL, without a word.
fn circle(database: &Database) -> Outcome {
    let session = session(database);
    let office = session.add(Department { name: "office".into(), ..Department::default() }).unwrap();
    let boss = session.add(Employee { name: "boss".into(), ..Employee::default() }).unwrap();
    boss.set(Employee::department, &office).unwrap();
    office.set(Department::boss, &boss).unwrap();
    session.commit().unwrap();
    assert_eq!(office.get(Department::boss_id).unwrap(), Some(boss.get(Employee::id).unwrap()));
    assert_eq!(boss.get(Employee::department_id).unwrap(), Some(office.get(Department::id).unwrap()));
    session.delete(&office).unwrap();
    session.delete(&boss).unwrap();
    session.commit().unwrap();
    assert_eq!(
        session.query::<Employee>().count().unwrap() + session.query::<Department>().count().unwrap(),
        0
    );
    passed("both keys written, both rows deleted")
}

// Many to many: the row between both stayed when a link was taken out; PostgreSQL got placeholders that are not its own.
fn links(database: &Database) -> Outcome {
    let session = session(database);
    let shared = session.add(Tag { label: "shared".into(), ..Tag::default() }).unwrap();
    session.commit().unwrap();
    let ed = session.add(Author { books: [book("a"), book("b")].into(), ..author("ed") }).unwrap();
    let books = ed.related(Author::books).unwrap().all();
    books.iter().for_each(|book| {
        book.related(Book::tags).unwrap().push(&shared).unwrap();
    });
    books[0].related(Book::tags).unwrap().push(Tag { label: "own".into(), ..Tag::default() }).unwrap();
    session.commit().unwrap();
    let labels = |book: &Instance<Book>| {
        let tags = book.related(Book::tags).unwrap();
        let mut labels: Vec<String> = tags.into_iter().map(|tag| tag.get(Tag::label).unwrap()).collect();
        labels.sort();
        labels
    };
    assert_eq!(
        (labels(&books[0]), labels(&books[1])),
        (vec!["own".into(), "shared".into()], vec!["shared".into()])
    );
    books[0].related(Book::tags).unwrap().remove(&shared).unwrap();
    session.commit().unwrap();
    assert_eq!((labels(&books[0]), labels(&books[1])), (vec!["own".into()], vec!["shared".into()]));
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Tag>().count().unwrap(), 2, "tags outlive their books");
    passed("a shared tag, a new one, one taken out, and the books deleted")
}

// Cascading deletes ran behind the parent's for children that were not tracked.
fn never_loaded(database: &Database) -> Outcome {
    let first = session(database);
    first.add(Author { books: [book("a"), book("b")].into(), ..author("ed") }).unwrap();
    first.commit().unwrap();
    let session = Session::new(first.engine());
    let ed = by_name(&session, "ed");
    session.delete(&ed).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Book>().count().unwrap(), 0);
    passed("loaded for it, and deleted first")
}

// Taking an object out of a loaded collection did nothing.
fn orphans(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(Author { books: [book("a"), book("b")].into(), ..author("ed") }).unwrap();
    session.commit().unwrap();
    let books = ed.related(Author::books).unwrap();
    books.remove(&books.all()[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Book>().count().unwrap(), 1);
    passed("an orphan is deleted")
}

// What came along with a query was not tracked.
fn included(database: &Database) -> Outcome {
    let session = session(database);
    session.add(Author { books: [book("a")].into(), ..author("ed") }).unwrap();
    session.commit().unwrap();
    let session = Session::new(session.engine());
    let ed = session.query::<Author>().option(selectinload(Author::books)).one().unwrap();
    ed.related(Author::books).unwrap().all()[0].set(Book::title, "edited").unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Book>().filter(Book::title.eq("edited")).count().unwrap(), 1);
    passed("edited and saved")
}

// After a rollback memory kept what the database had not; new objects kept their keys.
fn rollback(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(author("a")).unwrap();
    session.commit().unwrap();
    ed.set(Author::name, "dirty").unwrap();
    let new = session.add(author("new")).unwrap();
    session.flush().unwrap();
    session.rollback().unwrap();
    assert_eq!(ed.get(Author::name).unwrap(), "a");
    assert_eq!((new.state(), new.get(Author::id).unwrap()), (State::Transient, 0));
    ed.set(Author::name, "clean").unwrap();
    session.add_instance(&new).unwrap();
    session.commit().unwrap();
    let mut names = session.scalars(select(Author::name)).unwrap();
    names.sort();
    assert_eq!(names, ["clean", "new"]);
    passed("memory as it was, and saved after all")
}

// After a failed save ids stayed set and collections were empty.
fn retry(database: &Database) -> Outcome {
    let session = session(database);
    session.add(author("taken")).unwrap();
    session.commit().unwrap();
    let ed = session.add(Author { books: [book("a")].into(), ..author("taken") }).unwrap();
    assert_eq!(session.flush().unwrap_err().kind(), ErrorKind::UniqueViolation);
    session.rollback().unwrap();
    assert_eq!((ed.state(), ed.get(Author::id).unwrap()), (State::Transient, 0));
    session.add(Author { books: [book("a")].into(), ..author("free") }).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Book>().count().unwrap(), 1);
    passed("as if it had not been tried")
}

// There was no way to expire, refresh or merge.
fn expire_refresh_merge(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(author("ed")).unwrap();
    session.commit().unwrap();
    let held = ed.to_value().unwrap();
    session.execute_write(update::<Author>().set(Author::visits, 3)).unwrap();
    session.refresh(&ed).unwrap();
    assert_eq!(ed.get(Author::visits).unwrap(), 3);
    session.execute_write(update::<Author>().set(Author::visits, 4)).unwrap();
    session.expire(&ed).unwrap();
    assert_eq!(ed.get(Author::visits).unwrap(), 4);
    let merged = session.merge(Author { visits: 5, ..held }).unwrap();
    assert!(Instance::ptr_eq(&merged, &ed));
    session.commit().unwrap();
    assert_eq!(ed.get(Author::visits).unwrap(), 5);
    passed("each of the three")
}

// A batch wrote the union of all changed columns: another writer's 500 was overwritten by a stale 1.
fn own_columns(database: &Database) -> Outcome {
    let first = keeping(database);
    let [a, b, c] = ["a", "b", "c"].map(|name| first.add(author(name)).unwrap());
    first.commit().unwrap();
    let other = Session::new(first.engine());
    by_name(&other, "b").set(Author::visits, 500).unwrap();
    other.commit().unwrap();
    a.set(Author::visits, 1).unwrap();
    b.set(Author::bio, Some("mine".to_owned())).unwrap();
    c.set(Author::bio, Some("mine".to_owned())).unwrap();
    c.set(Author::visits, 2).unwrap();
    first.commit().unwrap();
    let found = [&a, &b, &c].map(|author| {
        first.refresh(author).unwrap();
        let copy = author.to_value().unwrap();
        (copy.visits, copy.bio.is_some())
    });
    assert_eq!(found, [(1, false), (500, true), (2, true)]);
    passed("three rows, three sets of columns")
}

// Of two rows one was gone, and the flush said yes; only when both were gone it was an error.
fn counted(database: &Database) -> Outcome {
    let first = keeping(database);
    let [a, b] = ["a", "b"].map(|name| first.add(author(name)).unwrap());
    first.commit().unwrap();
    let other = Session::new(first.engine());
    other.execute_write(delete::<Author>().filter(Author::name.eq("b"))).unwrap();
    other.commit().unwrap();
    for author in [&a, &b] {
        author.set(Author::visits, 9).unwrap();
    }
    let error = first.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(
        error.to_string().contains("update 2 row(s)") && error.to_string().contains("1 matched"),
        "{error}"
    );
    first.rollback().unwrap();
    for author in [&a, &b] {
        first.delete(author).unwrap();
    }
    let error = first.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(
        error.to_string().contains("delete 2 row(s)") && error.to_string().contains("1 matched"),
        "{error}"
    );
    first.rollback().unwrap();
    assert_eq!(first.query::<Author>().filter(Author::visits.eq(0)).count().unwrap(), 1);
    passed("two updates and two deletes, one row gone")
}

// A changed key was ignored; an explicit key on a counted column became 1.
fn keys_of_the_program(database: &Database) -> Outcome {
    let session = session(database);
    let ed = session.add(Author { id: 77, ..author("ed") }).unwrap();
    let jo = session.add(author("jo")).unwrap();
    session.commit().unwrap();
    assert_eq!(ed.get(Author::id).unwrap(), 77);
    assert_ne!(jo.get(Author::id).unwrap(), 77);
    ed.set(Author::id, 177).unwrap();
    session.commit().unwrap();
    assert!(session.get::<Author>(77).unwrap().is_none());
    assert!(Instance::ptr_eq(&session.get_one::<Author>(177).unwrap(), &ed));
    let region = session.add(Region { id: 5, name: "r".into() }).unwrap();
    session.commit().unwrap();
    region.set(Region::id, 6).unwrap();
    session.commit().unwrap();
    assert_eq!(session.scalars(select(Region::id)).unwrap(), [6]);
    passed("an explicit key, and two that changed")
}
