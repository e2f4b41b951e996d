//! A pooled connection of the driver, without what the engine adds.

use super::Engine;
use super::connection::{given_up, no_connection};
use crate::driver;
use crate::error::Result;
use crate::pool::{ConnectionRecord, Info, Lease};
use crate::process::forked;

/// A driver's connection leased from an engine's pool: no named parameters, no transaction that begins by itself, no events of
/// the engine. Dropping it gives it back, and what is not committed is rolled back.
///
/// ```
/// use rebis_core::{Engine, ValueRef};
///
/// let engine = Engine::new("sqlite://")?;
/// let mut raw = engine.raw_connection()?;
/// let cursor = raw.driver_connection()?.execute("select ?1 + 1", &[ValueRef::Int(41)])?;
/// assert!(cursor.advance()?);
/// assert_eq!(cursor.cell(0)?, ValueRef::Int(42));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug)]
pub struct RawConnection {
    lease: Lease<Engine>,
}

impl RawConnection {
    pub(super) fn new(lease: Lease<Engine>) -> Self {
        RawConnection { lease }
    }

    /// The driver's connection.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child, and when it was lost and another one could not be had.
    pub fn driver_connection(&mut self) -> Result<&mut (dyn driver::Connection + 'static)> {
        if self.lease.is_inherited() {
            return Err(forked("connection"));
        }
        self.lease.touch();
        if self.lease.working().is_none() {
            self.lease.replace()?;
        }
        self.lease.working_mut().ok_or_else(no_connection)
    }

    /// The program's facts about the connection.
    ///
    /// # Errors
    /// [`Disconnected`](crate::ErrorKind::Disconnected) when the connection was lost or given up,
    /// [`Forked`](crate::ErrorKind::Forked) in a child.
    pub fn info(&mut self) -> Result<&mut Info> {
        if self.lease.is_inherited() {
            return Err(forked("connection"));
        }
        self.lease.record().map(ConnectionRecord::info).ok_or_else(given_up)
    }

    /// Gives the connection up and closes it; the next use opens another one.
    pub fn invalidate(&mut self) {
        if !self.lease.is_inherited() {
            self.lease.invalidate(None);
        }
    }
}
