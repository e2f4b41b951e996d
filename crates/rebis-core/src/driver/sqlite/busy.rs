//! Waiting for another connection's lock.

use std::time::Duration;

use crate::process::Deadline;

/// Waits for another connection's lock, outside the gate, a little longer each time.
pub(super) struct BusyWait {
    deadline: Deadline,
    pause: Duration,
}

impl BusyWait {
    pub(super) fn new(timeout: Duration, limit: Deadline) -> Self {
        BusyWait { deadline: Deadline::after(timeout).min(limit), pause: Duration::from_micros(100) }
    }

    /// Sleeps; false when the time is up.
    pub(super) fn pause(&mut self) -> bool {
        let Some(left) = self.deadline.remaining().filter(|left| !left.is_zero()) else { return false };
        std::thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(Duration::from_millis(10));
        true
    }
}
