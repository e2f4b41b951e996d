//! First come, first served: counted in simulated time, over the same books that threads use.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::ledger::{Grant, Ledger, Next, Order};

const THREADS: usize = 64;
const PLACES: usize = 4;
const CHECKOUTS: usize = THREADS * 20_000;

/// What happens to a thread at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Asks,
    Returns(usize),
}

struct Simulation {
    ledger: Ledger<usize, usize>,
    random: u64,
    now: u64,
    /// Time, a number that keeps those of one time in order, thread.
    agenda: BinaryHeap<Reverse<(u64, u64, usize, Happens)>>,
    numbers: u64,
    asks: u64,
    /// When each thread that waits asked.
    asked: Vec<Option<u64>>,
    order_of_asking: Vec<u64>,
    served: Vec<u64>,
    waited: Vec<u64>,
    overtakings: u64,
    last_waiter_served: u64,
    made: usize,
}

impl Simulation {
    fn new() -> Self {
        let mut simulation = Simulation {
            ledger: Ledger::new(PLACES, Some(0), Order::FirstInFirstOut),
            random: 1,
            now: 0,
            agenda: BinaryHeap::new(),
            numbers: 0,
            asks: 0,
            asked: vec![None; THREADS],
            order_of_asking: vec![0; THREADS],
            served: vec![0; THREADS],
            waited: vec![0; THREADS],
            overtakings: 0,
            last_waiter_served: 0,
            made: 0,
        };
        for thread in 0..THREADS {
            simulation.after(0, thread, Happens::Asks);
        }
        simulation
    }

    fn random(&mut self, bound: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn after(&mut self, time: u64, thread: usize, happens: Happens) {
        self.numbers += 1;
        self.agenda.push(Reverse((self.now + time, self.numbers, thread, happens)));
    }

    fn run(&mut self) {
        for _ in 0..2 * CHECKOUTS {
            let Some(Reverse((time, _, thread, happens))) = self.agenda.pop() else { break };
            self.now = time;
            match happens {
                Happens::Asks => self.ask(thread),
                Happens::Returns(place) => {
                    if let Next::Hand(waiter, place) = self.ledger.give(place, 0, true) {
                        self.serve(waiter, place);
                    }
                    let pause = self.random(20);
                    self.after(pause, thread, Happens::Asks);
                }
            }
        }
    }

    fn ask(&mut self, thread: usize) {
        self.asks += 1;
        self.asked[thread] = Some(self.now);
        self.order_of_asking[thread] = self.asks;
        match self.ledger.take() {
            Grant::Lend(place) => self.serve(thread, place),
            Grant::Make => {
                self.made += 1;
                self.serve(thread, self.made);
            }
            Grant::Wait => {
                self.ledger.wait(thread);
            }
        }
    }

    /// Whoever asked earlier and still waits was overtaken.
    fn serve(&mut self, thread: usize, place: usize) {
        let asked = self.asked[thread].take().unwrap();
        let order = self.order_of_asking[thread];
        self.overtakings += (0..THREADS)
            .filter(|other| self.asked[*other].is_some() && self.order_of_asking[*other] < order)
            .count() as u64;
        assert!(order > self.last_waiter_served, "served in the order of asking");
        self.last_waiter_served = order;
        self.served[thread] += 1;
        self.waited[thread] += self.now - asked;
        let hold = 1 + self.random(100);
        self.after(hold, thread, Happens::Returns(place));
    }
}

#[test]
fn nobody_overtakes_and_all_are_served_alike() {
    let mut simulation = Simulation::new();
    simulation.run();
    assert_eq!(simulation.overtakings, 0);
    assert_eq!(simulation.made, PLACES);
    let total: u64 = simulation.served.iter().sum();
    assert!(total as usize > CHECKOUTS * 9 / 10, "{total} checkouts");
    let ratio = |values: &[u64]| *values.iter().max().unwrap() as f64 / *values.iter().min().unwrap() as f64;
    let (served, waited) = (ratio(&simulation.served), ratio(&simulation.waited));
    assert!(served < 3.0 && waited < 3.0, "served {served}, waited {waited}");
}

/// That the count counts.
#[test]
fn an_overtaking_would_be_seen() {
    let mut simulation = Simulation::new();
    simulation.asked[1] = Some(0);
    simulation.order_of_asking[1] = 1;
    simulation.asked[2] = Some(0);
    simulation.order_of_asking[2] = 2;
    simulation.serve(2, 1);
    assert_eq!(simulation.overtakings, 1);
}
