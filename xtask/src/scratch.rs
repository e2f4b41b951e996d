//! The throw-away folder in which private servers keep their data.

use crate::Result;
use rustix::fs::{FlockOperation, flock, statvfs};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = "rebis-xtask-";
const ENOUGH: u64 = 1 << 30;

/// A folder that is removed when dropped; a lock held on a file inside shows other runs that it is in use.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// A fresh folder in memory if there is room, else in the temporary folder.
    pub(crate) fn new() -> Result<Scratch> {
        let parent = parent();
        remove_abandoned(&parent);
        let path = parent.join(format!("{PREFIX}{}", random_hex(6)?));
        // Others may pass through (PostgreSQL may run as another user) but not list.
        make_dir(&path, 0o711)?;
        let lock = File::create(path.join("lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Scratch { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("xtask: cannot remove {}: {error}; remove it by hand", self.path.display());
        }
    }
}

/// Makes one folder with exactly these rights, whatever the umask takes away.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<()> {
    DirBuilder::new()
        .mode(mode)
        .create(path)
        .and_then(|()| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)))
        .map_err(|error| format!("cannot make the folder {}: {error}", path.display()).into())
}

/// Writes a new file which only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// Random bytes as hexadecimal digits, from the kernel.
pub(crate) fn random_hex(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut buffer))
        .map_err(|error| format!("cannot read /dev/urandom: {error}"))?;
    Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn parent() -> PathBuf {
    let memory = Path::new("/dev/shm");
    match statvfs(memory) {
        Ok(space) if space.f_bavail.saturating_mul(space.f_frsize) > ENOUGH => memory.to_owned(),
        _ => std::env::temp_dir(),
    }
}

/// Removes the folders of runs that were killed outright: nobody holds their lock any more.
fn remove_abandoned(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        // A younger one may belong to a run that is just about to lock it.
        if age(&lock).is_none_or(|age| age < Duration::from_secs(60)) {
            continue;
        }
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn age(file: &File) -> Option<Duration> {
    file.metadata().ok()?.modified().ok()?.elapsed().ok()
}
