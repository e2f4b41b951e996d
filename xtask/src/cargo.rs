//! Cargo run on the workspace: the checks, the tests.

use crate::install::{Need, ensure};
use crate::run::{End, run};
use crate::servers::{
    MYSQL_ED25519, MYSQL_SOCKET, MYSQL_URL, POSTGRES_SOCKET_DIR, POSTGRES_URL, Servers, TLS_DIR,
};
use crate::{Result, behaviours, docs, layers};
use clap::ValueEnum;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A database whose tests are wanted.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq)]
pub(crate) enum Database {
    Sqlite,
    Mysql,
    Postgres,
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), PathBuf::from)
}

/// Formatting, lints, documentation and the import order; goes through all of them before it fails.
pub(crate) fn check(deadline: Instant) -> Result<()> {
    let mut failures = Vec::new();
    for checked in [layers::check(&root()), docs::check(&root()), behaviours::check(&root())] {
        failures.extend(checked.err().map(|error| error.to_string()));
    }
    let strict_documents = &mut |command: &mut Command| {
        command.env("RUSTDOCFLAGS", "-D warnings");
    };
    let checks = [
        "fmt --all --check",
        "clippy --workspace --all-targets -- -D warnings",
        "doc --workspace --no-deps --document-private-items",
    ];
    for arguments in checks {
        match cargo(arguments.split(' '), deadline, strict_documents)? {
            status if status.success() => {}
            status => failures.push(format!("cargo {arguments}: {status}")),
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {} checks failed\n{}", failures.len(), checks.len() + 1, failures.join("\n")).into())
}

/// All tests, with private servers for the databases whose address the caller has not set.
pub(crate) fn test(only: &[Database], arguments: &[String], deadline: Instant) -> Result<ExitCode> {
    let wanted = |database| only.is_empty() || only.contains(&database);
    ensure(&[Need::Strace])?;
    let start = |database, variable| wanted(database) && given(variable).is_none();
    let mut servers =
        Servers::start(start(Database::Mysql, MYSQL_URL), start(Database::Postgres, POSTGRES_URL))?;
    // The caller's servers know neither our authority nor our users.
    let foreign = [(Database::Mysql, MYSQL_URL), (Database::Postgres, POSTGRES_URL)]
        .iter()
        .any(|(database, url)| wanted(*database) && given(url).is_some());
    let mut exports = servers.exports();
    exports.retain(|(name, _)| *name != TLS_DIR || !foreign);
    let has = |variable| given(variable).is_some() || exports.iter().any(|(name, _)| *name == variable);
    let mut set = |command: &mut Command| {
        for (database, variables) in [
            (Database::Mysql, [MYSQL_URL, MYSQL_SOCKET]),
            (Database::Postgres, [POSTGRES_URL, POSTGRES_SOCKET_DIR]),
        ] {
            if !wanted(database) || given(variables[0]).is_none() {
                for name in variables {
                    command.env_remove(name);
                }
            }
        }
        command.envs(exports.iter().map(|(name, value)| (name, value)));
    };
    let mut status = cargo(test_arguments(arguments), deadline, &mut set)?;
    // A caller with arguments of their own wants just those tests.
    if status.success() && arguments.is_empty() {
        let mut live = live_test_arguments(&wanted);
        if live.len() > LIVE_TESTS.len() {
            for (variable, tests) in [(TLS_DIR, "live_tls"), (MYSQL_ED25519, "ed25519")] {
                if !has(variable) {
                    eprintln!("xtask: left out: the tests named {tests}, because {variable} is not set");
                    live.extend(["--skip", tests]);
                }
            }
            status = cargo(live, deadline, &mut set)?;
        }
    }
    let outlived = servers.check_alive();
    drop(servers);
    let outcome = if status.success() { "passed" } else { "failed" };
    eprintln!("xtask: cargo test {outcome}; databases: {}", summary(&wanted));
    outlived?;
    Ok(exit_code(status))
}

/// The drivers' own tests on a server. They are `#[ignore]`d, so that without a server they count as ignored, not as passed.
const LIVE_TESTS: [&str; 7] = ["test", "-p", "rebis-core", "--lib", "--all-features", "--", "--ignored"];

fn live_test_arguments(wanted: &dyn Fn(Database) -> bool) -> Vec<&'static str> {
    let filters = [(Database::Mysql, "driver::mysql"), (Database::Postgres, "driver::postgres")];
    let filters = filters.into_iter().filter(|(database, _)| wanted(*database)).map(|(_, filter)| filter);
    LIVE_TESTS.into_iter().chain(filters).collect()
}

/// `-p` chooses packages, which the whole workspace would override.
fn test_arguments(extra: &[String]) -> Vec<&str> {
    let own = extra.iter().map(String::as_str).take_while(|argument| *argument != "--");
    let chosen = own.clone().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    let scope: &[&str] = if chosen { &[] } else { &["--workspace"] };
    let extra = extra.iter().map(String::as_str);
    ["test"].into_iter().chain(scope.iter().copied()).chain(["--all-features"]).chain(extra).collect()
}

fn summary(wanted: &dyn Fn(Database) -> bool) -> String {
    let mut parts = vec!["SQLite".to_owned()];
    for (database, name, variable) in
        [(Database::Mysql, "MariaDB", MYSQL_URL), (Database::Postgres, "PostgreSQL", POSTGRES_URL)]
    {
        parts.push(match (wanted(database), given(variable)) {
            (false, _) => format!("not {name} (--only)"),
            (true, None) => format!("{name} (private server, stopped again)"),
            (true, Some(_)) => format!("{name} (the server of {variable})"),
        });
    }
    parts.join(", ")
}

fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Gives the parsers of `rebis-core` odd input, one target at a time, each for so many minutes; all of them without a name.
pub(crate) fn fuzz(target: Option<&str>, minutes: u64) -> Result<ExitCode> {
    let filter = format!("fuzz_{}", target.unwrap_or_default());
    let arguments = ["test", "-p", "rebis-core", "--lib", &filter, "--", "--nocapture", "--test-threads=1"];
    let deadline = Instant::now() + Duration::from_secs((minutes + 1) * 60 * 10 + 600);
    let seconds = (minutes * 60).to_string();
    cargo(arguments, deadline, &mut |command| {
        command.env("REBIS_FUZZ_SECONDS", &seconds);
    })
    .map(exit_code)
}

/// Runs cargo without input; past the deadline or on a signal it is stopped and that is an error.
pub(crate) fn cargo<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    deadline: Instant,
    prepare: &mut dyn FnMut(&mut Command),
) -> Result<ExitStatus> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    // What the cargo that runs this program says of this package. A build script that looks at it (ring's) would run again, and
    // half of the crates be built again, whenever a build by hand follows one from here.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    prepare(&mut command);
    let shown: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let shown = shown.join(" ");
    eprintln!("xtask: cargo {shown}");
    match run(&mut command, deadline)? {
        End::Exited(status) => Ok(status),
        End::TimedOut => Err(format!("cargo {shown} was stopped: it did not end in time").into()),
        End::Interrupted => Err(format!("cargo {shown} was stopped by a signal").into()),
    }
}

pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_packages_replace_the_workspace() {
        let arguments = |extra: &[&str]| {
            let extra: Vec<String> = extra.iter().map(ToString::to_string).collect();
            test_arguments(&extra).join(" ")
        };
        assert_eq!(arguments(&["--lib"]), "test --workspace --all-features --lib");
        assert_eq!(arguments(&["-p", "rebis"]), "test --all-features -p rebis");
        assert_eq!(arguments(&["--", "-p"]), "test --workspace --all-features -- -p");
    }
}
