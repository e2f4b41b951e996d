//! Connections that are out for long are reported, once.

use tracing::Level;

use super::*;
use crate::process::capture::logged;

fn watched() -> (Script, ScriptedClock, Arc<Lending>) {
    let (script, clock) = (Script::new(), ScriptedClock::default());
    let pool = queue(&script, |options| {
        options.leak_threshold = Some(Duration::from_secs(60));
        options.clock = clock.clock();
    });
    (script, clock, pool)
}

fn reports(run: impl FnOnce()) -> Vec<String> {
    let (lines, ()) = logged(Level::INFO, run);
    lines.into_iter().filter(|line| line.contains("checked_out_at")).collect()
}

#[test]
fn a_leak_is_reported_at_the_next_checkout_once() {
    let (_script, clock, pool) = watched();
    let line = line!() + 1;
    let leaked = lend(&pool).unwrap();
    clock.advance(Duration::from_secs(60));
    assert!(reports(|| drop(lend(&pool).unwrap())).is_empty(), "not yet");
    clock.advance(Duration::from_secs(1));
    let lines = reports(|| {
        drop(lend(&pool).unwrap());
        drop(lend(&pool).unwrap());
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["WARN", &format!("leaks.rs:{line}:"), "held_for=61s", "leaked, or a long transaction"] {
        assert!(lines[0].contains(part), "{}: {part}", lines[0]);
    }
    let lines = reports(|| drop(leaked));
    assert!(lines.len() == 1 && lines[0].contains("INFO") && lines[0].contains("no leak"), "{lines:?}");
    assert_eq!(pool.counters().leaks, 1);
}

#[test]
fn a_late_return_is_reported_once_for_each_lease() {
    let (_script, clock, pool) = watched();
    for round in 1..=2 {
        let lease = lend(&pool).unwrap();
        clock.advance(Duration::from_secs(61));
        let lines = reports(|| drop(lease));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("WARN") && lines[0].contains("and is back"), "{lines:?}");
        assert_eq!(pool.counters().leaks, round);
    }
    let lease = lend(&pool).unwrap();
    clock.advance(Duration::from_secs(59));
    assert!(reports(|| drop(lease)).is_empty());
}

#[test]
fn leases_are_listed_longest_first() {
    let (_script, clock, pool) = watched();
    let line = line!() + 1;
    let old = lend(&pool).unwrap();
    clock.advance(Duration::from_secs(2));
    let young = lend(&pool).unwrap();
    clock.advance(Duration::from_secs(1));
    let leases = pool.leases();
    let seen: Vec<_> = leases.iter().map(|lease| (lease.checked_out_at.line(), lease.held_for)).collect();
    assert_eq!(seen, [(line, Duration::from_secs(3)), (line + 2, Duration::from_secs(1))]);
    drop(old);
    assert_eq!(pool.leases().len(), 1);
    drop(young);
    assert!(pool.leases().is_empty());
}
