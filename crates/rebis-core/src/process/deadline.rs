//! Absolute deadlines: every wait has one, and partial progress does not extend it.

use std::time::{Duration, Instant};

/// The moment at which a wait ends. `Deadline::NEVER` is for waits that end by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline.
    pub const NEVER: Deadline = Deadline(None);

    /// That long from now; `None`, and a time beyond the clock's range, mean never.
    pub fn after(timeout: impl Into<Option<Duration>>) -> Self {
        Deadline(timeout.into().and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(this), Some(that)) => Deadline(Some(this.min(that))),
            (this, that) => Deadline(this.or(that)),
        }
    }

    /// How long there is left; `None` for never, zero when it has passed.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }
}
