//! SQLAlchemy's QueuePool: measured by Python, its figures read from what it prints.

use crate::contended::Figures;
use crate::subject::Load;
use std::process::{Command, Stdio};

const PROGRAM: &str = include_str!("../python/sqlalchemy_pool.py");
pub const NAME: &str = "SQLAlchemy QueuePool";

/// Nanoseconds of a checkout with its return, one for each round.
pub fn uncontended(python: &str, rounds: usize) -> Vec<f64> {
    ask(python, &["uncontended".into(), rounds.to_string()])
}

pub fn contended(python: &str, users: usize, load: Load, rounds: usize) -> Figures {
    let numbers = [
        users as u128,
        load.hold.as_micros(),
        load.pause.as_micros(),
        load.length.as_millis(),
        rounds as u128,
    ];
    let arguments = numbers.iter().map(ToString::to_string);
    let printed = ask(python, &[vec!["contended".into()], arguments.collect()].concat());
    let [share, p50, p99, p999, per_second @ ..] = &printed[..] else {
        panic!("SQLAlchemy's program printed {printed:?}")
    };
    Figures { per_second: per_second.to_vec(), share: *share, waits: [*p50, *p99, *p999] }
}

fn ask(python: &str, arguments: &[String]) -> Vec<f64> {
    let mut command = Command::new(python);
    command.args(["-c", PROGRAM]).args(arguments).stderr(Stdio::inherit());
    let output = command.output().unwrap_or_else(|error| panic!("{python} does not start: {error}"));
    assert!(output.status.success(), "SQLAlchemy's program failed");
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().map(|number| number.parse().expect("a number")).collect()
}
