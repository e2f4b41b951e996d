//! Scoped sessions on threads; forked children are in the suite.

#[path = "../session/tests/models.rs"]
#[allow(
    dead_code,
    clippy::duplicate_mod,
    reason = "shared with the session's tests, which need more of them"
)]
mod models;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Barrier, Mutex};

use rebis_core::{Engine, ErrorKind, create_all, text};

use self::models::{Address, Keyword, Node, User, UserKeyword};
use crate::{ScopedSession, Session, SessionEvents, SessionMaker, State};

fn user(name: &str) -> User {
    User { name: name.into(), ..User::default() }
}

/// A file of its own, for two connections at a time.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> (File, Engine) {
        let path = std::env::temp_dir().join(format!("rebis-scoped-{name}-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let engine =
            Engine::new(format!("sqlite:///{}?journal_mode=wal&synchronous=off", path.display())).unwrap();
        create_all::<(User, Address, Keyword, UserKeyword, Node)>(&engine).unwrap();
        (File(path), engine)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

fn names(engine: &Engine) -> Vec<(String,)> {
    engine.connect().unwrap().fetch_all(text("select name from users order by id")).unwrap()
}

#[test]
fn one_session_for_each_thread_b1_b4() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("b1");
    assert_eq!(DB.session().unwrap_err().kind(), ErrorKind::InvalidState, "not configured yet");
    DB.configure(SessionMaker::new(&engine));
    let here = DB.session().unwrap();
    assert!(Session::ptr_eq(&here, &DB.session().unwrap()));
    here.add(user("here")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(!DB.has(), "a session of another thread is not found");
            let there = DB.session().unwrap();
            assert_eq!(there.query::<User>().all().unwrap().len(), 0);
            DB.remove();
        });
    });
    assert!(Session::ptr_eq(&here, &DB.session().unwrap()) && here.in_transaction());
    here.commit().unwrap();
    assert_eq!(names(&engine), [("here".to_owned(),)]);
    DB.remove();
}

#[test]
fn remove_rolls_back_and_the_next_call_makes_a_new_one_b2() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("b2");
    DB.configure(SessionMaker::new(&engine));
    let old = DB.session().unwrap();
    let kept = old.add(user("kept")).unwrap();
    old.commit().unwrap();
    let lost = old.add(user("lost")).unwrap();
    old.flush().unwrap();
    assert_eq!(engine.pool().status().leased, 1);
    DB.remove();
    assert_eq!((engine.pool().status().leased, DB.has()), (0, false));
    assert_eq!((kept.state(), lost.state()), (State::Detached, State::Detached));
    assert!(!Session::ptr_eq(&old, &DB.session().unwrap()));
    assert_eq!(names(&engine), [("kept".to_owned(),)]);
    DB.remove();
    DB.remove();
}

#[test]
fn a_thread_that_ends_gives_its_connection_back_b5() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("b5");
    DB.configure(SessionMaker::new(&engine));
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&heard);
    DB.maker().unwrap().on_after_rollback(move |_| log.lock().unwrap().push("after_rollback".into()));
    let log = Arc::clone(&heard);
    engine.on_rollback(move |_| log.lock().unwrap().push("engine rollback".into()));
    let log = Arc::clone(&heard);
    engine.pool().on_checkin(move |_, _| log.lock().unwrap().push("checkin".into()));
    let made = engine.pool().status();
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| {
            DB.session().unwrap().add(user("lost")).unwrap();
            DB.session().unwrap().flush().unwrap();
            assert_eq!(engine.pool().status().leased, 1);
        });
        ended.join().unwrap();
    });
    let mut wait = 0;
    // `join` of a scope may come before the destructors of the thread's locals.
    while engine.pool().status().leased > 0 && wait < 1000 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        wait += 1;
    }
    assert_eq!(engine.pool().status().leased, 0, "before: {made:?}");
    assert_eq!(heard.lock().unwrap().as_slice(), [""; 0], "nobody is told");
    // Its transaction is over, so another one can write.
    DB.session().unwrap().add(user("here")).unwrap();
    DB.session().unwrap().commit().unwrap();
    assert_eq!(names(&engine), [("here".to_owned(),)]);
    DB.remove();
}

#[test]
fn a_session_with_settings_is_kept_for_later_calls_b7_b10() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("b7");
    DB.configure(SessionMaker::new(&engine));
    let session = DB.session_with(|options| options.autoflush = false).unwrap();
    assert!(Session::ptr_eq(&session, &DB.session().unwrap()) && !session.options().autoflush);
    let again = DB.session_with(|options| options.autoflush = true).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::InvalidState);
    DB.configure(SessionMaker::new(&engine).expire_on_commit(false));
    assert!(DB.session().unwrap().options().expire_on_commit, "B10: it keeps its settings");
    DB.remove();
    let session = DB.session().unwrap();
    assert!(session.options().autoflush && !session.options().expire_on_commit);
    DB.remove();
}

#[test]
fn a_scope_function_tells_sessions_apart_b8() {
    thread_local!(static REQUEST: Cell<u128> = const { Cell::new(0) });
    static DB: ScopedSession = ScopedSession::with_scope(|| REQUEST.get());
    static OTHER: ScopedSession = ScopedSession::with_scope(|| REQUEST.get());
    let (_file, engine) = File::new("b8");
    DB.configure(SessionMaker::new(&engine));
    OTHER.configure(SessionMaker::new(&engine));
    let first = DB.session().unwrap();
    REQUEST.set(1);
    assert!(!DB.has());
    let second = DB.session().unwrap();
    assert!(!Session::ptr_eq(&first, &second) && !Session::ptr_eq(&second, &OTHER.session().unwrap()));
    DB.remove();
    assert!(!DB.has());
    REQUEST.set(0);
    assert!(Session::ptr_eq(&first, &DB.session().unwrap()));
    DB.remove();
}

#[test]
fn it_is_used_in_the_place_of_a_session_b11_b13_b14() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("b11");
    DB.configure(SessionMaker::new(&engine));
    let commits = Arc::new(Mutex::new(0));
    let count = Arc::clone(&commits);
    DB.maker().unwrap().on_after_commit(move |_| *count.lock().unwrap() += 1);
    DB.session().unwrap().add(user("ed")).unwrap();
    DB.session().unwrap().commit().unwrap();
    assert_eq!(*commits.lock().unwrap(), 1, "B14");
    let ed = DB.query::<User>().unwrap().one().unwrap();
    DB.remove();
    let again = DB.query::<User>().unwrap().one().unwrap();
    assert_ne!(ed, again, "B13: it is the new session's");
    DB.remove();
}

#[test]
fn threads_have_a_session_each_while_they_run_together() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("many");
    DB.configure(SessionMaker::new(&engine));
    let together = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let together = &together;
            scope.spawn(move || {
                let pending = DB.session().unwrap().add(user(&format!("pending {thread}"))).unwrap();
                together.wait();
                assert_eq!(pending.state(), State::Pending);
                assert!(DB.session().unwrap().in_transaction());
                together.wait();
            });
        }
    });
    assert_eq!(names(&engine), []);
}

// ---- the end of a thread with a log subscriber: in a child, for what is wrong there aborts ----

const CHILD: &str = "REBIS_SCOPED_CHILD";

/// Runs the test of this name in a process of its own; whether it ended well, and what it said.
fn child(test: &str, what: &str) -> (std::process::ExitStatus, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("scoped::tests::{test}"), "--nocapture", "--test-threads=1"])
        .env(CHILD, what)
        .output()
        .unwrap();
    (
        output.status,
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

/// What a program's listener may do: use a thread-local, without thinking of the thread's end.
fn listener() {
    struct Late(Vec<u8>);
    impl Drop for Late {
        fn drop(&mut self) {
            self.0.clear();
        }
    }
    thread_local!(static LATE: RefCell<Late> = const { RefCell::new(Late(Vec::new())) });
    LATE.with_borrow_mut(|late| late.0.push(1));
}

fn end_a_thread(how: &str) {
    static DB: ScopedSession = ScopedSession::new();
    thread_local!(static ORDINARY: RefCell<Option<Session>> = const { RefCell::new(None) });
    let (_file, engine) = File::new(how);
    DB.configure(SessionMaker::new(&engine));
    tracing_subscriber::fmt().with_writer(std::io::sink).with_max_level(tracing::Level::TRACE).init();
    engine.on_rollback(|_| listener());
    engine.pool().on_reset(|_, _, _| {
        listener();
        Ok(())
    });
    engine.pool().on_checkin(|_, _| listener());
    DB.maker().unwrap().on_after_rollback(|_| listener());
    DB.maker().unwrap().on_state_change(|_, _, _| listener());
    let ordinary = how == "ordinary";
    let (ready, go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (told, wait) = (Arc::clone(&ready), Arc::clone(&go));
    let shared = engine.clone();
    let thread = std::thread::spawn(move || {
        // First of all its locals, so that it is destroyed last, when those of the log are gone.
        let session = if ordinary {
            ORDINARY.set(Some(Session::new(&shared)));
            ORDINARY.with_borrow(|session| session.clone().unwrap())
        } else {
            DB.session().unwrap()
        };
        let lost = session.add(user("lost")).unwrap();
        session.flush().unwrap();
        drop((session, lost));
        told.wait();
        wait.wait();
    });
    ready.wait();
    assert_eq!(engine.pool().status().leased, 1);
    go.wait();
    thread.join().unwrap();
    assert_eq!(engine.pool().status().leased, 0);
    engine
        .transaction(|tx| tx.execute(text("insert into users (name) values ('kept')")).map(|_| ()))
        .unwrap();
    assert_eq!(names(&engine), [("kept".to_owned(),)]);
    println!("the thread has ended well");
}

#[test]
fn the_end_of_a_thread_is_quiet_under_a_log_subscriber_b5() {
    if let Ok(how) = std::env::var(CHILD) {
        return end_a_thread(&how);
    }
    let test = "the_end_of_a_thread_is_quiet_under_a_log_subscriber_b5";
    let (status, said) = child(test, "scoped");
    assert!(status.success() && said.contains("the thread has ended well"), "{status}: {said}");
    // The control: an ordinary drop at that moment aborts.
    let (status, said) = child(test, "ordinary");
    assert!(!status.success() && !said.contains("the thread has ended well"), "{status}: {said}");
}

#[test]
fn errors_in_between_stay_on_their_thread() {
    static DB: ScopedSession = ScopedSession::new();
    let (_file, engine) = File::new("errors");
    DB.configure(SessionMaker::new(&engine));
    let kept = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let kept = &kept;
            scope.spawn(move || {
                for round in 0..6 {
                    let session = DB.session().unwrap();
                    let name = format!("{thread} {round}");
                    // SQLite has one writer at a time: the write comes first, so that it waits its turn.
                    session.add(user(&name)).unwrap();
                    session.flush().unwrap();
                    match round % 3 {
                        0 => {
                            session.commit().unwrap();
                            kept.lock().unwrap().push((name,));
                        }
                        // Left as it failed: the next one begins anew.
                        1 => {
                            session.add(user(&name)).unwrap();
                            assert_eq!(session.flush().unwrap_err().kind(), ErrorKind::UniqueViolation);
                            DB.remove();
                        }
                        _ => {
                            let savepoint = session.begin_nested().unwrap();
                            session.add(user(&name)).unwrap();
                            assert_eq!(session.commit().unwrap_err().kind(), ErrorKind::UniqueViolation);
                            savepoint.rollback().unwrap();
                            session.commit().unwrap();
                            kept.lock().unwrap().push((name,));
                        }
                    }
                }
                // And one that ends with the thread.
                DB.session().unwrap().add(user(&format!("{thread} lost"))).unwrap();
                DB.session().unwrap().flush().unwrap();
            });
        }
    });
    let (mut there, mut kept) = (names(&engine), kept.into_inner().unwrap());
    there.sort();
    kept.sort();
    assert_eq!(there, kept);
}
