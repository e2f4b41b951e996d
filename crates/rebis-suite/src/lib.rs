//! What the tests of Rebis on real databases have in common. Not published.

pub mod conformance;
pub mod databases;
pub mod fork;
pub mod harness;
pub mod ledger;
