//! What a worker saw, line by line in a file: it stays when the worker is killed.
//!
//! `start TOKEN`, then `acked TOKEN` or `failed TOKEN TEXT`; `wrong TOKEN TEXT` for an answer that is not its own; at the
//! end `done` or `gave-up`. The Python program writes the same.

use crate::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub struct Journal(File);

impl Journal {
    pub fn create(folder: &Path, worker: i64) -> Outcome<Journal> {
        Ok(Journal(File::create(folder.join(format!("worker-{worker}")))?))
    }

    /// One write call for each line, so that none is lost or torn.
    pub fn line(&mut self, text: &str) {
        let line = format!("{}\n", text.replace('\n', " "));
        self.0.write_all(line.as_bytes()).expect("a journal can be written");
    }
}

/// The journals of a run together.
#[derive(Debug, Default)]
pub struct Journals {
    pub acked: BTreeSet<i64>,
    pub failed: BTreeSet<i64>,
    /// Begun and neither acknowledged nor failed: the worker was killed in the middle.
    pub open: BTreeSet<i64>,
    pub wrong: usize,
    pub errors: BTreeMap<String, usize>,
    pub gave_up: usize,
    /// Workers whose journal has no end.
    pub unfinished: usize,
}

impl Journals {
    pub fn read(folder: &Path, workers: i64) -> Outcome<Journals> {
        let mut all = Journals::default();
        for worker in 0..workers {
            let text = std::fs::read(folder.join(format!("worker-{worker}"))).unwrap_or_default();
            all.add(&String::from_utf8_lossy(&text))?;
        }
        Ok(all)
    }

    fn add(&mut self, text: &str) -> Outcome<()> {
        let mut ended = false;
        for line in text.lines() {
            let mut parts = line.splitn(3, ' ');
            let word = parts.next().unwrap_or_default();
            let token = parts.next().map(str::parse::<i64>).transpose()?;
            match (word, token) {
                ("start", Some(token)) => {
                    self.open.insert(token);
                }
                ("acked", Some(token)) => {
                    self.open.remove(&token);
                    self.acked.insert(token);
                }
                ("failed", Some(token)) => {
                    self.open.remove(&token);
                    self.failed.insert(token);
                    *self.errors.entry(parts.next().unwrap_or_default().to_owned()).or_default() += 1;
                }
                ("wrong", Some(_)) => self.wrong += 1,
                ("done", None) => ended = true,
                ("gave-up", None) => {
                    ended = true;
                    self.gave_up += 1;
                }
                _ => return Err(format!("a journal has a line that is not known: {line}").into()),
            }
        }
        self.unfinished += usize::from(!ended);
        Ok(())
    }
}
