//! A socket that only the process that opened it speaks on, with a deadline on every wait.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

use super::deadline::Deadline;
use super::generation::{Generation, generation};
use super::{forked, registry};
use crate::error::{Error, ErrorKind, Result};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// IPv4 or IPv6.
    Tcp(SocketAddr),
    /// A unix socket's path.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

/// What is set on a new socket.
#[derive(Debug, Clone, Copy)]
pub struct SocketOptions {
    /// After how long without traffic the kernel begins to ask whether the peer is there, and how long it asks before
    /// it gives up. Default 30 s.
    pub keepalive: Duration,
    /// How long sent bytes may stay unacknowledged. Default 30 s.
    pub user_timeout: Duration,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions { keepalive: Duration::from_secs(30), user_timeout: Duration::from_secs(30) }
    }
}

/// A connected stream socket.
///
/// In a forked child every call answers [`ErrorKind::Forked`] before it touches the socket, and `Drop` does nothing: the
/// child's copy is closed by the registry, without a byte sent.
pub struct Socket {
    generation: Generation,
    slot: &'static registry::Slot,
    address: Address,
}

/// How long one system call waits at most; the deadline is looked at in between.
const SLICE: Duration = Duration::from_secs(1);

impl Socket {
    /// Connects before the deadline.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] with the system's reason.
    pub fn connect(address: &Address, options: SocketOptions, deadline: Deadline) -> Result<Socket> {
        let generation = generation();
        let family = match address {
            Address::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
            Address::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
            Address::Unix(_) => AddressFamily::UNIX,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let make = || rustix::net::socket_with(family, SocketType::STREAM, flags, None);
        let (_, slot) = registry::open(generation, make).map_err(|errno| refused(address, errno))?;
        // From here on `Drop` closes it, whatever fails.
        let socket = Socket { generation, slot, address: address.clone() };
        socket.start_connect(address, deadline).map_err(|errno| refused(address, errno))?;
        socket.set_options(address, options).map_err(|errno| refused(address, errno))?;
        Ok(socket)
    }

    fn start_connect(&self, address: &Address, deadline: Deadline) -> Result<(), Errno> {
        let started = match address {
            Address::Tcp(address) => rustix::net::connect(self.fd(), address),
            Address::Unix(path) => rustix::net::connect(self.fd(), &SocketAddrUnix::new(path)?),
        };
        match started {
            Ok(()) => Ok(()),
            // EAGAIN: a unix listener whose queue is full. There is nothing to poll for; the caller's retry is the pool's.
            Err(Errno::INPROGRESS | Errno::INTR) => {
                self.wait(PollFlags::OUT, deadline)?;
                sockopt::socket_error(self.fd())?
            }
            Err(errno) => Err(errno),
        }
    }

    fn set_options(&self, address: &Address, options: SocketOptions) -> Result<(), Errno> {
        let fd = self.fd();
        if let Address::Tcp(_) = address {
            sockopt::set_tcp_nodelay(fd, true)?;
            sockopt::set_socket_keepalive(fd, true)?;
            sockopt::set_tcp_keepidle(fd, options.keepalive)?;
            sockopt::set_tcp_keepintvl(fd, (options.keepalive / 3).max(Duration::from_secs(1)))?;
            sockopt::set_tcp_keepcnt(fd, 3)?;
            let millis = u32::try_from(options.user_timeout.as_millis()).unwrap_or(u32::MAX);
            sockopt::set_tcp_user_timeout(fd, millis)?;
        }
        // Blocking from here on, a slice at a time: one system call per read instead of poll and read.
        sockopt::set_socket_timeout(fd, sockopt::Timeout::Recv, Some(SLICE))?;
        sockopt::set_socket_timeout(fd, sockopt::Timeout::Send, Some(SLICE))?;
        rustix::io::ioctl_fionbio(fd, false)
    }

    /// Reads what is there, at least one byte, before the deadline.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`], [`ErrorKind::Disconnected`], [`ErrorKind::Forked`].
    pub fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
        self.check_process()?;
        loop {
            let flags = self.wait_if_short(PollFlags::IN, deadline).map_err(|errno| lost("read", errno))?;
            let flags = if flags { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
            match rustix::net::recv(self.fd(), &mut *buffer, flags) {
                Ok((0, _)) if !buffer.is_empty() => {
                    return Err(Error::new(ErrorKind::Disconnected, "the server closed the connection"));
                }
                Ok((count, _)) => return Ok(count),
                // A signal's handler may have forked.
                Err(Errno::INTR) => self.check_process()?,
                Err(Errno::AGAIN) if !deadline.has_passed() => {}
                Err(errno) => return Err(lost("read", errno)),
            }
        }
    }

    /// Writes all bytes before the deadline. A peer that is gone is an error, never a SIGPIPE.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive).
    pub fn send_all(&self, mut bytes: &[u8], deadline: Deadline) -> Result<()> {
        while !bytes.is_empty() {
            self.check_process()?;
            let flags = self.wait_if_short(PollFlags::OUT, deadline).map_err(|errno| lost("write", errno))?;
            let flags = if flags { SendFlags::DONTWAIT } else { SendFlags::empty() };
            match rustix::net::send(self.fd(), bytes, flags | SendFlags::NOSIGNAL) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if !deadline.has_passed() => {}
                Err(errno) => return Err(lost("write", errno)),
            }
            // Partial progress does not extend the deadline.
            if !bytes.is_empty() && deadline.has_passed() {
                return Err(lost("write", Errno::TIMEDOUT));
            }
        }
        Ok(())
    }

    /// The address it was connected to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether this process opened the socket.
    pub fn is_inherited(&self) -> bool {
        self.generation != generation()
    }

    fn check_process(&self) -> Result<()> {
        if self.is_inherited() { Err(forked("connection")) } else { Ok(()) }
    }

    /// Less than a slice is left: waits for that long exactly, and says that the call itself must not wait.
    fn wait_if_short(&self, flags: PollFlags, deadline: Deadline) -> Result<bool, Errno> {
        match deadline.remaining() {
            // Bytes may be there all the same; but a server that drips must not go on for ever.
            Some(Duration::ZERO) => Err(Errno::TIMEDOUT),
            Some(left) if left < SLICE => self.wait(flags, deadline).map(|()| true),
            _ => Ok(false),
        }
    }

    fn wait(&self, flags: PollFlags, deadline: Deadline) -> Result<(), Errno> {
        loop {
            let left = deadline.remaining().map(|left| Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            });
            match poll(&mut [PollFd::from_borrowed_fd(self.fd(), flags)], left.as_ref()) {
                Ok(0) => return Err(Errno::TIMEDOUT),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the number stays open until our `Drop`; every caller has compared the generation, or is `connect`, which
        // runs in the process that made the socket.
        unsafe { BorrowedFd::borrow_raw(self.slot.number()) }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // In a child the number was closed by the registry, and may be anybody's by now.
        if !self.is_inherited() {
            registry::close(self.generation, self.slot);
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = if self.is_inherited() { None } else { Some(self.slot.number()) };
        f.debug_struct("Socket").field("fd", &number).finish()
    }
}

fn refused(address: &Address, errno: Errno) -> Error {
    let reason = std::io::Error::from(errno);
    Error::new(ErrorKind::Connect, format!("cannot connect to {address}")).with_source(reason)
}

fn lost(action: &str, errno: Errno) -> Error {
    match errno {
        Errno::AGAIN | Errno::TIMEDOUT => {
            Error::new(ErrorKind::Timeout, format!("the {action} deadline passed; the connection is closed"))
                .with_disconnect()
        }
        errno => Error::new(ErrorKind::Disconnected, format!("the connection failed on {action}"))
            .with_source(std::io::Error::from(errno)),
    }
}
