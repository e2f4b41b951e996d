//! Statements in the log.

use std::time::Instant;

use super::Engine;
use crate::error::Error;

/// A statement's line in the log: INFO with `echo`, else DEBUG.
pub(super) struct Log {
    echo: bool,
    start: Option<Instant>,
}

impl Log {
    pub(super) fn start(engine: &Engine) -> Self {
        let echo = engine.0.options.echo;
        let wanted = echo || tracing::enabled!(target: "rebis::sql", tracing::Level::DEBUG);
        Log { echo, start: wanted.then(Instant::now) }
    }

    pub(super) fn end(self, sql: &str, parameters: usize, sets: usize, error: Option<&Error>) {
        let Some(start) = self.start else { return };
        let elapsed = start.elapsed();
        let error = error.map(tracing::field::display);
        if self.echo {
            tracing::info!(target: "rebis::sql", sql, parameters, sets, ?elapsed, error);
        } else {
            tracing::debug!(target: "rebis::sql", sql, parameters, sets, ?elapsed, error);
        }
    }
}
