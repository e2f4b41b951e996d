use std::sync::atomic::{AtomicU32, Ordering};

use rebis_core::schema::SchemaTranslateMap;
use rebis_core::sql::Expression;
use rebis_core::{Error, ErrorKind};

use super::*;
use crate::{SessionEvents, SessionMaker, State};

fn names(db: &Database) -> Vec<(String,)> {
    db.ask("select name from users order by id")
}

#[test]
fn a_maker_without_settings_makes_sessions_with_the_defaults_b16() {
    let db = Database::new();
    let session = SessionMaker::new(&db.engine).session();
    assert!(session.options().autoflush && session.options().expire_on_commit);
    assert!(!session.in_transaction());
    session.add(user("ed")).unwrap();
    session.close();
    session.add(user("jo")).unwrap();
    session.commit().unwrap();
    assert_eq!(names(&db), [("jo".to_owned(),)], "closed, it can be used again");
}

#[test]
fn what_one_session_is_given_wins_for_it_alone_b17() {
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine).autoflush(false);
    let other = maker.session_with(|options| options.autoflush = true);
    assert!(other.options().autoflush && !maker.session().options().autoflush);
    other.add(user("ed")).unwrap();
    assert_eq!(other.query::<User>().all().unwrap().len(), 1);
    other.rollback().unwrap();
    let session = maker.session();
    session.add(user("ed")).unwrap();
    assert_eq!(session.query::<User>().all().unwrap().len(), 0);
}

#[test]
fn configure_counts_for_later_sessions_of_all_clones_b19() {
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine);
    let clone = maker.clone();
    let of_its_own = maker.clone().autoflush(true);
    let before = maker.session();
    maker.configure(|options| options.expire_on_commit = false);
    assert!(before.options().expire_on_commit);
    assert!(!maker.session().options().expire_on_commit && !clone.session().options().expire_on_commit);
    assert!(of_its_own.session().options().expire_on_commit);
    let session = maker.session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!(ed.read().unwrap().name, "ed");
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn begin_commits_or_rolls_back_and_closes_b20() {
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine);
    let (ed, session) = maker.begin(|session| Ok((session.add(user("ed"))?, session.clone()))).unwrap();
    assert_eq!((ed.state(), session.in_transaction()), (State::Detached, false));
    assert_eq!(ed.read().unwrap().name, "ed", "the last values answer");
    assert_eq!(db.engine.pool().status().leased, 0);

    let mut left = None;
    let failed = maker.begin(|session| {
        left = Some((session.add(user("jo"))?, session.clone()));
        session.flush()?;
        Err::<(), _>(Error::new(ErrorKind::Other, "no"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "no");
    let (jo, session) = left.unwrap();
    assert_eq!((jo.state(), session.in_transaction()), (State::Transient, false));

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        maker.begin(|session| -> Result<()> {
            session.add(user("pat"))?;
            session.flush()?;
            panic!("in the closure")
        })
    }));
    assert!(panicked.is_err());
    let twice = maker.begin(|session| session.add_all([user("ed")]).map(|_| ()));
    assert_eq!(kind(twice), ErrorKind::UniqueViolation, "a commit that fails is told");
    assert_eq!(db.engine.pool().status().leased, 0);
    assert_eq!(names(&db), [("ed".to_owned(),)]);
}

#[test]
fn begin_with_an_error_type_of_ones_own_b20() {
    #[derive(Debug)]
    enum Mine {
        Database(ErrorKind),
        No,
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Mine::Database(error.kind())
        }
    }
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine);
    let no = maker.try_begin(|session| {
        session.add(user("ed"))?;
        Err::<(), _>(Mine::No)
    });
    assert!(matches!(no, Err(Mine::No)));
    let ed = |session: &Session| Ok::<_, Mine>(session.add(user("ed"))?);
    maker.try_begin(ed).unwrap();
    let twice = maker.try_begin(ed);
    assert!(matches!(twice, Err(Mine::Database(ErrorKind::UniqueViolation))));
    assert_eq!(names(&db).len(), 1);
}

#[test]
fn listeners_of_maker_and_session_are_called_once_each_b22() {
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine);
    let before = maker.session();
    let heard: Arc<Mutex<Vec<&str>>> = Arc::default();
    let hear = |what: &'static str| {
        let heard = Arc::clone(&heard);
        move |_: &Session| heard.lock().unwrap().push(what)
    };
    let listener = maker.on_after_commit(hear("maker"));
    // A clone with other settings has the same listeners.
    let session = maker.clone().autoflush(false).session();
    session.on_after_commit(hear("session"));
    session.commit().unwrap();
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), ["maker", "session"]);
    before.commit().unwrap();
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), ["maker"], "also those that were there");
    Session::new(&db.engine).commit().unwrap();
    listener.remove();
    before.commit().unwrap();
    assert!(heard.lock().unwrap().is_empty());
}

#[test]
fn execution_options_of_the_engine_count_for_flushes_b23() {
    let db = Database::new();
    let main = SchemaTranslateMap::new().with(None::<&str>, Some("main"));
    let view = db.engine.execution_options(|options| options.schema_translate_map = main).unwrap();
    let session = SessionMaker::new(&view).session();
    session.add(user("ed")).unwrap();
    session.flush().unwrap();
    session.query::<User>().filter(User::name.eq("ed")).one().unwrap();
    let sent = db.sent();
    assert!(sent.len() == 2 && sent.iter().all(|sql| sql.contains("main.users")), "{sent:?}");
}

#[test]
fn a_maker_is_shared_by_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let db = Database::new();
    let maker = SessionMaker::new(&db.engine);
    shared(&maker);
    let commits = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&commits);
    maker.on_after_commit(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let maker = &maker;
            scope.spawn(move || {
                for turn in 0..10 {
                    maker
                        .begin(|session| session.add(user(&format!("{thread}-{turn}"))).map(|_| ()))
                        .unwrap();
                    maker.configure(|options| options.expire_on_commit = turn % 2 == 0);
                }
            });
        }
    });
    assert_eq!((names(&db).len(), commits.load(Ordering::Relaxed)), (40, 40));
}
