//! The figures of a load, as lines of the results.

use std::path::Path;

use results::{Record, Results};

use crate::measure::Measured;

/// Where they go.
pub struct Figures(Results);

impl Figures {
    pub fn new(path: Option<&str>) -> Figures {
        Figures(Results::open(path.map(Path::new)).expect("the results' file"))
    }

    pub fn add(&mut self, database: &str, workers: u32, peer: &str, measured: &Measured, raw: &Measured) {
        let row = if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
        let figure = |table: &str, value, unit: &str, ratio: Option<f64>| Record {
            value,
            unit: unit.to_owned(),
            ratio,
            least: ratio,
            most: ratio,
            ..Record::new("processes", table, &row, peer)
        };
        let wall = Some(measured.seconds / raw.seconds);
        let processor = Some(measured.cpu / raw.cpu);
        for record in [
            figure(database, measured.seconds, "s", wall),
            figure(&format!("{database}: CPU of the client"), measured.cpu, "s", processor),
            figure(&format!("{database}: memory of a worker"), measured.resident as f64, "bytes", None),
        ] {
            self.0.add(&record).expect("the results can be written");
        }
    }
}
