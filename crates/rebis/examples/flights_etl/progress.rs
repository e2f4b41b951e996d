//! How far the job is: a bar on a terminal, lines elsewhere.

use std::cell::Cell;
use std::io::Read;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// The progress of one phase. It draws when it is told something and has no thread, so that the program can fork.
pub(crate) struct Progress {
    bar: ProgressBar,
    rows: Cell<u64>,
    start: Instant,
}

/// After how many rows the numbers are drawn anew.
const STRIDE: u64 = 2_000;

impl Progress {
    pub(crate) fn new(name: &'static str, length: u64) -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:40} {percent:>3}% {msg}");
        let bar = ProgressBar::new(length)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_prefix(name)
            .with_finish(ProgressFinish::Abandon);
        Progress { bar, rows: Cell::new(0), start: Instant::now() }
    }

    /// Moves the bar.
    pub(crate) fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    /// The same reader; what is read from it moves the bar.
    pub(crate) fn reading<R: Read>(&self, reader: R) -> impl Read {
        self.bar.wrap_read(reader)
    }

    /// Counts a row for the speed.
    pub(crate) fn count_row(&self) {
        self.rows.set(self.rows.get() + 1);
        if self.rows.get().is_multiple_of(STRIDE) {
            self.show_speed();
        }
    }

    /// Counts rows for the speed, and moves the bar as far.
    pub(crate) fn advance_rows(&self, rows: u64) {
        self.rows.set(self.rows.get() + rows);
        self.bar.inc(rows);
        self.show_speed();
    }

    fn show_speed(&self) {
        let rows = self.rows.get();
        let speed = rows as f64 / self.start.elapsed().as_secs_f64();
        self.bar.set_message(format!("{rows} rows, {speed:.0} rows/s"));
    }

    /// Says something where there is no bar to see.
    pub(crate) fn line(&self, message: &str) {
        if self.bar.is_hidden() {
            eprintln!("{message}");
        }
    }
}
