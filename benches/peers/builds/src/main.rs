//! How long an application with each peer takes to build, and how large it is: `docs/benchmarks.md`, chapter builds.
//!
//! It writes applications of 10 and of 50 models into a temporary folder, builds them with cargo as their authors would, and
//! removes the folder at the end. Cargo fetches what a peer needs.

mod cargo;
mod lines;
mod peers;
mod report;
mod scratch;
mod sources;
mod steps;

use std::path::PathBuf;
use std::process::ExitCode;

/// Every failure says what failed; the folder is removed on the way out.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: builds [--results PATH] [--only rebis,diesel] [--quick]

  --results PATH  append the figures as lines of JSON
  --only NAMES    of raw, rebis, diesel, sea-orm, toasty
  --quick         the application of 10 models alone: no clean build, no release build, no 50 models";

struct Arguments {
    results: Option<PathBuf>,
    only: Option<Vec<String>>,
    quick: bool,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("builds: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments { results: None, only: None, quick: false };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || given.next().ok_or(format!("{argument} wants a value\n{USAGE}"));
        match argument.as_str() {
            "--results" => arguments.results = Some(value()?.into()),
            "--only" => arguments.only = Some(value()?.split(',').map(str::to_owned).collect()),
            "--quick" => arguments.quick = true,
            _ => return Err(format!("{argument} is not known\n{USAGE}").into()),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |peer: &&peers::Peer| {
        arguments.only.as_ref().is_none_or(|only| only.iter().any(|name| name == peer.name))
    };
    let chosen: Vec<&peers::Peer> = peers::PEERS.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(format!("--only names none of the peers\n{USAGE}").into());
    }
    let folder = scratch::Scratch::new()?;
    let mut report = report::Report::new(arguments.results.clone());
    for peer in chosen {
        // One at a time on the disk: the folder of one peer goes before the next begins.
        let home = folder.path().join(peer.name);
        sources::write(peer, &home)?;
        steps::run(peer, &home, arguments.quick, &mut report)?;
        report.write()?;
        std::fs::remove_dir_all(&home)?;
    }
    Ok(())
}
