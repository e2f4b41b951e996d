//! The blocking transport under the network drivers: endpoints, buffers, deadlines.

mod endpoint;

use std::time::Duration;

pub(crate) use endpoint::Endpoints;

use crate::error::Result;
use crate::process::{Address, Deadline, Socket, SocketOptions};

/// How long one read of an answer and one write of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) read: Option<Duration>,
    pub(crate) write: Option<Duration>,
}

impl Default for Timeouts {
    /// A write is over when the kernel took it; an answer may need a long query, so it gets ten minutes.
    fn default() -> Self {
        Timeouts { read: Some(Duration::from_secs(600)), write: Some(Duration::from_secs(30)) }
    }
}

/// How one server is reached again.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    address: Address,
    timeouts: Timeouts,
}

impl Way {
    /// Connects to that server.
    ///
    /// # Errors
    /// [`Connect`](crate::ErrorKind::Connect).
    pub(crate) fn connect(&self, deadline: Deadline) -> Result<Transport> {
        let socket = Socket::connect(&self.address, SocketOptions::default(), deadline)?;
        Ok(Transport::new(socket, self.timeouts, deadline))
    }
}

/// A byte stream to a server with one buffer each way. Messages are parsed in the input buffer, where they arrived.
#[derive(Debug)]
pub(crate) struct Transport {
    socket: Socket,
    timeouts: Timeouts,
    /// Until the handshake is over, every wait ends here at the latest.
    limit: Deadline,
    input: Vec<u8>,
    /// `input[start..end]` has arrived and is not yet consumed.
    start: usize,
    end: usize,
    output: Vec<u8>,
}

/// The first size of the input buffer; it doubles as bytes arrive, never by what a length field claims.
const INPUT: usize = 16 * 1024;

/// How large a buffer may stay when it is empty.
const MOST_KEPT: usize = 1024 * 1024;

impl Transport {
    pub(crate) fn new(socket: Socket, timeouts: Timeouts, limit: Deadline) -> Self {
        Transport {
            socket,
            timeouts,
            limit,
            input: vec![0; INPUT],
            start: 0,
            end: 0,
            output: Vec::with_capacity(1024),
        }
    }

    /// The way to the server that this transport is on, for another connection to the same.
    pub(crate) fn way(&self) -> Way {
        Way { address: self.socket.address().clone(), timeouts: self.timeouts }
    }

    /// The handshake is over: from now on each read and write has its own deadline.
    pub(crate) fn connected(&mut self) {
        self.limit = Deadline::NEVER;
    }

    /// Every wait from now on ends there at the latest: for a goodbye, or a reset.
    pub(crate) fn limit(&mut self, limit: Deadline) {
        self.limit = limit;
    }

    /// A read's deadline, to be made once per answer: a server that drips does not extend it.
    pub(crate) fn read_deadline(&self) -> Deadline {
        Deadline::after(self.timeouts.read).min(self.limit)
    }

    /// What has arrived and is not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    /// Waits until at least `count` bytes are buffered.
    ///
    /// # Errors
    /// As [`Socket::receive`].
    pub(crate) fn need(&mut self, count: usize, deadline: Deadline) -> Result<()> {
        while self.end - self.start < count {
            self.make_room();
            let received = self.socket.receive(&mut self.input[self.end..], deadline)?;
            self.end += received;
        }
        Ok(())
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.input.len() {
            let doubled = self.input.len() * 2;
            self.input.resize(doubled, 0);
        }
    }

    /// Goes past bytes that were parsed.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start, "only what has arrived can be consumed");
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            // A huge answer does not keep its buffer.
            if self.input.len() > MOST_KEPT {
                self.input = vec![0; INPUT];
            }
        }
    }

    /// Where a request is written before [`flush`](Transport::flush) sends it.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Sends what was written.
    ///
    /// # Errors
    /// As [`Socket::send_all`]; the request may have been sent in part.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let deadline = Deadline::after(self.timeouts.write).min(self.limit);
        let sent = self.socket.send_all(&self.output, deadline);
        self.output.clear();
        // A huge request does not keep its buffer.
        self.output.shrink_to(MOST_KEPT);
        sent
    }

    /// Whether another process opened it.
    pub(crate) fn is_inherited(&self) -> bool {
        self.socket.is_inherited()
    }
}
