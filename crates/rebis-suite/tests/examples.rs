//! The small examples, run as programs on every database. (`flights_etl` has a test of its own.)
#![allow(clippy::expect_used)]

use std::process::{Command, ExitCode, Stdio};

use rebis_suite::database_or_skip;
use rebis_suite::examples::program;
use rebis_suite::harness::{self, Outcome, passed};

fn main() -> ExitCode {
    harness::main(&harness::on_every_database(&[
        ("pid_guard", 300, pid_guard),
        ("plain_sql", 300, plain_sql),
    ]))
}

/// Its own assertions say that the guard fired; here is looked at that they were reached.
fn pid_guard(case: &str) -> Outcome {
    run(
        case,
        &[
            "with the guard: refused 1 connection in the child, which then read 1 row on its own",
            "without it: refused 0, and the child read 1 row on its own all the same",
            "the parent committed, on the 2 connections that it had opened",
        ],
    )
}

fn plain_sql(case: &str) -> Outcome {
    run(
        case,
        &["1 ed", "3 eve", "1 is taken", "4 users; pool: size 5, overflow 10, leased 0, idle 1, waiting 0"],
    )
}

/// Runs the example of the case's name on its database; it must print these.
fn run(case: &str, expected: &[&str]) -> Outcome {
    let database = database_or_skip!(case);
    let (example, _) = case.split_once('@').expect("a case is named scenario@database");
    let output = Command::new(program(example))
        .arg(database.url().to_string_with_password())
        .stdin(Stdio::null())
        .output()
        .expect("the example runs");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    for line in expected {
        assert!(said.contains(line), "it does not say {line:?}, but:\n{said}");
    }
    passed(format!("it said {} things that it should", expected.len()))
}
