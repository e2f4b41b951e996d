//! Sessions that end, do not begin, or are not to be had.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rebis::schema::Table;
use rebis::sql::{Expression, delete_from};
use rebis::{Backend, Connection, Engine, ErrorKind, Url, raw, text};

use super::{Database, Outcome, Scenario, count, failure, passed, prints, table};

pub(super) const CASES: &[Scenario] = &[
    ("sessions_killed_in_a_transaction_a62", killed),
    ("sessions_killed_while_idle_a59", killed_idle),
    ("sessions_killed_all_and_pinged_a56", killed_and_pinged),
    ("sessions_killed_are_told_a61", killed_is_told),
    ("sessions_killed_before_the_commit_a64", killed_before_commit),
    ("sessions_killed_while_rows_are_read_a67", killed_while_reading),
    ("sessions_of_an_exhausted_pool", exhausted),
    ("sessions_with_a_wrong_password", wrong_password),
    ("sessions_to_nobody", nobody),
    ("sessions_after_dispose_a71", disposed),
    ("sessions_anew_are_of_the_same_server", anew),
    ("sessions_end_an_answer_that_waits", paused),
];

macro_rules! server_or_skip {
    ($database:expr) => {
        if !$database.is_server() {
            return Outcome::Skipped("SQLite has no sessions".to_owned());
        }
    };
}

fn id(conn: &Connection) -> u64 {
    conn.server().unwrap().session_id.unwrap()
}

/// Ends a session from another one, as an administrator or a restart would, and waits until it is gone.
fn kill(database: &Database, session: u64) {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    let (kill, find) = super::pick(
        database,
        (String::new(), ""),
        (format!("kill {session}"), "select count(*) from information_schema.processlist where id = :id"),
        (
            format!("select pg_terminate_backend({session})"),
            "select count(*) from pg_stat_activity where pid = :id",
        ),
    );
    conn.execute(raw(kill)).unwrap();
    conn.commit().unwrap();
    let start = Instant::now();
    while conn.scalar::<i64>(text(find).bind("id", session)).unwrap() > 0 {
        conn.commit().unwrap();
        assert!(start.elapsed() < Duration::from_secs(10), "the session does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    conn.commit().unwrap();
    drop(conn);
    engine.dispose();
}

fn killed(database: &Database) -> Outcome {
    server_or_skip!(database);
    let engine = database.engine(3);
    let mut conn = engine.connect().unwrap();
    table(&mut conn, "conf_session", "i int");
    let (one, other) = (engine.connect().unwrap(), engine.connect().unwrap());
    let idle = BTreeSet::from([id(&one), id(&other)]);
    drop((one, other));
    conn.execute(text("insert into conf_session values (1)")).unwrap();
    let lost = id(&conn);
    kill(database, lost);
    let error = failure(conn.execute(text("insert into conf_session values (2)")));
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert!(error.is_disconnect() && error.is_retryable());
    for _ in 0..2 {
        let error = conn.execute(text("select 1")).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error:?}");
        assert!(error.to_string().contains("call rollback()"), "{error}");
    }
    let error = conn.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error:?}");
    assert!(error.to_string().contains("nothing was committed"), "{error}");
    conn.rollback().unwrap();
    conn.execute(text("insert into conf_session values (3)")).unwrap();
    conn.commit().unwrap();
    assert_ne!(id(&conn), lost);
    assert_eq!(conn.fetch_all::<(i64,)>(text("select i from conf_session")).unwrap(), [(3,)]);
    // What was opened before the loss is suspect: the pool lends new sessions.
    let (one, other) = (engine.connect().unwrap(), engine.connect().unwrap());
    let now = BTreeSet::from([id(&one), id(&other)]);
    assert!(now.is_disjoint(&idle), "{now:?} and {idle:?}");
    drop((one, other));
    let (one, other) = (engine.connect().unwrap(), engine.connect().unwrap());
    assert_eq!(BTreeSet::from([id(&one), id(&other)]), now, "replaced once, not every time");
    let status = engine.pool().status();
    assert_eq!((status.leased, status.idle), (3, 0));
    passed("1 session killed, 3 replaced, 2 uncommitted rows gone")
}

/// Nothing was under way: still an error, because nobody knows what the session held; pre_ping is for that.
fn killed_idle(database: &Database) -> Outcome {
    server_or_skip!(database);
    let engine = database.engine(1);
    let lost = id(&engine.connect().unwrap());
    kill(database, lost);
    let mut conn = engine.connect().unwrap();
    assert_eq!(id(&conn), lost, "without pre_ping it is lent as it is");
    let error = failure(conn.execute(text("select 1")));
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert_ne!(id(&conn), lost);
    drop(conn);

    // The guard of a transaction on a dead session: an error, never a hang, and the next one works.
    let engine = database.engine(1);
    kill(database, id(&engine.connect().unwrap()));
    let result = engine.transaction(|tx| tx.scalar::<i64>(text("select 1")));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Disconnected);
    assert_eq!(engine.transaction(|tx| tx.scalar::<i64>(text("select 1"))).unwrap(), 1);
    passed("2 idle sessions killed")
}

/// What a restart does: every session is gone. With pre_ping nobody sees an error, and one ping tells of all.
fn killed_and_pinged(database: &Database) -> Outcome {
    server_or_skip!(database);
    const COUNT: usize = 4;
    let engine = database.builder().pool_size(COUNT).max_overflow(0).pre_ping(true).build().unwrap();
    let leases: Vec<Connection> = (0..COUNT).map(|_| engine.connect().unwrap()).collect();
    let lost: BTreeSet<u64> = leases.iter().map(id).collect();
    drop(leases);
    for session in &lost {
        kill(database, *session);
    }
    let mut leases: Vec<Connection> = (0..COUNT).map(|_| engine.connect().unwrap()).collect();
    for conn in &mut leases {
        assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
        assert!(!lost.contains(&id(conn)), "a dead one is replaced, and what is as old with it");
    }
    let counters = engine.pool().counters();
    assert_eq!((counters.pings, counters.ping_failures, counters.opened), (1, 1, 2 * COUNT as u64));
    drop(leases);
    // One of them only: those as old as it are replaced without having been asked.
    let lease = engine.connect().unwrap();
    let (before, session) = (engine.pool().counters(), id(&lease));
    drop(lease);
    kill(database, session);
    let mut seen = BTreeSet::new();
    for _ in 0..COUNT {
        let mut conn = engine.connect().unwrap();
        assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
        seen.insert(id(&conn));
    }
    let counters = engine.pool().counters();
    assert!(!seen.contains(&session) && counters.ping_failures == before.ping_failures + 1);
    passed(format!("{} sessions killed, no error", COUNT + 1))
}

fn killed_is_told(database: &Database) -> Outcome {
    server_or_skip!(database);
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert!(!conn.is_invalidated());
    kill(database, id(&conn));
    let error = failure(conn.execute(text("select 1")));
    assert!(error.is_disconnect() && error.invalidates_pool(), "{error:?}");
    assert!(conn.is_invalidated() && conn.in_transaction());
    conn.rollback().unwrap();
    assert!(!conn.in_transaction());
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert!(!conn.is_invalidated());
    assert_eq!(engine.pool().counters().invalidated, 1);
    passed("1 session killed")
}

fn killed_before_commit(database: &Database) -> Outcome {
    server_or_skip!(database);
    let engine = database.engine(1);
    table(&mut engine.connect().unwrap(), "conf_session", "i int");
    let mut conn = engine.connect().unwrap();
    conn.execute(text("insert into conf_session values (1)")).unwrap();
    kill(database, id(&conn));
    let error = conn.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:?}");
    assert!(!error.is_retryable(), "running it again could do it twice");
    assert!(error.is_disconnect());
    assert_eq!(error.sql(), Some("COMMIT"));
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_session"), 0);
    drop(conn);
    let result = engine.transaction(|tx| {
        tx.execute(text("insert into conf_session values (1)"))?;
        kill(database, id(tx));
        Ok(())
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::CommitUnknown);
    assert_eq!(count(&mut engine.connect().unwrap(), "conf_session"), 0);
    assert_eq!(engine.pool().status().leased, 0);
    passed("2 commits of unknown outcome")
}

fn killed_while_reading(database: &Database) -> Outcome {
    server_or_skip!(database);
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    table(&mut conn, "conf_session", "pad varchar(1000)");
    let rows = (0..10_000).map(|_| ("p".repeat(1000),));
    conn.execute_many(text("insert into conf_session values (:pad)"), rows).unwrap();
    conn.commit().unwrap();
    let session = id(&conn);
    // More than the sockets' buffers hold, so that the end cannot be on its way already.
    let mut rows =
        conn.execute(text("select a.pad from conf_session a, conf_session b limit 1000000")).unwrap();
    rows.next().unwrap().unwrap();
    kill(database, session);
    let error = loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the answer seems complete"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert!(error.sql().is_some());
    assert!(rows.next().unwrap().is_none(), "after the error there is nothing");
    drop(rows);
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    super::run_raw(&mut conn, "drop table conf_session");
    conn.commit().unwrap();
    passed("the answer ends with an error, not early")
}

fn exhausted(database: &Database) -> Outcome {
    let engine = database
        .builder()
        .pool_size(1)
        .max_overflow(1)
        .pool_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    // By another thread: whoever holds all there is and asks for more is told at once.
    let lease = || [engine.connect().unwrap(), engine.connect().unwrap()];
    let held = std::thread::scope(|scope| scope.spawn(lease).join().unwrap());
    let start = Instant::now();
    let error = engine.connect().unwrap_err();
    assert!((200..2000).contains(&start.elapsed().as_millis()));
    assert_eq!(error.kind(), ErrorKind::PoolTimeout);
    assert!(error.is_retryable() && !error.is_disconnect());
    for part in [
        "no connection came free within 200ms (size 1, overflow 1, leased 2, idle 0, waiting 0); held longest: since ",
        "sessions.rs:",
        "; return connections sooner, or raise the pool's size, overflow or timeout",
    ] {
        assert!(error.to_string().contains(part), "{error}: {part}");
    }
    assert_eq!(engine.begin().map(drop).unwrap_err().kind(), ErrorKind::PoolTimeout);
    drop(held);
    let held = lease();
    let error = engine.connect().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NestedCheckout, "{error}");
    drop(held);
    assert_eq!(engine.connect().unwrap().scalar::<i64>(text("select 1")).unwrap(), 1);
    let status = engine.pool().status();
    assert_eq!((status.leased, status.idle, status.waiting), (0, 1, 0));
    passed("2 checkouts timed out, 1 was nested")
}

/// The URL with another password, port or user.
fn url(database: &Database, password: &str, port: Option<u16>) -> String {
    let url: Url = database.url();
    let host = &url.hosts()[0];
    let port = port.or(host.port).unwrap();
    let (scheme, user, name) = (url.backend().scheme(), url.user().unwrap(), url.database().unwrap());
    format!("{scheme}://{user}:{password}@{}:{port}/{name}", host.name)
}

fn wrong_password(database: &Database) -> Outcome {
    server_or_skip!(database);
    let mut refused = 0;
    for password in ["wr0ng-secret", "", "wr0ng-%40-secret"] {
        let engine = Engine::new(url(database, password, None)).unwrap();
        for _ in 0..2 {
            let error = engine.connect().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{error:?}");
            assert!(!error.is_retryable(), "trying again does not help");
            let all = format!("{} {engine:?}", prints(&error));
            assert!(!all.contains("wr0ng"), "{all}");
            refused += 1;
        }
        assert_eq!(engine.pool().status().leased, 0);
    }
    // A database that is not there.
    let right = database.url().to_string_with_password();
    let name = database.url().database().unwrap().to_owned();
    let (rest, _) = right.rsplit_once(&name).unwrap();
    let error = Engine::new(format!("{rest}conf_no_such_database")).unwrap().connect().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error:?}");
    assert!(!prints(&error).contains(database.url().password().unwrap()));
    passed(format!("{} refused", refused + 1))
}

fn nobody(database: &Database) -> Outcome {
    if database.url().backend() == Backend::Sqlite {
        let error = Engine::new("sqlite:////nowhere/at/all.db").unwrap().connect().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(error.to_string().contains("/nowhere/at/all.db"), "{error}");
        return passed("1 file that is not there");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Takes the connection and says nothing.
    let engine = Engine::builder(url(database, "wr0ng", Some(port))).unwrap();
    let engine = engine.connect_timeout(Duration::from_secs(1)).build().unwrap();
    let start = Instant::now();
    let error = engine.connect().unwrap_err();
    let waited = start.elapsed();
    assert!((900..2000).contains(&waited.as_millis()), "waited {waited:?}");
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(error.is_retryable());
    assert!(!prints(&error).contains("wr0ng"));
    // By the URL's option as well.
    let start = Instant::now();
    let by_url = Engine::new(format!("{}?connect_timeout=1", url(database, "wr0ng", Some(port)))).unwrap();
    assert_eq!(by_url.connect().unwrap_err().kind(), ErrorKind::Connect);
    assert!(start.elapsed() < Duration::from_secs(2));
    drop(listener);
    let start = Instant::now();
    let error = engine.connect().unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(900), "refused at once");
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(error.chain().contains(&port.to_string()), "says where: {}", error.chain());
    assert!(!prints(&error).contains("wr0ng"));
    assert_eq!(engine.pool().status().leased, 0);
    // Who waits for a pool whose server is gone is told what is wrong.
    passed(format!("silent: given up after {:.1} s; closed: at once", waited.as_secs_f64()))
}

fn disposed(database: &Database) -> Outcome {
    let engine = database.engine(2);
    let mut held = engine.connect().unwrap();
    table(&mut held, "conf_session", "i int");
    let idle = engine.connect().unwrap();
    drop(idle);
    held.execute(text("insert into conf_session values (1)")).unwrap();
    engine.dispose();
    assert_eq!(engine.pool().status().idle, 0);
    held.commit().unwrap();
    assert_eq!(count(&mut engine.connect().unwrap(), "conf_session"), 1);
    drop(held);
    let status = engine.pool().status();
    assert_eq!((status.leased, status.idle), (0, 1), "what was lent before is closed on its way back");
    passed("1 lease outlived its pool")
}

/// A statement is written for the server that it goes to, also when the connection is lost and has to be made first: MariaDB has a
/// RETURNING where MySQL has none, and a URL of `mysql://` may lead to either.
fn anew(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    table(&mut conn, "conf_session", "i int");
    conn.execute(text("insert into conf_session values (1), (2)")).unwrap();
    conn.commit().unwrap();
    let found = Table::reflect(&mut conn, "conf_session").unwrap();
    let gone = |number: i32| {
        delete_from(&found).filter(found.typed::<i64>("i").eq(number)).returning(found.typed::<i64>("i"))
    };
    let before = conn.fetch_all::<(i64,)>(gone(1)).map_err(|error| error.kind());
    conn.commit().unwrap();
    conn.invalidate();
    let after = conn.fetch_all::<(i64,)>(gone(2)).map_err(|error| error.kind());
    match (before, after) {
        (Ok(before), Ok(after)) => assert_eq!((before, after), (vec![(1,)], vec![(2,)])),
        both => assert_eq!(both, (Err(ErrorKind::Unsupported), Err(ErrorKind::Unsupported))),
    }
    passed("the same before and after the connection was made anew")
}

/// What is sent meanwhile ends an answer that waits, and it says so: a part of the rows must not look like all.
fn paused(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    let others: [fn(&mut Connection); 3] = [
        |conn| conn.commit().unwrap(),
        |conn| conn.rollback().unwrap(),
        |conn| {
            conn.savepoint().unwrap();
        },
    ];
    for other in others {
        let rows = text("select 1 union all select 2 union all select 3");
        let mut waiting = conn.execute_paused(rows).unwrap();
        let first = conn.resume(waiting, |rows| Ok(rows.next()?.is_some())).unwrap();
        assert!(first.0);
        waiting = first.1;
        other(&mut conn);
        let error = conn.resume(waiting, |rows| rows.next().map(|_| ())).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidState);
    }
    passed("by a commit, a rollback, a savepoint")
}
