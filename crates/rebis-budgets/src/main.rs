//! The hot paths of Rebis, for `cargo xtask budgets`: `rebis-budgets NAME COUNT` runs one of them COUNT times and ends, so that
//! two runs differ by what the path itself costs. Without arguments it prints the names.

// Nobody is there to handle what fails: it ends the program, and the count with it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod connections;
mod rows;
mod server_mariadb;
mod server_postgres;
mod sessions;
mod statements;

use std::process::ExitCode;

/// A name and what it runs, so many times.
type HotPath = (&'static str, fn(usize));

const HOT_PATHS: [HotPath; 13] = [
    ("checkout_and_return", connections::checkout_and_return),
    ("compile_cached", statements::compile_cached),
    ("compile_cached_text", statements::compile_cached_text),
    ("decode_row_sqlite", rows::sqlite),
    ("decode_row_mariadb", rows::mariadb),
    ("decode_row_postgres", rows::postgres),
    ("session_load_object", sessions::load),
    ("session_identity_hit", sessions::identity_hit),
    ("flush_insert_sqlite", sessions::insert_sqlite),
    ("flush_insert_postgres", sessions::insert_postgres),
    ("flush_update_sqlite", sessions::update_sqlite),
    ("flush_update_mariadb", sessions::update_mariadb),
    ("flush_update_postgres", sessions::update_postgres),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => HOT_PATHS.iter().for_each(|(name, _)| println!("{name}")),
        [name, count] => {
            let found = HOT_PATHS.iter().find(|(known, _)| known == name);
            let (Some((_, run)), Ok(count)) = (found, count.parse()) else {
                eprintln!("rebis-budgets: no hot path {name:?}, or no number {count:?}");
                return ExitCode::FAILURE;
            };
            run(count);
        }
        _ => {
            eprintln!("usage: rebis-budgets [NAME COUNT]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
