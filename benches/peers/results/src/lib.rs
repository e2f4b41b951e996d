//! The results of the benchmarks: each figure is one JSON object on a line of its own, appended to the file of `--results`.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The section of the lines that tell how a figure was taken: the versions of a server or a peer, or what was left out.
/// They have a `text` in place of a value.
pub const ABOUT: &str = "about";

/// One figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The chapter of the page: `workloads`, `pools`, `processes`, `builds`, `statements`.
    pub section: String,
    pub table: String,
    pub row: String,
    pub column: String,
    pub value: f64,
    /// `ns`, `s`, `per s`, `bytes`, `share`, `lines`, `×`.
    pub unit: String,
    /// To the column `raw`, or to the table's base: the median of the ratios of all rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Record {
    pub fn new(section: &str, table: &str, row: &str, column: &str) -> Self {
        let [section, table, row, column] = [section, table, row, column].map(str::to_owned);
        Record { section, table, row, column, ..Record::default() }
    }

    /// The median of the costs of all rounds in nanoseconds, and of the ratios to another's costs in the same rounds. A peer
    /// that sat rounds out has fewer costs: those of the first rounds.
    pub fn costs(mut self, costs: &[f64], base: &[f64]) -> Self {
        self.value = median(costs);
        self.unit = "ns".into();
        let ratios: Vec<f64> = costs.iter().zip(base).map(|(cost, base)| cost / base).collect();
        if !ratios.is_empty() {
            self.ratio = Some(median(&ratios));
            self.least = ratios.iter().copied().reduce(f64::min);
            self.most = ratios.iter().copied().reduce(f64::max);
        }
        self
    }
}

/// The one in the middle; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Where figures go: to the end of a file, or nowhere but to the reader of stderr.
#[derive(Debug)]
pub struct Results {
    file: Option<File>,
}

impl Results {
    pub fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        Ok(Results { file: path.map(open).transpose()? })
    }

    pub fn add(&mut self, record: &Record) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut line = serde_json::to_string(record)?;
        line.push('\n');
        // In one call, so that a program that is stopped leaves no half of a line.
        file.write_all(line.as_bytes())
    }

    /// What is to be told about the run: a version, say, or why something is not there.
    pub fn about(&mut self, what: &str, name: &str, text: &str) -> std::io::Result<()> {
        eprintln!("{name}: {text}");
        let text = Some(text.to_owned());
        self.add(&Record { text, ..Record::new(ABOUT, what, name, "") })
    }
}

/// The records of a file, in their order.
pub fn read(path: &Path) -> std::io::Result<Vec<Record>> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines
        .filter(|line| !matches!(line, Ok(line) if line.trim().is_empty()))
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}
