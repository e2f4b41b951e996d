//! The process pool, seen from outside: results, deaths, signals, descriptors. Each test is a process of its own.
//!
//! `cargo test -p rebis-core --test workers -- nested` runs the tests whose name contains `nested`.

#![allow(unsafe_code, clippy::unwrap_used, clippy::panic)]

#[path = "workers/deaths.rs"]
mod deaths;
#[path = "workers/process.rs"]
mod process;
#[path = "workers/results.rs"]
mod results;
#[path = "workers/support.rs"]
mod support;

fn main() {
    let tests = [results::TESTS, deaths::TESTS, process::TESTS].concat();
    std::process::exit(support::run(&tests));
}
