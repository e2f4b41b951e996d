//! Signs of life, attempts to connect, and error handlers at a checkout.

use super::*;

fn pings(script: &Script) -> usize {
    count_calls(script, "ping")
}

#[test]
fn a_new_connection_is_not_pinged_a55() {
    let script = Script::new();
    let pool = queue(&script, |options| options.pre_ping = true);
    drop(lend(&pool).unwrap());
    assert_eq!(pings(&script), 0);
    drop(lend(&pool).unwrap());
    assert_eq!(pings(&script), 1);
    lend(&pool).unwrap().invalidate(None);
    drop(lend(&pool).unwrap());
    assert_eq!((pings(&script), script.opened()), (2, 2), "just reopened");
    drop(lend(&pool).unwrap());
    assert_eq!(pings(&script), 3);
}

#[test]
fn pre_ping_replaces_silently_and_distrusts_the_others_a56() {
    let script = Script::new();
    let pool = queue(&script, |options| options.pre_ping = true);
    let leases = [lend(&pool).unwrap(), lend(&pool).unwrap()];
    drop(leases);
    script.fail("ping", 1, lost);
    let first = lend(&pool).unwrap();
    assert_eq!((pings(&script), script.opened(), script.closed()), (1, 3, 1));
    let second = lend(&pool).unwrap();
    assert_eq!(
        (pings(&script), script.opened(), script.closed()),
        (1, 4, 2),
        "older than the loss: replaced without a ping"
    );
    drop((first, second));
}

#[test]
fn a_ping_that_fails_otherwise_reaches_the_caller_a58() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.pre_ping = true;
        be_patient(options, 1);
    });
    drop(lend(&pool).unwrap());
    script.fail("ping", 1, || Error::new(ErrorKind::Statement, "what is a ping?"));
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Statement);
    assert_eq!((pool.status().leased, script.closed()), (0, 1));
    drop(lend(&pool).unwrap());
}

#[test]
fn a_handler_turns_an_error_of_a_ping_into_a_disconnect_a58() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    listeners.handle_error.push(Box::new(|context| {
        assert!(context.is_pre_ping());
        context.set_disconnect(true);
    }));
    let pool = listened(&script, &listeners, |options| options.pre_ping = true);
    drop(lend(&pool).unwrap());
    script.fail("ping", 1, || Error::new(ErrorKind::Statement, "read-only standby"));
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (2, 1), "replaced silently");
}

#[test]
fn a_handler_turns_a_dead_ping_into_an_error_a58() {
    let script = Script::new();
    let listeners = Arc::new(PoolListeners::default());
    listeners.handle_error.push(Box::new(|context| context.set_disconnect(false)));
    let pool = listened(&script, &listeners, |options| options.pre_ping = true);
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    script.fail("ping", 1, lost);
    let error = lend(&pool).map(|_| ()).unwrap_err();
    assert!(error.kind() == ErrorKind::Disconnected && !error.is_disconnect());
    assert_eq!((pool.status().leased, script.opened(), script.closed()), (0, 2, 1));
    drop(lend(&pool).unwrap());
    assert_eq!(script.opened(), 2, "the other one is trusted");
}

#[test]
fn ping_after_spares_what_was_just_used() {
    let (script, clock) = (Script::new(), ScriptedClock::default());
    let pool = queue(&script, |options| {
        options.pre_ping = true;
        options.ping_after = Duration::from_secs(5);
        options.clock = clock.clock();
    });
    drop(lend(&pool).unwrap());
    for seconds in [1, 4] {
        clock.advance(Duration::from_secs(seconds));
        drop(lend(&pool).unwrap());
    }
    assert_eq!(pings(&script), 0, "it idled for four seconds at most");
    clock.advance(Duration::from_secs(5));
    drop(lend(&pool).unwrap());
    assert_eq!(pings(&script), 1);
}

#[test]
fn connecting_is_tried_again_with_growing_pauses() {
    let script = Script::new();
    let pool = queue(&script, |options| {
        options.connect_attempts = 4;
        options.timeout = Duration::from_secs(30);
    });
    script.fail("connect", 3, refused);
    let start = Instant::now();
    drop(lend(&pool).unwrap());
    // 50, 100 and 200 ms, half of each at random.
    assert!(start.elapsed() >= Duration::from_millis(175), "{:?}", start.elapsed());
    assert_eq!((pool.counters().connect_failures, count_calls(&script, "connect")), (3, 4));
}

#[test]
fn attempts_end() {
    let script = Script::new();
    let attempts = |attempts, timeout, error: fn() -> Error| {
        let pool = queue(&script, |options| {
            options.connect_attempts = attempts;
            options.timeout = timeout;
        });
        script.fail("connect", 1000, error);
        let start = Instant::now();
        assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), error().kind());
        assert_eq!(pool.status().leased, 0);
        assert!(start.elapsed() < Duration::from_secs(10));
        pool.counters().connect_failures
    };
    assert_eq!(attempts(2, Duration::from_secs(30), refused), 2);
    // No attempt begins after the pool's timeout: with 50 ms to go, the first pause may be too long already.
    assert!((1..=2).contains(&attempts(1000, Duration::from_millis(50), refused)));
    let script = Script::new();
    let pool = queue(&script, |options| options.connect_attempts = 5);
    script.fail("connect", 1, || Error::new(ErrorKind::Authentication, "who are you?"));
    assert_eq!(lend(&pool).map(|_| ()).unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(pool.counters().connect_failures, 1, "trying again does not make a password right");
}
