//! Running programs under a deadline, and noticing the signals that end a run.

use crate::Result;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How often a waiting loop looks again.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// How long a program has between being asked to end and being killed.
const GRACE: Duration = Duration::from_secs(5);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on Ctrl-C, SIGTERM and SIGHUP only set a flag, so that guards get to stop what was started.
pub(crate) fn watch_signals() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Default::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))
            .map_err(|error| format!("cannot watch for signal {signal}: {error}"))?;
    }
    Ok(())
}

/// Whether a signal asked this run to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// How a program ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// The deadline passed, and it was stopped.
    TimedOut,
    /// A signal asked this run to end, and it was stopped.
    Interrupted,
}

/// Runs a program in a process group of its own; past the deadline the whole group is stopped.
pub(crate) fn run(command: &mut Command, deadline: Instant) -> Result<End> {
    let mut child = spawn(command)?;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        if interrupted() {
            break End::Interrupted;
        }
        if Instant::now() >= deadline {
            break End::TimedOut;
        }
        std::thread::sleep(TICK);
    };
    stop_group(&mut child);
    Ok(end)
}

/// Runs a short program with its output in `log`; anything but success is an error that shows the log's end.
pub(crate) fn run_logged(command: &mut Command, input: Stdio, log: &Path, limit: Duration) -> Result<()> {
    let output = append_to(log)?;
    command.stdin(input).stdout(output.try_clone()?).stderr(output);
    let program = command.get_program().to_string_lossy().into_owned();
    match run(command, Instant::now() + limit)? {
        End::Exited(status) if status.success() => Ok(()),
        End::Exited(status) => Err(format!("{program} failed ({status}); its output:\n{}", tail(log)).into()),
        End::TimedOut => {
            Err(format!("{program} did not end within {limit:?}; its output:\n{}", tail(log)).into())
        }
        End::Interrupted => Err(format!("interrupted while {program} was running").into()),
    }
}

/// Starts a program in a process group of its own: the terminal's Ctrl-C does not reach it.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    command
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()).into())
}

/// Asks one process to end by `signal`, kills it after the grace period, and collects it.
pub(crate) fn stop_process(child: &mut Child, signal: Signal) {
    let pid = Pid::from_child(child);
    if matches!(child.try_wait(), Ok(None)) {
        let _ = kill_process(pid, signal);
        if !ends_within_grace(pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = child.wait();
    }
}

/// Ends a child together with whatever it started in its process group.
fn stop_group(child: &mut Child) {
    let pid = Pid::from_child(child);
    let _ = kill_process_group(pid, Signal::TERM);
    ends_within_grace(pid);
    // The leader is not collected yet, so its number cannot belong to another group.
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = child.wait();
}

/// Waits for a child's end without collecting it.
fn ends_within_grace(pid: Pid) -> bool {
    let deadline = Instant::now() + GRACE;
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while Instant::now() < deadline {
        if !matches!(waitid(WaitId::Pid(pid), look), Ok(None)) {
            return true;
        }
        std::thread::sleep(TICK);
    }
    false
}

/// Opens a log for appending.
pub(crate) fn append_to(log: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|error| format!("cannot write the log {}: {error}", log.display()).into())
}

/// The last 30 lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(30);
    lines[start..].iter().map(|line| format!("    {line}\n")).collect()
}

/// The file of that name in `PATH` or in the usual places of servers, which an ordinary user's `PATH` lacks.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/libexec"].map(PathBuf::from);
    std::env::split_paths(&path).chain(extra).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn passes_the_exit_status_on() {
        let end = run(&mut shell("exit 7"), Instant::now() + GRACE).unwrap();
        assert!(matches!(end, End::Exited(status) if status.code() == Some(7)), "{end:?}");
    }

    #[test]
    fn past_the_deadline_the_whole_group_ends() {
        let scratch = Scratch::new().unwrap();
        let pid_file = scratch.path().join("pid");
        let script = format!("sleep 600 & echo $! >{}; wait", pid_file.display());
        let end = run(&mut shell(&script), Instant::now() + Duration::from_millis(500)).unwrap();
        assert_eq!(end, End::TimedOut);
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        let status = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        // Gone, or dead and not collected by the init process yet. A killed process dies when it is next scheduled.
        let is_dead = |status: &str| status.is_empty() || status.contains(") Z ");
        let patience = Instant::now() + Duration::from_secs(5);
        while !is_dead(&status()) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(is_dead(&status()), "{}", status());
    }

    #[test]
    fn a_failure_shows_the_log() {
        let scratch = Scratch::new().unwrap();
        let log = scratch.path().join("log");
        let error = run_logged(&mut shell("echo reason >&2; exit 1"), Stdio::null(), &log, GRACE);
        assert!(error.unwrap_err().to_string().contains("reason"));
    }
}
