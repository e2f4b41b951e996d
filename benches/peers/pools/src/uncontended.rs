//! One thread, nobody else: the price of a checkout with its return, and of the fork check alone.

use crate::output::{Output, quantile, ratio};
use crate::sqlalchemy;
use crate::subject::Measured;
use std::hint::black_box;
use std::time::Instant;

/// Short rounds, many of them: what another process takes away meets few.
const COUNT: u32 = 5_000;

pub fn run(subjects: &[Box<dyn Measured>], rounds: usize, output: &mut Output) {
    let mut costs = vec![Vec::new(); subjects.len()];
    for subject in subjects {
        subject.cycle(COUNT);
    }
    for round in 0..rounds {
        // Another one begins in each round: nobody always follows the same neighbour.
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            costs[at].push(subjects[at].cycle(COUNT).as_secs_f64() * 1e9 / f64::from(COUNT));
        }
    }
    eprintln!("checkout + return, 1 thread, {rounds} rounds of {COUNT}; ratio to r2d2");
    eprintln!("{:<28} {:>8} {:>8} {:>8} {:>7}", "", "median", "least", "most", "ratio");
    let base = costs[0].clone();
    for (subject, costs) in subjects.iter().zip(&mut costs) {
        let ratio = ratio(costs, &base);
        let [least, median, most] = [0.0, 0.5, 1.0].map(|share| quantile(costs, share));
        let times = ratio.map_or(1.0, |ratio| ratio.median);
        eprintln!("{:<28} {median:>5.1} ns {least:>5.1} ns {most:>5.1} ns {times:>7.2}", subject.name());
        output.add(TABLE, "checkout + return", subject.name(), median, "ns", ratio);
        output.add(TABLE, "the fastest round", subject.name(), least, "ns", None);
    }
}

const TABLE: &str = "Uncontended";

/// What it takes to know that no fork has happened: Rebis's load beside the system call, and an empty loop beside both.
pub fn fork_check(rounds: usize, output: &mut Output) {
    let checks: [(&str, fn() -> u64); 3] = [
        ("nothing", || 0),
        ("Rebis, generation", || {
            black_box(rebis::process::generation());
            0
        }),
        ("getpid", || u64::from(std::process::id())),
    ];
    eprintln!("the fork check alone, {rounds} rounds of {COUNT}");
    for (name, check) in checks {
        let mut costs: Vec<f64> = (0..rounds)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..COUNT {
                    black_box(black_box(check)());
                }
                start.elapsed().as_secs_f64() * 1e9 / f64::from(COUNT)
            })
            .collect();
        let median = quantile(&mut costs, 0.5);
        eprintln!("{name:<28} {median:>5.1} ns");
        output.add("The fork check alone", "one look", name, median, "ns", None);
    }
}

pub fn of_sqlalchemy(python: &str, rounds: usize, output: &mut Output) {
    let mut costs = sqlalchemy::uncontended(python, rounds);
    let [least, median] = [0.0, 0.5].map(|share| quantile(&mut costs, share));
    eprintln!("{:<28} {median:>5.1} ns {least:>5.1} ns", sqlalchemy::NAME);
    output.add(TABLE, "checkout + return", sqlalchemy::NAME, median, "ns", None);
    output.add(TABLE, "the fastest round", sqlalchemy::NAME, least, "ns", None);
}
