//! Engines on the scripted driver. A name that ends in `_c14` is the test of that entry in SQLAlchemy's list of behaviours.

mod events;
mod every_event;
mod handlers;
mod inserts;
mod limits;
mod listeners;
mod log;
mod lost;
mod options;
mod savepoints;
mod transactions;

use std::time::Duration;

use crate::driver::scripted::{Answer, Script};
use crate::{Dialect, Engine, EngineBuilder, Error, ErrorKind, IsolationLevel, text};

fn builder(script: &Script, dialect: Dialect) -> EngineBuilder {
    script.answer("q", Answer::rows(["i"], [[1.into()]]));
    Engine::builder_with_connector(script.connector(), dialect)
        .pool_size(1)
        .max_overflow(0)
        .pool_timeout(Duration::from_millis(20))
}

fn scripted_as(dialect: Dialect) -> (Script, Engine) {
    let script = Script::new();
    let engine = builder(&script, dialect).build().unwrap();
    (script, engine)
}

fn scripted() -> (Script, Engine) {
    scripted_as(Dialect::POSTGRESQL)
}

/// With listeners that leave a line for each event of a statement or transaction among the script's calls.
fn heard() -> (Script, Engine) {
    let (script, engine) = scripted();
    hear(&script, &engine);
    (script, engine)
}

fn hear(script: &Script, engine: &Engine) {
    let note = |line: &'static str| {
        let script = script.clone();
        move || script.note(line)
    };
    let heard = note("before_execute!");
    engine.on_before_execute(move |_| {
        heard();
        Ok(())
    });
    let heard = note("before_cursor_execute!");
    engine.on_before_cursor_execute(move |_| {
        heard();
        Ok(())
    });
    let heard = note("after_cursor_execute!");
    engine.on_after_cursor_execute(move |_| heard());
    let heard = note("after_execute!");
    engine.on_after_execute(move |_| heard());
    let heard = note("begin!");
    engine.on_begin(move |_| heard());
    let heard = note("commit!");
    engine.on_commit(move |_| heard());
    let heard = note("rollback!");
    engine.on_rollback(move |_| heard());
    let heard = note("savepoint!");
    engine.on_savepoint(move |_| heard());
    let heard = note("rollback_savepoint!");
    engine.on_rollback_savepoint(move |_| heard());
    let heard = note("release_savepoint!");
    engine.on_release_savepoint(move |_| heard());
    let heard = note("engine_connect!");
    engine.on_engine_connect(move |_| {
        heard();
        Ok(())
    });
    let heard = note("engine_disposed!");
    engine.on_engine_disposed(move |_| heard());
}

/// What was called and heard while the closure ran.
fn during<T>(script: &Script, run: impl FnOnce() -> T) -> (Vec<String>, T) {
    let before = script.calls().len();
    let value = run();
    (script.calls().split_off(before), value)
}

/// The transaction's events and calls among them.
fn ends(script: &Script, run: impl FnOnce()) -> Vec<String> {
    let (mut heard, ()) = during(script, run);
    heard.retain(|line| !line.contains("execute") && !line.contains("connect"));
    heard
}

fn lost() -> Error {
    Error::new(ErrorKind::Disconnected, "the server went away")
}

fn failed() -> Error {
    Error::new(ErrorKind::Statement, "no such table")
}

fn kind<T>(result: crate::Result<T>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind()
}

#[test]
fn values_and_names_must_match() {
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    let mut message = |text| conn.execute(text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(message(text("select :a")), "no value was bound to :a; the statement takes :a");
    assert_eq!(
        message(text("select :a").bind("a", 1).bind("b", 2)),
        "there is no parameter :b; the statement takes :a"
    );
    assert_eq!(message(text("select 1").bind("a", 1)), "there is no parameter :a; the statement takes none");
    let error = conn.execute_many(text("select :a, :b"), [(1,)]).unwrap_err();
    assert_eq!(error.to_string(), "a set of parameters has 1 values; the statement takes :a, :b");
    assert_eq!(conn.execute_many(text("select 1"), [(1,)]).unwrap_err().kind(), ErrorKind::Bind);
}

#[test]
fn a_set_that_miscounts_is_refused() {
    struct Miscounting;
    impl crate::sql::ParameterSet for Miscounting {
        fn append_to(self, values: &mut Vec<crate::Value>, _names: &[Box<str>]) -> crate::Result<()> {
            values.push(1.into());
            Ok(())
        }
    }
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    let error = conn.execute_many(text("select :a, :b"), [Miscounting, Miscounting]).unwrap_err();
    assert_eq!((error.kind(), error.sql()), (ErrorKind::Bind, Some("select ?1, ?2")));
}
