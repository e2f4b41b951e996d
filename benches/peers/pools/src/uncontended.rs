//! One thread, nobody else: the price of a checkout with its return.

use crate::quantile;
use crate::subject::Measured;

const ROUNDS: usize = 7;

pub fn run(subjects: &[Box<dyn Measured>], count: u32) {
    let mut costs = vec![Vec::new(); subjects.len()];
    for subject in subjects {
        subject.cycle(count / 10);
    }
    for round in 0..ROUNDS {
        // Another one begins in each round: nobody always follows the same neighbour.
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            costs[at].push(subjects[at].cycle(count).as_secs_f64() * 1e9 / f64::from(count));
        }
    }
    println!("checkout + return, 1 thread, {ROUNDS} rounds of {count}");
    println!("{:<28} {:>8} {:>8} {:>8} {:>9}", "", "median", "least", "most", "ratio");
    let base = quantile(&mut costs[0].clone(), 0.5);
    for (subject, costs) in subjects.iter().zip(&mut costs) {
        let [least, median, most] = [0.0, 0.5, 1.0].map(|share| quantile(costs, share));
        let ratio = median / base;
        println!("{:<28} {median:>5.1} ns {least:>5.1} ns {most:>5.1} ns {ratio:>9.2}", subject.name());
    }
}
