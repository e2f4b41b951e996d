//! The figures: a line on stderr for each, and a line of JSON in the file of results.

use std::collections::HashMap;
use std::path::PathBuf;

use results::{Record, Results};

use crate::Result;
use crate::cargo::Taken;
use crate::peers::Peer;

pub struct Report {
    results: Option<PathBuf>,
    column: &'static str,
    table: String,
    /// What the raw driver took, by table and row.
    base: HashMap<(String, String), f64>,
    records: Vec<Record>,
}

impl Report {
    pub fn new(results: Option<PathBuf>) -> Self {
        Report { results, column: "", table: String::new(), base: HashMap::new(), records: Vec::new() }
    }

    pub fn begin(&mut self, peer: &Peer) {
        self.column = peer.column;
        eprintln!("{}", peer.name);
    }

    pub fn table(&mut self, models: usize) {
        self.table = format!("An application of {models} models");
    }

    /// The median of these times, on the clock and of the processors.
    pub fn times(&mut self, row: &str, taken: &[Taken]) {
        self.median(row, taken.iter().map(|taken| taken.clock).collect());
        self.median(&format!("{row}, processor time"), taken.iter().map(|taken| taken.processors).collect());
    }

    fn median(&mut self, row: &str, mut times: Vec<f64>) {
        times.sort_by(f64::total_cmp);
        let Some(median) = times.get(times.len() / 2) else { return };
        self.figure(row, *median, "s");
        if let [least, .., most] = times[..] {
            eprintln!("{:>50}   least {least:.2}, most {most:.2}", "");
        }
    }

    pub fn figure(&mut self, row: &str, value: f64, unit: &str) {
        let Report { column, table, .. } = self;
        eprintln!("  {table}, {row}: {value:.2} {unit}");
        let place = (table.clone(), row.to_owned());
        if *column == "raw" {
            self.base.insert(place.clone(), value);
        }
        let ratio = self.base.get(&place).filter(|base| **base > 0.0).map(|base| value / base);
        let unit = unit.to_owned();
        self.records.push(Record { value, unit, ratio, ..Record::new("builds", table, row, column) });
    }

    /// Appends the figures of a peer to the file: who is stopped keeps those that were taken.
    pub fn write(&mut self) -> Result<()> {
        let mut results = Results::open(self.results.as_deref())?;
        self.records.drain(..).try_for_each(|record| results.add(&record))?;
        Ok(())
    }
}
