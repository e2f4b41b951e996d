//! `cargo xtask budgets`: how many instructions the hot paths take, by callgrind, beside what `docs/budgets.md` has on record.

use crate::cargo::{cargo, root};
use crate::install::{Need, ensure};
use crate::run::run_logged;
use crate::scratch::Scratch;
use crate::{Result, table};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A path is run this often, and twice as often: the difference is what it costs, without the start of the program.
const COUNT: u64 = 2000;

/// By how much a figure may differ from its record, in percent.
const TOLERANCE: u64 = 10;

/// A run takes two seconds; a machine may be busy.
const LIMIT: Duration = Duration::from_secs(180);

/// The C library chooses among its copies of `memcpy` by what the processor can do. Without these it takes the same one on
/// all of x86-64.
const SAME_EVERYWHERE: &str = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load,\
     -Prefer_No_VZEROUPPER,-SSSE3,-SSE4_1,-SSE4_2,-BMI1,-BMI2,-LZCNT,-MOVBE";

/// What was counted: the name of a path, and the instructions of one time.
type Count = (String, u64);

/// Counts, and compares or records.
pub(crate) fn run(record: bool, deadline: Instant) -> Result<()> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        eprintln!("xtask: left out: the instruction budgets, which are those of x86-64 Linux");
        return Ok(());
    }
    ensure(&[Need::Valgrind])?;
    let program = build(deadline)?;
    let counts = count(&program)?;
    let path = root().join(table::FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if record {
        let today = date()?;
        let text = table::recorded(&text, &counts, &today);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("xtask: {} figures are recorded in {}", counts.len(), table::FILE);
        return Ok(());
    }
    let failures = compare(&table::read(&text), &counts);
    if failures.is_empty() {
        eprintln!("xtask: {} hot paths are within {TOLERANCE} % of {}", counts.len(), table::FILE);
        return Ok(());
    }
    let count = failures.len();
    Err(format!("{count} instruction budgets do not hold:\n{}", failures.join("\n")).into())
}

/// Builds the program that runs the paths, in a profile of its own.
fn build(deadline: Instant) -> Result<PathBuf> {
    let arguments = ["build", "--profile", "budgets", "-p", "rebis-budgets"];
    let status = cargo(arguments, deadline, &mut |command| {
        // Valgrind hides the vdso, and rustix dies of reading it; by this it calls the C library instead. A feature would do
        // the same, but to every program of the workspace.
        command.env("RUSTFLAGS", "--cfg rustix_use_libc").env_remove("CARGO_ENCODED_RUSTFLAGS");
    })?;
    if !status.success() {
        return Err(format!("cargo build of the hot paths: {status}").into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(root().join(target).join("budgets/rebis-budgets"))
}

fn count(program: &Path) -> Result<Vec<Count>> {
    let scratch = Scratch::new()?;
    let names = said(&mut Command::new(program), &scratch.path().join("names"))?;
    let mut counts = Vec::new();
    for name in names.lines() {
        let [once, twice] = [1, 2].map(|times| instructions(program, name, COUNT * times, scratch.path()));
        let each = twice?.saturating_sub(once?) / COUNT;
        eprintln!("xtask: {name:<24} {each:>8} instructions");
        counts.push((name.to_owned(), each));
    }
    Ok(counts)
}

/// All instructions of one run of the program.
fn instructions(program: &Path, name: &str, count: u64, scratch: &Path) -> Result<u64> {
    let log = scratch.join(format!("{name}-{count}"));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.arg(name).arg(count.to_string()).env("GLIBC_TUNABLES", SAME_EVERYWHERE);
    let text = said(&mut command, &log)?;
    collected(&text).ok_or_else(|| format!("callgrind does not say what it collected:\n{text}").into())
}

/// What a command says.
fn said(command: &mut Command, log: &Path) -> Result<String> {
    run_logged(command, Stdio::null(), log, LIMIT)?;
    Ok(std::fs::read_to_string(log)?)
}

/// The figure in `==123== Collected : 4567`.
fn collected(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// A line for each path that is not within the tolerance of its record.
fn compare(records: &[Count], counts: &[Count]) -> Vec<String> {
    let record = |name: &str| records.iter().find(|(known, _)| known == name).map(|(_, count)| *count);
    let counted = counts.iter().filter_map(|(name, count)| judge(name, record(name), *count));
    let gone = records.iter().filter(|(name, _)| !counts.iter().any(|(known, _)| known == name));
    let gone =
        gone.map(|(name, _)| format!("    {name}: on record, but there is no such hot path: remove its row"));
    counted.chain(gone).collect()
}

fn judge(name: &str, record: Option<u64>, count: u64) -> Option<String> {
    const RECORD: &str = "cargo xtask budgets --record";
    let Some(record) = record else {
        return Some(format!("    {name}: {count} instructions, and none on record: `{RECORD}`"));
    };
    let share = |difference: u64| difference as f64 * 100.0 / record.max(1) as f64;
    if count * 100 > record * (100 + TOLERANCE) {
        let more = share(count - record);
        return Some(format!(
            "    {name}: {count} instructions, {record} on record: {more:.1} % more. Find what was added (`valgrind \
             --tool=callgrind --dump-instr=yes target/budgets/rebis-budgets {name} {COUNT}`, then `callgrind_annotate`); \
             if it is worth its price, say so in the commit and record it: `{RECORD}`"
        ));
    }
    if count * 100 < record * (100 - TOLERANCE) {
        let less = share(record - count);
        return Some(format!(
            "    {name}: {count} instructions, {record} on record: {less:.1} % less. Record the better figure, so that it \
             stays: `{RECORD}`"
        ));
    }
    None
}

fn date() -> Result<String> {
    let scratch = Scratch::new()?;
    let date = said(Command::new("date").args(["-u", "+%Y-%m-%d"]), &scratch.path().join("date"))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Vec<Count> {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn a_tenth_more_or_less_is_within_the_budget() {
        let records = counts(&[("a", 1000), ("b", 1000), ("c", 1000)]);
        assert_eq!(compare(&records, &counts(&[("a", 1100), ("b", 900), ("c", 1000)])), Vec::<String>::new());
    }

    #[test]
    fn more_fails_and_says_how_much_and_what_to_do() {
        let failures = compare(&counts(&[("a", 1000), ("b", 500)]), &counts(&[("a", 1101), ("b", 500)]));
        assert_eq!(failures.len(), 1);
        assert!(failures[0].contains("a: 1101 instructions, 1000 on record: 10.1 % more"), "{failures:?}");
        assert!(failures[0].contains("callgrind"), "{failures:?}");
    }

    #[test]
    fn less_fails_too_until_it_is_recorded() {
        let failures = compare(&counts(&[("a", 1000)]), &counts(&[("a", 899)]));
        assert!(failures[0].contains("10.1 % less. Record the better figure"), "{failures:?}");
        assert!(failures[0].contains("cargo xtask budgets --record"), "{failures:?}");
    }

    #[test]
    fn what_stands_on_one_side_only_fails() {
        let failures = compare(&counts(&[("old", 1)]), &counts(&[("new", 2)]));
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(failures[0].contains("new: 2 instructions, and none on record"), "{failures:?}");
        assert!(failures[1].contains("old: on record, but there is no such hot path"), "{failures:?}");
    }

    #[test]
    fn a_path_that_costs_nothing_any_more_is_noticed() {
        assert_eq!(compare(&counts(&[("a", 10)]), &counts(&[("a", 0)])).len(), 1);
        assert_eq!(compare(&counts(&[("a", 0)]), &counts(&[("a", 10)])).len(), 1);
    }

    #[test]
    fn the_figure_of_callgrind_is_read() {
        let log = "==7== \n==7== Events    : Ir\n==7== Collected : 12345\n==7== \n";
        assert_eq!(collected(log), Some(12345));
        assert_eq!(collected("==7== valgrind: failed to start"), None);
    }
}
