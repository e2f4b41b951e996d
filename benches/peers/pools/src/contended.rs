//! Many threads, or tasks, on few connections: throughput, fairness, waiting, overtaking.

use crate::overtaking::{Overtaking, overtaking};
use crate::subject::{Load, Measured, ThreadReport};
use crate::{SIZE, quantile};
use std::time::Duration;

/// Threads, or tasks.
const USERS: usize = 64;
const HOLD: Duration = Duration::from_micros(200);
const ROUNDS: usize = 5;

/// What the rounds of one subject came to.
#[derive(Default, Clone)]
struct Sum {
    per_second: Vec<f64>,
    overtaking: Overtaking,
    /// The checkouts of the thread that got fewest, divided by those of the one that got most.
    share: Vec<f64>,
    fewest: Vec<usize>,
    most: Vec<usize>,
    waits: Vec<u32>,
}

/// `pause` is what a user does between two checkouts.
pub fn run(subjects: &[Box<dyn Measured>], pause: Duration, milliseconds: u64) {
    let length = Duration::from_millis(milliseconds);
    let load = Load { hold: HOLD, pause, length };
    let mut sums = vec![Sum::default(); subjects.len()];
    for round in 0..ROUNDS {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let (threads, elapsed) = subjects[at].compete(USERS, load);
            sums[at].add(threads, elapsed);
        }
    }
    let possible = f64::from(SIZE) / HOLD.as_secs_f64();
    println!(
        "{USERS} threads or tasks, {SIZE} connections, held {HOLD:?}, {pause:?} between, {ROUNDS} rounds of {length:?}"
    );
    println!("medians of the rounds; waits over all; at most {possible:.0}/s are possible");
    println!(
        "{:<28} {:>9} {:>7} {:>7} {:>11} {:>9} {:>9} {:>9}",
        "", "per s", "fewest", "most", "fewest/most", "p50 wait", "p99 wait", "longest"
    );
    for (subject, sum) in subjects.iter().zip(&mut sums) {
        sum.print(subject.name());
    }
    println!();
    println!("overtaken: checkouts that were served after one which was asked for later");
    println!(
        "by up to {} the scheduler alone can do it: others that were handed a connection woke up sooner",
        SIZE - 1
    );
    println!(
        "{:<28} {:>10} {:>10} {:>10} {:>14} {:>9}",
        "", "checkouts", "overtaken", "share", "by 4 and more", "by most"
    );
    for (subject, sum) in subjects.iter().zip(&sums) {
        sum.print_overtaking(subject.name());
    }
}

impl Sum {
    fn add(&mut self, threads: Vec<ThreadReport>, elapsed: Duration) {
        let counts = || threads.iter().map(|thread| thread.returned);
        let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        self.per_second.push(counts().sum::<usize>() as f64 / elapsed.as_secs_f64());
        self.share.push(fewest as f64 / most.max(1) as f64);
        self.fewest.push(fewest);
        self.most.push(most);
        let turns = threads.iter().flat_map(|thread| thread.turns.iter().copied()).collect();
        self.overtaking.add(&overtaking(turns, SIZE.into()));
        self.waits.extend(threads.into_iter().flat_map(|thread| thread.waits));
    }

    fn print(&mut self, name: &str) {
        let milliseconds = |nanoseconds: u32| f64::from(nanoseconds) / 1e6;
        let [p50, p99, longest] = [0.5, 0.99, 1.0].map(|at| milliseconds(quantile(&mut self.waits, at)));
        println!(
            "{name:<28} {:>9.0} {:>7} {:>7} {:>11.3} {p50:>6.2} ms {p99:>6.2} ms {longest:>6.1} ms",
            quantile(&mut self.per_second, 0.5),
            quantile(&mut self.fewest, 0.5),
            quantile(&mut self.most, 0.5),
            quantile(&mut self.share, 0.5),
        );
    }

    fn print_overtaking(&self, name: &str) {
        let Overtaking { all, overtaken, far, most } = self.overtaking;
        let percent = |count: usize| count as f64 * 100.0 / all.max(1) as f64;
        println!(
            "{name:<28} {all:>10} {overtaken:>10} {:>8.2} % {far:>5} {:>6.2} % {most:>9}",
            percent(overtaken),
            percent(far)
        );
    }
}
