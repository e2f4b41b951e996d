//! How objects stand to their session, and what the ends of transactions and savepoints do to memory, on each database.

use rebis::engine::ExecutionOptions;
use rebis::prelude::*;
use rebis::schema::SchemaTranslateMap;
use rebis::{JoinMode, SessionMaker, SessionOptions, State};

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("unit_sessions_states_of_an_object_d1_d4_d7", states),
    ("unit_sessions_expired_and_refreshed_d29_d31_d35", expired),
    ("unit_sessions_of_rows_that_are_gone_d23_d34", gone),
    ("unit_sessions_undone_in_memory_d2_d26", undone),
    ("unit_sessions_with_savepoints_d50_d52_d53", savepoints),
    ("unit_sessions_after_a_failed_flush_d47", failed),
    ("unit_sessions_merged_d58_d59_d61", merged),
    ("unit_sessions_that_join_d55", joined),
    ("unit_sessions_with_options_b23_d14_d44", options),
];

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_session_items")]
struct Item {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 50)]
    name: String,
    note: Option<String>,
    #[rebis(relationship(back_populates = "item", cascade = "all, delete-orphan", order_by = "text"))]
    parts: Many<Part>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_session_parts")]
struct Part {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 50)]
    text: String,
    #[rebis(foreign_key = Item::id)]
    item_id: Option<i64>,
    #[rebis(relationship(back_populates = "parts"))]
    item: One<Item>,
}

/// An engine on new tables.
fn engine(database: &Database) -> Engine {
    let engine = database.engine(1);
    rebis::drop_all::<(Item, Part)>(&engine).unwrap();
    rebis::create_all::<(Item, Part)>(&engine).unwrap();
    engine
}

fn session(database: &Database) -> Session {
    Session::new(&engine(database))
}

fn item(name: &str) -> Item {
    Item { name: name.into(), ..Item::default() }
}

fn part(text: &str) -> Part {
    Part { text: text.into(), ..Part::default() }
}

/// Changes rows without the session's objects hearing of it.
fn behind(session: &Session, statement: impl rebis::sql::IntoStatement) {
    session.no_autoflush(|| session.execute_write(statement)).unwrap();
}

fn note(item: &Instance<Item>) -> Option<String> {
    item.get(Item::note).unwrap()
}

fn texts(item: &Instance<Item>) -> Vec<String> {
    item.related(Item::parts).unwrap().into_iter().map(|part| part.get(Part::text).unwrap()).collect()
}

fn states(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(Item { parts: [part("a")].into(), ..item("one") }).unwrap();
    assert_eq!((one.state(), session.in_transaction()), (State::Pending, true));
    session.commit().unwrap();
    assert_eq!((one.state(), session.in_transaction()), (State::Persistent, false));
    session.delete(&one).unwrap();
    session.flush().unwrap();
    assert_eq!((one.state(), session.contains(&one)), (State::Deleted, false));
    session.rollback().unwrap();
    assert_eq!((one.state(), texts(&one)), (State::Persistent, vec!["a".to_owned()]));
    session.delete(&one).unwrap();
    session.commit().unwrap();
    assert_eq!((one.state(), one.get(Item::name).unwrap().as_str()), (State::Detached, "one"));
    assert_eq!(session.query::<Part>().count().unwrap(), 0);
    passed("pending, persistent, deleted, back, detached")
}

fn expired(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(item("one")).unwrap();
    session.commit().unwrap();
    assert_eq!(note(&one), None);
    behind(&session, update::<Item>().set(Item::note, "behind").set(Item::name, "two"));
    assert_eq!(note(&one), None, "memory knows nothing of it");
    one.set(Item::name, "lost").unwrap();
    session.expire(&one).unwrap();
    assert_eq!((note(&one).as_deref(), one.get(Item::name).unwrap().as_str()), (Some("behind"), "two"));
    one.set(Item::note, Some("kept".to_owned())).unwrap();
    one.set(Item::name, "lost").unwrap();
    session.expire_part(&one, Item::name).unwrap();
    assert_eq!((note(&one).as_deref(), one.get(Item::name).unwrap().as_str()), (Some("kept"), "two"));
    session.refresh(&one).unwrap();
    assert_eq!(note(&one).as_deref(), Some("kept"), "flushed before it was read");
    session.commit().unwrap();
    assert_eq!(session.query::<Item>().filter(Item::note.eq("kept")).count().unwrap(), 1);
    passed("as a whole, a part, and with a flush first")
}

fn gone(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(item("one")).unwrap();
    session.commit().unwrap();
    let id = one.get(Item::id).unwrap();
    behind(&session, delete::<Item>());
    session.expire(&one).unwrap();
    assert_eq!(one.get(Item::name).unwrap_err().kind(), ErrorKind::ObjectDeleted);
    assert_eq!(session.refresh(&one).unwrap_err().kind(), ErrorKind::ObjectDeleted);
    assert_eq!(session.get::<Item>(id).unwrap(), None);
    session.rollback().unwrap();
    assert_eq!(session.get::<Item>(id).unwrap(), Some(one.clone()));
    assert_eq!(one.get(Item::name).unwrap(), "one");
    passed("and back by a rollback")
}

fn undone(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(Item { parts: [part("a")].into(), ..item("one") }).unwrap();
    session.commit().unwrap();
    assert_eq!((note(&one), texts(&one)), (None, vec!["a".to_owned()]));
    one.set(Item::note, Some("lost".to_owned())).unwrap();
    let new = one.related(Item::parts).unwrap().push(part("b")).unwrap();
    session.flush().unwrap();
    assert!(new.get(Part::id).unwrap() > 0);
    session.rollback().unwrap();
    assert_eq!((new.state(), new.get(Part::id).unwrap()), (State::Transient, 0));
    assert_eq!((note(&one), texts(&one)), (None, vec!["a".to_owned()]));
    session.add_instance(&new).unwrap();
    one.related(Item::parts).unwrap().push(&new).unwrap();
    session.commit().unwrap();
    assert_eq!(texts(&one), ["a", "b"]);
    passed("columns, collections and keys")
}

fn savepoints(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(item("one")).unwrap();
    one.set(Item::note, Some("outer".to_owned())).unwrap();
    let outer = session.begin_nested().unwrap();
    one.set(Item::note, Some("inner".to_owned())).unwrap();
    let inner = session.begin_nested().unwrap();
    let two = session.add(item("two")).unwrap();
    session.flush().unwrap();
    inner.commit().unwrap();
    assert_eq!((two.state(), note(&one).as_deref()), (State::Persistent, Some("inner")));
    outer.rollback().unwrap();
    assert_eq!((two.state(), note(&one).as_deref()), (State::Transient, Some("outer")));
    let over = session.begin_nested().unwrap();
    session.add(item("three")).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Item>().count().unwrap(), 2);
    drop(over);
    assert_eq!(session.query::<Item>().filter(Item::note.eq("outer")).one().unwrap(), one);
    passed("kept inside, undone outside; a commit ends all")
}

fn failed(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(item("one")).unwrap();
    session.commit().unwrap();
    assert_eq!(note(&one), None);
    one.set(Item::note, Some("lost".to_owned())).unwrap();
    let twin = session.add(item("one")).unwrap();
    assert_eq!(session.flush().unwrap_err().kind(), ErrorKind::UniqueViolation);
    assert!(!session.is_active());
    let refused = session.query::<Item>().count().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert!(session.is_active());
    assert_eq!((note(&one), twin.state()), (None, State::Transient));
    twin.set(Item::name, "two").unwrap();
    session.add_instance(&twin).unwrap();
    session.commit().unwrap();
    assert_eq!(session.query::<Item>().count().unwrap(), 2);
    passed("refused until the rollback, good after it")
}

fn merged(database: &Database) -> Outcome {
    let session = session(database);
    let one = session.add(Item { parts: [part("a")].into(), ..item("one") }).unwrap();
    session.commit().unwrap();
    let value =
        Item { parts: [part("b"), part("c")].into(), note: Some("new".into()), ..one.to_value().unwrap() };
    assert_eq!(session.merge(value.clone()).unwrap(), one);
    assert_eq!(session.merge_loaded(value.clone()).unwrap_err().kind(), ErrorKind::InvalidState);
    session.commit().unwrap();
    assert_eq!((note(&one).as_deref(), texts(&one)), (Some("new"), vec!["b".to_owned(), "c".to_owned()]));
    let cached = Item { note: Some("cached".into()), parts: Many::default(), ..value };
    assert_eq!(session.merge_loaded(cached).unwrap(), one);
    assert_eq!(note(&one).as_deref(), Some("cached"));
    session.refresh(&one).unwrap();
    assert_eq!(note(&one).as_deref(), Some("new"), "nothing of it was sent");
    let new = session.merge(item("two")).unwrap();
    assert_eq!(new.state(), State::Pending);
    session.commit().unwrap();
    passed("onto a row, without asking, and as a new one")
}

fn joined(database: &Database) -> Outcome {
    let engine = engine(database);
    let mut found = Vec::new();
    for (mode, expected) in [
        (JoinMode::CreateSavepoint, ["one", "three"].as_slice()),
        (JoinMode::RollbackOnly, &[]),
        (JoinMode::ControlFully, &["one"]),
    ] {
        let session = Session::join(engine.connect().unwrap(), mode, SessionOptions::default());
        session.add(item("one")).unwrap();
        session.commit().unwrap();
        session.add(item("two")).unwrap();
        session.flush().unwrap();
        session.rollback().unwrap();
        let mut conn = session.leave().unwrap().unwrap();
        // In the transaction that was there before, where that is not over.
        if mode == JoinMode::CreateSavepoint {
            conn.execute(insert::<Item>().row([Item::name.set("three")]).unwrap()).unwrap();
        }
        conn.commit().unwrap();
        let names: Vec<String> =
            conn.scalars(select((Item::name,)).order_by(Item::id)).unwrap().all().unwrap();
        assert_eq!(names, expected, "{mode:?}");
        conn.execute(delete::<Item>()).unwrap();
        conn.commit().unwrap();
        found.push(names.len());
    }
    passed(format!("rows that are left: {found:?}"))
}

fn options(database: &Database) -> Outcome {
    let engine = engine(database);
    let mut execution = ExecutionOptions::default();
    execution.schema_translate_map = SchemaTranslateMap::new().with(None::<&str>, Some("no_such_schema"));
    let maker = SessionMaker::new(&engine).with(|options| {
        options.execution_options = Some(execution);
        options.autobegin = false;
        options.close_resets_only = false;
    });
    let session = maker.session();
    assert_eq!(session.add(item("one")).unwrap_err().kind(), ErrorKind::InvalidState);
    session.begin().unwrap();
    session.add(item("one")).unwrap();
    let error = session.flush().unwrap_err();
    assert!(error.chain().contains("no_such_schema"), "{}", error.chain());
    session.close();
    assert_eq!(session.begin().unwrap_err().kind(), ErrorKind::InvalidState);
    // The connection that goes back has none of it.
    assert_eq!(Session::new(&engine).query::<Item>().count().unwrap(), 0);
    passed("a schema of its own, no autobegin, closed for good")
}
