//! First come, first served: counted in simulated time, over the same books that threads use.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::ledger::{Grant, Ledger, Next, Order};

const THREADS: usize = 64;
const PLACES: usize = 4;
const CHECKOUTS: usize = THREADS * 5_000;

/// What happens to a thread at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Asks,
    /// It was woken to look.
    Looks,
    Returns(usize),
}

struct Simulation {
    /// How long a waiter may be overtaken.
    patience: u64,
    ledger: Ledger<usize, usize>,
    random: u64,
    now: u64,
    /// Time, a number that keeps those of one time in order, thread.
    agenda: BinaryHeap<Reverse<(u64, u64, usize, Happens)>>,
    numbers: u64,
    asks: u64,
    /// When each thread that waits asked.
    asked: Vec<Option<u64>>,
    tickets: Vec<u64>,
    order_of_asking: Vec<u64>,
    served: Vec<u64>,
    waited: Vec<u64>,
    overtakings: u64,
    /// How often each was overtaken when its patience was at an end.
    when_due: Vec<usize>,
    most_when_due: usize,
    made: usize,
}

impl Simulation {
    fn new(patience: u64) -> Self {
        let mut simulation = Simulation {
            patience,
            ledger: Ledger::new(PLACES, Some(0), Order::FirstInFirstOut),
            random: 1,
            now: 0,
            agenda: BinaryHeap::new(),
            numbers: 0,
            asks: 0,
            asked: vec![None; THREADS],
            tickets: vec![0; THREADS],
            order_of_asking: vec![0; THREADS],
            served: vec![0; THREADS],
            waited: vec![0; THREADS],
            overtakings: 0,
            when_due: vec![0; THREADS],
            most_when_due: 0,
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
        for _ in 0..3 * CHECKOUTS {
            let Some(Reverse((time, _, thread, happens))) = self.agenda.pop() else { break };
            self.now = time;
            match happens {
                Happens::Asks => self.ask(thread),
                Happens::Looks => {
                    if let Some(place) = self.ledger.look(self.tickets[thread]) {
                        self.serve(thread, place);
                    }
                    self.call();
                }
                Happens::Returns(place) => {
                    let (asked, latest) = (&self.asked, self.now.saturating_sub(self.patience));
                    let is_due = |first: &usize| asked[*first].is_some_and(|asked| asked <= latest);
                    if let Next::Hand(waiter, place) = self.ledger.give(place, 0, true, is_due) {
                        self.serve(waiter, place);
                    }
                    self.call();
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
            Grant::Wait => self.tickets[thread] = self.ledger.wait(thread),
        }
    }

    fn call(&mut self) {
        if let Some(first) = self.ledger.call() {
            let to_wake = self.random(30);
            self.after(to_wake, first, Happens::Looks);
        }
    }

    /// Whoever asked earlier and still waits was overtaken.
    fn serve(&mut self, thread: usize, place: usize) {
        let asked = self.asked[thread].take().unwrap();
        let order = self.order_of_asking[thread];
        for other in 0..THREADS {
            if let Some(earlier) = self.asked[other].filter(|_| self.order_of_asking[other] < order) {
                self.overtakings += 1;
                if earlier + self.patience <= self.now {
                    self.when_due[other] += 1;
                    self.most_when_due = self.most_when_due.max(self.when_due[other]);
                }
            }
        }
        self.when_due[thread] = 0;
        self.served[thread] += 1;
        self.waited[thread] += self.now - asked;
        let hold = 1 + self.random(100);
        self.after(hold, thread, Happens::Returns(place));
    }
}

/// Everybody is served, and alike.
fn run(patience: u64) -> Simulation {
    let mut simulation = Simulation::new(patience);
    simulation.run();
    assert_eq!(simulation.made, PLACES);
    let total: u64 = simulation.served.iter().sum();
    assert!(total as usize > CHECKOUTS * 9 / 10, "{total} checkouts");
    let ratio = |values: &[u64]| *values.iter().max().unwrap() as f64 / *values.iter().min().unwrap() as f64;
    let (served, waited) = (ratio(&simulation.served), ratio(&simulation.waited));
    assert!(served < 3.0 && waited < 3.0, "served {served}, waited {waited}");
    simulation
}

/// Also where the patience is shorter than the wait in a full line: everybody there is due.
#[test]
fn a_full_line_is_served_in_its_order() {
    for patience in [0, 100] {
        assert_eq!(run(patience).overtakings, 0);
    }
}

#[test]
fn who_is_due_is_overtaken_only_by_what_was_free_before() {
    for patience in [1_000, 4_000] {
        let simulation = run(patience);
        assert!(simulation.overtakings > 0, "{patience}");
        assert!(simulation.most_when_due <= PLACES, "{patience}: {}", simulation.most_when_due);
    }
}

/// That the count counts.
#[test]
fn an_overtaking_would_be_seen() {
    let mut simulation = Simulation::new(0);
    simulation.asked[1] = Some(0);
    simulation.order_of_asking[1] = 1;
    simulation.asked[2] = Some(0);
    simulation.order_of_asking[2] = 2;
    simulation.serve(2, 1);
    assert_eq!(simulation.overtakings, 1);
}
