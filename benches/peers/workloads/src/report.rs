//! The figures as a table in Markdown.

use crate::work::{Database, Work};

pub struct Report {
    title: &'static str,
    rounds: usize,
    lines: Vec<(Work, Vec<(&'static str, Vec<f64>)>)>,
}

impl Report {
    pub fn new(database: &Database, rounds: usize) -> Self {
        Report { title: database.name(), rounds, lines: Vec::new() }
    }

    /// A peer's costs, one for each round; the first peer of a workload is the floor.
    pub fn add(&mut self, work: Work, peer: &'static str, costs: Vec<f64>) {
        match self.lines.last_mut() {
            Some((last, peers)) if *last == work => peers.push((peer, costs)),
            _ => self.lines.push((work, vec![(peer, costs)])),
        }
    }

    pub fn print(&self) {
        let Some((_, peers)) = self.lines.first() else { return };
        let names: Vec<&str> = peers.iter().map(|(name, _)| *name).collect();
        println!("\n### {}, {} rounds\n\n| | {} |", self.title, self.rounds, names.join(" | "));
        println!("|---|{}", "---|".repeat(names.len()));
        for (work, peers) in &self.lines {
            let floor = &peers[0].1;
            let cells = peers.iter().map(|(_, costs)| cell(costs, floor)).collect::<Vec<_>>();
            println!("| {} | {} |", work.name(), cells.join(" | "));
        }
    }
}

/// The median cost; the median of the ratios to the floor round by round, and their least and most.
fn cell(costs: &[f64], floor: &[f64]) -> String {
    if costs.is_empty() {
        return String::new();
    }
    let mut sorted = costs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = shown(sorted[sorted.len() / 2]);
    if floor.is_empty() {
        return median;
    }
    let mut ratios: Vec<f64> = costs.iter().zip(floor).map(|(cost, floor)| cost / floor).collect();
    ratios.sort_by(f64::total_cmp);
    let (least, middle, most) = (ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    if std::ptr::eq(costs, floor) {
        let spread = sorted[sorted.len() - 1] / sorted[0];
        return format!("{median} (±{:.0} %)", (spread - 1.0) * 50.0);
    }
    format!("{median} **{middle:.2}×** ({least:.2}–{most:.2})")
}

fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        below if below < 1e3 => format!("{below:.0} ns"),
        below if below < 1e6 => format!("{:.1} µs", below / 1e3),
        more => format!("{:.2} ms", more / 1e6),
    }
}
