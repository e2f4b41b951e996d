//! What tests of several modules have in common.

pub(crate) mod fuzz;
