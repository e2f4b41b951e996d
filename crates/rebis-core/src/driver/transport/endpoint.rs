//! A URL's servers → a connected transport, tried in their order.

use std::path::PathBuf;

use super::{Timeouts, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Address, Deadline, Resolver, Socket, SocketOptions};
use crate::url::Url;

/// The servers of a URL.
#[derive(Debug)]
pub(crate) struct Endpoints(Vec<Endpoint>);

#[derive(Debug)]
enum Endpoint {
    Tcp(Resolver),
    Unix(PathBuf),
}

impl Endpoints {
    /// The URL's hosts, or this unix socket when it names none, or `localhost`.
    pub(crate) fn new(url: &Url, port: u16, unix: Option<PathBuf>) -> Self {
        if let Some(path) = unix {
            return Endpoints(vec![Endpoint::Unix(path)]);
        }
        let hosts = url.hosts().iter().map(|host| Resolver::new(&host.name, host.port.unwrap_or(port)));
        let mut endpoints: Vec<_> = hosts.map(Endpoint::Tcp).collect();
        if endpoints.is_empty() {
            endpoints.push(Endpoint::Tcp(Resolver::new("localhost", port)));
        }
        Endpoints(endpoints)
    }

    /// Connects to the first server that answers.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`]: the last refusal, when all refuse before the deadline.
    pub(crate) fn connect(&self, timeouts: Timeouts, deadline: Deadline) -> Result<Transport> {
        let mut last = Error::new(ErrorKind::Connect, "the URL names no server");
        for endpoint in &self.0 {
            match endpoint.addresses(deadline) {
                Ok(addresses) => {
                    for address in addresses {
                        match Socket::connect(&address, SocketOptions::default(), deadline) {
                            Ok(socket) => return Ok(Transport::new(socket, timeouts, deadline)),
                            Err(error) => last = error,
                        }
                    }
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Endpoint {
    fn addresses(&self, deadline: Deadline) -> Result<Vec<Address>> {
        match self {
            Endpoint::Unix(path) => Ok(vec![Address::Unix(path.clone())]),
            Endpoint::Tcp(resolver) => {
                Ok(resolver.resolve(deadline)?.into_iter().map(Address::Tcp).collect())
            }
        }
    }
}
