//! Writes `docs/benchmarks.md` and its charts from the results of several runs.
//!
//! `report --page PATH [--reasons PATH] FILE…`: a file for each run. It ends with an error when a loss has no explanation in
//! `reasons.md`; the page is written all the same.

mod chart;
mod figures;
mod goals;
mod losses;
mod machine;
mod page;
mod reasons;
mod shown;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use figures::Figures;
use reasons::Reasons;

/// This package, with its texts and reasons.
pub const HERE: &str = env!("CARGO_MANIFEST_DIR");

struct Arguments {
    page: PathBuf,
    reasons: PathBuf,
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(unexplained) => {
            eprintln!("report: {unexplained} losses have no explanation in reasons.md");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let reasons = PathBuf::from(HERE).join("reasons.md");
    let mut arguments = Arguments { page: PathBuf::new(), reasons, files: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        match name.as_str() {
            "--page" => arguments.page = given.next().ok_or("--page needs a path")?.into(),
            "--reasons" => arguments.reasons = given.next().ok_or("--reasons needs a path")?.into(),
            _ => arguments.files.push(name.into()),
        }
    }
    if arguments.page.file_stem().is_none() || arguments.files.is_empty() {
        return Err("usage: report --page PATH [--reasons PATH] FILE…".into());
    }
    Ok(arguments)
}

/// How many losses have no explanation.
fn run(arguments: &Arguments) -> Result<usize, Box<dyn Error>> {
    let mut runs = Vec::new();
    for file in &arguments.files {
        runs.push(results::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    let figures = Figures::of(&runs);
    let reasons = Reasons::read(&arguments.reasons)?;
    let losses = losses::all(&figures);
    let charts = arguments.page.with_extension("");
    std::fs::create_dir_all(&charts)?;
    let drawn = chart::draw_all(&figures, &charts)?;
    let machine = machine::lines(&figures, &arguments.files)?;
    std::fs::write(&arguments.page, page::written(&figures, &losses, &reasons, &drawn, &machine)?)?;
    for title in reasons.idle(&losses) {
        eprintln!("report: the reason \"{title}\" explains no loss any more");
    }
    let unexplained: Vec<_> = losses.iter().filter(|loss| reasons.of(loss).is_none()).collect();
    for loss in &unexplained {
        eprintln!("report: no explanation for {}, {}", loss.table, loss.row);
    }
    Ok(unexplained.len())
}
