//! What was compared, where and when.

use crate::judge::Judge;
use crate::runner::python_program;
use crate::{All, Outcome};
use std::path::Path;
use std::process::Command;

pub struct Versions {
    /// Name and version, for the page.
    pub lines: Vec<String>,
    /// The drivers of SQLAlchemy that could not be imported, with the reason.
    pub missing: Vec<(String, String)>,
}

impl Versions {
    pub fn missing_drivers(&self) -> Vec<&str> {
        self.missing.iter().map(|(name, _)| name.as_str()).collect()
    }
}

pub fn all(arguments: &All) -> Outcome<Versions> {
    let mut lines = Vec::new();
    let command = |program: &str, arguments: &[&str]| -> Outcome<String> {
        let output = Command::new(program).args(arguments).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    lines.push(format!("{}, {cores} cores, {}", command("date", &["+%F"])?, command("uname", &["-srm"])?));
    let servers = [
        ("MariaDB", Judge::MariaDb(&arguments.mysql)),
        ("PostgreSQL", Judge::PostgreSql(&arguments.postgres)),
        ("SQLite in Rebis", Judge::Sqlite(Path::new(""))),
    ];
    let servers: Vec<_> = servers
        .iter()
        .map(|(name, judge)| judge.version().map(|version| format!("{name} {version}")))
        .collect::<Outcome<_>>()?;
    lines.push(servers.join(", "));
    let crates = ["rebis", "r2d2", "mysql", "r2d2_mysql", "postgres", "r2d2_postgres"];
    lines.push(crates.map(|name| format!("`{name}` {}", locked(name))).join(", "));
    let output = Command::new(&arguments.python).arg(python_program()).arg("versions").output()?;
    if !output.status.success() {
        return Err(format!("no SQLAlchemy: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match line.strip_prefix("missing ").and_then(|line| line.split_once(' ')) {
            Some((name, why)) => missing.push((name.to_owned(), why.to_owned())),
            None => found.push(line.to_owned()),
        }
    }
    lines.push(found.join(", "));
    Ok(Versions { lines, missing })
}

/// The version of a crate that this program was built with.
fn locked(name: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"')).map_or("?", |(version, _)| version)
}
