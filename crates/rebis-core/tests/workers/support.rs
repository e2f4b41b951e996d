//! A process for each test, with a hard deadline, and looks at processes and descriptors.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

pub(crate) type Test = (&'static str, fn());

/// No test takes longer; SIGALRM ends it.
const DEADLINE: u32 = 60;

/// Runs the tests whose name contains an argument (all without one); returns the exit code.
pub(crate) fn run(tests: &[Test]) -> i32 {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let start = Instant::now();
        let pid = fork(|| {
            // Its own process group: what a failed test leaves behind is ended below, grandchildren included.
            rustix::process::setpgid(None, None).unwrap();
            // What a test that was killed left there, before the process ids came round.
            let _ = std::fs::remove_file(ledger_of(pid()));
            // SAFETY: alarm has no preconditions; the default disposition runs no code. (Rust's start-up ignores SIGPIPE; a
            // host need not, and must survive a dead worker all the same.)
            unsafe {
                libc::alarm(DEADLINE);
                libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            }
            test();
        });
        let status = wait(pid);
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        let _ = std::fs::remove_file(ledger_of(pid.as_raw_pid()));
        let time = start.elapsed();
        if status.exit_status() == Some(0) {
            passed += 1;
            println!("{name} ... ok ({time:.1?})");
        } else {
            failed += 1;
            println!("{name} ... FAILED after {time:.1?}: {status:?}");
        }
    }
    println!("{passed} passed, {failed} failed");
    i32::from(failed > 0)
}

/// Forks by hand, as a user of the library might; the child ends with 0, or with 1 after a panic.
pub(crate) fn fork(child: impl FnOnce()) -> Pid {
    std::io::stdout().flush().unwrap();
    // SAFETY: the process has one thread, or the test is about the others.
    match unsafe { libc::fork() } {
        0 => {
            let code = i32::from(catch_unwind(AssertUnwindSafe(child)).is_err());
            let _ = std::io::stdout().flush();
            // SAFETY: ends the process.
            unsafe { libc::_exit(code) }
        }
        pid => Pid::from_raw(pid).unwrap(),
    }
}

pub(crate) fn wait(pid: Pid) -> WaitStatus {
    rustix::process::waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap().1
}

/// No child, alive or zombie.
pub(crate) fn has_children() -> bool {
    !matches!(rustix::process::wait(WaitOptions::NOHANG), Err(rustix::io::Errno::CHILD))
}

pub(crate) fn count_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Whether the process is there and not a zombie.
pub(crate) fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X']))
    })
}

/// Polls until it holds, or for that long.
pub(crate) fn within(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if start.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) fn pid() -> i32 {
    std::process::id().cast_signed()
}

pub(crate) fn signal(pid: i32, signal: Signal) {
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn ledger_of(pid: i32) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("rebis-workers-{pid}"))
}

/// A file of its own that workers append lines to: one write each, so that they do not mix.
pub(crate) struct Ledger(std::fs::File, std::path::PathBuf);

impl Ledger {
    pub(crate) fn new() -> Ledger {
        let path = ledger_of(pid());
        Ledger(std::fs::File::options().create_new(true).append(true).open(&path).unwrap(), path)
    }

    pub(crate) fn again(&self) -> Ledger {
        Ledger(self.0.try_clone().unwrap(), self.1.clone())
    }

    pub(crate) fn write(&self, line: impl std::fmt::Display) {
        (&self.0).write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.1).unwrap().lines().map(str::to_owned).collect()
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.1
    }

    pub(crate) fn remove(self) {
        let _ = std::fs::remove_file(&self.1);
    }
}
