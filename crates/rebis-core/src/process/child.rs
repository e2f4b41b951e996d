//! Worker processes: forking them, talking with them, seeing them end.
//!
//! The parts that need care with the process as a whole stand here; what is said over the pipe stands in `workers`.

use std::fmt;
use std::io::{self, Write};
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::generation::{Generation, generation};
use super::registry;
use crate::error::{Error, ErrorKind, Result};

// ---- the worker's share of connections ----

/// 0 stands for no limit: a share of none is refused when the pool is built.
static CONNECTION_LIMIT: AtomicUsize = AtomicUsize::new(0);

/// How many connections this process may open at most: its share, where it is a worker of a pool with a connection budget.
///
/// ```
/// assert_eq!(rebis_core::process::connection_limit(), None);
/// ```
pub fn connection_limit() -> Option<usize> {
    match CONNECTION_LIMIT.load(Ordering::Relaxed) {
        0 => None,
        limit => Some(limit),
    }
}

/// Called once by a worker, before any user code runs there.
pub(crate) fn set_connection_limit(limit: usize) {
    CONNECTION_LIMIT.store(limit, Ordering::Relaxed);
}

// ---- threads ----

/// Whether workers may be forked while other threads run.
#[derive(Debug, Clone, Copy)]
pub struct Threads {
    others_accepted: bool,
}

/// How long a thread that was joined may still be listed.
const JOINED_LINGERS: Duration = Duration::from_millis(100);

impl Threads {
    /// Only where this thread is the only one; what is safe.
    pub const fn only_this_one() -> Threads {
        Threads { others_accepted: false }
    }

    /// Even while other threads run.
    ///
    /// # Safety
    /// A worker has one thread, the one that forked it, and the memory of all the others as it stood at that moment. The
    /// caller promises that nothing that runs in a worker (initializer, jobs, what they call and drop)
    ///
    /// * touches data that another thread may have been changing at that moment, or borrows from another thread's stack
    ///   (scoped threads): the thread is gone, and a thread that the worker starts may be given that very stack;
    /// * relies on another thread to go on: a lock that it held is held for ever, a channel to it has no reader.
    /// * waits for a thread that it starts, unless no thread of this process was just starting or ending: std takes a lock
    ///   of its own there, which such a thread holds, and a thread started in the worker then never begins (seen: 1 in
    ///   some thousand forks).
    ///
    /// `malloc`, Rust's standard output and error, and the engines of this crate are prepared for it; other libraries
    /// are often not (thread pools, async runtimes, loggers with a thread, TLS libraries in C).
    pub const unsafe fn any() -> Threads {
        Threads { others_accepted: true }
    }

    /// Refuses where forking would not be sound.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] with what to do.
    pub(crate) fn check(self) -> Result<()> {
        if self.others_accepted {
            return Ok(());
        }
        let start = Instant::now();
        loop {
            match thread_count() {
                Ok(1) => return Ok(()),
                // The kernel wakes the joiner before it takes the thread off the list: wait for a moment.
                Ok(_) if start.elapsed() < JOINED_LINGERS => std::thread::sleep(Duration::from_millis(1)),
                Ok(count) => {
                    return Err(Error::new(
                        ErrorKind::InvalidState,
                        format!(
                            "this process has {count} threads, and workers can be forked safely only from a process with one; \
                             run the pool before other threads start or after they are joined, or accept the risk with \
                             `Threads::any`"
                        ),
                    ));
                }
                Err(error) => {
                    return Err(Error::new(
                        ErrorKind::InvalidState,
                        "cannot see in /proc/self/task whether this process has other threads, and workers can be forked \
                         safely only from a process with one; mount /proc, or accept the risk with \
                         `Threads::any`",
                    )
                    .with_source(error));
                }
            }
        }
    }
}

/// How many threads this process has.
pub(crate) fn thread_count() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

// ---- fork ----

/// Forks a worker that runs `run` and ends with the code that it returns (101 after a panic).
///
/// The worker never returns from here and drops nothing of its parent's. It ignores SIGINT, and gets SIGTERM when the
/// thread that forked it ends.
///
/// # Errors
/// [`ErrorKind::InvalidState`] for other threads, [`ErrorKind::Operational`] when the system refuses.
pub(crate) fn fork_worker(run: impl FnOnce() -> i32, threads: Threads) -> Result<Child> {
    threads.check()?;
    // Also installs the hooks round `fork`, if nobody looked before.
    let generation = generation();
    let parent = rustix::process::getpid();
    // A child has no other thread that could give these locks back: 16 of 17 hung at their first `println` without
    // holding them here. Flushed, because a child would print what is left in the buffer once more.
    let mut stdout = io::stdout().lock();
    let mut stderr = io::stderr().lock();
    let _ = stdout.flush();
    let _ = stderr.flush();
    // A signal between the fork and the child's first lines would run the parent's handlers there.
    let mask = block_signals();
    // SAFETY: this thread is the only one (checked above, and no other can start while it is here), or the pool's owner
    // has promised that the child uses nothing of the others (`Threads::any`).
    match unsafe { libc::fork() } {
        0 => {
            // Given back, so that the worker's own threads can print.
            drop(stdout);
            drop(stderr);
            be_worker(run, parent, mask)
        }
        number => {
            let refused = io::Error::last_os_error();
            set_mask(&mask);
            let Some(pid) = (number > 0).then(|| Pid::from_raw(number)).flatten() else {
                let message = "cannot fork a worker (process limit, or no memory)";
                return Err(Error::new(ErrorKind::Operational, message).with_source(refused));
            };
            Ok(Child { pid, generation, pidfd: ManuallyDrop::new(None), end: None })
        }
    }
}

fn be_worker(run: impl FnOnce() -> i32, parent: Pid, mut mask: libc::sigset_t) -> ! {
    // SAFETY: these dispositions run no code; all signals are still blocked.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_IGN);
        libc::signal(libc::SIGTERM, libc::SIG_DFL);
        // Whoever forks with SIGTERM blocked must be able to end his workers all the same.
        libc::sigdelset(&raw mut mask, libc::SIGTERM);
    }
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    // A parent that died before the line above sends nothing any more. (No parent at all: it is in another namespace.)
    let orphaned = rustix::process::getppid().is_some_and(|now| now != parent);
    set_mask(&mask);
    if orphaned {
        leave(0);
    }
    let code = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        // Its drop could panic again.
        mem::forget(panic);
        101
    });
    leave(code)
}

/// Ends a forked process: what was printed goes out, and nothing of the parent's is dropped or run at exit.
fn leave(code: i32) -> ! {
    let _ = catch_unwind(|| {
        let _ = io::stdout().flush();
        let _ = io::stderr().flush();
    });
    // SAFETY: ends the process, whatever state it is in.
    unsafe { libc::_exit(code) }
}

fn block_signals() -> libc::sigset_t {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: both point to signal sets; a set is plain bits, for which zeroes are valid.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), old.as_mut_ptr());
        old.assume_init()
    }
}

fn set_mask(mask: &libc::sigset_t) {
    // SAFETY: `mask` is a signal set, and the old one is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) };
}

// ---- a worker as its parent sees it ----

/// A forked worker. Dropping it neither ends nor reaps it.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    generation: Generation,
    /// Closed by our drop only, and only in the process that opened it.
    pidfd: ManuallyDrop<Option<OwnedFd>>,
    end: Option<End>,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Killed(i32),
    /// Somebody else has taken its status: SIGCHLD is ignored, or a `wait` for any child.
    Unknown,
}

impl Child {
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// Opens a descriptor that tells of its end. Called when all siblings are forked, so that none of them inherits it.
    /// Where the system has none (before Linux 5.3, some sandboxes) it stays without.
    pub(crate) fn watch(&mut self) {
        if self.pidfd.is_none() && self.end.is_none() {
            *self.pidfd = rustix::process::pidfd_open(self.pid, PidfdFlags::empty()).ok();
        }
    }

    /// Becomes readable when it ends.
    pub(crate) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// Reaps it if it has ended.
    pub(crate) fn try_wait(&mut self) -> Option<End> {
        if self.end.is_none() {
            self.end = match rustix::process::waitpid(Some(self.pid), WaitOptions::NOHANG) {
                Ok(None) | Err(Errno::INTR) => None,
                Ok(Some((_, status))) => Some(match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => End::Exited(code),
                    (_, Some(signal)) => End::Killed(signal),
                    _ => End::Unknown,
                }),
                Err(_) => Some(End::Unknown),
            };
        }
        self.end
    }

    /// Sends it a signal, unless it is reaped: then the number may be another process.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.end.is_some() || self.generation != generation() {
            return;
        }
        let sent = match &*self.pidfd {
            Some(pidfd) => rustix::process::pidfd_send_signal(pidfd, signal),
            None => rustix::process::kill_process(self.pid, signal),
        };
        if let Err(errno) = sent {
            tracing::debug!(target: "rebis::workers", pid = self.pid(), ?signal, %errno, "a signal was not sent");
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.generation == generation() {
            // SAFETY: dropped here only, and not used after.
            unsafe { ManuallyDrop::drop(&mut self.pidfd) };
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            End::Exited(code) => write!(f, "exited with code {code}"),
            End::Killed(signal) => match signal_name(signal) {
                Some(name) => write!(f, "was killed by signal {signal} ({name})"),
                None => write!(f, "was killed by signal {signal}"),
            },
            End::Unknown => {
                f.write_str("ended (how is not known: SIGCHLD is ignored, or other code waits for any child)")
            }
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGALRM => "SIGALRM",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        _ => return None,
    })
}

// ---- the pipe between the two ----

/// One side of the pipe between parent and worker, registered: whatever this process forks closes its copy at once, so
/// that no sibling and no daemon of a job holds a pipe open whose end somebody waits for.
///
/// A socket pair and not two pipes, because a write to a worker that is gone must be an error and not a SIGPIPE.
#[derive(Debug)]
pub(crate) struct Pipe {
    generation: Generation,
    slot: &'static registry::Slot,
}

/// What a read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    Bytes,
    /// Nothing at the moment.
    Nothing,
    /// The other side is closed, or this is a child of the process that the pipe belongs to.
    End,
}

impl Pipe {
    /// This process's side, and the one for the worker, which makes it a `Pipe` by [`adopt`](Pipe::adopt).
    pub(crate) fn pair() -> Result<(Pipe, OwnedFd), Errno> {
        let mut other = None;
        let generation = generation();
        let (_, slot) = registry::open(generation, || {
            let flags = SocketFlags::CLOEXEC;
            let (ours, theirs) =
                rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            other = Some(theirs);
            Ok(ours)
        })?;
        let pipe = Pipe { generation, slot };
        other.map(|theirs| (pipe, theirs)).ok_or(Errno::BADF)
    }

    /// Makes the side that was inherited on purpose this process's own.
    pub(crate) fn adopt(theirs: OwnedFd) -> Result<Pipe, Errno> {
        let generation = generation();
        let (_, slot) = registry::open(generation, || Ok(theirs))?;
        Ok(Pipe { generation, slot })
    }

    /// Reads once, to the end of `bytes`.
    pub(crate) fn receive(&self, bytes: &mut Vec<u8>, wait: bool) -> Result<Received, Errno> {
        let flags = if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        loop {
            if self.is_inherited() {
                return Ok(Received::End);
            }
            bytes.reserve(CHUNK);
            match rustix::net::recv(self.fd(), spare_capacity(bytes), flags) {
                Ok((_, 0)) | Err(Errno::CONNRESET) => return Ok(Received::End),
                Ok(_) => return Ok(Received::Bytes),
                Err(Errno::AGAIN) => return Ok(Received::Nothing),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Writes once; says how many bytes went out, 0 when none can go at the moment.
    pub(crate) fn send(&self, bytes: &[u8], wait: bool) -> Result<usize, Errno> {
        let flags = SendFlags::NOSIGNAL | if wait { SendFlags::empty() } else { SendFlags::DONTWAIT };
        loop {
            if self.is_inherited() {
                return Err(Errno::PIPE);
            }
            match rustix::net::send(self.fd(), bytes, flags) {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Tells the other side that nothing more comes; it does so even where somebody else holds a copy.
    pub(crate) fn finish(&self) {
        if !self.is_inherited() {
            let _ = rustix::net::shutdown(self.fd(), Shutdown::Write);
        }
    }

    /// Whether this is a child of the process that the pipe belongs to.
    pub(crate) fn is_inherited(&self) -> bool {
        self.generation != generation()
    }

    /// The descriptor, for `poll`. Only for the process that the pipe belongs to.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the number is open until our drop; every caller has compared the generation.
        unsafe { BorrowedFd::borrow_raw(self.slot.number()) }
    }
}

/// What one read asks for; the kernel's buffer for a socket pair holds about three of them.
const CHUNK: usize = 64 * 1024;

impl Drop for Pipe {
    fn drop(&mut self) {
        if !self.is_inherited() {
            registry::close(self.generation, self.slot);
        }
    }
}
