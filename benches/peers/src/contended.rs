//! Many threads on few connections: throughput, fairness, waiting.

use crate::subject::{Measured, ThreadReport};
use crate::{SIZE, quantile};
use std::time::Duration;

const THREADS: usize = 64;
const HOLD: Duration = Duration::from_micros(200);
const ROUNDS: usize = 5;

/// What the rounds of one subject came to.
#[derive(Default, Clone)]
struct Sum {
    per_second: Vec<f64>,
    /// The checkouts of the thread that got fewest, divided by those of the one that got most.
    share: Vec<f64>,
    fewest: Vec<usize>,
    most: Vec<usize>,
    waits: Vec<u32>,
}

pub fn run(subjects: &[Box<dyn Measured>], milliseconds: u64) {
    let length = Duration::from_millis(milliseconds);
    let mut sums = vec![Sum::default(); subjects.len()];
    for round in 0..ROUNDS {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let (threads, elapsed) = subjects[at].compete(THREADS, HOLD, length);
            sums[at].add(threads, elapsed);
        }
    }
    let possible = f64::from(SIZE) / HOLD.as_secs_f64();
    println!("{THREADS} threads, {SIZE} connections, held {HOLD:?}, {ROUNDS} rounds of {length:?}");
    println!("medians of the rounds; waits over all; at most {possible:.0}/s are possible");
    println!(
        "{:<28} {:>9} {:>7} {:>7} {:>11} {:>9} {:>9} {:>9}",
        "", "per s", "fewest", "most", "fewest/most", "p50 wait", "p99 wait", "longest"
    );
    for (subject, sum) in subjects.iter().zip(&mut sums) {
        sum.print(subject.name());
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
}
