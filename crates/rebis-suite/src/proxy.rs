//! A proxy between a program and its server that stalls, drips, cuts and refuses when it is told to.
#![allow(unsafe_code)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::databases::Database;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the program to its server.
    ToServer,
    /// From the server to its program.
    ToProgram,
}

/// A listening proxy; it ends with its value, and its connections with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    server: String,
    control: Arc<Control>,
}

#[derive(Debug, Default)]
struct Control {
    /// Nobody is let in, and who is in is thrown out.
    down: AtomicBool,
    /// Everybody is let in, and no byte passes.
    stalled: AtomicBool,
    /// Bytes pass one by one.
    drips: AtomicBool,
    /// A connection that ends is reset instead of closed.
    resets: AtomicBool,
    /// Counts what throws everybody out.
    cuts: AtomicUsize,
    /// How many bytes may pass before all connections are cut; counted down.
    left: [AtomicI64; 2],
    passed: [AtomicI64; 2],
    /// The byte of the server's that is changed next, counted down, and by which bits.
    spoilt: AtomicI64,
    bits: AtomicU8,
    ended: AtomicBool,
}

const LOOK: Duration = Duration::from_millis(5);

impl Proxy {
    /// A proxy in front of a database's server.
    ///
    /// # Panics
    /// When there is no server, or no port.
    pub fn new(database: &Database) -> Proxy {
        let url = database.url();
        let host = url.hosts().first().expect("a server");
        let server = format!("{}:{}", host.name, host.port.expect("its port"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("its address");
        let control = Arc::new(Control::default());
        control.spoilt.store(-1, Ordering::SeqCst);
        control.let_pass(Direction::ToServer, i64::MAX);
        control.let_pass(Direction::ToProgram, i64::MAX);
        let (told, target) = (Arc::clone(&control), server.clone());
        thread::spawn(move || accept(&listener, &target, &told));
        Proxy { address, server, control }
    }

    /// The database's URL with the proxy in the server's place.
    pub fn url(&self, database: &Database, options: &str) -> String {
        database.url_with(options).replace(&self.server, &self.address.to_string())
    }

    /// Whether bytes are held back.
    pub fn stall(&self, stalled: bool) {
        self.control.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Whether bytes pass one by one.
    pub fn drip(&self, drips: bool) {
        self.control.drips.store(drips, Ordering::SeqCst);
    }

    /// Whether connections that are cut are reset.
    pub fn reset_on_cut(&self, resets: bool) {
        self.control.resets.store(resets, Ordering::SeqCst);
    }

    /// Throws everybody out.
    pub fn cut(&self) {
        self.control.cuts.fetch_add(1, Ordering::SeqCst);
    }

    /// Throws everybody out and lets nobody in, or lets them in again.
    pub fn down(&self, down: bool) {
        self.control.down.store(down, Ordering::SeqCst);
        if down {
            self.cut();
        }
    }

    /// Cuts everybody off once so many bytes have passed in that direction, counted from now.
    pub fn cut_after(&self, direction: Direction, bytes: i64) {
        self.control.let_pass(direction, bytes);
    }

    /// Changes these bits of the byte that the server sends so many bytes from now.
    pub fn spoil(&self, offset: i64, bits: u8) {
        self.control.bits.store(bits, Ordering::SeqCst);
        self.control.spoilt.store(offset, Ordering::SeqCst);
    }

    /// How many bytes have passed in that direction.
    pub fn passed(&self, direction: Direction) -> i64 {
        self.control.passed[direction as usize].load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.control.ended.store(true, Ordering::SeqCst);
        self.cut();
    }
}

impl Control {
    fn let_pass(&self, direction: Direction, bytes: i64) {
        self.left[direction as usize].store(bytes, Ordering::SeqCst);
    }
}

fn accept(listener: &TcpListener, server: &str, control: &Arc<Control>) {
    while !control.ended.load(Ordering::SeqCst) {
        let Ok((program, _)) = listener.accept() else {
            thread::sleep(LOOK);
            continue;
        };
        if control.down.load(Ordering::SeqCst) {
            continue;
        }
        let born = control.cuts.load(Ordering::SeqCst);
        let Ok(server) = TcpStream::connect(server) else { continue };
        for stream in [&program, &server] {
            stream.set_nonblocking(false).expect("a stream");
            stream.set_nodelay(true).expect("a stream");
            stream.set_read_timeout(Some(LOOK)).expect("a stream");
        }
        let both = Arc::new((program, server, AtomicBool::new(false)));
        for direction in [Direction::ToServer, Direction::ToProgram] {
            let (both, control) = (Arc::clone(&both), Arc::clone(control));
            thread::spawn(move || {
                let (program, server, over) = &*both;
                match direction {
                    Direction::ToServer => pump(program, server, direction, over, born, &control),
                    Direction::ToProgram => pump(server, program, direction, over, born, &control),
                }
                over.store(true, Ordering::SeqCst);
                if control.resets.load(Ordering::SeqCst) {
                    reset_on_close(program);
                }
            });
        }
    }
}

fn pump(
    mut from: &TcpStream,
    mut to: &TcpStream,
    direction: Direction,
    over: &AtomicBool,
    born: usize,
    control: &Control,
) {
    let mut buffer = [0; 4096];
    loop {
        if over.load(Ordering::SeqCst) || control.cuts.load(Ordering::SeqCst) != born {
            return;
        }
        if control.stalled.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
            continue;
        }
        let most = if control.drips.load(Ordering::SeqCst) { 1 } else { buffer.len() };
        let count = match from.read(&mut buffer[..most]) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => return,
        };
        // It may have begun to stall while bytes were awaited.
        while control.stalled.load(Ordering::SeqCst) && control.cuts.load(Ordering::SeqCst) == born {
            thread::sleep(LOOK);
        }
        let length = i64::try_from(count).expect("a buffer's length");
        if direction == Direction::ToProgram {
            let offset = control.spoilt.fetch_sub(length, Ordering::SeqCst);
            if let Some(byte) = usize::try_from(offset).ok().and_then(|at| buffer[..count].get_mut(at)) {
                *byte ^= control.bits.load(Ordering::SeqCst);
            }
        }
        let left = control.left[direction as usize].fetch_sub(length, Ordering::SeqCst);
        let passes = usize::try_from(left.clamp(0, length)).expect("a buffer's length");
        if to.write_all(&buffer[..passes]).is_err() {
            return;
        }
        control.passed[direction as usize].fetch_add(left.clamp(0, length), Ordering::SeqCst);
        if passes < count {
            control.cuts.fetch_add(1, Ordering::SeqCst);
            return;
        }
    }
}

/// Closing sends a reset instead of an end.
fn reset_on_close(stream: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the descriptor is open, and the option is read during the call.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        );
    }
}
