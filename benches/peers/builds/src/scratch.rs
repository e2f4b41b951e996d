//! The folder in which the applications are built: gigabytes, so it goes in any case.

use std::path::{Path, PathBuf};

use crate::Result;

const PREFIX: &str = "rebis-builds-";

pub struct Scratch(PathBuf);

impl Scratch {
    /// A folder in the temporary one. Those of runs that were killed are removed.
    pub fn new() -> Result<Self> {
        let parent = std::env::temp_dir();
        for entry in std::fs::read_dir(&parent)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_prefix(PREFIX).and_then(|number| number.parse::<u32>().ok());
            if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Scratch(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("builds: {} is left, remove it by hand: {error}", self.0.display());
        }
    }
}
