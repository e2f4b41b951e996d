//! What a pool costs: checkout and return of a connection that does nothing.
//!
//! Uncontended on one thread, and 64 threads or tasks on 4 connections that each are held for 200 µs. The blocking pools
//! are used by threads, the async ones by tasks on a Tokio runtime with two workers: each as it is meant. A task costs
//! less than a thread, so what the tables compare is what a program gets, not the pools' own code alone. The rounds of the
//! subjects take turns, so that a change of the machine's speed meets all of them. `--quick` runs a tenth.

mod contended;
mod floor;
mod on_tokio;
mod overtaking;
mod peer_bb8;
mod peer_deadpool;
mod peer_r2d2;
mod rebis_pool;
mod subject;
mod uncontended;

use std::time::Duration;
use subject::{Measured, Subject};

/// Connections of each pool.
const SIZE: u32 = 4;

fn main() {
    let quick = std::env::args().skip(1).any(|argument| argument == "--quick");
    uncontended::run(&subjects(), if quick { 100_000 } else { 1_000_000 });
    println!();
    // Without a pause the one who returns is running and the one who waits has to wake up: the hard case for fairness.
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        contended::run(&subjects(), pause, if quick { 200 } else { 2_000 });
        println!();
    }
}

/// Ratios are to the first one.
fn subjects() -> Vec<Box<dyn Measured>> {
    vec![
        boxed(peer_r2d2::R2d2::new("r2d2, no test on checkout", SIZE, false)),
        boxed(peer_r2d2::R2d2::new("r2d2, as it comes", SIZE, true)),
        boxed(floor::MutexVec::new(SIZE)),
        boxed(rebis_pool::Rebis::new(SIZE)),
        Box::new(on_tokio::OnTokio::new(|| peer_deadpool::Deadpool::new(SIZE))),
        Box::new(on_tokio::OnTokio::new(|| peer_bb8::Bb8::new(SIZE))),
    ]
}

fn boxed(subject: impl Subject + 'static) -> Box<dyn Measured> {
    Box::new(subject)
}

/// The value in the middle of sorted ones, at a share of the way.
fn quantile<T: Copy + PartialOrd>(values: &mut [T], share: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("measured values compare"));
    values[((values.len() - 1) as f64 * share).round() as usize]
}
