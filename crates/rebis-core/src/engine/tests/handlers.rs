//! Error handlers, and who logs in.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::driver::{Connector, Login};

/// An engine with two connections, one of them idle; the other has met `error`. Returns it with how many are opened when both
/// are leased anew.
fn after(error: fn() -> Error, handle: fn(&mut crate::pool::ErrorContext)) -> (Error, bool, usize) {
    let script = Script::new();
    let engine = builder(&script, Dialect::POSTGRESQL).pool_size(2).build().unwrap();
    engine.on_handle_error(handle);
    let (mut one, two) = (engine.connect().unwrap(), engine.connect().unwrap());
    drop(two);
    script.fail("execute q", 1, error);
    let error = one.execute(text("q")).map(|_| ()).unwrap_err();
    let invalidated = one.is_invalidated();
    drop(one);
    let both = [engine.connect().unwrap(), engine.connect().unwrap()];
    drop(both);
    (error, invalidated, script.opened() - 2)
}

#[test]
fn a_handler_says_what_is_a_disconnect_a70() {
    let (error, invalidated, opened) = after(failed, |context| context.set_disconnect(true));
    assert!(error.is_disconnect() && invalidated);
    assert_eq!((error.kind(), opened), (ErrorKind::Statement, 2));
    let (error, invalidated, opened) = after(failed, |context| {
        context.set_disconnect(true);
        context.set_invalidate_pool(false);
    });
    assert!(error.is_disconnect() && invalidated);
    assert_eq!(opened, 1, "limited to that connection");
    let (error, invalidated, opened) = after(lost, |context| context.set_invalidate_pool(false));
    assert!(error.is_disconnect() && invalidated);
    assert_eq!(opened, 1);
}

/// A handler cannot mend a wire that the driver calls broken; it saves the trust in the others.
#[test]
fn a_handler_does_not_mend_a_wire_a70() {
    let (error, invalidated, opened) = after(lost, |context| context.set_disconnect(false));
    assert!(!error.is_disconnect() && invalidated);
    assert_eq!(opened, 1);
    // Where the driver holds the wire for whole, the handler's word counts.
    let (error, invalidated, opened) = after(failed, |context| context.set_disconnect(false));
    assert!(!error.is_disconnect() && !invalidated);
    assert_eq!(opened, 0);
}

#[test]
fn a_commit_on_a_broken_wire_is_unknown_whatever_a_handler_says() {
    let (script, engine) = scripted();
    engine.on_handle_error(|context| context.set_disconnect(false));
    script.fail("control COMMIT", 1, lost);
    assert_eq!(kind(engine.transaction(|tx| tx.scalar::<i64>(text("q")))), ErrorKind::CommitUnknown);
}

#[test]
fn replacing_an_error_hides_no_disconnect() {
    let (error, invalidated, opened) =
        after(lost, |context| context.replace(Error::new(ErrorKind::Other, "our own")));
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Other, "our own"));
    assert!(error.is_disconnect() && invalidated);
    assert_eq!(opened, 2);
    assert_eq!(error.chain(), "our own: the server went away");
}

#[test]
fn handlers_see_what_those_before_them_did_a83() {
    let (script, engine) = scripted();
    engine.on_handle_error(|context| {
        assert_eq!(context.error().sql(), Some("q"));
        context.replace(Error::new(ErrorKind::Other, "first"));
    });
    engine.on_handle_error(|_| {});
    engine.on_handle_error(|context| {
        assert_eq!(context.error().to_string(), "first");
        context.replace(Error::new(ErrorKind::Other, "third"));
    });
    engine.on_handle_error(|_| {});
    let mut conn = engine.connect().unwrap();
    script.fail("execute q", 2, failed);
    assert_eq!(conn.execute(text("q")).map(|_| ()).unwrap_err().chain(), "third: first: no such table");
    // One that panics stops the chain.
    engine.on_handle_error(|_| std::panic::panic_any("meant"));
    engine.on_handle_error(|_| unreachable!("the one before panics"));
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| conn.execute(text("q")).map(|_| ())));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"meant"));
    conn.rollback().unwrap();
    conn.execute(text("q")).unwrap();
}

#[test]
fn handlers_see_errors_of_every_path() {
    let (script, engine) = scripted();
    engine.on_handle_error(|context| context.replace(Error::new(ErrorKind::Other, "seen")));
    let mut seen = 0;
    let mut expect = |call: &str, run: &mut dyn FnMut() -> crate::Result<()>| {
        script.fail(call, 1, failed);
        assert_eq!(run().unwrap_err().to_string(), "seen", "{call}");
        seen += 1;
    };
    let mut conn = engine.connect().unwrap();
    script.answer("rows", Answer::rows(["i"], [[1.into()]]));
    expect("begin", &mut || conn.execute(text("q")).map(drop));
    expect("execute q", &mut || conn.execute(text("q")).map(drop));
    expect("execute_many", &mut || conn.execute_many(text("insert :i"), [(1,)]).map(drop));
    expect("fetch rows", &mut || conn.execute(text("rows"))?.all().map(drop));
    expect("control COMMIT", &mut || conn.commit());
    expect("control ROLLBACK", &mut || conn.rollback());
    conn.rollback().unwrap();
    let mut tx = conn.begin().unwrap();
    expect("control SAVEPOINT", &mut || tx.begin_nested().map(drop));
    assert_eq!(seen, 7);
}

/// Opens connections of a script whose numbers say who logged in.
#[derive(Debug)]
struct Recording(Script);

impl Connector for Recording {
    fn login(&self) -> Login {
        Login::new("app", "s3cret")
    }

    fn connect(
        &self,
        login: &Login,
        deadline: crate::process::Deadline,
    ) -> crate::Result<Box<dyn crate::driver::Connection>> {
        let password = login.password.as_ref().map(|password| password.reveal().to_owned());
        self.0.note(format!("{:?} {password:?}", login.user));
        self.0.connector().connect(login, deadline)
    }
}

#[test]
fn a_listener_names_another_login_for_one_connection_a82() {
    let script = Script::new();
    let engine = Engine::builder_with_connector(Recording(script.clone()), Dialect::SQLITE).build().unwrap();
    let (calls, ready) = (AtomicUsize::new(0), Script::new());
    let own = ready.clone();
    engine.on_do_connect(move |request| {
        match calls.fetch_add(1, Ordering::SeqCst) {
            0 => request.login = Login::new("app", "fresh-token"),
            2 => return own.connector().connect(&request.login, crate::process::Deadline::NEVER).map(Some),
            _ => {}
        }
        Ok(None)
    });
    let _leases = [0; 3].map(|_| engine.connect().unwrap());
    let expected =
        [r#"Some("app") Some("fresh-token")"#, "1 connect", r#"Some("app") Some("s3cret")"#, "2 connect"];
    assert_eq!(script.calls(), expected, "each begins with the engine's own");
    assert_eq!((ready.calls(), engine.pool().counters().opened), (vec!["1 connect".to_owned()], 3));
}
