//! Each run in a process group of its own with a deadline, judged by the database.

use crate::journal::Journals;
use crate::judge::Judge;
use crate::plan::{self, Database, Language, Stack};
use crate::progress::Progress;
use crate::{All, Outcome, chain, table, versions};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What became of the parent's transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    Committed,
    /// The commit was acknowledged and the rows are not both there.
    Vanished,
    Failed(String),
    NotSaid,
}

/// What came out of one run.
#[derive(Debug)]
pub struct Run {
    pub journals: Journals,
    /// Acknowledged and not in the table.
    pub missing: usize,
    /// Reported as failed and in the table.
    pub unexpected: usize,
    pub transaction: Fate,
    /// What the parent said of itself, by name.
    pub said: BTreeMap<String, String>,
}

/// A stack with its runs by scenario.
pub struct Results {
    pub stack: Stack,
    pub runs: BTreeMap<&'static str, Vec<Run>>,
}

pub fn all(arguments: &All) -> Outcome<()> {
    fs::create_dir_all(&arguments.scratch)?;
    let wanted =
        |stack: &Stack| arguments.only.as_ref().is_none_or(|only| stack.label.contains(only.as_str()));
    let mut results: Vec<Results> = plan::stacks()
        .into_iter()
        .filter(wanted)
        .map(|stack| Results { stack, runs: BTreeMap::new() })
        .collect();
    let versions = versions::all(arguments)?;
    let missing = versions.missing_drivers();
    results.retain(|results| !missing.contains(&results.stack.name));
    let start = Instant::now();
    // The databases side by side: their servers share nothing, and hung runs are idle.
    let outcomes: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let of_one_database = results.chunk_by_mut(|a, b| a.stack.database == b.stack.database);
        let threads: Vec<_> =
            of_one_database.map(|results| scope.spawn(|| rounds(arguments, results))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    outcomes.into_iter().collect::<Result<(), String>>()?;
    print!("{}", table::page(&results, &versions, arguments.runs, start.elapsed()));
    Ok(())
}

/// Round by round, so that a change of the machine meets all stacks.
fn rounds(arguments: &All, results: &mut [Results]) -> Result<(), String> {
    for round in 1..=arguments.runs {
        for Results { stack, runs } in &mut *results {
            for scenario in stack.scenarios() {
                let run = run(arguments, stack, scenario).map_err(|error| {
                    format!("{} {} {scenario}: {}", stack.label, stack.cure, chain(&*error))
                })?;
                eprintln!("{round}  {}", run.line(stack, scenario));
                runs.entry(scenario).or_default().push(run);
            }
        }
    }
    Ok(())
}

/// Makes a fresh ledger, runs the scenario, and compares what was said with what stands there.
fn run(arguments: &All, stack: &Stack, scenario: &'static str) -> Outcome<Run> {
    let file = arguments.scratch.join("ledger.db");
    let judge = match stack.database {
        Database::MariaDb => Judge::MariaDb(&arguments.mysql),
        Database::PostgreSql => Judge::PostgreSql(&arguments.postgres),
        Database::Sqlite => Judge::Sqlite(&file),
    };
    judge.prepare()?;
    let folder = arguments.scratch.join(stack.database.title());
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder)?;
    let printed = folder.join("printed");
    let mut command = command(arguments, stack, scenario, &folder, &file)?;
    command.stdin(Stdio::null()).stdout(File::create(&printed)?).stderr(File::create(folder.join("errors"))?);
    let ended = run_group(&mut command, &folder)?;
    let said = said(&printed)?;
    if ended && said.is_empty() {
        let errors = fs::read_to_string(folder.join("errors"))?;
        return Err(format!("the run ended and said nothing:\n{errors}").into());
    }
    let workers =
        if matches!(scenario, "first" | "fresh" | "work" | "busy" | "cursor") { plan::WORKERS } else { 0 };
    let journals = Journals::read(&folder, workers)?;
    let tokens = judge.tokens()?;
    Ok(Run {
        missing: journals.acked.difference(&tokens).count(),
        unexpected: journals.failed.intersection(&tokens).count(),
        transaction: fate(&said, &tokens),
        journals,
        said,
    })
}

fn command(arguments: &All, stack: &Stack, scenario: &str, folder: &Path, file: &Path) -> Outcome<Command> {
    let url = match stack.database {
        Database::MariaDb => arguments.mysql.clone(),
        Database::PostgreSql => arguments.postgres.clone(),
        Database::Sqlite => format!("sqlite:///{}", file.display()),
    };
    let mut command = match stack.language {
        Language::Rust => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["one", stack.name, scenario]).arg(folder);
            let patient = if stack.database == Database::Sqlite { "?busy_timeout=30" } else { "" };
            command.env("FORK_PEERS_URL", format!("{url}{patient}"));
            command
        }
        Language::Python => {
            let mut command = Command::new(&arguments.python);
            command.arg(python_program()).args([stack.cure, scenario]).arg(folder);
            let (_, rest) = url.split_once("://").ok_or("a URL without ://")?;
            command.env("FORK_PEERS_URL", format!("{}://{rest}", stack.scheme));
            command.env("FORK_PEERS_PLAN", plan_for_python());
            command
        }
    };
    // The passwords of the others are none of its business.
    command.env_remove("FORK_PEERS_MYSQL_URL").env_remove("FORK_PEERS_POSTGRES_URL");
    Ok(command)
}

pub fn python_program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python/fork_sqlalchemy.py")
}

/// The same figures for both languages: they stand in `plan.rs`.
fn plan_for_python() -> String {
    let [before, after] = plan::PARENT_TOKENS;
    format!(
        "workers={} transactions={} pool={} pool_seconds={} failures={} worker_seconds={} numbers={} read_before={} settle={} \
         token_before={before} token_after={after}",
        plan::WORKERS,
        plan::TRANSACTIONS,
        plan::POOL,
        plan::POOL_SECONDS,
        plan::FAILURES,
        plan::WORKER_SECONDS,
        plan::NUMBERS,
        plan::READ_BEFORE,
        plan::SETTLE,
    )
}

/// Whether it ended by itself. At its end, too, nothing of its group is left alive.
fn run_group(command: &mut Command, folder: &Path) -> Outcome<bool> {
    let mut child = command.process_group(0).spawn()?;
    let mut progress = Progress::new(folder, Duration::from_secs(plan::RUN_SECONDS));
    let mut ended = false;
    while !ended && !progress.has_stopped() {
        std::thread::sleep(Duration::from_millis(5));
        // Looks without collecting: until then the group's number is its own.
        ended = has_ended(child.id());
    }
    let group = libc::pid_t::try_from(child.id())?;
    // SAFETY: the leader is not collected yet, so the number names its group and no other.
    unsafe { libc::kill(-group, libc::SIGKILL) };
    child.wait()?;
    Ok(ended)
}

fn has_ended(pid: u32) -> bool {
    // SAFETY: a zeroed `siginfo_t` is a valid one, and it is ours for the time of the call.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        libc::waitid(libc::P_PID, pid, &mut info, flags) == 0 && info.si_pid() != 0
    }
}

fn said(printed: &Path) -> Outcome<BTreeMap<String, String>> {
    let text = fs::read(printed)?;
    let lines = String::from_utf8_lossy(&text).into_owned();
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn fate(said: &BTreeMap<String, String>, tokens: &BTreeSet<i64>) -> Fate {
    match said.get("transaction").map(String::as_str) {
        None => Fate::NotSaid,
        Some("committed") if plan::PARENT_TOKENS.iter().all(|token| tokens.contains(token)) => {
            Fate::Committed
        }
        Some("committed") => Fate::Vanished,
        Some(error) => Fate::Failed(error.to_owned()),
    }
}

impl Run {
    /// Workers that were killed at the deadline.
    pub fn hung(&self) -> usize {
        self.said.get("hung").and_then(|hung| hung.parse().ok()).unwrap_or(0)
    }

    /// Workers that gave up or died.
    pub fn stopped(&self) -> usize {
        self.journals.gave_up + self.journals.unfinished.saturating_sub(self.hung())
    }

    pub fn is(&self, name: &str, value: &str) -> bool {
        self.said.get(name).is_some_and(|said| said == value)
    }

    fn line(&self, stack: &Stack, scenario: &str) -> String {
        let Run { journals, missing, unexpected, transaction, said } = self;
        format!(
            "{} {} {} {scenario}: acked {} failed {} wrong {} missing {missing} unexpected {unexpected} open {} {transaction:?} {said:?}",
            stack.database.title(),
            stack.label,
            stack.cure,
            journals.acked.len(),
            journals.failed.len(),
            journals.wrong,
            journals.open.len(),
        )
    }
}
