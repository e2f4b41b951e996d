//! What the program is called with.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};

/// Many workers write one SQLite file: `wal` lets them read meanwhile, `immediate` and `busy_timeout` queue the writers.
const DEFAULT_URL: &str =
    "sqlite:///flights.db?journal_mode=wal&synchronous=normal&begin=immediate&busy_timeout=60";

const DEFAULT_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/nycflights13");

/// Loads the flights that left New York in 2013 into a database and cleans them, in forked workers.
#[derive(Parser, Debug)]
pub(crate) struct Options {
    /// Where the database is: sqlite:///file.db, mysql://user@host/db, postgresql://user@host/db
    #[arg(long, default_value = DEFAULT_URL)]
    pub(crate) url: String,

    /// How many worker processes transform the months
    #[arg(long, default_value_t = cores())]
    pub(crate) workers: NonZeroUsize,

    /// Which months to transform, like 1-12 or 1,3,5-7
    #[arg(long, default_value = "1-12")]
    pub(crate) months: Months,

    /// How the workers speak to the database: by models and sessions, or by SQL texts. The rows are the same
    #[arg(long, value_enum, default_value_t = Transform::Orm)]
    pub(crate) transform: Transform,

    /// The folder with the CSV files
    #[arg(long, default_value = DEFAULT_SOURCE)]
    pub(crate) source: PathBuf,
}

/// The two ways in which the months are transformed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Transform {
    /// By models and sessions.
    Orm,
    /// By SQL texts.
    Core,
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A choice of months, each from 1 to 12.
#[derive(Debug, Clone)]
pub(crate) struct Months(pub(crate) BTreeSet<u8>);

impl FromStr for Months {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut months = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (month(first)?, month(last)?);
            if first > last {
                return Err(format!("{part} runs backwards"));
            }
            months.extend(first..=last);
        }
        Ok(Months(months))
    }
}

fn month(text: &str) -> Result<u8, String> {
    match text.trim().parse() {
        Ok(month @ 1..=12) => Ok(month),
        _ => Err(format!("'{text}' is no month from 1 to 12")),
    }
}
