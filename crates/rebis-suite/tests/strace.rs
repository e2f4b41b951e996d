//! By the kernel's own account: on an inherited socket a child does nothing but `fstat` and `close`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rebis::{ErrorKind, text};
use rebis_suite::databases::{CONNECTIONS, of_case};
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Case, Outcome};
use rebis_suite::ledger;

const CHILD: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let case = |name: &str, run| Case { name: name.to_owned(), deadline: Duration::from_secs(120), run };
    let traced = std::env::var_os("REBIS_SUITE_TRACED").is_some();
    let mut cases = Vec::new();
    for backend in CONNECTIONS.into_iter().filter(|name| !name.starts_with("sqlite")) {
        if traced {
            cases.push(case(&format!("inside@{backend}"), inside));
        } else {
            cases.push(case(&format!("children_only_stat_and_close@{backend}"), outside));
        }
    }
    harness::main(&cases)
}

/// Runs `inside` under strace and reads what it wrote.
fn outside(case: &str) -> Outcome {
    if let Err(why) = of_case(case) {
        return Outcome::Skipped(why);
    }
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return Outcome::Skipped("strace is not installed".into());
    }
    let directory = std::env::temp_dir().join(format!("rebis-strace-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let status = Command::new("strace")
        .args(["-ff", "-y", "-e", "trace=%desc,%network", "-o"])
        .arg(directory.join("trace"))
        .arg(std::env::current_exe().unwrap())
        .args(["--case", &case.replace("children_only_stat_and_close", "inside")])
        .env("REBIS_SUITE_TRACED", "1")
        .status()
        .unwrap();
    assert!(status.success(), "the traced program: {status}");
    let found = read_traces(&directory);
    fs::remove_dir_all(&directory).unwrap();
    found
}

fn read_traces(directory: &Path) -> Outcome {
    let mut traces: BTreeMap<u32, String> = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let pid = path.extension().unwrap().to_string_lossy().parse().unwrap();
        traces.insert(pid, fs::read_to_string(path).unwrap());
    }
    // The parent connects before it forks, so it has the lowest pid.
    let (_, parent) = traces.pop_first().expect("a trace of the parent");
    let inherited: BTreeSet<&str> = parent.lines().flat_map(sockets).collect();
    assert!(inherited.len() >= 3, "the parent's sockets: {inherited:?}");
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for (pid, trace) in &traces {
        for line in trace.lines().filter(|line| sockets(line).any(|socket| inherited.contains(socket))) {
            let call = line.split('(').next().unwrap_or(line);
            // The same system call under its other name.
            let is_fstat = call == "fstat" || (call == "newfstatat" && line.contains("AT_EMPTY_PATH"));
            assert!(is_fstat || call == "close", "process {pid} on an inherited socket: {line}");
            *calls.entry(if is_fstat { "fstat" } else { "close" }).or_default() += 1;
        }
    }
    let (stats, closes) =
        (calls.get("fstat").copied().unwrap_or(0), calls.get("close").copied().unwrap_or(0));
    assert!(closes >= inherited.len(), "the children close their copies: {calls:?}");
    Outcome::Passed(format!(
        "{} processes, {} inherited sockets: {stats} fstat, {closes} close, nothing else",
        traces.len(),
        inherited.len()
    ))
}

/// The `socket:[inode]` in a line of strace.
fn sockets(line: &str) -> impl Iterator<Item = &str> {
    line.split("<socket:[").skip(1).filter_map(|rest| rest.split_once("]>").map(|(inode, _)| inode))
}

/// The traced program: children that use, misuse, drop and ignore what they inherit.
fn inside(case: &str) -> Outcome {
    let database = of_case(case).unwrap();
    let engine = database.engine(4);
    ledger::create(&engine);
    let mut held = engine.connect().unwrap();
    let mut tx = Some(engine.begin().unwrap());
    let mut reader = engine.connect().unwrap();
    drop(engine.connect().unwrap());
    held.execute(text("insert into ledger (worker, seq, token) values (-1, 0, 'parent')")).unwrap();
    tx.as_mut().unwrap().scalar::<i64>(text("select count(*) from ledger")).unwrap();
    let mut rows = Some(reader.execute(text("select 1 union select 2 union select 3")).unwrap());
    let is_forked = |error: rebis::Error| error.kind() == ErrorKind::Forked;
    for kind in [Kind::Fork, Kind::RawClone] {
        fork::expect(kind, CHILD, || 0);
        fork::expect(kind, CHILD, || ledger::work(&engine, 1 + i64::from(kind == Kind::RawClone), 5));
        fork::expect(kind, CHILD, || {
            let refused = held.execute(text("select 1")).is_err_and(is_forked)
                && held.commit().is_err_and(is_forked)
                && rows.as_mut().unwrap().next().is_err_and(is_forked);
            drop(rows.take());
            drop(tx.take());
            engine.dispose();
            drop(engine.clone());
            i32::from(!refused)
        });
    }
    assert_eq!(rows.unwrap().all().unwrap().len(), 3);
    tx.unwrap().commit().unwrap();
    held.commit().unwrap();
    ledger::check(&mut held, [(-1, 1), (1, 5), (2, 5)]);
    Outcome::Passed("the parent is fine".into())
}
