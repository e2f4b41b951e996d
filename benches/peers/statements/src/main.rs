//! What it costs to make SQL text of a statement that is composed already: one of everyday size, and a join of ten tables.
//!
//! PostgreSQL's text for all. Rebis is measured with its cache, which only looks the shape up, and without; the others render
//! each time. SQLAlchemy is Python: its line says what a cache hit costs there. `--quick` runs a tenth.

mod diesel_query;
mod rebis_select;
mod sea_query_select;
mod sqlalchemy;

use std::time::Instant;

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
    let quick = std::env::args().skip(1).any(|argument| argument == "--quick");
    let count = if quick { 1_000 } else { 10_000 };
    for (title, join) in [("a select of three columns, two conditions, an order, a limit", false), ("a join of ten tables", true)] {
        let mut subjects = rebis_select::subjects(join);
        subjects.push(sea_query_select::subject(join));
        subjects.push(diesel_query::subject(join));
        println!("{title}: {ROUNDS} rounds of {count}");
        run(&subjects, count);
        sqlalchemy::run(join, count);
        println!();
    }
}

/// The subjects take turns, so that a change of the machine's speed meets all of them.
fn run(subjects: &[Subject], count: u32) {
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
    println!("{:<28} {:>11} {:>11} {:>11} {:>7}", "", "median", "least", "most", "ratio");
    let mut base = None;
    for (subject, costs) in subjects.iter().zip(&mut costs) {
        costs.sort_by(f64::total_cmp);
        let (least, median, most) = (costs[0], costs[costs.len() / 2], costs[costs.len() - 1]);
        let ratio = median / *base.get_or_insert(median);
        println!("{:<28} {median:>8.0} ns {least:>8.0} ns {most:>8.0} ns {ratio:>7.2}", subject.name);
    }
}
