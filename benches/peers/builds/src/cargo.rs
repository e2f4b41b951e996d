//! Cargo on an application, timed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;

/// What a run took: on the clock, and of the processors, which other work on the machine changes less.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub clock: f64,
    pub processors: f64,
}

/// Cargo with the settings that a user has who sets none.
pub fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(home).stdin(Stdio::null()).stdout(Stdio::null());
    // Those of the cargo that runs this program, and of a frugal machine.
    for name in [
        "CARGO_INCREMENTAL",
        "CARGO_TARGET_DIR",
        "CARGO_MANIFEST_DIR",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn run(home: &Path, arguments: &[&str]) -> Result<Taken> {
    let (began, before) = (Instant::now(), children()?);
    let output = command(home, arguments).stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "cargo {} in {}: {}\n{text}",
            arguments.join(" "),
            home.display(),
            output.status
        )
        .into());
    }
    Ok(Taken { clock: began.elapsed().as_secs_f64(), processors: children()? - before })
}

/// Seconds of the processors that all ended children have had.
fn children() -> Result<f64> {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may contain anything; the 14th and 15th field behind it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}
