use rebis_core::engine::ExecutionOptions;
use rebis_core::schema::SchemaTranslateMap;
use rebis_core::{Error, ErrorKind};

use super::*;
use crate::{JoinMode, SessionOptions, State};

#[test]
fn a_change_begins_a_transaction_without_a_statement_d43() {
    let db = Database::new();
    let session = SessionMaker::new(&db.engine).expire_on_commit(false).session();
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    db.sent();
    assert!(!session.in_transaction());
    ed.set(User::name, "eddie").unwrap();
    assert_eq!((session.in_transaction(), db.sent()), (true, vec![]));
    assert_eq!(db.engine.pool().status().leased, 0);
    assert_eq!(kind(session.begin()), ErrorKind::InvalidState);
}

#[test]
fn without_autobegin_everything_waits_for_begin_d44() {
    let db = Database::new();
    let session = SessionMaker::new(&db.engine)
        .with(|options| (options.autobegin, options.expire_on_commit) = (false, false))
        .session();
    let refused = || {
        [
            kind(session.add(user("ed"))),
            kind(session.query::<User>().all()),
            kind(session.begin_nested()),
            kind(session.commit()),
        ]
    };
    assert_eq!(refused(), [ErrorKind::InvalidState; 4]);
    session.rollback().unwrap();
    session.begin().unwrap();
    assert_eq!(kind(session.begin()), ErrorKind::InvalidState, "twice");
    let ed = session.add(user("ed")).unwrap();
    session.commit().unwrap();
    assert_eq!(refused(), [ErrorKind::InvalidState; 4]);
    assert_eq!(ed.get(User::name).unwrap(), "ed");
    assert_eq!(kind(ed.set(User::name, "no")), ErrorKind::InvalidState);
    assert_eq!(kind(session.delete(&ed)), ErrorKind::InvalidState);
    assert_eq!(kind(ed.related(User::addresses)), ErrorKind::InvalidState, "it needs the database");
    session.begin().unwrap();
    ed.set(User::name, "eddie").unwrap();
    session.rollback().unwrap();
    assert_eq!((ed.get(User::name).unwrap().as_str(), session.in_transaction()), ("ed", false));
}

#[test]
fn a_scope_without_autoflush_ends_also_by_an_error_d46() {
    let db = Database::new();
    let session = db.session();
    session.add(user("ed")).unwrap();
    let none = session.no_autoflush(|| {
        session.no_autoflush(|| session.query::<User>().all())?;
        Ok(session.query::<User>().all()?.len())
    });
    assert_eq!(none.unwrap(), 0);
    let failed = session.no_autoflush(|| Err::<(), _>(Error::new(ErrorKind::Other, "no")));
    assert_eq!(kind(failed), ErrorKind::Other);
    assert_eq!(db.verbs(), ["SELECT users", "SELECT users"]);
    assert_eq!(session.query::<User>().all().unwrap().len(), 1);
}

#[test]
fn a_failed_flush_makes_the_session_inactive_d47() {
    let db = Database::new();
    let session = db.session();
    session.add_all([user("ed"), user("ed")]).unwrap();
    assert!(session.is_active());
    assert_eq!(kind(session.flush()), ErrorKind::UniqueViolation);
    let errors = [session.flush(), session.commit(), session.query::<User>().all().map(|_| ())];
    let texts: Vec<String> = errors.into_iter().map(|error| error.unwrap_err().to_string()).collect();
    assert!(texts[0].contains("rollback()") && texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    assert!(!session.is_active());
    session.rollback().unwrap();
    assert!(session.is_active());
}

#[test]
fn the_ends_of_the_session_are_those_of_its_savepoints_d53() {
    let db = Database::new();
    let session = db.session();
    session.add(user("ed")).unwrap();
    let savepoints = [session.begin_nested().unwrap(), session.begin_nested().unwrap()];
    session.add(user("jo")).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(2,)]);
    assert_eq!(savepoints.map(|savepoint| kind(savepoint.commit())), [ErrorKind::InvalidState; 2], "over");
    let ed = session.get::<User>(1).unwrap().unwrap();
    let _savepoints = [session.begin_nested().unwrap(), session.begin_nested().unwrap()];
    ed.set(User::name, "lost").unwrap();
    session.flush().unwrap();
    session.rollback().unwrap();
    assert_eq!((ed.get(User::name).unwrap().as_str(), session.in_transaction()), ("ed", false));
}

#[test]
fn a_savepoint_that_is_over_ends_no_other() {
    let db = Database::new();
    let session = db.session();
    let over = session.begin_nested().unwrap();
    session.rollback().unwrap();
    let open = session.begin_nested().unwrap();
    let ed = session.add(user("ed")).unwrap();
    session.flush().unwrap();
    drop(over);
    assert_eq!(ed.state(), State::Persistent);
    open.commit().unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(1,)]);
}

#[test]
fn a_session_joins_the_transaction_of_a_connection_d55() {
    // What is left after commit, close or rollback of the session and commit of the connection.
    let left = |mode: JoinMode, end: fn(&Session)| {
        let db = Database::new();
        let mut conn = db.engine.connect().unwrap();
        conn.execute(rebis_core::text("insert into users (name) values ('outside')")).unwrap();
        let session = Session::join(conn, mode, SessionOptions::default());
        session.add(user("inside")).unwrap();
        session.flush().unwrap();
        assert!(session.in_transaction());
        end(&session);
        assert!(!session.in_transaction());
        let mut conn = session.leave().unwrap().unwrap();
        let open = conn.in_transaction();
        conn.commit().unwrap();
        drop(conn);
        let names: Vec<(String,)> = db.ask("select name from users order by name desc");
        (open, names.into_iter().map(|(name,)| name).collect::<Vec<_>>().join(" "))
    };
    let ends: [fn(&Session); 3] =
        [|session| session.commit().unwrap(), Session::close, |session| session.rollback().unwrap()];
    for (mode, expected) in [
        (JoinMode::CreateSavepoint, [(true, "outside inside"), (true, "outside"), (true, "outside")]),
        (JoinMode::RollbackOnly, [(true, "outside inside"), (true, "outside inside"), (false, "")]),
        (JoinMode::ControlFully, [(false, "outside inside"), (false, ""), (false, "")]),
    ] {
        let found = ends.map(|end| left(mode, end));
        assert_eq!(found, expected.map(|(open, names)| (open, names.to_owned())), "{mode:?}");
    }
}

#[test]
fn a_failed_flush_of_a_joined_session_undoes_its_savepoint() {
    let db = Database::new();
    let mut conn = db.engine.connect().unwrap();
    conn.execute(rebis_core::text("insert into users (name) values ('outside')")).unwrap();
    let session = Session::join(conn, JoinMode::CreateSavepoint, SessionOptions::default());
    session.add(user("first")).unwrap();
    session.commit().unwrap();
    session.add(user("outside")).unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::UniqueViolation);
    assert_eq!(kind(session.flush()), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert_eq!(session.query::<User>().count().unwrap(), 2);
    assert_eq!(db.session().leave().unwrap().map(|_| ()), None, "it has none of somebody else");
    session.leave().unwrap().unwrap().rollback().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from users"), [(0,)]);
}

#[test]
fn execution_options_of_a_session_count_for_it_alone_b23() {
    let db = Database::new();
    let main = SchemaTranslateMap::new().with(None::<&str>, Some("main"));
    let mut options = ExecutionOptions::default();
    options.schema_translate_map = main;
    let maker = SessionMaker::new(&db.engine).with(|session| session.execution_options = Some(options));
    let session = maker.session();
    session.add(user("ed")).unwrap();
    session.commit().unwrap();
    session.query::<User>().one().unwrap();
    let sent = db.sent();
    assert!(sent.len() == 2 && sent.iter().all(|sql| sql.contains("main.users")), "{sent:?}");
    drop(session);
    let other = maker.session_with(|options| options.execution_options = None);
    other.query::<User>().one().unwrap();
    assert!(!db.sent()[0].contains("main"), "the connection has none of it any more");
}

#[test]
fn a_new_key_that_was_not_sent_counts_for_nothing_when_the_object_is_deleted() {
    let db = Database::new();
    let session = db.session();
    let word = Keyword { word: "x".into(), ..Keyword::default() };
    let ed = session.add(User { keywords: [word].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let word = ed.related(User::keywords).unwrap().all().remove(0);
    session.no_autoflush(|| word.set(Keyword::word, "y")).unwrap();
    session.delete(&word).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select count(*) from user_keywords"), [(0,)]);
}

#[test]
fn a_collection_is_found_by_the_key_in_the_database() {
    let db = Database::new();
    let session = db.session();
    let word = Keyword { word: "x".into(), ..Keyword::default() };
    let ed = session.add(User { keywords: [word].into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    let word = session.get::<Keyword>("x").unwrap().unwrap();
    word.set(Keyword::word, "y").unwrap();
    let users = session.no_autoflush(|| word.related(Keyword::users)).unwrap();
    assert_eq!(users.all(), [ed]);
}

#[test]
fn a_nested_checkout_names_the_lines_of_the_program() {
    let db = Database::new();
    let (one, two) = (db.session(), db.session());
    let ed = one.add(user("ed")).unwrap();
    let first = line!() + 1;
    one.flush().unwrap();
    two.add(user("jo")).unwrap();
    let mut lines = vec![first];
    let mut errors = Vec::new();
    let mut refused = |error: Error, line: u32| {
        assert_eq!(error.kind(), ErrorKind::NestedCheckout, "{error}");
        errors.push(error.to_string());
        lines.push(line);
    };
    let select = || rebis_core::text("select 1");
    refused(two.no_autoflush(|| Ok(two.get::<User>(1).unwrap_err())).unwrap(), line!());
    refused(two.no_autoflush(|| Ok(two.query::<User>().all().unwrap_err())).unwrap(), line!());
    refused(two.no_autoflush(|| Ok(two.query::<User>().stream(10).unwrap_err())).unwrap(), line!());
    refused(two.no_autoflush(|| Ok(two.execute::<(i64,)>(select()).unwrap_err())).unwrap(), line!());
    refused(two.no_autoflush(|| Ok(two.scalar::<i64>(select()).unwrap_err())).unwrap(), line!());
    refused(two.merge(User { id: 1, ..user("x") }).unwrap_err(), line!());
    two.rollback().unwrap();
    two.add(user("jo")).unwrap();
    refused(two.commit().unwrap_err(), line!());
    drop(ed);
    for (error, line) in errors.iter().zip(&lines[1..]) {
        assert!(!error.contains("core.rs"), "{error}");
        for line in [first, *line] {
            assert!(error.contains(&format!("transactions.rs:{line}:")), "line {line}: {error}");
        }
    }
}
