//! What it costs to make SQL text of a statement that is composed already: one of everyday size, and a join of ten tables.
//!
//! PostgreSQL's text for all. Rebis is measured with its cache, which only looks the shape up, and without; the others render
//! each time. SQLAlchemy is Python: its line says what a cache hit costs there.
//!
//! `statements [--results FILE] [--quick]`; `--quick` runs a tenth.

mod diesel_query;
mod rebis_select;
mod sea_query_select;
mod sqlalchemy;

use std::time::Instant;

use results::{Record, Results};

const ROUNDS: usize = 9;

/// Something that makes a text, once for each call; it returns the text's length.
pub struct Subject {
    pub name: &'static str,
    pub make: Box<dyn Fn() -> usize>,
}

impl Subject {
    pub fn new(name: &'static str, make: impl Fn() -> usize + 'static) -> Self {
        Subject { name, make: Box::new(make) }
    }
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let count = if given.iter().any(|argument| argument == "--quick") { 1_000 } else { 10_000 };
    let file = given.iter().position(|argument| argument == "--results").and_then(|at| given.get(at + 1));
    let mut results = Results::open(file.map(|file| file.as_ref())).unwrap();
    for (title, join) in
        [("Select of three columns, two conditions, an order, a limit", false), ("Join of ten tables", true)]
    {
        let mut subjects = rebis_select::subjects(join);
        subjects.push(sea_query_select::subject(join));
        subjects.push(diesel_query::subject(join));
        eprintln!("{title}: {ROUNDS} rounds of {count}");
        let mut records = run(title, &subjects, count);
        match sqlalchemy::run(join, count) {
            Ok(costs) => {
                records.extend(costs.into_iter().map(|(name, costs)| record(title, &name, &costs, &[])))
            }
            Err(reason) => results.about("left out", "SQLAlchemy, statements", &reason).unwrap(),
        }
        for record in records {
            let ratio = record.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            eprintln!("{:<28} {:>8.0} ns {ratio:>7}", record.row, record.value);
            results.add(&record).unwrap();
        }
    }
}

fn record(title: &str, name: &str, costs: &[f64], base: &[f64]) -> Record {
    Record::new("statements", title, name, "text of a statement").costs(costs, base)
}

/// The subjects take turns, so that a change of the machine's speed meets all of them.
fn run(title: &str, subjects: &[Subject], count: u32) -> Vec<Record> {
    let mut costs = vec![Vec::new(); subjects.len()];
    for round in 0..=ROUNDS {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let start = Instant::now();
            let length: usize = (0..count).map(|_| std::hint::black_box((subjects[at].make)())).sum();
            assert!(length > 0);
            // The first round warms up.
            if round > 0 {
                costs[at].push(start.elapsed().as_secs_f64() * 1e9 / f64::from(count));
            }
        }
    }
    subjects.iter().zip(&costs).map(|(subject, own)| record(title, subject.name, own, &costs[0])).collect()
}
