//! Many threads, or tasks, on few connections: throughput, waiting, fairness, overtaking.

use crate::SIZE;
use crate::output::{Output, quantile, ratio};
use crate::overtaking::{Overtaking, overtaking};
use crate::subject::{Load, Measured, ThreadReport};
use crate::waits::Waits;
use std::time::Duration;

/// Threads, or tasks.
pub const USERS: [usize; 5] = [1, 2, 4, 16, 64];

/// What the rounds of one subject came to.
#[derive(Clone)]
struct Sum {
    per_second: Vec<f64>,
    overtaking: Overtaking,
    /// The checkouts of the thread that got fewest, divided by those of the one that got most.
    share: Vec<f64>,
    waits: Waits,
}

/// What one subject came to, as it is told.
#[derive(Debug, Clone)]
pub struct Figures {
    pub per_second: Vec<f64>,
    pub share: f64,
    /// At 50, 99 and 99.9 of a hundred, in nanoseconds.
    pub waits: [f64; 3],
}

pub fn title(load: &Load) -> String {
    let between = if load.pause.is_zero() { String::new() } else { format!(", {:?} between", load.pause) };
    if load.hold.is_zero() { format!("Not held{between}") } else { format!("Held {:?}{between}", load.hold) }
}

/// All subjects with so many users; `others` were measured elsewhere.
pub fn run(
    subjects: &[Box<dyn Measured>],
    users: usize,
    load: Load,
    rounds: usize,
    others: &[(String, Figures)],
    output: &mut Output,
) {
    let none =
        Sum { per_second: vec![], overtaking: Overtaking::default(), share: vec![], waits: Waits::new() };
    let mut sums = vec![none; subjects.len()];
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let (threads, elapsed) = subjects[at].compete(users, load);
            sums[at].add(threads, elapsed);
        }
    }
    let title = title(&load);
    eprintln!("{title}: {users} threads or tasks, {SIZE} connections, {rounds} rounds of {:?}", load.length);
    eprintln!(
        "{:<28} {:>11} {:>7} {:>11} {:>11} {:>11} {:>8}",
        "", "per s", "share", "p50 wait", "p99 wait", "p99.9 wait", "far*"
    );
    let mut all: Vec<(String, Figures)> = Vec::new();
    for (subject, sum) in subjects.iter().zip(&mut sums) {
        let figures = sum.figures();
        let far = sum.overtaking.far as f64 * 100.0 / sum.overtaking.all.max(1) as f64;
        let far = if sum.overtaking.all == 0 { String::new() } else { format!("{far:.2} %") };
        tell(subject.name(), &figures, &far);
        all.push((subject.name().to_owned(), figures));
        if sum.overtaking.all > 0 {
            let share = sum.overtaking.far as f64 / sum.overtaking.all as f64;
            let table = format!("{title}: overtaken by {SIZE} or more");
            output.add(&table, &users.to_string(), subject.name(), share, "share", None);
        }
    }
    for (name, figures) in others {
        tell(name, figures, "");
        all.push((name.clone(), figures.clone()));
    }
    write(&title, users, &all, output);
    if !load.hold.is_zero() {
        eprintln!("* overtaken by {SIZE} or more that had asked later");
    }
}

fn tell(name: &str, figures: &Figures, far: &str) {
    let [p50, p99, p999] = figures.waits.map(|wait| wait / 1e3);
    let per_second = quantile(&mut figures.per_second.clone(), 0.5);
    eprintln!(
        "{name:<28} {per_second:>11.0} {:>7.3} {p50:>8.1} µs {p99:>8.1} µs {p999:>8.1} µs {far:>8}",
        figures.share
    );
}

/// The base of the ratios is r2d2, which stands first.
fn write(title: &str, users: usize, all: &[(String, Figures)], output: &mut Output) {
    let row = users.to_string();
    let Some((_, base)) = all.first() else { return };
    for (name, figures) in all {
        let per_second = quantile(&mut figures.per_second.clone(), 0.5);
        let ratio = ratio(&figures.per_second, &base.per_second);
        output.add(&format!("{title}: checkouts"), &row, name, per_second, "per s", ratio);
        output.add(&format!("{title}: share"), &row, name, figures.share, "share", None);
        for (wait, quantile) in figures.waits.iter().zip(["p50", "p99", "p99.9"]) {
            output.add(&format!("{title}: {quantile} wait"), &row, name, *wait, "ns", None);
        }
    }
}

impl Sum {
    fn add(&mut self, threads: Vec<ThreadReport>, elapsed: Duration) {
        let counts = || threads.iter().map(|thread| thread.returned);
        let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        self.per_second.push(counts().sum::<usize>() as f64 / elapsed.as_secs_f64());
        self.share.push(fewest as f64 / most.max(1) as f64);
        let turns = threads.iter().flat_map(|thread| thread.turns.iter().copied()).collect();
        self.overtaking.add(&overtaking(turns, SIZE.into()));
        threads.iter().for_each(|thread| self.waits.add(&thread.waits));
    }

    fn figures(&mut self) -> Figures {
        Figures {
            per_second: self.per_second.clone(),
            share: quantile(&mut self.share, 0.5),
            waits: [0.5, 0.99, 0.999].map(|share| self.waits.quantile(share)),
        }
    }
}
