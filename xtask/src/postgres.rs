//! A private PostgreSQL: its own data folder, one superuser, nothing synchronised to disk.

use crate::certificates::{CERTIFIED_USER, Certificates};
use crate::scratch::{make_dir, write_private};
use crate::server::{Launch, Server, bound_to_us};
use crate::{Result, run};
use rustix::process::Signal;
use std::fs::File;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The folder with `initdb` and `postgres`.
#[derive(Debug)]
pub(crate) struct Programs {
    bin: PathBuf,
}

/// A running PostgreSQL.
#[derive(Debug)]
pub(crate) struct Postgres {
    pub(crate) server: Server,
    pub(crate) socket_dir: PathBuf,
}

/// The account that runs the server in place of root.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Account {
    user: u32,
    group: u32,
}

/// Where a run of the server keeps its things, and who owns them.
struct Home {
    data: PathBuf,
    sockets: PathBuf,
    log: PathBuf,
    init_log: PathBuf,
    account: Option<Account>,
}

/// The newest installed version: Debian keeps versions apart, others put them into `PATH`.
pub(crate) fn find() -> Option<Programs> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions
        .filter(|entry| entry.path().join("bin/initdb").is_file())
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .max()
        .map(|(_, bin)| bin);
    let bin = debian.or_else(|| Some(run::find_program("initdb")?.parent()?.to_owned()))?;
    bin.join("postgres").is_file().then_some(Programs { bin })
}

/// As the figures of the benchmarks are to be taken: nothing waits for a disk, everything fits into memory, and nothing runs that
/// was not asked for.
pub(crate) const FOR_BENCHMARKS: &[&str] = &[
    "synchronous_commit=off",
    "shared_buffers=1GB",
    "work_mem=64MB",
    "max_wal_size=4GB",
    "jit=off",
    "autovacuum=off",
];

impl Postgres {
    /// Makes a data folder below `scratch` and serves it; `rebis` with this password is superuser. `rebis_md5`, `rebis_clear` and
    /// `rebis_cert` log in as their names say.
    pub(crate) fn start(
        programs: &Programs,
        scratch: &Path,
        certificates: &Certificates,
        password: &str,
        settings: &[&str],
    ) -> Result<Postgres> {
        let home = Home::new(scratch)?;
        home.init_data(programs, password)?;
        home.prepare_tls(certificates)?;
        home.create_database(programs, password)?;
        let command = |port| home.server_command(programs, port, settings);
        let ready = || home.is_ready();
        // SIGQUIT: the immediate shutdown, which does not wait for clients.
        let stop_by = Signal::QUIT;
        let launch = Launch { name: "PostgreSQL", log: &home.log, stop_by, command: &command, ready: &ready };
        Ok(Postgres { server: Server::start(&launch)?, socket_dir: home.sockets.clone() })
    }
}

impl Home {
    fn new(scratch: &Path) -> Result<Home> {
        let account = if rustix::process::geteuid().is_root() { Some(unprivileged()?) } else { None };
        let folder = scratch.join("postgres");
        make_dir(&folder, 0o711)?;
        let [data, sockets, log, init_log] = ["data", "s", "log", "init-log"].map(|name| folder.join(name));
        let home = Home { data, sockets, log, init_log, account };
        make_dir(&home.data, 0o700)?;
        make_dir(&home.sockets, 0o755)?;
        home.give(&folder)?;
        home.give(&home.data)?;
        home.give(&home.sockets)?;
        Ok(home)
    }

    fn give(&self, path: &Path) -> Result<()> {
        let Some(account) = self.account else { return Ok(()) };
        chown(path, Some(account.user), Some(account.group)).map_err(|error| {
            format!("cannot give {} to PostgreSQL's account: {error}", path.display()).into()
        })
    }

    fn init_data(&self, programs: &Programs, password: &str) -> Result<()> {
        let file = self.data.with_file_name("password");
        write_private(&file, password)?;
        self.give(&file)?;
        let mut command = self.command(&programs.bin.join("initdb"), "KILL")?;
        command.arg("--pgdata").arg(&self.data).arg("--pwfile").arg(&file);
        command.args(["--username=rebis", "--auth=scram-sha-256", "--no-sync"]);
        command.args(["--encoding=UTF8", "--locale=C"]);
        let done = run::run_logged(&mut command, Stdio::null(), &self.init_log, Duration::from_secs(60));
        std::fs::remove_file(&file)?;
        done
    }

    /// The server's account reads its own copies. What is asked of the users stands before the rules that are there.
    fn prepare_tls(&self, certificates: &Certificates) -> Result<()> {
        for name in ["ca.pem", "server.pem", "server.key"] {
            let copy = self.data.join(name);
            write_private(&copy, &std::fs::read_to_string(certificates.file(name))?)?;
            self.give(&copy)?;
        }
        let rules = self.data.join("pg_hba.conf");
        let known = std::fs::read_to_string(&rules)?;
        let own = format!(
            "hostssl all {CERTIFIED_USER} 127.0.0.1/32 cert\n\
             host all {CERTIFIED_USER} 127.0.0.1/32 reject\n\
             host all rebis_md5 127.0.0.1/32 md5\n\
             host all rebis_clear 127.0.0.1/32 password\n"
        );
        Ok(std::fs::write(&rules, own + &known)?)
    }

    /// By the single-user mode, before anybody can connect.
    fn create_database(&self, programs: &Programs, password: &str) -> Result<()> {
        let statement = self.data.with_file_name("create.sql");
        let statements = format!(
            "CREATE DATABASE rebis;\n\n\
             CREATE ROLE {CERTIFIED_USER} LOGIN;\n\n\
             CREATE ROLE rebis_clear LOGIN PASSWORD '{password}';\n\n\
             SET password_encryption = 'md5';\n\n\
             CREATE ROLE rebis_md5 LOGIN PASSWORD '{password}';\n\n"
        );
        write_private(&statement, &statements)?;
        let mut command = self.command(&programs.bin.join("postgres"), "KILL")?;
        command.args(["--single", "-F", "-j", "-D"]).arg(&self.data).arg("postgres");
        let input = File::open(&statement)?.into();
        let done = run::run_logged(&mut command, input, &self.init_log, Duration::from_secs(60));
        std::fs::remove_file(&statement)?;
        done
    }

    fn server_command(&self, programs: &Programs, port: u16, more: &[&str]) -> Result<Command> {
        let mut command = self.command(&programs.bin.join("postgres"), "QUIT")?;
        command.arg("-D").arg(&self.data).arg("-p").arg(port.to_string()).arg("-k").arg(&self.sockets);
        // Shared memory lies with the data, so that a killed server leaves nothing elsewhere.
        let settings =
            ["listen_addresses=127.0.0.1", "max_connections=200", "dynamic_shared_memory_type=mmap"];
        let tls = ["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key", "ssl_ca_file=ca.pem"];
        let settings = settings.into_iter().chain(["fsync=off", "full_page_writes=off"]).chain(tls);
        for setting in settings.chain(more.iter().copied()) {
            command.arg("-c").arg(setting);
        }
        Ok(command)
    }

    /// A program of PostgreSQL, run as its account when we are root.
    fn command(&self, program: &Path, death_signal: &str) -> Result<Command> {
        let mut command = match self.account {
            None => bound_to_us(program, death_signal),
            Some(account) => {
                let setpriv = run::find_program("setpriv")
                    .ok_or("PostgreSQL refuses root and `setpriv` is missing; install util-linux")?;
                let mut command = Command::new(setpriv);
                command.arg(format!("--reuid={}", account.user)).arg(format!("--regid={}", account.group));
                command.args(["--clear-groups", "--pdeathsig", death_signal]).arg(program);
                command
            }
        };
        // The folder we are in may be closed to the account.
        command.current_dir("/").env("LC_ALL", "C");
        Ok(command)
    }

    /// The eighth line of the pid file says how far the server is; `pg_ctl` looks there too.
    fn is_ready(&self) -> bool {
        std::fs::read_to_string(self.data.join("postmaster.pid"))
            .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
    }
}

/// PostgreSQL's own account, or else `nobody`.
fn unprivileged() -> Result<Account> {
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"].iter().find_map(|name| account(&accounts, name)).ok_or_else(|| {
        "PostgreSQL refuses root, and there is no account `postgres` or `nobody` to run it; make one".into()
    })
}

fn account(accounts: &str, name: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        found.then_some(Account { user, group })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_account_by_its_whole_name() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8:::\npostgres:x:101:104:PG,,,:/:/bin/sh\n";
        assert_eq!(account(accounts, "postgres"), Some(Account { user: 101, group: 104 }));
        assert_eq!(account(accounts, "nobody"), None);
    }
}
