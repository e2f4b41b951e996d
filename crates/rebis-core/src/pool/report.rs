//! What a pool says of itself: how it stands, who holds what, who holds it too long.

use std::panic::Location;
use std::time::Duration;

use super::lending::Lending;
use super::marks::{LeaseInfo, nested_checkout};
use super::record::Record;
use super::{PoolCounters, PoolStatus, lock};
use crate::error::{Error, ErrorKind};

impl Lending {
    pub(crate) fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    pub(crate) fn counters(&self) -> PoolCounters {
        self.counters.snapshot()
    }

    /// Who holds connections, longest first.
    pub(crate) fn leases(&self) -> Vec<LeaseInfo> {
        let leases = self.marks.leases(self.options.clock.now());
        let mut leases: Vec<_> = leases.into_iter().map(|(_, _, lease)| lease).collect();
        leases.sort_by_key(|lease| std::cmp::Reverse(lease.held_for));
        leases
    }

    pub(super) fn report_leaks(&self) {
        let Some(threshold) = self.options.leak_threshold else { return };
        for (mark, _, lease) in self.marks.leases(self.options.clock.now()) {
            if lease.held_for > threshold && mark.report() {
                self.report_leak(&lease, "a connection is out for long: leaked, or a long transaction");
            }
        }
    }

    pub(super) fn report_late_return(&self, record: &Record, threshold: Duration) {
        let Some((_, lease)) = record.mark().lease(self.options.clock.now()) else { return };
        if lease.held_for > threshold {
            if record.mark().report() {
                self.report_leak(&lease, "a connection was out for long, and is back");
            } else {
                let LeaseInfo { checked_out_at, held_for } = lease;
                tracing::info!(target: "rebis::pool", %checked_out_at, ?held_for, "it is back, so it was no leak");
            }
        }
    }

    fn report_leak(&self, lease: &LeaseInfo, message: &str) {
        self.counters.leaks.count();
        let LeaseInfo { checked_out_at, held_for } = lease;
        tracing::warn!(target: "rebis::pool", %checked_out_at, ?held_for, "{message}");
    }

    pub(super) fn timed_out(&self, status: &PoolStatus) -> Error {
        self.counters.timeouts.count();
        let mut message = format!("no connection came free within {:?} ({status})", self.options.timeout);
        for (index, lease) in self.leases().iter().take(3).enumerate() {
            let word = if index == 0 { "; held longest: since" } else { ", since" };
            message.push_str(&format!("{word} {:.1?} by {}", lease.held_for, lease.checked_out_at));
        }
        if let Some((when, error)) = &*lock(&self.last_connect_error) {
            let ago = when.elapsed().as_secs();
            message.push_str(&format!("; an attempt to connect failed {ago} s ago: {error}"));
        }
        message.push_str("; return connections sooner, or raise the pool's size, overflow or timeout");
        Error::new(ErrorKind::PoolTimeout, message)
    }

    pub(super) fn nested(
        &self,
        waiting: &[u64],
        leased: usize,
        site: &'static Location<'static>,
    ) -> Option<Error> {
        let sites = self.marks.all_held_by(waiting, leased)?;
        let sites: Vec<_> = sites.iter().map(ToString::to_string).collect();
        Some(nested_checkout(site, &sites))
    }

    /// Whether this thread used one of the connections last.
    pub(super) fn holds_one(&self, thread: u64) -> bool {
        self.marks.any_held_by(thread)
    }
}
