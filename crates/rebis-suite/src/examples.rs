//! The examples as programs, built where that is needed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// The path of an example.
///
/// `cargo test --workspace` builds the examples beside the tests. A test of this package alone does not: it builds what is
/// missing or older than its sources.
///
/// # Panics
/// When it does not build.
pub fn program(example: &str) -> PathBuf {
    static BUILT: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILT.lock();
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let program = profile.join("examples").join(example);
    let sources = ["rebis/examples", "rebis/src", "rebis-core/src"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(folder));
    if sources.iter().map(|folder| newest(folder)).max() > Some(changed(&program)) {
        build(example, profile);
    }
    program
}

fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("a source").path());
    paths.map(|path| if path.is_dir() { newest(&path) } else { changed(&path) }).max().unwrap_or(UNIX_EPOCH)
}

fn changed(path: &Path) -> SystemTime {
    path.metadata().and_then(|file| file.modified()).unwrap_or(UNIX_EPOCH)
}

fn build(example: &str, profile: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "rebis", "--example", example]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    cargo.arg("--target-dir").arg(profile.parent().expect("the target folder"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    assert!(cargo.status().expect("cargo").success(), "the example {example} does not build");
}
