//! `cargo xtask bench`: the programs of `benches/peers` in turn, on private servers, and the page that is written from what they
//! measured.

use crate::affinity::Affinity;
use crate::cargo::{cargo, exit_code, root};
use crate::run::{End, run};
use crate::servers::{MYSQL_URL, POSTGRES_URL, Servers};
use crate::{Result, python};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
const REPORT_LIMIT: Duration = Duration::from_secs(10 * 60);
const PYTHON: &str = "REBIS_BENCH_PYTHON";

/// The C library gives the end of its heap back to the kernel and takes it again, or does not, by what ran before: ten thousand
/// objects cost a quarter more or less by that. Here it keeps it, for everybody.
const KEEP_HEAP: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "268435456"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// A program of `benches/peers`.
struct Program {
    name: &'static str,
    limit: Duration,
    /// It and the servers share one core: a round trip that wakes another core costs three times as much, or not, by chance.
    pinned: bool,
    /// In the first run only: it repeats what it measures itself, and takes long.
    once: bool,
}

const fn program(name: &'static str, minutes: u64) -> Program {
    Program { name, limit: Duration::from_secs(minutes * 60), pinned: false, once: false }
}

const PROGRAMS: [Program; 5] = [
    Program { pinned: true, ..program("workloads", 30) },
    program("pools", 15),
    program("processes", 20),
    program("statements", 5),
    Program { once: true, ..program("builds", 60) },
];

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How often everything is run; a figure of the page is the median of the runs.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Which programs: workloads, pools, processes, statements, builds. The figures of the others stay as they are.
    #[arg(long, value_delimiter = ',', value_parser = PROGRAMS.map(|program| program.name))]
    only: Vec<String>,
    /// A short round of each, to see that all of it works; the figures are worth nothing.
    #[arg(long)]
    quick: bool,
    /// Run nothing, write the page from the results that are in `target/bench`.
    #[arg(long)]
    report_only: bool,
    /// A Python with `SQLAlchemy` and its drivers, in place of one made below `target/`; `REBIS_BENCH_PYTHON` says it too.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Where the page goes.
    #[arg(long, value_name = "PATH", default_value = "docs/benchmarks.md")]
    page: PathBuf,
    /// Arguments for the programs.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Runs them and writes the page. A program that fails is told, and the others are run all the same.
pub(crate) fn run_all(options: &Options) -> Result<ExitCode> {
    let home = root().join("target/bench");
    std::fs::create_dir_all(&home)?;
    let mut failures = Vec::new();
    if !options.report_only {
        failures = measure(options, &home)?;
    }
    let reported = report(options, &home)?;
    match failures.as_slice() {
        [] => Ok(reported),
        _ => Err(format!("{} programs failed:\n    {}", failures.len(), failures.join("\n    ")).into()),
    }
}

/// The programs that failed, with why.
fn measure(options: &Options, home: &Path) -> Result<Vec<String>> {
    let programs = wanted(options);
    build(&programs)?;
    let python = find_python(options);
    for program in &programs {
        remove_results(home, program.name)?;
    }
    let mut servers = Servers::start_for_benchmarks()?;
    let mut failures = Vec::new();
    for number in 1..=options.runs {
        let start = Instant::now();
        for program in programs.iter().filter(|program| number == 1 || !program.once) {
            eprintln!("xtask: run {number} of {}: {}", options.runs, program.name);
            let file = home.join(format!("{}-{number}.jsonl", program.name));
            let done = run_program(program, options, &servers, python.as_deref(), &file);
            servers.check_alive()?;
            if crate::run::interrupted() {
                return Err("interrupted".into());
            }
            failures.extend(done.err().map(|error| format!("{}: {error}", program.name)));
        }
        eprintln!("xtask: run {number} took {} s", start.elapsed().as_secs());
    }
    Ok(failures)
}

/// Those that are asked for and there.
fn wanted(options: &Options) -> Vec<&'static Program> {
    let asked =
        |program: &&Program| options.only.is_empty() || options.only.iter().any(|name| name == program.name);
    let (there, missing): (Vec<_>, Vec<_>) = PROGRAMS
        .iter()
        .filter(asked)
        .partition(|program| peers().join(program.name).join("Cargo.toml").is_file());
    for program in missing {
        eprintln!("xtask: left out: {}, there is no benches/peers/{}", program.name, program.name);
    }
    there
}

fn peers() -> PathBuf {
    root().join("benches/peers")
}

fn binary(name: &str) -> PathBuf {
    peers().join("target/release").join(name)
}

/// toasty links another SQLite than the others, so it has a lock file of its own.
fn build(programs: &[&Program]) -> Result<()> {
    let target = peers().join("target").display().to_string();
    let manifest = peers().join("Cargo.toml").display().to_string();
    let names = programs.iter().flat_map(|program| ["-p", program.name]);
    let own = ["build", "--release", "--target-dir", &target, "--manifest-path"];
    let mut commands = vec![own.into_iter().chain([manifest.as_str()]).chain(names).collect::<Vec<_>>()];
    let toasty = peers().join("toasty/Cargo.toml").display().to_string();
    if programs.iter().any(|program| program.name == "workloads") {
        commands.push(own.into_iter().chain([toasty.as_str()]).collect());
    }
    for command in commands {
        let status = cargo(command, Instant::now() + BUILD_LIMIT, &mut |_| {})?;
        if !status.success() {
            return Err(format!("the benchmarks do not build: {status}").into());
        }
    }
    Ok(())
}

fn find_python(options: &Options) -> Option<PathBuf> {
    let given = options.python.clone().or_else(|| std::env::var_os(PYTHON).map(PathBuf::from));
    given.or_else(|| {
        let made = python::with_sqlalchemy();
        made.inspect_err(|error| eprintln!("xtask: SQLAlchemy is left out: {error}")).ok()
    })
}

/// What was measured before; a run that is stopped must not leave a mixture.
fn remove_results(home: &Path, program: &str) -> Result<()> {
    for entry in std::fs::read_dir(home)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix(program).is_some_and(|rest| rest.starts_with('-')) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn run_program(
    program: &Program,
    options: &Options,
    servers: &Servers,
    python: Option<&Path>,
    file: &Path,
) -> Result<()> {
    let partial = file.with_extension("partial");
    let _ = std::fs::remove_file(&partial);
    let mut command = Command::new(binary(program.name));
    command.arg("--results").arg(&partial).current_dir(root()).stdin(Stdio::null());
    command.args(options.quick.then_some("--quick"));
    // Its progress is on stderr; what else it says is no result of ours.
    command.stdout(std::io::stderr());
    let affinity = Affinity::own()?;
    if program.pinned {
        let cpu = affinity.last()?;
        command.arg("--cpu").arg(cpu.to_string());
        servers.pids().try_for_each(|pid| affinity.pin(pid, cpu))?;
    } else {
        servers.pids().try_for_each(|pid| affinity.spread(pid))?;
    }
    if program.name == "workloads" {
        command.arg("--toasty").arg(binary("toasty-peer"));
    }
    command.args(&options.arguments);
    command.envs(KEEP_HEAP).envs(python.map(|path| (PYTHON, path)));
    // Not as arguments: those are for every user of the machine to see.
    for (name, value) in servers.exports() {
        match name {
            MYSQL_URL => command.env("REBIS_BENCH_MYSQL_URL", value),
            POSTGRES_URL => command.env("REBIS_BENCH_POSTGRES_URL", value),
            _ => &mut command,
        };
    }
    match run(&mut command, Instant::now() + program.limit)? {
        End::Exited(status) if status.success() => Ok(std::fs::rename(&partial, file)?),
        End::Exited(status) => Err(status.to_string().into()),
        End::TimedOut => Err(format!("did not end within {} minutes", program.limit.as_secs() / 60).into()),
        End::Interrupted => Err("stopped by a signal".into()),
    }
}

/// Puts the results of each run together and lets `benches/peers/report` write the page.
fn report(options: &Options, home: &Path) -> Result<ExitCode> {
    let mut runs = Vec::new();
    for number in 1.. {
        let files = PROGRAMS.map(|program| home.join(format!("{}-{number}.jsonl", program.name)));
        let texts: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        if texts.is_empty() {
            break;
        }
        let run = home.join(format!("run-{number}.jsonl"));
        std::fs::write(&run, texts.concat())?;
        runs.push(run.display().to_string());
    }
    if runs.is_empty() {
        return Err(format!("there are no results in {}", home.display()).into());
    }
    let manifest = peers().join("Cargo.toml").display().to_string();
    let target = peers().join("target").display().to_string();
    let page = root().join(&options.page).display().to_string();
    let own = ["run", "--release", "--quiet", "--target-dir", &target, "--manifest-path", &manifest];
    let arguments = own.into_iter().chain(["-p", "report", "--", "--page", &page]);
    let arguments = arguments.chain(runs.iter().map(String::as_str));
    let status = cargo(arguments, Instant::now() + REPORT_LIMIT, &mut |_| {})?;
    if status.success() {
        eprintln!("xtask: {page} is written from {} runs", runs.len());
    }
    Ok(exit_code(status))
}
