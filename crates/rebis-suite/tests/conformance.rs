//! The same program on every database. A case is named `subject_what@database`.

use std::process::ExitCode;

use rebis_suite::{conformance, harness};

fn main() -> ExitCode {
    harness::main(&conformance::cases())
}
