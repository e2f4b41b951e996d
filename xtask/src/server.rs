//! One private server process: started on a free port, waited for, stopped by its pid.

use crate::{Result, run};
use rustix::process::Signal;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);
const PORT_ATTEMPTS: u32 = 8;

/// A running server; dropping it stops the process.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    log: PathBuf,
    child: Child,
    stop_by: Signal,
    port: u16,
}

/// What a kind of server must tell to be started.
pub(crate) struct Launch<'a> {
    pub(crate) name: &'static str,
    pub(crate) log: &'a Path,
    /// The signal by which it ends fast though clients are connected.
    pub(crate) stop_by: Signal,
    /// The command that serves this port.
    pub(crate) command: &'a dyn Fn(u16) -> Result<Command>,
    /// Whether it answers by now.
    pub(crate) ready: &'a dyn Fn() -> bool,
}

enum Start {
    Ready,
    PortTaken,
}

impl Server {
    /// Starts the server on a free port of 127.0.0.1; another process may snatch the port, then on another.
    pub(crate) fn start(launch: &Launch<'_>) -> Result<Server> {
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port()?;
            let output = run::append_to(launch.log)?;
            let mut command = (launch.command)(port)?;
            command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
            let child = run::spawn(&mut command)?;
            let mut server = Server {
                name: launch.name,
                log: launch.log.to_owned(),
                child,
                stop_by: launch.stop_by,
                port,
            };
            match server.wait_ready(launch)? {
                Start::Ready => return Ok(server),
                Start::PortTaken => std::fs::write(launch.log, "")?,
            }
        }
        Err(format!("{}: {PORT_ATTEMPTS} ports in a row were taken by others; try again", launch.name).into())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of the log once the process has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = run::tail(&self.log);
                Err(format!("{} ended by itself ({status}); the end of its log:\n{log}", self.name).into())
            }
        }
    }

    fn wait_ready(&mut self, launch: &Launch<'_>) -> Result<Start> {
        let deadline = Instant::now() + READY_WITHIN;
        let failure = loop {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read(launch.log).unwrap_or_default();
                if String::from_utf8_lossy(&log).contains("Address already in use") {
                    return Ok(Start::PortTaken);
                }
                break format!("ended while starting ({status})");
            }
            if (launch.ready)() {
                return Ok(Start::Ready);
            }
            if run::interrupted() {
                break "start was interrupted".to_owned();
            }
            if Instant::now() >= deadline {
                break format!("does not answer after {READY_WITHIN:?}");
            }
            std::thread::sleep(run::TICK);
        };
        Err(format!("{} {failure}; the end of its log:\n{}", launch.name, run::tail(launch.log)).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        run::stop_process(&mut self.child, self.stop_by);
    }
}

/// A command that the kernel ends by `signal` if this process dies without stopping it (by SIGKILL, say).
pub(crate) fn bound_to_us(program: &Path, signal: &str) -> Command {
    match run::find_program("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.arg("--pdeathsig").arg(signal).arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .map_err(|error| format!("cannot bind a port of 127.0.0.1: {error}"))?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// Starts a script in place of a server; `$PORT` is the port it gets.
    fn start(script: &str, ready: &dyn Fn(&Path) -> bool) -> Result<(Server, Scratch)> {
        let scratch = Scratch::new()?;
        let (log, folder) = (scratch.path().join("log"), scratch.path().to_owned());
        let command = |port: u16| {
            let mut command = bound_to_us(Path::new("/bin/sh"), "KILL");
            command.args(["-c", script]).current_dir(&folder).env("PORT", port.to_string());
            Ok(command)
        };
        let ready = || ready(&folder);
        let (name, stop_by) = ("test server", Signal::TERM);
        let launch = Launch { name, log: &log, stop_by, command: &command, ready: &ready };
        Ok((Server::start(&launch)?, scratch))
    }

    #[test]
    fn takes_another_port_when_one_is_taken() {
        let script = "if [ -e tried ]; then echo $PORT >up; exec sleep 600; fi
            echo $PORT >tried; echo 'bind: Address already in use' >&2; exit 1";
        let (server, scratch) = start(script, &|folder| folder.join("up").exists()).unwrap();
        let read = |name| std::fs::read_to_string(scratch.path().join(name)).unwrap().trim().to_owned();
        assert_eq!(read("up"), server.port().to_string());
        let pid = server.pid();
        drop(server);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn a_server_that_ends_shows_its_log() {
        let error = start("echo 'no such option' >&2; exit 3", &|_| false);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("test server ended while starting (exit status: 3)"), "{error}");
        assert!(error.contains("no such option"), "{error}");
    }

    #[test]
    fn a_panic_stops_the_server_too() {
        let (server, _scratch) =
            start("touch up; exec sleep 600", &|folder| folder.join("up").exists()).unwrap();
        let pid = server.pid();
        let panicking = std::thread::spawn(move || {
            let _server = server;
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn notices_that_a_server_ended_later() {
        let (mut server, _scratch) =
            start("touch up; sleep 0.2", &|folder| folder.join("up").exists()).unwrap();
        std::thread::sleep(Duration::from_millis(600));
        assert!(server.check_alive().unwrap_err().to_string().contains("test server ended by itself"));
    }
}
