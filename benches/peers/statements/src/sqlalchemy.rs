//! SQLAlchemy, in the Python of `REBIS_BENCH_PYTHON`.

use std::process::{Command, Stdio};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/statements.py");

/// A line of its program: the name, then the cost of each round in nanoseconds, divided by tabs.
fn costs(line: &str) -> Option<(String, Vec<f64>)> {
    let (name, costs) = line.split_once('\t')?;
    Some((name.to_owned(), costs.split('\t').filter_map(|cost| cost.parse().ok()).collect()))
}

pub fn run(join: bool, count: u32) -> Result<Vec<(String, Vec<f64>)>, String> {
    let python = std::env::var("REBIS_BENCH_PYTHON").map_err(|_| "no Python with it was named")?;
    let kind = if join { "join" } else { "everyday" };
    let mut command = Command::new(python);
    command.args([PROGRAM, kind, &(count / 10).to_string()]).stderr(Stdio::inherit());
    let done = command.output().map_err(|error| error.to_string())?;
    if !done.status.success() {
        return Err(format!("its program failed: {}", done.status));
    }
    Ok(String::from_utf8_lossy(&done.stdout).lines().filter_map(costs).collect())
}
