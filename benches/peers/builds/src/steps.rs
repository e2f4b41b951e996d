//! What is measured of one peer, in the order in which each step leaves the folder as the next one wants it.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use crate::cargo::{self, Taken};
use crate::peers::Peer;
use crate::report::Report;
use crate::sources::{SIZES, package, touched};
use crate::{Result, lines};

/// How often the short steps are repeated.
const REPEATS: usize = 5;

pub fn run(peer: &Peer, home: &Path, quick: bool, report: &mut Report) -> Result<()> {
    report.begin(peer);
    cargo::run(home, &["generate-lockfile"])?;
    let sizes = if quick || peer.name == "raw" { &SIZES[..1] } else { &SIZES[..] };
    cargo::run(home, &["fetch"])?;
    let first = package(sizes[0]);
    report.table(sizes[0]);
    if quick {
        cargo::run(home, &["build", "-p", &first])?;
    } else {
        let clean = repeated(3, home, &["build", "-p", &first], &|| cargo::run(home, &["clean"]).map(drop))?;
        report.times("clean build", &clean);
    }
    for models in sizes {
        report.table(*models);
        developer(home, *models, report)?;
    }
    if quick {
        return Ok(());
    }
    report.table(sizes[0]);
    report.figure("packages in Cargo.lock", packages(home)? as f64, "packages");
    report.figure("debug binary", size(&home.join("target/debug").join(&first))?, "bytes");
    cargo::run(home, &["build", "--release", "-p", &first])?;
    report.figure("release binary, stripped", size(&home.join("target/release").join(&first))?, "bytes");
    if peer.five_fields.is_some() {
        // The compiler's way of showing them is not stable: without it the other figures stand.
        match lines::derived(home) {
            Ok(lines) => report.figure("lines derived for five fields", lines as f64, "lines"),
            Err(error) => eprintln!("builds: left out: the lines that {} derives: {error}", peer.name),
        }
    }
    Ok(())
}

/// A day at the keyboard: the application from scratch, one file saved and built, one file saved and checked.
fn developer(home: &Path, models: usize, report: &mut Report) -> Result<()> {
    let name = package(models);
    let build = ["build", "-p", &name];
    let from_scratch = repeated(3, home, &build, &|| forget(home, &name))?;
    report.times("application alone, from scratch", &from_scratch);
    let save = || -> Result<()> { Ok(File::open(touched(home, models))?.set_modified(SystemTime::now())?) };
    report.times("one model saved, build", &repeated(REPEATS, home, &build, &save)?);
    let check = ["check", "-p", &name];
    cargo::run(home, &check)?;
    report.times("one model saved, check", &repeated(REPEATS, home, &check, &save)?);
    Ok(())
}

/// What it takes each time.
fn repeated(
    count: usize,
    home: &Path,
    arguments: &[&str],
    before: &dyn Fn() -> Result<()>,
) -> Result<Vec<Taken>> {
    let one = || before().and_then(|()| cargo::run(home, arguments));
    (0..count).map(|_| one()).collect()
}

/// Removes what was built of the application, and nothing of what it stands on.
fn forget(home: &Path, name: &str) -> Result<()> {
    cargo::run(home, &["clean", "-p", name]).map(drop)
}

/// Without the applications themselves.
fn packages(home: &Path) -> Result<usize> {
    let lock = fs::read_to_string(home.join("Cargo.lock"))?;
    let packages = lock.split("[[package]]").skip(1);
    Ok(packages
        .filter(|package| package.contains("\nsource = ") || package.contains("name = \"rebis"))
        .count())
}

fn size(path: &Path) -> Result<f64> {
    let data = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(data.len() as f64)
}
