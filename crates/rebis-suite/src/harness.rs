//! Runs cases one by one, each in a process of its own, with a deadline that a hang does not survive.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use crate::databases::CONNECTIONS;

/// One case. It panics to fail.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name, to run it alone: `cargo test --test fork -- NAME`.
    pub name: String,
    /// How long it may take; then its process group is killed and it has failed.
    pub deadline: Duration,
    /// What it does; the text says what was counted.
    pub run: fn(&str) -> Outcome,
}

/// What came of a case that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed; the text is what it counted.
    Passed(String),
    /// It could not run here; the text is why.
    Skipped(String),
}

/// A case to be run on each database: its name, its deadline in seconds, what it does with `name@database`.
pub type Scenario = (&'static str, u64, fn(&str) -> Outcome);

/// Each scenario on each database.
pub fn on_every_database(scenarios: &[Scenario]) -> Vec<Case> {
    on_each(scenarios, &["sqlite", "mysql", "postgresql"])
}

/// Each scenario over each way to a database: plain, TLS, unix socket, both journal modes.
pub fn on_every_connection(scenarios: &[Scenario]) -> Vec<Case> {
    on_each(scenarios, &CONNECTIONS)
}

fn on_each(scenarios: &[Scenario], databases: &[&str]) -> Vec<Case> {
    let case = |&(name, seconds, run): &Scenario, database: &&str| Case {
        name: format!("{name}@{database}"),
        deadline: Duration::from_secs(seconds),
        run,
    };
    scenarios
        .iter()
        .flat_map(|scenario| databases.iter().map(move |database| case(scenario, database)))
        .collect()
}

/// It passed, and counted this.
pub fn passed(text: impl Into<String>) -> Outcome {
    Outcome::Passed(text.into())
}

const SKIPPED: u8 = 77;

/// The `main` of a test binary: without arguments runs all cases; with names, those that contain one of them.
pub fn main(cases: &[Case]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name] = arguments.as_slice()
        && flag == "--case"
    {
        return run_here(cases, name);
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in
        cases.iter().filter(|case| wanted.is_empty() || wanted.iter().any(|name| case.name.contains(*name)))
    {
        let start = Instant::now();
        let verdict = match run_apart(case) {
            Some(status) if status.success() => {
                passed += 1;
                "ok"
            }
            Some(status) if status.code() == Some(SKIPPED.into()) => {
                skipped += 1;
                "skipped"
            }
            Some(_) => {
                failed += 1;
                "FAILED"
            }
            None => {
                failed += 1;
                "FAILED: deadline passed"
            }
        };
        println!("test {} ... {verdict} ({:.1} s)", case.name, start.elapsed().as_secs_f64());
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_here(cases: &[Case], name: &str) -> ExitCode {
    let Some(case) = cases.iter().find(|case| case.name == name) else {
        eprintln!("there is no case {name}");
        return ExitCode::FAILURE;
    };
    let (text, code) = match (case.run)(name) {
        Outcome::Passed(text) => (text, ExitCode::SUCCESS),
        Outcome::Skipped(why) => (format!("skipped: {why}"), ExitCode::from(SKIPPED)),
    };
    println!("  {text}");
    let _ = std::io::stdout().flush();
    code
}

/// `None` when the deadline passed.
fn run_apart(case: &Case) -> Option<ExitStatus> {
    let program = std::env::current_exe().expect("the test binary has a path");
    // A group of its own, so that a case that hangs is killed with all its children.
    let mut child = Command::new(program)
        .args(["--case", &case.name])
        .process_group(0)
        .spawn()
        .expect("the test binary runs");
    let status = wait(&mut child, case.deadline);
    kill_group(&child);
    if status.is_none() {
        let _ = child.wait();
    }
    status
}

fn wait(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < deadline {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Also after success: a case must not leave children behind that disturb the next one.
#[allow(unsafe_code)]
fn kill_group(child: &Child) {
    let group = i32::try_from(child.id()).expect("a pid is an i32");
    // SAFETY: kill has no preconditions; the group is the one made for this child.
    unsafe { libc::kill(-group, libc::SIGKILL) };
}
