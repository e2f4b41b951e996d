//! A private MariaDB: its own data folder, one account, nothing synchronised to disk.

use crate::certificates::{CERTIFIED_USER, Certificates};
use crate::install;
use crate::scratch::{make_dir, write_private};
use crate::server::{Launch, Server, bound_to_us};
use crate::{Result, run};
use rustix::process::Signal;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where the programs of MariaDB are.
#[derive(Debug)]
pub(crate) struct Programs {
    server: PathBuf,
    install_db: PathBuf,
}

/// A running MariaDB.
#[derive(Debug)]
pub(crate) struct MariaDb {
    pub(crate) server: Server,
    pub(crate) socket: PathBuf,
    /// Whether there is the user `rebis_ed25519`.
    pub(crate) has_ed25519: bool,
}

/// The programs, if they are installed.
pub(crate) fn find() -> Option<Programs> {
    let server = run::find_program("mariadbd")?;
    let install_db = run::find_program("mariadb-install-db")?;
    Some(Programs { server, install_db })
}

/// As the figures of the benchmarks are to be taken: nothing waits for a disk, and everything fits into memory.
pub(crate) const FOR_BENCHMARKS: &[&str] = &[
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    "--innodb-buffer-pool-size=1G",
    "--innodb-log-file-size=512M",
];

impl MariaDb {
    /// Makes a data folder below `scratch` and serves it; `rebis` with this password may do everything. `rebis_cert` must have
    /// a certificate, `rebis_tls` must use TLS, and `rebis_ed25519` is there if the server has that method.
    pub(crate) fn start(
        programs: &Programs,
        scratch: &Path,
        certificates: &Certificates,
        password: &str,
        settings: &[&str],
    ) -> Result<MariaDb> {
        let home = scratch.join("mariadb");
        make_dir(&home, 0o711)?;
        let (data, log, socket) = (home.join("data"), home.join("log"), home.join("s"));
        install_data(programs, &data, &home.join("init-log"))?;
        let init = home.join("init.sql");
        let plugins = install::mariadb_plugins(&programs.server);
        if plugins.is_none() {
            eprintln!("xtask: no auth_ed25519 for MariaDB; its tests are left out");
        }
        write_private(&init, &first_statements(password, plugins.is_some()))?;
        let command = |port| {
            let mut command = server_command(programs, &data, &socket, &init, port);
            let tls = [("--ssl-ca", "ca.pem"), ("--ssl-cert", "server.pem"), ("--ssl-key", "server.key")];
            command.args(tls.map(|(name, file)| option(name, &certificates.file(file)))).args(settings);
            if let Some(folder) = &plugins {
                command.arg(option("--plugin-dir", folder)).arg("--plugin-load-add=auth_ed25519");
            }
            Ok(command)
        };
        let ready = || greets(&socket);
        let stop_by = Signal::TERM;
        let launch = Launch { name: "MariaDB", log: &log, stop_by, command: &command, ready: &ready };
        let server = Server::start(&launch)?;
        std::fs::remove_file(&init)?;
        Ok(MariaDb { server, socket, has_ed25519: plugins.is_some() })
    }
}

fn install_data(programs: &Programs, data: &Path, log: &Path) -> Result<()> {
    let mut command = Command::new(&programs.install_db);
    command.arg("--no-defaults");
    command.arg(option("--datadir", data));
    command.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
    command.args(as_root());
    run::run_logged(&mut command, Stdio::null(), log, Duration::from_secs(60))
}

fn server_command(programs: &Programs, data: &Path, socket: &Path, init: &Path, port: u16) -> Command {
    let mut command = bound_to_us(&programs.server, "KILL");
    command.arg("--no-defaults").args(as_root());
    command.args([option("--datadir", data), option("--socket", socket), option("--init-file", init)]);
    command.arg(option("--pid-file", &data.join("pid")));
    command.args(["--bind-address=127.0.0.1", &format!("--port={port}"), "--max-connections=200"]);
    // A test sends values of 20 MB.
    command.arg("--max-allowed-packet=64M");
    command.args(["--character-set-server=utf8mb4", "--skip-name-resolve", "--skip-log-bin"]);
    // The data lives as long as the tests: no synchronising, a small log, a shutdown without clearing up.
    command.args(["--innodb-flush-method=nosync", "--innodb-log-file-size=32M", "--innodb-fast-shutdown=2"]);
    command.args(["--innodb-buffer-pool-size=64M"]);
    command
}

/// The server refuses to run as root unless told.
fn as_root() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

fn option(name: &str, value: &Path) -> String {
    format!("{name}={}", value.display())
}

/// Run by the server before it takes connections. The accounts without a password that the installation makes
/// go first: other users of the machine reach the port too.
fn first_statements(password: &str, ed25519: bool) -> String {
    let mut statements = format!(
        "DELETE FROM mysql.global_priv WHERE User IN ('', 'root');\n\
         FLUSH PRIVILEGES;\n\
         CREATE DATABASE rebis CHARACTER SET utf8mb4;\n\
         CREATE USER rebis@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{password}');\n\
         GRANT ALL PRIVILEGES ON *.* TO rebis@'%' WITH GRANT OPTION;\n"
    );
    for (user, method, demand) in [
        (CERTIFIED_USER, "mysql_native_password", "REQUIRE X509"),
        ("rebis_tls", "mysql_native_password", "REQUIRE SSL"),
        ("rebis_ed25519", "ed25519", ""),
    ] {
        if ed25519 || method != "ed25519" {
            statements += &format!(
                "CREATE USER {user}@'%' IDENTIFIED VIA {method} USING PASSWORD('{password}') {demand};\n\
                 GRANT ALL PRIVILEGES ON rebis.* TO {user}@'%';\n"
            );
        }
    }
    statements
}

/// Whether the server greets on its own socket, which it opens after the port: then it serves both, and the
/// first statements are done.
fn greets(socket: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket) else { return false };
    let mut greeting = [0; 5];
    let patience = stream.set_read_timeout(Some(Duration::from_secs(1)));
    // Three bytes length, one byte sequence, then the version of the protocol.
    patience.is_ok() && stream.read_exact(&mut greeting).is_ok() && greeting[4] == 10
}
