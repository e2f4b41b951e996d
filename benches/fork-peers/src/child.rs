//! `fork`, and waiting for children under a deadline.

use crate::progress::Progress;
use std::path::Path;
use std::time::Duration;

pub enum Forked {
    Child,
    Parent(Child),
}

pub struct Child(libc::pid_t);

/// Forks as a prefork server does: by glibc's `fork`.
pub fn fork() -> Forked {
    // SAFETY: forking is what this program is about. A child whose parent had other threads (r2d2's) may hang; the parent
    // kills it at the deadline and counts it.
    match unsafe { libc::fork() } {
        0 => Forked::Child,
        pid if pid > 0 => Forked::Parent(Child(pid)),
        _ => panic!("cannot fork: {}", std::io::Error::last_os_error()),
    }
}

/// Ends a child as `multiprocessing` does: no destructor, no exit handler.
pub fn end_at_once(code: i32) -> ! {
    // SAFETY: takes a number and does not come back.
    unsafe { libc::_exit(code) }
}

/// Waits for all; when the files in `folder` have not grown for `patience`, those that are left are killed. Returns how many
/// were, and the exit codes of the others.
pub fn wait(children: Vec<Child>, folder: &Path, patience: Duration) -> (usize, Vec<i32>) {
    let mut progress = Progress::new(folder, patience);
    let mut hung = 0;
    let mut codes = Vec::new();
    for Child(pid) in children {
        let code = loop {
            if let Some(code) = collect(pid, libc::WNOHANG) {
                break code;
            }
            if progress.has_stopped() {
                // SAFETY: the child was not collected, so the number is still its own.
                unsafe { libc::kill(pid, libc::SIGKILL) };
                collect(pid, 0);
                hung += 1;
                break -1;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if code >= 0 {
            codes.push(code);
        }
    }
    (hung, codes)
}

fn collect(pid: libc::pid_t, flags: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: `status` is ours for the time of the call.
    let done = unsafe { libc::waitpid(pid, &mut status, flags) } == pid;
    done.then(
        || if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) },
    )
}
