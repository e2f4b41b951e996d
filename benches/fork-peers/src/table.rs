//! The tables of the page.

use crate::plan::{self, CURES, Database};
use crate::runner::{Fate, Results, Run};
use crate::versions::Versions;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How many different errors of a scenario are shown.
const TEXTS: usize = 2;

pub fn page(results: &[Results], versions: &Versions, runs: usize, took: Duration) -> String {
    let mut page = String::new();
    for line in &versions.lines {
        line_to(&mut page, &format!("- {line}"));
    }
    let minutes = took.as_secs().div_ceil(60);
    line_to(&mut page, &format!("- {runs} runs of each scenario, {minutes} minutes in all"));
    for (name, why) in &versions.missing {
        line_to(&mut page, &format!("- not run: {name} ({why})"));
    }
    let plain = |results: &&Results| results.stack.cure == "none";
    let on_server = |results: &&Results| results.stack.database != Database::Sqlite;
    heading(&mut page, "Workers on the inherited pool");
    workers(&mut page, &results.iter().filter(plain).filter(on_server).collect::<Vec<_>>());
    heading(&mut page, "The parent while children end, close and read");
    parents(&mut page, &results.iter().filter(plain).filter(on_server).collect::<Vec<_>>());
    heading(&mut page, "Control: each worker makes a pool of its own");
    control(&mut page, &results.iter().filter(plain).collect::<Vec<_>>());
    heading(&mut page, "The cures of SQLAlchemy's documentation");
    let sqlalchemy = |results: &&Results| results.stack.label.starts_with("SQLAlchemy");
    cures(&mut page, &results.iter().filter(sqlalchemy).filter(on_server).collect::<Vec<_>>());
    heading(&mut page, "SQLite");
    let on_sqlite = |results: &&Results| results.stack.database == Database::Sqlite;
    sqlite(&mut page, &results.iter().filter(on_sqlite).collect::<Vec<_>>());
    heading(&mut page, "What the errors say");
    errors(&mut page, &results.iter().filter(plain).collect::<Vec<_>>());
    page
}

fn workers(page: &mut String, results: &[&Results]) {
    let total = plan::WORKERS * plan::TRANSACTIONS;
    row(
        page,
        &[
            "database",
            "stack",
            &format!("acknowledged of {total}"),
            "errors",
            "wrong answers",
            "acknowledged, not there",
            "reported failed, there",
            "workers hung",
            "workers gave up or died",
            "parent's pool works",
            "parent's open transaction commits",
        ],
    );
    rule(page, 2, 9);
    for results in results {
        let runs = results.of("work");
        row(
            page,
            &[
                results.stack.database.title(),
                &results.stack.label,
                &range(runs, |run| run.journals.acked.len()),
                &range(runs, |run| run.journals.failed.len()),
                &range(runs, |run| run.journals.wrong),
                &range(runs, |run| run.missing),
                &range(runs, |run| run.unexpected),
                &range(runs, Run::hung),
                &range(runs, Run::stopped),
                &share(runs, pool_works),
                &share(results.of("busy"), committed),
            ],
        );
    }
}

fn parents(page: &mut String, results: &[&Results]) {
    row(
        page,
        &[
            "database",
            "stack",
            "child ends normally: parent's transaction commits",
            "… its pool works",
            "child closes what it inherited: parent's transaction commits",
            "… its pool works",
            "parent's half-read answer is read rightly to the end",
            "… workers hung",
        ],
    );
    rule(page, 2, 6);
    for results in results {
        row(
            page,
            &[
                results.stack.database.title(),
                &results.stack.label,
                &share(results.of("exit"), committed),
                &share(results.of("exit"), pool_works),
                &share(results.of("close"), committed),
                &share(results.of("close"), pool_works),
                &share(results.of("cursor"), |run| run.is("cursor", "right")),
                &range(results.of("cursor"), Run::hung),
            ],
        );
    }
}

/// The controls: they show what the scenarios themselves do, and the one cure that is the same everywhere.
fn control(page: &mut String, results: &[&Results]) {
    let total = plan::WORKERS * plan::TRANSACTIONS;
    row(
        page,
        &[
            "database",
            "stack",
            &format!("forked before anything was opened: acknowledged of {total}"),
            "… errors",
            "… workers hung, gave up or died",
            "… parent's pool works",
            &format!("forked when the parent had a pool: acknowledged of {total}"),
            "… errors",
            "… workers hung, gave up or died",
            "… parent's pool works",
        ],
    );
    rule(page, 2, 8);
    for results in results {
        let mut cells = vec![results.stack.database.title().to_owned(), results.stack.label.clone()];
        for scenario in ["first", "fresh"] {
            let runs = results.of(scenario);
            cells.push(range(runs, |run| run.journals.acked.len()));
            cells.push(range(runs, |run| run.journals.failed.len()));
            cells.push(range(runs, |run| run.hung() + run.stopped()));
            cells.push(share(runs, pool_works));
        }
        row(page, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn cures(page: &mut String, results: &[&Results]) {
    row(
        page,
        &[
            "driver",
            "cure",
            "workers' errors",
            "wrong answers",
            "acknowledged, not there",
            "workers hung, gave up or died",
            "parent's pool works",
            "parent's open transaction commits",
            "child ends normally: parent's transaction commits",
            "parent's half-read answer is right",
        ],
    );
    rule(page, 2, 8);
    for (driver, cure, results) in by_driver(results) {
        let runs = results.of("work");
        row(
            page,
            &[
                driver,
                cure,
                &range(runs, |run| run.journals.failed.len()),
                &range(runs, |run| run.journals.wrong),
                &range(runs, |run| run.missing),
                &range(runs, |run| run.hung() + run.stopped()),
                &share(runs, pool_works),
                &share(results.of("busy"), committed),
                &share(results.of("exit"), committed),
                &share(results.of("cursor"), |run| run.is("cursor", "right")),
            ],
        );
    }
}

fn sqlite(page: &mut String, results: &[&Results]) {
    let total = plan::WORKERS * plan::TRANSACTIONS;
    row(
        page,
        &[
            "stack",
            "cure",
            &format!("acknowledged of {total}"),
            "errors",
            "wrong answers",
            "acknowledged, not there",
            "child ends normally: parent's transaction commits",
            "child closes what it inherited: parent's transaction commits",
            "child's read transaction is isolated",
        ],
    );
    rule(page, 2, 7);
    for results in results {
        let runs = results.of("work");
        row(
            page,
            &[
                &results.stack.label,
                cure_title(results),
                &range(runs, |run| run.journals.acked.len()),
                &range(runs, |run| run.journals.failed.len()),
                &range(runs, |run| run.journals.wrong),
                &range(runs, |run| run.missing),
                &share(results.of("exit"), committed),
                &share(results.of("close"), committed),
                &share(results.of("snapshot"), |run| run.is("snapshot", "isolated")),
            ],
        );
    }
}

/// The most frequent errors of each scenario, without the figures in them.
fn errors(page: &mut String, results: &[&Results]) {
    for results in results {
        for (scenario, runs) in &results.runs {
            let mut texts: BTreeMap<String, usize> = BTreeMap::new();
            for run in runs {
                for (text, count) in &run.journals.errors {
                    *texts.entry(format!("worker: {}", plain(text))).or_default() += count;
                }
                for (name, said) in &run.said {
                    if let Some(text) = said.strip_prefix("error: ") {
                        *texts.entry(format!("parent's {name}: {}", plain(text))).or_default() += 1;
                    }
                }
                let late = matches!(run.transaction, Fate::NotSaid) && matches!(*scenario, "exit" | "close");
                if late {
                    *texts.entry("parent: hung".to_owned()).or_default() += 1;
                }
                if run.transaction == Fate::Vanished {
                    *texts.entry("parent's transaction: acknowledged, not there".to_owned()).or_default() +=
                        1;
                }
            }
            let mut texts: Vec<(String, usize)> = texts.into_iter().collect();
            texts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let stack = &results.stack;
            for (text, count) in texts.into_iter().take(TEXTS) {
                line_to(page, &format!("- {}, {scenario}: {count} × {text}", stack.label));
            }
        }
    }
}

/// An error's text with `N` for every figure, so that the same errors count as the same.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().take(160) {
        match c {
            '0'..='9' if plain.ends_with('N') => {}
            '0'..='9' => plain.push('N'),
            '|' | '`' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

fn by_driver<'a>(results: &[&'a Results]) -> Vec<(&'a str, &'static str, &'a Results)> {
    let mut drivers: Vec<&str> = Vec::new();
    for results in results {
        if !drivers.contains(&results.stack.name) {
            drivers.push(results.stack.name);
        }
    }
    let rows = drivers.into_iter().flat_map(|driver| {
        results.iter().filter(move |results| results.stack.name == driver).map(|results| {
            let label = results.stack.label.strip_prefix("SQLAlchemy + ").unwrap_or(&results.stack.label);
            (label, cure_title(results), *results)
        })
    });
    rows.collect()
}

fn cure_title(results: &Results) -> &'static str {
    let known = CURES.iter().find(|(name, _)| *name == results.stack.cure);
    match known {
        Some(_) if !results.stack.label.starts_with("SQLAlchemy") => "none needed",
        Some((_, title)) => title,
        None => "",
    }
}

impl Results {
    fn of(&self, scenario: &str) -> &[Run] {
        self.runs.get(scenario).map_or(&[], Vec::as_slice)
    }
}

fn committed(run: &Run) -> bool {
    run.transaction == Fate::Committed
}

fn pool_works(run: &Run) -> bool {
    run.is("pool", "works")
}

/// Least and most over the runs.
fn range(runs: &[Run], count: impl Fn(&Run) -> usize) -> String {
    let counts = || runs.iter().map(&count);
    match (counts().min(), counts().max()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least}–{most}"),
        _ => "–".to_owned(),
    }
}

fn share(runs: &[Run], good: impl Fn(&Run) -> bool) -> String {
    match runs.len() {
        0 => "–".to_owned(),
        all => format!("{} of {all}", runs.iter().filter(|run| good(run)).count()),
    }
}

fn heading(page: &mut String, text: &str) {
    line_to(page, &format!("\n### {text}\n"));
}

fn row(page: &mut String, cells: &[&str]) {
    line_to(page, &format!("| {} |", cells.join(" | ")));
}

fn rule(page: &mut String, words: usize, figures: usize) {
    line_to(page, &format!("|{}{}", "---|".repeat(words), "---:|".repeat(figures)));
}

fn line_to(page: &mut String, line: &str) {
    writeln!(page, "{line}").expect("a string takes everything");
}
