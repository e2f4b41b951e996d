//! SQLAlchemy, in the Python that `cargo xtask fork-page` makes.

use std::path::Path;
use std::process::Command;

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../target/fork-page/venv/bin/python");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/statements.py");

pub fn run(join: bool, count: u32) {
    if !Path::new(PYTHON).exists() {
        println!("SQLAlchemy: not run, there is no Python with it; `cargo xtask fork-page` makes one");
        return;
    }
    let kind = if join { "join" } else { "everyday" };
    match Command::new(PYTHON).args([PROGRAM, kind, &(count / 10).to_string()]).status() {
        Ok(status) if status.success() => {}
        Ok(status) => println!("SQLAlchemy: {status}"),
        Err(error) => println!("SQLAlchemy: {error}"),
    }
}
