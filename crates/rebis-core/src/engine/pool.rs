//! An engine's pool, as programs see it.

use super::Engine;
use crate::pool::{LeaseInfo, PoolCounters, PoolStatus};

/// The pool of an engine in this process: how it stands, and who listens to it.
#[derive(Debug, Clone, Copy)]
pub struct EnginePool<'e>(pub(super) &'e Engine);

impl EnginePool<'_> {
    /// How the pool stands now.
    pub fn status(&self) -> PoolStatus {
        self.0.state().lending.status()
    }

    /// What it has done so far in this process.
    pub fn counters(&self) -> PoolCounters {
        self.0.state().lending.counters()
    }

    /// Who holds connections, the longest first.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("sqlite://")?;
    /// let held = engine.connect()?;
    /// let leases = engine.pool().leases();
    /// assert_eq!(leases[0].checked_out_at.line() + 1, line!() - 1);
    /// # drop(held);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn leases(&self) -> Vec<LeaseInfo> {
        self.0.state().lending.leases()
    }

    /// Distrusts every connection that is open now: each is replaced on its return, or when it is next asked for. After a
    /// failover, say.
    pub fn invalidate(&self) {
        self.0.state().lending.invalidate();
    }
}
