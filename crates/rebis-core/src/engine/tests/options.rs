//! Settings: of an engine, of its views, of a connection.

use super::*;
use crate::driver::scripted::ScriptedClock;
use crate::pool::Order;
use crate::{PoolKind, ResetOnReturn};

#[test]
fn levels_are_the_dialects_words() {
    let begins = |dialect, level| {
        let (script, engine) = scripted_as(dialect);
        let mut conn = engine.connect().unwrap();
        let set = conn.set_isolation_level(level).map_err(|error| error.kind());
        conn.execute(text("q")).unwrap();
        assert_eq!(conn.set_isolation_level(level).is_err(), conn.in_transaction());
        (
            set,
            script
                .calls()
                .into_iter()
                .filter(|call| call.contains("begin") || call.contains("SET"))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        begins(Dialect::POSTGRESQL, IsolationLevel::Serializable).1,
        ["1 begin BEGIN ISOLATION LEVEL SERIALIZABLE"]
    );
    assert_eq!(
        begins(Dialect::MYSQL, IsolationLevel::ReadCommitted).1,
        ["1 control SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "1 begin BEGIN",]
    );
    assert_eq!(begins(Dialect::SQLITE, IsolationLevel::Serializable).1, ["1 begin BEGIN"]);
    assert_eq!(begins(Dialect::SQLITE, IsolationLevel::RepeatableRead).0, Err(ErrorKind::Unsupported));
    assert!(begins(Dialect::POSTGRESQL, IsolationLevel::Autocommit).1.is_empty());
}

#[test]
fn unknown_url_options_and_drivers_are_errors() {
    let error = Engine::new("sqlite:///a.db?busy=1").unwrap_err();
    assert!(error.to_string().contains("'busy'") && error.to_string().contains("busy_timeout"), "{error}");
    assert_eq!(Engine::new("nosql://x").unwrap_err().kind(), ErrorKind::Url);
}

#[test]
fn sqlite_in_memory_keeps_its_one_connection() {
    let engine = Engine::new("sqlite://").unwrap();
    engine.transaction(|tx| tx.execute(text("create table t (i int)")).map(|_| ())).unwrap();
    assert_eq!(engine.connect().unwrap().scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
}

/// What shows of an engine's settings in what it does: sizes, order, age, signs of life, reset, listeners.
fn observe(script: &Script, engine: &Engine, clock: &ScriptedClock) -> Vec<String> {
    let (heard, status) = during(script, || {
        let leases = [engine.connect().unwrap(), engine.connect().unwrap(), engine.connect().unwrap()];
        let error = std::thread::scope(|scope| scope.spawn(|| kind(engine.connect())).join().unwrap());
        assert_eq!(error, ErrorKind::PoolTimeout);
        let status = engine.pool().status().to_string();
        leases.into_iter().for_each(drop);
        drop(engine.connect().unwrap());
        clock.advance(Duration::from_secs(61));
        drop(engine.connect().unwrap());
        status
    });
    // Numbers of connections go on counting.
    let heard =
        heard.into_iter().map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned());
    heard.chain([status]).collect()
}

#[test]
fn recreate_keeps_all_but_the_connections_a16() {
    let (script, clock) = (Script::new(), ScriptedClock::default());
    let engine = builder(&script, Dialect::POSTGRESQL)
        .pool_size(2)
        .max_overflow(1)
        .pool_order(Order::LastInFirstOut)
        .pool_recycle(Duration::from_secs(60))
        .pre_ping(true)
        .reset_on_return(ResetOnReturn::Session)
        .clock(&clock)
        .logging_token("one")
        .build()
        .unwrap();
    hear(&script, &engine);
    let noted = script.clone();
    engine.pool().on_connect(move |_, _| {
        noted.note("connect!");
        Ok(())
    });
    let seen = observe(&script, &engine, &clock);
    for part in [" ping", " reset_session", "connect!", "engine_connect!", "size 2, overflow 1, leased 3"] {
        assert!(seen.iter().any(|line| line.starts_with(part)), "{seen:?}: {part}");
    }
    let before = script.opened();
    let copy = engine.recreate();
    assert_eq!((copy.pool().status().idle, script.opened()), (0, before), "nothing is opened");
    assert_eq!(observe(&script, &copy, &clock), seen);
    assert_eq!(format!("{copy:?}"), format!("{engine:?}"));
}

#[test]
fn sqlite_files_have_a_queue_and_memory_one_connection_a49() {
    let status = |url: &str| Engine::new(url).unwrap().pool().status().to_string();
    assert_eq!(status("sqlite:////tmp/a.db"), "size 5, overflow 10, leased 0, idle 0, waiting 0");
    for memory in ["sqlite://", "sqlite:///:memory:"] {
        assert_eq!(status(memory), "size 1, overflow 0, leased 0, idle 0, waiting 0", "{memory}");
    }
    for kind_ in [PoolKind::Null, PoolKind::SingletonThread, PoolKind::Assertion] {
        let built = Engine::builder("sqlite://").unwrap().pool(kind_).build();
        assert_eq!(kind(built), ErrorKind::Configuration, "another connection is another database");
    }
    Engine::builder("sqlite://").unwrap().pool(PoolKind::Static).build().unwrap();
}

#[test]
fn a_level_ends_with_the_lease_c35() {
    let (script, engine) = scripted();
    let begun = |run: &mut dyn FnMut()| {
        let (calls, ()) = during(&script, run);
        calls.into_iter().find(|call| call.contains("begin"))
    };
    let serializable = Some("1 begin BEGIN ISOLATION LEVEL SERIALIZABLE".to_owned());
    let seen = begun(&mut || {
        let mut conn = engine.connect().unwrap();
        conn.set_isolation_level(IsolationLevel::Serializable).unwrap();
        conn.execute(text("q")).unwrap();
    });
    assert_eq!(seen, serializable);
    let plain = || drop(engine.connect().unwrap().execute(text("q")).unwrap());
    assert_eq!(begun(&mut || plain()), Some("1 begin BEGIN".to_owned()));
    // A view's level is that of all its connections, the engine's own stays.
    let view = engine
        .execution_options(|options| options.isolation_level = Some(IsolationLevel::Serializable))
        .unwrap();
    for _ in 0..2 {
        assert_eq!(begun(&mut || drop(view.begin().unwrap())), serializable);
        assert_eq!(begun(&mut || plain()), Some("1 begin BEGIN".to_owned()));
    }
}

#[test]
fn levels_have_names_c37() {
    use IsolationLevel::{Autocommit, ReadCommitted, ReadUncommitted, RepeatableRead, Serializable};
    let names = [
        ("read uncommitted", ReadUncommitted),
        ("READ_COMMITTED", ReadCommitted),
        ("repeatable_read", RepeatableRead),
        ("REPEATABLE READ", RepeatableRead),
        ("Serializable", Serializable),
        ("autocommit", Autocommit),
    ];
    for (name, level) in names {
        assert_eq!(name.parse::<IsolationLevel>().unwrap(), level);
    }
    let error = "snapshot".parse::<IsolationLevel>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("'snapshot'"));
    for name in ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "AUTOCOMMIT"] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// Where Rebis differs: at Autocommit there are no transactions, so there is nothing to tell.
#[test]
fn autocommit_has_no_transactions_c38() {
    let (script, engine) = heard();
    let mut conn = engine.connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    let heard = ends(&script, || {
        conn.execute(text("q")).unwrap();
        assert!(!conn.in_transaction());
        conn.commit().unwrap();
        conn.rollback().unwrap();
        assert_eq!(kind(conn.begin()), ErrorKind::InvalidState);
    });
    assert!(heard.is_empty(), "{heard:?}");
}

/// There is no rollback to leave out: with no transaction open the driver's reset sends nothing.
#[test]
fn at_autocommit_a_return_asks_for_no_rollback_a26() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    conn.execute(text("q")).unwrap();
    drop(conn);
    assert_eq!(script.calls(), ["1 connect", "1 execute q", "1 reset"]);
}

#[test]
fn settings_come_from_a_configuration() {
    let engine = |settings: &[(&str, &str)]| {
        let all = settings.iter().copied().chain([("db.url", "sqlite:////tmp/a.db"), ("other", "x")]);
        Engine::from_config(all, "db.")
    };
    let status = engine(&[("db.pool_size", "2"), ("db.max_overflow", "unlimited")]).unwrap();
    assert_eq!(status.pool().status().to_string(), "size 2, overflow unlimited, leased 0, idle 0, waiting 0");
    let whole = [
        ("db.pool", "queue"),
        ("db.pool_timeout", "0.5"),
        ("db.pool_recycle", "3600"),
        ("db.connect_timeout", "3"),
        ("db.leak_threshold", "60"),
        ("db.pool_use_lifo", "true"),
        ("db.pool_pre_ping", "on"),
        ("db.echo", "no"),
        ("db.hide_parameters", "1"),
        ("db.pool_reset_on_return", "session"),
        ("db.isolation_level", "serializable"),
        ("db.pool_recycle_jitter", "0.25"),
        ("db.pool_ping_after", "1.5"),
        ("db.connect_attempts", "7"),
        ("db.read_only", "yes"),
        ("db.statement_timeout", "2.5"),
        ("db.logging_token", "till"),
    ];
    // Each does what the builder's method does.
    let seconds = |seconds| Duration::from_secs_f64(seconds);
    let built = Engine::builder("sqlite:////tmp/a.db").unwrap();
    let built = built.pool(PoolKind::Queue).pool_timeout(seconds(0.5)).pool_recycle(seconds(3600.0));
    let built =
        built.connect_timeout(seconds(3.0)).leak_threshold(seconds(60.0)).pool_order(Order::LastInFirstOut);
    let built =
        built.pre_ping(true).echo(false).hide_parameters(true).reset_on_return(ResetOnReturn::Session);
    let built =
        built.isolation_level(IsolationLevel::Serializable).recycle_jitter(0.25).ping_after(seconds(1.5));
    let built =
        built.connect_attempts(7).read_only(true).statement_timeout(seconds(2.5)).logging_token("till");
    let built = built.build().unwrap();
    let configured = engine(&whole).unwrap();
    assert_eq!(format!("{:?}", configured.0.core.pool), format!("{:?}", built.0.core.pool));
    assert_eq!(format!("{:?}", configured.0.options), format!("{:?}", built.0.options));
    for (name, value) in whole {
        if value != "queue" && name != "db.logging_token" {
            let error = engine(&[(name, "s3cret")]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(name) && !error.to_string().contains("s3cret"), "{error}");
        }
    }
    assert!(engine(&[("db.size", "1")]).unwrap_err().to_string().contains("'db.size' is not known"));
    assert_eq!(kind(engine(&[("db.isolation_level", "read committed")])), ErrorKind::Unsupported);
    assert_eq!(kind(Engine::from_config([("db.echo", "true")], "db.")), ErrorKind::Configuration);
}
