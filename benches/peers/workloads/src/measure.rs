//! One workload: everybody's answers compared, then the clock.

use std::time::{Duration, Instant};

use results::{Record, Results, median};

use crate::arguments::Arguments;
use crate::work::{Database, Peer, Work};
use crate::{SECTION, answers, seed};

/// Who takes longer than this is measured in one round only, once.
const SLOW: Duration = Duration::from_secs(1);
/// Of what takes longer than this, one sample in a round is enough.
const LONG: Duration = Duration::from_millis(100);

/// Of one database, a table of the page.
pub struct Table<'a> {
    pub database: &'a Database,
    pub arguments: &'a Arguments,
    pub results: &'a mut Results,
}

impl Table<'_> {
    /// The round before the first one warms up, and its answers are compared.
    pub fn measure(&mut self, work: Work, peers: &mut [Box<dyn Peer>]) {
        let slow = self.compare(work, peers);
        let mut costs: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
        for round in 0..self.arguments.rounds {
            for turn in 0..peers.len() {
                let at = (round + turn) % peers.len();
                if peers[at].does(work) && (round == 0 || !slow[at]) {
                    costs[at].push(self.cost(&mut *peers[at], work));
                }
            }
        }
        let mut told = Vec::new();
        for (peer, own) in peers.iter_mut().zip(&costs) {
            peer.rest();
            if own.is_empty() {
                continue;
            }
            let record = Record::new(SECTION, self.database.name(), &work.name(), peer.name());
            let record = record.costs(own, &costs[0]);
            self.results.add(&record).unwrap();
            let ratio = record.ratio.map(|ratio| format!(" {ratio:.2}×"));
            told.push(format!("{} {:.1} µs{}", peer.name(), record.value / 1e3, ratio.unwrap_or_default()));
        }
        eprintln!("{}, {}: {}", self.database.name(), work.name(), told.join(", "));
    }

    /// Who is slow; panics if somebody reads or writes otherwise than the others.
    fn compare(&mut self, work: Work, peers: &mut [Box<dyn Peer>]) -> Vec<bool> {
        let mut first: Option<(Vec<i64>, &'static str)> = None;
        let mut slow = Vec::new();
        for peer in peers {
            if !peer.does(work) {
                slow.push(false);
                continue;
            }
            let start = Instant::now();
            let answer = answers::of(&mut **peer, work, self.database);
            slow.push(start.elapsed() > SLOW);
            let (wanted, who) = first.get_or_insert_with(|| (answer.clone(), peer.name()));
            assert_eq!(*wanted, answer, "{} answers otherwise than {who} to {work:?}", peer.name());
        }
        slow
    }

    /// The median cost of one call, in nanoseconds.
    fn cost(&self, peer: &mut dyn Peer, work: Work) -> f64 {
        let mut costs = Vec::new();
        let start = Instant::now();
        loop {
            if work.writes() && work != Work::Update {
                seed::empty(peer, self.database);
            }
            let cost = peer.time(work);
            costs.push(cost / work.calls() as f64);
            let enough = cost > LONG.as_secs_f64() * 1e9 || costs.len() >= 3;
            if enough && (start.elapsed() >= self.arguments.budget || costs.len() >= 1000) {
                return median(&costs);
            }
        }
    }
}
