//! Which events there are, and in which order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use super::*;
use crate::Value;
use crate::sql::Statement;

#[test]
fn a_rollback_by_the_engine_comes_before_the_reset_a20() {
    let (script, engine) = heard();
    let noted = script.clone();
    engine.pool().on_reset(move |_, _, state| {
        noted.note(format!("reset! {} {}", state.transaction_was_reset, state.terminate_only));
        Ok(())
    });
    let mut conn = engine.connect().unwrap();
    conn.execute(text("q")).unwrap();
    let heard = ends(&script, || drop(conn));
    assert_eq!(heard, ["rollback!", "1 control ROLLBACK", "reset! true false", "1 reset"]);
    assert_eq!(ends(&script, || drop(engine.connect().unwrap())), ["reset! false false", "1 reset"]);
}

#[test]
fn listeners_belong_to_the_engine_and_its_views_a34() {
    let (script, engine) = scripted();
    let view = engine.execution_options(|options| options.echo = true).unwrap();
    hear(&script, &view);
    let (heard, ()) = during(&script, || drop(engine.connect().unwrap()));
    assert_eq!(heard, ["1 connect", "engine_connect!", "1 reset"]);
    let (other_script, other) = scripted();
    let (heard, ()) = during(&other_script, || drop(other.connect().unwrap()));
    assert_eq!(heard, ["1 connect", "1 reset"], "another engine is another");
}

#[test]
fn a_recreated_engine_has_a_first_connect_of_its_own_a35() {
    let (script, engine) = scripted();
    let noted = script.clone();
    engine.pool().on_first_connect(move |_, _| {
        noted.note("first_connect!");
        Ok(())
    });
    let other = engine.recreate();
    drop((engine.connect().unwrap(), other.connect().unwrap()));
    engine.connect().unwrap().invalidate();
    drop(engine.connect().unwrap());
    let firsts = script.calls().iter().filter(|call| *call == "first_connect!").count();
    assert_eq!((firsts, script.opened()), (2, 3));
}

#[test]
fn dispose_is_told_a71() {
    let (script, engine) = heard();
    let mut held = engine.connect().unwrap();
    held.execute(text("q")).unwrap();
    let (heard, ()) = during(&script, || engine.dispose());
    assert_eq!(heard, ["engine_disposed!"]);
    held.execute(text("q")).unwrap();
    held.commit().unwrap();
    drop(held);
    drop(engine.connect().unwrap());
    let (heard, ()) = during(&script, || engine.dispose());
    assert_eq!(heard, ["2 close", "engine_disposed!"]);
    let (heard, ()) = during(&script, || {
        drop(engine.connect().unwrap());
        engine.dispose_without_closing();
    });
    assert_eq!(heard, ["3 connect", "engine_connect!", "3 reset", "engine_disposed!"]);
}

/// There is nothing to set up but what listeners set up: what was compiled is kept.
#[test]
fn a_disposed_engine_works_at_once_a74() {
    let (script, engine) = scripted();
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    engine.dispose();
    let (calls, one) = during(&script, || engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap());
    assert_eq!(one, 1);
    assert_eq!(calls, ["2 connect", "2 begin BEGIN", "2 execute q", "2 control COMMIT", "2 reset"]);
}

#[test]
fn a_statements_events_have_an_order_a79() {
    let (script, engine) = heard();
    let (heard, ()) = during(&script, || engine.connect().unwrap().execute(text("q")).map(drop).unwrap());
    let expected = [
        "1 connect",
        "engine_connect!",
        "before_execute!",
        "begin!",
        "1 begin BEGIN",
        "before_cursor_execute!",
        "1 execute q",
        "after_cursor_execute!",
        "after_execute!",
        "rollback!",
        "1 control ROLLBACK",
        "1 reset",
    ];
    assert_eq!(heard, expected);
    let many = || engine.connect()?.execute_many(text("insert :i"), (0..1001).map(|i| (i,)));
    let (heard, count) = during(&script, many);
    assert_eq!(count.unwrap(), 1001);
    let events: Vec<_> = heard.iter().filter(|line| line.contains("execute")).collect();
    let expected = [
        "before_execute!",
        "before_cursor_execute!",
        "1 execute_many insert $1 x 1000",
        "after_cursor_execute!",
        "before_cursor_execute!",
        "1 execute_many insert $1 x 1",
        "after_cursor_execute!",
        "after_execute!",
    ];
    assert_eq!(events, expected);
    script.fail("execute q", 1, failed);
    let (heard, _) = during(&script, || kind(engine.connect().unwrap().execute(text("q"))));
    assert!(
        !heard.iter().any(|line| line.starts_with("after")),
        "an error is the error handlers': {heard:?}"
    );
}

#[test]
fn what_a_listener_puts_there_is_sent_a80() {
    let (script, engine) = scripted();
    engine.on_before_execute(|event| {
        let Statement::Text(statement) = event.statement() else { panic!("a text") };
        if statement.sql() == "old" {
            event.set_statement(text("select :a, :b").bind("a", 1).bind("b", 2));
        }
        Ok(())
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    engine.on_before_cursor_execute(move |event| {
        let parameters = event.parameters().iter().map(|value| format!("{value:?}")).collect::<Vec<_>>();
        sees.lock().unwrap().push(format!("{} {} {}", event.sql(), parameters.join(" "), event.sets()));
        let sql = format!("{} -- marked", event.sql());
        event.set_sql(sql);
        Ok(())
    });
    let sees = Arc::clone(&seen);
    engine.on_after_cursor_execute(move |event| {
        let rows = event.rows_affected;
        sees.lock().unwrap().push(format!("{} {} {rows:?}", event.sql, event.parameters.len()));
    });
    engine.connect().unwrap().execute(text("old")).unwrap();
    assert!(script.calls().contains(&"1 execute select $1, $2 -- marked".to_owned()), "{:?}", script.calls());
    engine.on_before_cursor_execute(|event| {
        event.set_parameters(event.parameters().iter().map(|_| Value::from(7)).collect());
        Ok(())
    });
    engine.connect().unwrap().execute_many(text("insert :i"), [(1,), (2,)]).unwrap();
    let expected = [
        "select $1, $2 Int(1) Int(2) 1",
        "select $1, $2 -- marked 2 None",
        "insert $1 Int(1) Int(2) 2",
        "insert $1 -- marked 2 Some(2)",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    engine.on_before_cursor_execute(|event| {
        event.set_parameters(vec![]);
        Ok(())
    });
    assert_eq!(kind(engine.connect().unwrap().execute(text("old"))), ErrorKind::Bind);
    // And a listener may refuse: what it says goes to the caller, and nothing is sent.
    engine.on_before_execute(|_| Err(Error::other("read-only today")));
    let (calls, error) =
        during(&script, || engine.connect().unwrap().execute(text("q")).map(drop).unwrap_err());
    assert_eq!((calls, error.to_string()), (vec!["1 reset".to_owned()], "read-only today".to_owned()));
}

#[test]
fn events_name_engine_session_and_savepoint() {
    let (_script, engine) = scripted();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let name = move |event: &super::super::TransactionEvent<'_>| {
        assert_eq!(event.engine.dialect(), &Dialect::POSTGRESQL);
        sees.lock().unwrap().push((event.session_id, event.savepoint.map(str::to_owned)));
    };
    engine.on_begin(name.clone());
    engine.on_savepoint(name.clone());
    engine.on_release_savepoint(name.clone());
    engine.on_commit(name);
    engine.transaction(|tx| tx.begin_nested()?.commit()).unwrap();
    let savepoint = (Some(1), Some("rebis_1".to_owned()));
    assert_eq!(*seen.lock().unwrap(), [(Some(1), None), savepoint.clone(), savepoint, (Some(1), None)]);
}

fn ten_connect(first_fails: bool) -> (usize, Vec<usize>, usize) {
    let script = Script::new();
    let engine = builder(&script, Dialect::SQLITE).pool_size(10).build().unwrap();
    let (firsts, finished) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (ran, done) = (Arc::clone(&firsts), Arc::clone(&finished));
    engine.pool().on_first_connect(move |raw, _| {
        if ran.fetch_add(1, Ordering::SeqCst) == 0 && first_fails {
            return Err(Error::other("not set up"));
        }
        for _ in 0..100 {
            raw.control("set up")?;
            thread::yield_now();
        }
        done.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    engine.pool().on_connect(move |_, _| {
        sees.lock().unwrap().push(finished.load(Ordering::SeqCst));
        Ok(())
    });
    let barrier = Barrier::new(10);
    let failed = thread::scope(|scope| {
        let threads: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    engine.connect()
                })
            })
            .collect();
        let leases: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        leases.iter().filter(|lease| lease.is_err()).count()
    });
    assert_eq!(engine.pool().status().idle, 10 - failed);
    let seen = seen.lock().unwrap().clone();
    (firsts.load(Ordering::SeqCst), seen, failed)
}

#[test]
fn ten_threads_set_up_once_a85() {
    assert_eq!(ten_connect(false), (1, vec![1; 10], 0));
    assert_eq!(ten_connect(true), (2, vec![1; 9], 1), "again after a failure, whose connection is not kept");
}
