//! Against a real server: time limits, cancels, notices, new sessions.

use std::time::Instant;

use super::super::*;
use super::server::{one, open, run_many};
use crate::driver::contract::{self, Slow};
use crate::value::Value;

const SLOW: Slow = Slow {
    silent: "select pg_sleep(20)",
    rows: "select generate_series(1, 1000000000), repeat('x', 500)",
    per_set: "select pg_sleep(0.01 + 0 * $1::int)",
};

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn an_answer_ends_with_the_next_call() {
    contract::ends_its_answer(&mut *open());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn statements_time_out() {
    contract::times_out(&mut *open(), &SLOW);
    contract::times_out_between_rows(&mut *open(), &SLOW);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn statements_are_cancelled() {
    contract::cancels(&mut *open(), &SLOW);
    // Longer than a cancel takes, which begins with a process of the server on a machine that may be busy.
    let hit = contract::never_hits_the_next(&mut *open(), "select pg_sleep(0.02)", 150);
    assert!(hit > 0);
}

/// Sets that had run are undone when the run is stopped, though no transaction was begun.
#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_stopped_run_is_undone_as_one() {
    let mut connection = open();
    connection.control("create temporary table runs (i int)").unwrap();
    let insert = "insert into runs select $1::int from (select pg_sleep(0.0005)) s";
    let sets: Vec<Value> = (0..20_000).map(Value::from).collect();
    for round in 0..10 {
        connection.limit_statement(Deadline::after(Duration::from_millis(300 + round * 40))).unwrap();
        let error = run_many(&mut *connection, insert, &sets, 1).unwrap_err();
        assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
        assert_eq!(one(&mut *connection, "select count(*) from runs", &[]).unwrap(), Value::Int(0));
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_wait_for_a_lock_times_out_and_the_transaction_has_failed() {
    let mut first = open();
    let mut other = open();
    first.begin("BEGIN").unwrap();
    one(&mut *first, "select pg_advisory_xact_lock(815)::text", &[]).unwrap();
    other.begin("BEGIN").unwrap();
    one(&mut *other, "select 1", &[]).unwrap();
    let start = Instant::now();
    other.limit_statement(Deadline::after(Duration::from_millis(200))).unwrap();
    let error = one(&mut *other, "select pg_advisory_xact_lock(815)::text", &[]).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
    assert_eq!(error.sqlstate(), Some("57014"));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(other.status(), TransactionStatus::Failed);
    other.control("ROLLBACK").unwrap();
    first.control("ROLLBACK").unwrap();
    one(&mut *other, "select pg_advisory_lock(815)::text", &[]).unwrap();
}

/// A statement whose time is up before it is sent: the BEGIN in front of it waits for the next one, and no other request takes
/// it along.
#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_begin_that_was_not_sent_goes_with_the_next_statement() {
    let mut connection = open();
    let connection = &mut *connection;
    let number = "select txid_current_if_assigned() is null and now() = statement_timestamp()";
    one(connection, number, &[]).unwrap();
    for ends in ["reset", "next"] {
        connection.begin("BEGIN").unwrap();
        connection.limit_statement(Deadline::after(Duration::ZERO)).unwrap();
        let error = one(connection, number, &[]).unwrap_err();
        assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
        assert_eq!(connection.status(), TransactionStatus::Active, "it was begun, and is");
        if ends == "next" {
            one(connection, "select pg_sleep(0.01)", &[]).unwrap();
            assert_eq!(one(connection, number, &[]).unwrap(), Value::Bool(false), "in one transaction");
        }
        connection.reset().unwrap();
        connection.ping().unwrap();
        assert_eq!(connection.status(), TransactionStatus::Idle);
    }
}

/// Who stopped it: the server's own timeout is none of ours, an administrator's word is a cancel.
#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn the_error_tells_who_stopped_it() {
    let mut connection = open();
    connection.control("set statement_timeout = 100").unwrap();
    let error = one(&mut *connection, "select pg_sleep(20)", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    connection.control("set statement_timeout = 0").unwrap();
    let session = connection.server().session_id.unwrap();
    let stopped = std::thread::spawn(move || one(&mut *connection, "select pg_sleep(20)", &[]).unwrap_err());
    let mut administrator = open();
    let start = Instant::now();
    while !stopped.is_finished() {
        assert!(start.elapsed() < Duration::from_secs(10));
        one(&mut *administrator, &format!("select pg_cancel_backend({session})"), &[]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(stopped.join().unwrap().kind(), ErrorKind::Cancelled);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn notices_arrive_and_the_oldest_go() {
    let mut connection = open();
    assert!(connection.take_notices().is_empty());
    connection.control("do $$ begin raise notice 'seven %', 7; raise warning 'eight'; end $$").unwrap();
    let notices = connection.take_notices();
    let told: Vec<_> = notices.iter().map(|n| (&*n.severity, &*n.code, &*n.message)).collect();
    assert_eq!(told, [("NOTICE", "00000", "seven 7"), ("WARNING", "01000", "eight")]);
    assert!(connection.take_notices().is_empty());
    let many = "do $$ begin for i in 1..250 loop raise notice '% %', i, repeat('é', 9000); end loop; end $$";
    connection.control(many).unwrap();
    let notices = connection.take_notices();
    assert_eq!((notices.len(), notices[0].dropped_before, notices[1].dropped_before), (100, 150, 0));
    assert!(notices[0].message.starts_with("151 é") && notices[0].message.len() < 9000);
    assert!(connection.warnings().is_err_and(|error| error.kind() == ErrorKind::Unsupported));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL"]
fn a_new_session_knows_nothing_of_the_old() {
    let mut connection = open();
    let connection = &mut *connection;
    contract::forgets(connection, "set search_path = pg_catalog", "show search_path");
    contract::forgets(connection, "set timezone = 'Asia/Tokyo'", "show timezone");
    contract::forgets(
        connection,
        "create temporary table mine (i int)",
        "select to_regclass('mine') is null",
    );
    let locks = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
    contract::forgets(connection, "select pg_advisory_lock(4711)", locks);
}

// ---- against a server that plays bytes ----

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::connector;
use super::scripted::{message, welcome};

/// A connection to a server whose statements never end; the listener is there for the cancel.
fn endless() -> (Box<dyn Connection>, TcpListener, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let opening = std::thread::spawn(move || {
        let url = format!("postgresql://app:hunter2@127.0.0.1:{port}/app?sslmode=disable");
        let connector = connector(&url).unwrap();
        connector.connect(&connector.login(), Deadline::after(Duration::from_secs(5))).unwrap()
    });
    let (mut stream, _) = listener.accept().unwrap();
    welcome(&mut stream);
    (opening.join().unwrap(), listener, stream)
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_millis(50))
}

fn run_endless(connection: &mut dyn Connection) -> Error {
    connection.execute("select", &[]).map(drop).unwrap_err()
}

#[test]
fn the_cancel_names_the_session_and_the_error_is_read() {
    let (mut connection, listener, mut stream) = endless();
    let server = std::thread::spawn(move || {
        let mut request = Vec::new();
        let (mut side, _) = listener.accept().unwrap();
        let mut bytes = [0; 16];
        side.read_exact(&mut bytes).unwrap();
        request.extend(bytes);
        drop(side);
        let refusal = message(b'E', b"SERROR\0VERROR\0C57014\0Mabgebrochen\0\0");
        stream.write_all(&refusal).unwrap();
        // Up to the Sync that settles.
        let mut seen = Vec::new();
        while !seen.ends_with(b"S\0\0\0\x04") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            seen.extend(byte);
        }
        stream.write_all(&message(b'Z', b"I")).unwrap();
        (request, stream)
    });
    connection.limit_statement(soon()).unwrap();
    let error = run_endless(&mut *connection);
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, false), "{error:?}");
    assert!(!connection.is_broken());
    let (request, _stream) = server.join().unwrap();
    assert_eq!(request, [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 7, 1, 2, 3, 4]);
}

#[test]
fn a_server_that_cannot_be_told_costs_the_connection() {
    let (mut connection, listener, _stream) = endless();
    drop(listener);
    connection.limit_statement(soon()).unwrap();
    let error = run_endless(&mut *connection);
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, true), "{error:?}");
    assert!(connection.is_broken());
}

#[test]
fn a_server_that_does_not_answer_costs_the_connection() {
    let (mut connection, listener, _stream) = endless();
    // Cancels are taken, and forgotten.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let start = Instant::now();
    connection.limit_statement(soon()).unwrap();
    let error = run_endless(&mut *connection);
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, true), "{error:?}");
    assert!(connection.is_broken());
    assert!(start.elapsed() < Duration::from_secs(30));
}

/// Nobody knows when a cancel arrives that was not acknowledged: the next user must not be its victim.
#[test]
fn a_cancel_that_may_still_arrive_costs_the_connection() {
    let (mut connection, listener, mut stream) = endless();
    let canceller = connection.canceller().unwrap();
    let running = std::thread::spawn(move || {
        let error = run_endless(&mut *connection);
        (connection, error)
    });
    while !canceller.cancel(soon()).is_err_and(|error| error.is_disconnect()) {
        std::thread::yield_now();
    }
    // The statement ends well all the same.
    stream.write_all(&message(b'E', b"SERROR\0C42601\0Mnonsense\0\0")).unwrap();
    let (connection, _) = running.join().unwrap();
    assert!(connection.is_broken());
    drop(listener);
}
