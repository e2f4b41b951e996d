//! The results: lines of JSON, one figure each, in the format that all programs of this workspace have.

use std::fs::{File, OpenOptions};
use std::io::Write;

/// Where the figures go; a table of them is told on stderr as well.
pub struct Results {
    file: Option<File>,
}

/// A figure beside the base's: the median of the rounds, and the extremes.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Results {
    pub fn new(path: Option<&str>) -> Results {
        let open = |path| OpenOptions::new().create(true).append(true).open(path).expect("the results' file");
        Results { file: path.map(open) }
    }

    pub fn add(
        &mut self,
        table: &str,
        row: &str,
        column: &str,
        value: f64,
        unit: &str,
        ratio: Option<Ratio>,
    ) {
        let Some(file) = &mut self.file else { return };
        let ratio = ratio.map_or(String::new(), |Ratio { median, least, most }| {
            format!(",\"ratio\":{median:.4},\"least\":{least:.4},\"most\":{most:.4}")
        });
        // The names are this program's own: nothing in them is to be escaped.
        writeln!(
            file,
            "{{\"section\":\"pools\",\"table\":\"{table}\",\"row\":\"{row}\",\"column\":\"{column}\",\"value\":{value:.4},\"unit\":\"{unit}\"{ratio}}}"
        )
        .expect("the results can be written");
    }
}

/// The value in the middle of sorted ones, at a share of the way.
pub fn quantile<T: Copy + PartialOrd>(values: &mut [T], share: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("measured values compare"));
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// The ratios of the rounds, each to the base of its own round.
pub fn ratio(values: &[f64], base: &[f64]) -> Option<Ratio> {
    let mut ratios: Vec<f64> = values.iter().zip(base).map(|(value, base)| value / base).collect();
    if ratios.is_empty() {
        return None;
    }
    let [least, median, most] = [0.0, 0.5, 1.0].map(|share| quantile(&mut ratios, share));
    Some(Ratio { median, least, most })
}
