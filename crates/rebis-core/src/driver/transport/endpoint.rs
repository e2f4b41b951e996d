//! A URL's servers → a session on one of them, tried in order.

use std::path::PathBuf;

use rustls::pki_types::ServerName;

use super::tls::Tls;
use super::{Timeouts, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Address, Deadline, Resolver, Socket, SocketOptions};
use crate::url::{Host, UrlOptions};

/// The servers of a URL, and how to speak to them.
#[derive(Debug)]
pub(crate) struct Endpoints {
    servers: Vec<Server>,
    timeouts: Timeouts,
    /// `load_balance_hosts=random`: each connection begins with another.
    random: bool,
}

#[derive(Debug)]
struct Server {
    place: Place,
    /// As it stands in the URL: what a certificate must be for.
    name: Option<ServerName<'static>>,
    tls: Tls,
}

#[derive(Debug)]
enum Place {
    Tcp(Resolver),
    Unix(PathBuf),
}

/// The way to one server: enough to connect to it once more, for a request to cancel.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(super) address: Address,
    pub(super) name: ServerName<'static>,
    pub(super) tls: Tls,
    pub(super) timeouts: Timeouts,
}

impl Way {
    /// Connects to that server, not yet encrypted.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] with the system's reason.
    pub(crate) fn connect(&self, limit: Deadline) -> Result<Transport> {
        let socket = Socket::connect(&self.address, SocketOptions::default(), limit)?;
        Ok(Transport::new(socket, self.clone(), limit))
    }
}

/// Where a server is, as a URL says it.
#[derive(Debug)]
pub(crate) enum Location {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Location {
    /// A URL's hosts with this port where they name none; `localhost` when there are none.
    pub(crate) fn of(hosts: &[Host], port: u16) -> Vec<Self> {
        let tcp = |host: &Host| Location::Tcp(host.name.clone(), host.port.unwrap_or(port));
        if hosts.is_empty() {
            return vec![Location::Tcp("localhost".into(), port)];
        }
        hosts.iter().map(tcp).collect()
    }

    /// Whether no network lies between.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self, Location::Unix(_))
    }
}

impl Endpoints {
    /// The servers at these places. Takes the option `load_balance_hosts`.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a host whose name no certificate can have, when it must.
    pub(crate) fn new(
        locations: Vec<(Location, Tls)>,
        timeouts: Timeouts,
        options: &mut UrlOptions<'_>,
    ) -> Result<Self> {
        let random = match options.text("load_balance_hosts")? {
            None | Some("disable") => false,
            Some("random") => true,
            Some(_) => {
                let text = "the URL option 'load_balance_hosts' must be disable or random";
                return Err(Error::new(ErrorKind::Url, text));
            }
        };
        let servers = locations.into_iter().map(|(location, tls)| Server::new(location, tls));
        Ok(Endpoints { servers: servers.collect::<Result<_>>()?, timeouts, random })
    }

    /// Tries the servers in turn, each of its addresses, until one lets this session begin. What a server says of itself
    /// ([`ErrorKind::Connect`]: not there, starting, full, not the kind that is wanted) leads to the next one; what it says
    /// of the login is the end. The time is shared out: a server that does not answer does not use up the others'.
    ///
    /// # Errors
    /// The session's; [`ErrorKind::Connect`] with what each server said, when none is left.
    pub(crate) fn connect<T>(
        &self,
        deadline: Deadline,
        mut begin: impl FnMut(Transport) -> Result<T>,
    ) -> Result<T> {
        let mut refusals = Vec::new();
        let order = self.order();
        for (tried, &index) in order.iter().enumerate() {
            let Some(server) = self.servers.get(index) else { continue };
            let limit = share(deadline, order.len() - tried);
            let addresses = match server.addresses(limit) {
                Ok(addresses) => addresses,
                Err(error) => {
                    refusals.push(error);
                    continue;
                }
            };
            let count = addresses.len();
            for (tried, address) in addresses.into_iter().enumerate() {
                let limit = share(limit, count - tried);
                match server.way(address, self.timeouts).connect(limit).and_then(&mut begin) {
                    Ok(session) => return Ok(session),
                    Err(error) if error.kind() == ErrorKind::Connect => refusals.push(error),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(together(refusals))
    }

    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        if self.random && order.len() > 1 {
            shuffle(&mut order);
        }
        order
    }
}

/// From the system: two children of one parent would draw the same numbers from a generator that they inherit. Without
/// random numbers the order stays.
fn shuffle(order: &mut [usize]) {
    for last in (1..order.len()).rev() {
        let mut bytes = [0; 8];
        let drawn = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK);
        if drawn != Ok(bytes.len()) {
            return;
        }
        let below = last as u64 + 1;
        order.swap(last, usize::try_from(u64::from_ne_bytes(bytes) % below).unwrap_or(last));
    }
}

/// When one of so many tries must be over, for the others to have as much time.
pub(super) fn share(deadline: Deadline, tries: usize) -> Deadline {
    match (deadline.remaining(), u32::try_from(tries)) {
        (Some(left), Ok(tries @ 2..)) => Deadline::after(left / tries),
        _ => deadline,
    }
}

/// One refusal as it is, several in one line.
fn together(mut refusals: Vec<Error>) -> Error {
    let Some(last) = refusals.pop() else {
        return Error::new(ErrorKind::Connect, "the URL names no server");
    };
    if refusals.is_empty() {
        return last;
    }
    refusals.push(last);
    let each: Vec<String> = refusals.iter().map(Error::chain).collect();
    let mut error =
        Error::new(ErrorKind::Connect, format!("no server took the connection: {}", each.join("; ")));
    if let Some(last) = refusals.last() {
        if let Some(sqlstate) = last.sqlstate() {
            error = error.with_sqlstate(sqlstate);
        }
        if let Some(code) = last.code() {
            error = error.with_code(code);
        }
    }
    error
}

impl Server {
    fn new(location: Location, tls: Tls) -> Result<Self> {
        let (place, host) = match location {
            Location::Tcp(host, port) => (Place::Tcp(Resolver::new(&host, port)), host),
            // Who is asked for a name on this machine has this one.
            Location::Unix(path) => (Place::Unix(path), "localhost".into()),
        };
        let name = ServerName::try_from(host.clone()).ok();
        if name.is_none() && tls.checks_name() {
            let text = format!("{} cannot hold for the host '{host}': it is no name of DNS", tls.setting());
            return Err(Error::new(ErrorKind::Url, text));
        }
        Ok(Server { place, name, tls })
    }

    /// Every connect resolves anew: a name may lead to another server after a failover.
    fn addresses(&self, deadline: Deadline) -> Result<Vec<Address>> {
        match &self.place {
            Place::Unix(path) => Ok(vec![Address::Unix(path.clone())]),
            Place::Tcp(resolver) => Ok(resolver.resolve(deadline)?.into_iter().map(Address::Tcp).collect()),
        }
    }

    fn way(&self, address: Address, timeouts: Timeouts) -> Way {
        // A name that is none of DNS is not checked (see `new`), and an address is none that would be sent.
        let name = self.name.clone().unwrap_or_else(|| match &address {
            Address::Tcp(address) => ServerName::IpAddress(address.ip().into()),
            Address::Unix(_) => ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()),
        });
        Way { address, name, tls: self.tls.clone(), timeouts }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_is_shared_out_and_the_last_has_the_rest() {
        let deadline = Deadline::after(Duration::from_secs(30));
        let left = |deadline: Deadline| deadline.remaining().unwrap();
        assert!(left(share(deadline, 3)) <= Duration::from_secs(10));
        assert!(left(share(deadline, 3)) > Duration::from_secs(8));
        assert_eq!(share(deadline, 1), deadline);
        assert_eq!(share(Deadline::NEVER, 3), Deadline::NEVER);
    }

    #[test]
    fn a_shuffle_keeps_all_and_comes_out_in_every_order() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut order = vec![0, 1, 2];
            shuffle(&mut order);
            seen.insert(order.clone());
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2]);
        }
        // All six; one of them is missing by chance once in 10^15 runs.
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn several_refusals_are_told_together() {
        let refusal = |text: &'static str| Error::new(ErrorKind::Connect, text);
        assert_eq!(together(vec![refusal("a")]).to_string(), "a");
        let both = together(vec![refusal("a"), refusal("b").with_sqlstate("57P03").with_code(7)]);
        assert_eq!(both.to_string(), "no server took the connection: a; b");
        assert_eq!((both.sqlstate(), both.code()), (Some("57P03"), Some(7)));
    }
}
