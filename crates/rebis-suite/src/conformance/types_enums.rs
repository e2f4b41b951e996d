//! .
use super::Scenario;
pub(super) const CASES: &[Scenario] = &[];
