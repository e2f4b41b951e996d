//! A socket, plain or with TLS on it. Every call asks first which process it is in: TLS has a state that both sides count
//! along with, so that one record from a child would be the end of its parent's connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection};

use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, Socket, forked};

/// A stream of bytes to a server.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    tls: Option<Box<Session>>,
}

/// TLS on one connection. Dropping it sends nothing.
struct Session {
    connection: ClientConnection,
    /// What has arrived and is not decrypted: one system call for what `rustls` takes in pieces of 4 KiB.
    arrived: Vec<u8>,
    start: usize,
    end: usize,
}

/// A record and its head.
const ARRIVED: usize = 17 * 1024;

impl Stream {
    pub(super) fn new(socket: Socket) -> Self {
        Stream { socket, tls: None }
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.socket.is_inherited()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// The server's own certificate.
    pub(super) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.as_ref()?.connection.peer_certificates()?.first()
    }

    /// Begins to speak TLS, up to the end of the handshake.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the two do not agree or the certificate is not believed.
    pub(super) fn encrypt(
        &mut self,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
        deadline: Deadline,
    ) -> Result<()> {
        self.check_process()?;
        let failed = |error: rustls::Error| {
            let text = match error {
                rustls::Error::InvalidCertificate(_) => "the server's certificate is not trusted",
                _ => "the TLS handshake failed",
            };
            Error::new(ErrorKind::Connect, text).with_source(error)
        };
        let connection = ClientConnection::new(Arc::clone(config), name).map_err(failed)?;
        let mut session = Session { connection, arrived: vec![0; ARRIVED], start: 0, end: 0 };
        while session.connection.is_handshaking() {
            session.send(&self.socket, deadline)?;
            if !session.connection.is_handshaking() {
                break;
            }
            session.receive(&self.socket, deadline)?;
            if let Err(error) = session.connection.process_new_packets() {
                // The alert, so that the server's log tells why.
                let _ = session.send(&self.socket, deadline);
                return Err(failed(error));
            }
        }
        session.send(&self.socket, deadline)?;
        self.tls = Some(Box::new(session));
        Ok(())
    }

    /// Reads what is there, at least one byte, before the deadline.
    ///
    /// # Errors
    /// As [`Socket::receive`].
    pub(super) fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        let Some(session) = &mut self.tls else { return self.socket.receive(buffer, deadline) };
        // Also what was decrypted before the fork is the parent's.
        if self.socket.is_inherited() {
            return Err(forked("connection"));
        }
        loop {
            match session.connection.reader().read(buffer) {
                Ok(0) if buffer.is_empty() => return Ok(0),
                Ok(0) => {
                    return Err(Error::new(ErrorKind::Disconnected, "the server closed the connection"));
                }
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(lost(error)),
            }
            session.receive(&self.socket, deadline)?;
            let processed = session.connection.process_new_packets();
            // A change of keys is answered, and nonsense by an alert.
            if session.connection.wants_write() {
                let sent = session.send(&self.socket, deadline);
                processed.map_err(lost)?;
                sent?;
            } else {
                processed.map_err(lost)?;
            }
        }
    }

    /// Writes all bytes before the deadline. A peer that is gone is an error, never a SIGPIPE.
    ///
    /// # Errors
    /// As [`Socket::send_all`].
    pub(super) fn send_all(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<()> {
        let Some(session) = &mut self.tls else { return self.socket.send_all(bytes, deadline) };
        while !bytes.is_empty() {
            if self.socket.is_inherited() {
                return Err(forked("connection"));
            }
            // It takes what fits its buffer.
            let taken = session.connection.writer().write(bytes).map_err(lost)?;
            bytes = &bytes[taken..];
            session.send(&self.socket, deadline)?;
        }
        Ok(())
    }

    /// Tells the server that no more comes, where TLS has a word for it.
    pub(super) fn close(&mut self, deadline: Deadline) -> Result<()> {
        self.check_process()?;
        let Some(session) = &mut self.tls else { return Ok(()) };
        session.connection.send_close_notify();
        session.send(&self.socket, deadline)
    }

    fn check_process(&self) -> Result<()> {
        if self.is_inherited() { Err(forked("connection")) } else { Ok(()) }
    }
}

impl Session {
    /// Takes in encrypted bytes, waiting for them if none have arrived.
    fn receive(&mut self, socket: &Socket, deadline: Deadline) -> Result<()> {
        if self.start == self.end {
            // Emptied first: a wait that ends in vain must not leave the old bytes behind, to be taken in twice.
            (self.start, self.end) = (0, 0);
            self.end = socket.receive(&mut self.arrived, deadline)?;
        }
        let mut arrived = &self.arrived[self.start..self.end];
        let taken = self.connection.read_tls(&mut arrived).map_err(lost)?;
        self.start += taken;
        // It takes nothing after a goodbye, and none of a record that is longer than any may be.
        if taken == 0 {
            return Err(Error::new(ErrorKind::Disconnected, "the server closed the connection"));
        }
        Ok(())
    }

    /// Sends the encrypted bytes that wait.
    fn send(&mut self, socket: &Socket, deadline: Deadline) -> Result<()> {
        let mut sending = Sending { socket, deadline, failed: None };
        while self.connection.wants_write() {
            let written = self.connection.write_tls(&mut sending);
            if let Some(error) = sending.failed.take() {
                return Err(error);
            }
            written.map_err(lost)?;
        }
        Ok(())
    }
}

/// A socket as `rustls` wants it; keeps the error, of which an `io::Error` would lose the kind.
struct Sending<'a> {
    socket: &'a Socket,
    deadline: Deadline,
    failed: Option<Error>,
}

impl Write for Sending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.send_all(bytes, self.deadline) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the socket failed"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lost(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Disconnected, "the encrypted connection failed").with_source(error)
}

/// Keys and data are left out.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("version", &self.connection.protocol_version())
            .finish_non_exhaustive()
    }
}
