//! What the tests of Rebis on real databases have in common. Not published.

// It is all test code: to panic is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

pub mod conformance;
pub mod databases;
pub mod entries;
pub mod examples;
pub mod fork;
pub mod harness;
pub mod ledger;
pub mod proxy;
