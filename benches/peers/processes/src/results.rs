//! The results: lines of JSON, one figure each, in the format that all programs of this workspace have.

use crate::measure::Measured;
use std::fs::{File, OpenOptions};
use std::io::Write;

pub struct Results(Option<File>);

impl Results {
    pub fn new(path: Option<&str>) -> Results {
        let open = |path| OpenOptions::new().create(true).append(true).open(path).expect("the results' file");
        Results(path.map(open))
    }

    pub fn add(&mut self, database: &str, workers: u32, peer: &str, measured: &Measured, raw: &Measured) {
        let ratio = measured.seconds / raw.seconds;
        let told = format!(",\"ratio\":{ratio:.4},\"least\":{ratio:.4},\"most\":{ratio:.4}");
        let row = if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
        self.line(database, &row, peer, measured.seconds, "s", &told);
        let ratio = measured.cpu / raw.cpu;
        let told = format!(",\"ratio\":{ratio:.4},\"least\":{ratio:.4},\"most\":{ratio:.4}");
        self.line(&format!("{database}: CPU of the client"), &row, peer, measured.cpu, "s", &told);
        let resident = measured.resident as f64;
        self.line(&format!("{database}: memory of a worker"), &row, peer, resident, "bytes", "");
    }

    /// The names are this program's own: nothing in them is to be escaped.
    fn line(&mut self, table: &str, row: &str, column: &str, value: f64, unit: &str, ratio: &str) {
        let Some(file) = &mut self.0 else { return };
        writeln!(
            file,
            "{{\"section\":\"processes\",\"table\":\"{table}\",\"row\":\"{row}\",\"column\":\"{column}\",\"value\":{value:.4},\"unit\":\"{unit}\"{ratio}}}"
        )
        .expect("the results can be written");
    }
}
