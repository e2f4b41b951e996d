//! Forks of every kind, and waiting for children with a deadline.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

/// How a child is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// glibc's `fork`, with atfork hooks.
    Fork,
    /// glibc's `_Fork`, without hooks.
    UnderscoreFork,
    /// The `clone` system call, behind libc's back.
    RawClone,
}

/// Makes a child that runs the closure and exits with its number, without destructors. Returns its pid.
///
/// The tests that use it know which threads exist at that moment; that is what they test.
pub fn child(kind: Kind, run: impl FnOnce() -> i32) -> i32 {
    unsafe extern "C" {
        #[link_name = "_Fork"]
        fn underscore_fork() -> i32;
    }
    // SAFETY: the child runs the closure and `_exit`s; that this may meet locks of threads that are gone is the point.
    let pid = unsafe {
        match kind {
            Kind::Fork => libc::fork(),
            Kind::UnderscoreFork => underscore_fork(),
            Kind::RawClone => libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as i32,
        }
    };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        // A panic must not unwind into the parent's frames.
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(101);
        exit(code);
    }
    pid
}

/// Forks where it stands and returns in both: the child's pid in the parent, `None` in the child, which must [`exit`].
pub fn split() -> Option<i32> {
    // SAFETY: as for `child`; the caller sees to it that the child exits.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    (pid > 0).then_some(pid)
}

/// Ends this process at once.
pub fn exit(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// What became of a child: its exit code, minus the signal that killed it, or `None` when it hung and was killed.
pub fn wait(pid: i32, deadline: Duration) -> Option<i32> {
    let start = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: the status is ours; the pid is a child of this process.
        let done = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == pid;
        if done {
            return Some(if libc::WIFEXITED(status) {
                libc::WEXITSTATUS(status)
            } else {
                -libc::WTERMSIG(status)
            });
        }
        if start.elapsed() >= deadline {
            kill(pid);
            // SAFETY: as above; a killed child ends.
            unsafe { libc::waitpid(pid, &raw mut status, 0) };
            return None;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// Runs a closure in a forked child and expects it to end well in time.
///
/// # Panics
/// When the child panics, returns another number than 0, or hangs.
pub fn expect(kind: Kind, deadline: Duration, run: impl FnOnce() -> i32) {
    assert_eq!(wait(child(kind, run), deadline), Some(0), "exit code of the {kind:?} child (None: it hung)");
}

/// SIGKILL.
pub fn kill(pid: i32) {
    // SAFETY: kill has no preconditions.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Puts the children of this process into a new pid namespace; false without the right to.
pub fn new_pid_namespace() -> bool {
    // SAFETY: unshare has no preconditions.
    unsafe { libc::unshare(libc::CLONE_NEWPID) == 0 }
}

/// Whether this process may make pid namespaces. Tried in a child, for it cannot be undone.
pub fn may_make_pid_namespaces() -> bool {
    wait(child(Kind::RawClone, || i32::from(!new_pid_namespace())), Duration::from_secs(5)) == Some(0)
}

/// Closes descriptors by number, as daemons do, whosever they are.
pub fn close_descriptors(numbers: std::ops::Range<i32>) {
    for number in numbers {
        // SAFETY: only called in children that are about what happens then.
        unsafe { libc::close(number) };
    }
}

/// The sockets that this process has open, as `/proc` names them: `socket:[inode]`.
///
/// # Panics
/// Without `/proc`.
pub fn open_sockets() -> Vec<String> {
    let links = std::fs::read_dir("/proc/self/fd").expect("/proc").flatten();
    let names = links.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    names.map(|name| name.display().to_string()).filter(|name| name.starts_with("socket:")).collect()
}

/// Runs `/bin/true` in a child that shares this process's memory until it is there. Returns its pid.
pub fn spawn_true() -> i32 {
    let arguments = [c"true".as_ptr(), std::ptr::null()];
    // glibc's posix_spawn is a clone with CLONE_VM and CLONE_VFORK: a child in the parent's memory.
    let mut pid = 0;
    // SAFETY: the strings and the array live until the call returns; null means default attributes and no file actions.
    let failed = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            c"/bin/true".as_ptr(),
            std::ptr::null(),
            std::ptr::null(),
            arguments.as_ptr().cast(),
            [std::ptr::null_mut()].as_ptr(),
        )
    };
    assert_eq!(failed, 0, "posix_spawn");
    pid
}

/// This process's id, as the system call says.
pub fn pid() -> i32 {
    // SAFETY: getpid has no preconditions.
    unsafe { libc::getpid() }
}

/// A pipe whose ends talk in single bytes: for telling another process that something has happened.
#[derive(Debug, Clone, Copy)]
pub struct Signal {
    read: i32,
    write: i32,
}

impl Signal {
    /// A new pipe.
    pub fn new() -> Self {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0, "a pipe");
        Signal { read: ends[0], write: ends[1] }
    }

    /// Tells it once.
    pub fn tell(self) {
        // SAFETY: one byte of a live array.
        assert_eq!(unsafe { libc::write(self.write, [1_u8].as_ptr().cast(), 1) }, 1, "a byte is written");
    }

    /// Waits for one telling; fails after a deadline.
    pub fn await_once(self) {
        let mut poll = libc::pollfd { fd: self.read, events: libc::POLLIN, revents: 0 };
        let mut byte = 0_u8;
        // SAFETY: one pollfd and one byte, both ours.
        unsafe {
            assert_eq!(libc::poll(&raw mut poll, 1, 30_000), 1, "the other process says nothing");
            assert_eq!(libc::read(self.read, (&raw mut byte).cast(), 1), 1);
        }
    }
}

impl Default for Signal {
    fn default() -> Self {
        Signal::new()
    }
}
