//! The unit of work, on the scripted driver: what a database does is not counted.

use rebis::driver::scripted::{Answer, Script};
use rebis::{Dialect, Engine, Instance, Model, Session, SessionOptions, Value};
use std::hint::black_box;

use crate::connections::engine;
use crate::rows::user;

/// How many objects a session loads, inserts or updates at once.
const OBJECTS: usize = 1000;

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "users")]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 100)]
    name: String,
    #[rebis(length = 50)]
    hair_color: Option<String>,
}

/// Objects are loaded by any SELECT, keys come back from any INSERT, and any UPDATE changes all.
fn database(dialect: Dialect) -> Engine {
    let script = Script::new();
    let users = Answer::rows(
        ["id", "name", "hair_color"],
        (0..OBJECTS).map(|id| {
            let (name, hair_color) = user(id);
            [Value::from(id as i64), name.into(), hair_color.into()]
        }),
    );
    let keys = Answer::rows(["id"], (0..OBJECTS).map(|id| [Value::from(id as i64)]));
    let updated = Answer::affected(OBJECTS as u64);
    script.answer_by(move |sql, _| match sql.as_bytes().first() {
        Some(b'S') => users.clone(),
        Some(b'I') => keys.clone(),
        _ => updated.clone(),
    });
    engine(&script, dialect)
}

fn session(engine: &Engine) -> Session {
    let mut options = SessionOptions::default();
    options.expire_on_commit = false;
    Session::with_options(engine, options)
}

fn load_all(session: &Session) -> Vec<Instance<User>> {
    let users = session.query::<User>().all().unwrap();
    assert_eq!(users.len(), OBJECTS);
    users
}

/// `count` objects, a thousand to a session.
fn in_sessions(count: usize, mut run: impl FnMut()) {
    // Once more, for what is done at the first time.
    (0..=count.div_ceil(OBJECTS)).for_each(|_| run());
}

pub(crate) fn load(count: usize) {
    let engine = database(Dialect::SQLITE);
    in_sessions(count, || drop(black_box(load_all(&session(&engine)))));
}

pub(crate) fn identity_hit(count: usize) {
    let engine = database(Dialect::SQLITE);
    let session = session(&engine);
    let _kept = load_all(&session);
    for at in 0..count {
        let key = (at % OBJECTS) as i64;
        assert!(black_box(session.get::<User>(key).unwrap()).is_some());
    }
}

pub(crate) fn insert_sqlite(count: usize) {
    insert(&database(Dialect::SQLITE), count);
}

pub(crate) fn insert_postgres(count: usize) {
    insert(&database(Dialect::POSTGRESQL), count);
}

fn insert(engine: &Engine, count: usize) {
    in_sessions(count, || {
        let session = session(engine);
        let users = (0..OBJECTS).map(|id| {
            let (name, hair_color) = user(id);
            User { name, hair_color: hair_color.map(str::to_owned), ..User::default() }
        });
        let users = session.add_all(users).unwrap();
        session.commit().unwrap();
        black_box(users);
    });
}

pub(crate) fn update_sqlite(count: usize) {
    update(&database(Dialect::SQLITE), count);
}

pub(crate) fn update_mariadb(count: usize) {
    update(&database(Dialect::MARIADB), count);
}

pub(crate) fn update_postgres(count: usize) {
    update(&database(Dialect::POSTGRESQL), count);
}

/// The objects are loaded once; each time all get a new name.
fn update(engine: &Engine, count: usize) {
    let session = session(engine);
    let users = load_all(&session);
    let mut time = 0;
    in_sessions(count, || {
        time += 1;
        for user in &users {
            let mut user = user.write().unwrap();
            user.name = format!("name {time:05}");
        }
        session.commit().unwrap();
    });
}
