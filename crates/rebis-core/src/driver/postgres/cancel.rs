//! Stopping what runs on a session: a CancelRequest on a connection of its own.

use std::fmt;

use super::{connect, request};
use crate::driver::interrupt::SideDoor;
use crate::driver::transport::Way;
use crate::error::{ErrorKind, Result};
use crate::process::Deadline;

/// The way to the session's server, and the session's key.
pub(super) struct Door {
    way: Way,
    session: u32,
    secret: Vec<u8>,
}

impl Door {
    pub(super) fn new(way: Way, session: u32, secret: &[u8]) -> Self {
        Door { way, session, secret: secret.to_vec() }
    }
}

impl SideDoor for Door {
    /// The server closes the connection when it has sent its signal. A session that gets the signal while it waits for a
    /// request forgets it, so the end of the connection is what nothing later can be hit after.
    fn stop(&self, deadline: Deadline) -> Result<()> {
        let mut transport = self.way.connect(deadline)?;
        connect::encrypt(&mut transport)?;
        request::cancel(transport.output(), self.session, &self.secret);
        transport.flush()?;
        match transport.need(1, deadline) {
            Err(error) if error.kind() != ErrorKind::Disconnected => Err(error),
            _ => Ok(()),
        }
    }
}

/// The key is a secret.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("way", &self.way).field("session", &self.session).finish_non_exhaustive()
    }
}
