//! The blocking transport under the network drivers: endpoints, encryption, buffers, deadlines.

mod binding;
mod certificates;
mod endpoint;
mod stream;
mod target;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod tls;

use std::time::Duration;

pub(crate) use endpoint::{Endpoints, Location, Way};
pub(crate) use target::{Role, Target};
pub(crate) use tls::{Tls, TlsNames};

use self::stream::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Address, Deadline, Socket};
use crate::url::UrlOptions;

/// How long one read of an answer and one write of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) read: Option<Duration>,
    pub(crate) write: Option<Duration>,
}

impl Timeouts {
    /// Takes `read_timeout` and `write_timeout`; zero lifts the limit.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for what is no number of seconds.
    pub(crate) fn take(options: &mut UrlOptions<'_>) -> Result<Self> {
        let mut take = |name, usual| {
            let given = options.seconds(name)?;
            Ok(given.map_or(usual, |given| Some(given).filter(|given| !given.is_zero())))
        };
        let usual = Timeouts::default();
        Ok(Timeouts { read: take("read_timeout", usual.read)?, write: take("write_timeout", usual.write)? })
    }
}

impl Default for Timeouts {
    /// A write is over when the kernel took it; an answer may need a long query, so it gets ten minutes.
    fn default() -> Self {
        Timeouts { read: Some(Duration::from_secs(600)), write: Some(Duration::from_secs(30)) }
    }
}

/// A byte stream to a server with one buffer each way. Messages are parsed in the input buffer, where they arrived.
#[derive(Debug)]
pub(crate) struct Transport {
    stream: Stream,
    way: Way,
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
    /// Not yet encrypted. Until [`connected`](Transport::connected) every wait ends at the limit.
    fn new(socket: Socket, way: Way, limit: Deadline) -> Self {
        Transport {
            stream: Stream::new(socket),
            timeouts: way.timeouts,
            way,
            limit,
            input: vec![0; INPUT],
            start: 0,
            end: 0,
            output: Vec::with_capacity(1024),
        }
    }

    /// The way to this server, to connect to it once more.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// Whether the server is to be asked for TLS.
    pub(crate) fn wants_tls(&self) -> bool {
        self.way.tls.config().is_some()
    }

    /// The server has no TLS.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the URL demands it. Nothing secret was sent.
    pub(crate) fn goes_plain(&self) -> Result<()> {
        let tls = &self.way.tls;
        if !tls.is_required() {
            return Ok(());
        }
        let text =
            format!("the server at {} offers no TLS, and {} demands it", self.way.address, tls.setting());
        Err(Error::new(ErrorKind::Connect, text))
    }

    /// The server has agreed to TLS and waits for its first bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the two do not agree or the certificate is not believed; [`ErrorKind::Protocol`] for bytes
    /// that came before: they were not encrypted, anybody may have put them there, and would be read as the server's answer.
    pub(crate) fn encrypt(&mut self) -> Result<()> {
        if !self.buffered().is_empty() {
            let text =
                "bytes that are not encrypted came between the server's consent to TLS and its beginning";
            return Err(Error::new(ErrorKind::Protocol, text).with_disconnect());
        }
        let Some(config) = self.way.tls.config() else {
            return Err(Error::new(ErrorKind::Internal, "TLS was begun without being wanted"));
        };
        let deadline = self.read_deadline();
        self.stream.encrypt(config, self.way.name.clone(), deadline).map_err(|error| {
            let kind = error.kind();
            let text =
                format!("cannot encrypt the connection to {} ({})", self.way.address, self.way.tls.setting());
            error.wrap(kind, text)
        })
    }

    /// Whether what is sent is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.stream.is_encrypted()
    }

    /// Whether only a server that has shown who it is reads what is sent: TLS with a certificate that was verified, or a unix
    /// socket.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_local() || (self.is_encrypted() && self.way.tls.is_verified())
    }

    /// Whether no network lies between.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.way.address, Address::Unix(_))
    }

    /// What binds a login to this server's certificate (`tls-server-end-point`), where there is such a thing.
    pub(crate) fn channel_binding(&self) -> Option<Vec<u8>> {
        self.stream.certificate().and_then(binding::end_point)
    }

    /// Ends the encryption, behind the protocol's own goodbye, and lets the server know.
    ///
    /// # Errors
    /// As [`flush`](Transport::flush): the server may have hung up first.
    pub(crate) fn end(&mut self) -> Result<()> {
        let deadline = Deadline::after(self.timeouts.write).min(self.limit);
        self.stream.close(deadline)
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
            let received = self.stream.receive(&mut self.input[self.end..], deadline)?;
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
        let sent = self.stream.send_all(&self.output, deadline);
        self.output.clear();
        // A huge request does not keep its buffer.
        self.output.shrink_to(MOST_KEPT);
        sent
    }

    /// Whether another process opened it.
    pub(crate) fn is_inherited(&self) -> bool {
        self.stream.is_inherited()
    }
}
