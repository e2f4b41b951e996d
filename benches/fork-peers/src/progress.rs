//! Whether a run still goes on. A slow one is not a hung one: what counts is that nobody notes anything any more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub struct Progress {
    folder: PathBuf,
    patience: Duration,
    size: u64,
    since: Instant,
}

impl Progress {
    pub fn new(folder: &Path, patience: Duration) -> Progress {
        Progress { folder: folder.to_owned(), patience, size: 0, since: Instant::now() }
    }

    /// Whether the files of the folder have not grown for too long.
    pub fn has_stopped(&mut self) -> bool {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let size = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        if size != self.size {
            self.size = size;
            self.since = Instant::now();
        }
        self.since.elapsed() >= self.patience
    }
}
