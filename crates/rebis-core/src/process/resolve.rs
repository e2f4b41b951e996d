//! Host names → addresses, with a deadline that `getaddrinfo` does not have.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};

/// Resolves one host; keeps its last good answer.
///
/// `getaddrinfo` can hang for ever in a child that was forked while another thread was inside it (5 of 2,000 did), and so
/// can the start of a thread there, when another one was starting (std has a lock of its own for that). So it runs on a
/// short-lived thread that nobody joins before it has answered; when the deadline passes, the thread is left behind and the last good addresses serve.
#[derive(Debug)]
pub(crate) struct Resolver {
    host: String,
    port: u16,
    /// Published whole and leaked when replaced: it survives a fork without a lock, and changes when an address does.
    last_good: AtomicPtr<Vec<SocketAddr>>,
}

impl Resolver {
    pub(crate) fn new(host: impl Into<String>, port: u16) -> Self {
        Resolver { host: host.into(), port, last_good: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The addresses, at least one.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the name does not resolve and never did.
    pub(crate) fn resolve(&self, deadline: Deadline) -> Result<Vec<SocketAddr>> {
        // A literal address resolves nothing.
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        match self.ask(deadline) {
            Ok(addresses) => {
                self.keep(&addresses);
                Ok(addresses)
            }
            Err(error) => self.last_good().map_or(Err(error), |known| {
                tracing::warn!(target: "rebis::connect", host = self.host, "resolving failed; using the last good addresses");
                Ok(known.to_vec())
            }),
        }
    }

    fn ask(&self, deadline: Deadline) -> Result<Vec<SocketAddr>> {
        let (answer, answered) = mpsc::sync_channel(1);
        let target = (self.host.clone(), self.port);
        let failed = |reason: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Connect, format!("cannot resolve the host name {}", self.host))
                .with_source(reason)
        };
        let asker = std::thread::Builder::new()
            .name("rebis-resolve".into())
            .spawn(move || {
                let _ = answer.send(target.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
            })
            .map_err(|error| failed(error.into()))?;
        let answer = match self.patience(deadline) {
            Some(left) => answered
                .recv_timeout(left)
                .map_err(|_| failed("no answer before the connect deadline".into())),
            None => answered.recv().map_err(|error| failed(error.into())),
        };
        let answer = answer?;
        // It has answered and ends now: the process is single-threaded again if it was before, and may fork workers.
        let _ = asker.join();
        match answer {
            Ok(addresses) if addresses.is_empty() => Err(failed("the name has no address".into())),
            Ok(addresses) => Ok(addresses),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// How long to wait for an answer: where there are addresses to fall back on, half of what is left stays for them.
    fn patience(&self, deadline: Deadline) -> Option<Duration> {
        let left = deadline.remaining()?;
        Some(if self.last_good().is_some() { left / 2 } else { left })
    }

    fn last_good(&self) -> Option<&[SocketAddr]> {
        // SAFETY: null, or a vector that was leaked by `keep`.
        unsafe { self.last_good.load(Ordering::Acquire).as_ref() }.map(Vec::as_slice)
    }

    fn keep(&self, addresses: &[SocketAddr]) {
        if self.last_good() != Some(addresses) {
            let kept = Box::into_raw(Box::new(addresses.to_vec()));
            self.last_good.store(kept, Ordering::Release);
        }
    }
}
