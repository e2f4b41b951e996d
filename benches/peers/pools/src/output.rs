//! The figures of pools, as lines of the results.

use std::path::Path;

use results::{Record, Results};

/// Where they go; a table of them is told on stderr as well.
pub struct Output(Results);

/// A figure beside the base's: the median of the rounds, and the extremes.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Output {
    pub fn new(path: Option<&str>) -> Output {
        Output(Results::open(path.map(Path::new)).expect("the results' file"))
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
        let record = Record {
            value,
            unit: unit.to_owned(),
            ratio: ratio.map(|ratio| ratio.median),
            least: ratio.map(|ratio| ratio.least),
            most: ratio.map(|ratio| ratio.most),
            ..Record::new("pools", table, row, column)
        };
        self.0.add(&record).expect("the results can be written");
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
