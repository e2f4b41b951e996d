//! Peers that are programs of their own and answer line by line: SQLAlchemy in its Python, toasty with its own SQLite. They count their
//! own time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::work::{Database, Digest, Peer, Work};

const PYTHON_PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/sqlalchemy_peer.py");

pub struct Apart {
    name: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    works: Vec<String>,
}

/// A peer with what it says of itself, or why it is not there.
type Started = Result<(Apart, String), String>;

pub fn sqlalchemy(python: Option<&str>, layer: &str, database: &Database) -> Started {
    let name = if layer == "ORM" { "SQLAlchemy ORM" } else { "SQLAlchemy core" };
    let python = python.ok_or("no Python with it was named")?;
    let url = match database {
        Database::SqliteMemory | Database::SqliteFile(_) => match database.file(name) {
            Some(file) => format!("sqlite:///{}", file.display()),
            None => "sqlite://".to_owned(),
        },
        Database::MariaDb(url) | Database::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(python);
    command.arg(PYTHON_PROGRAM).arg(layer);
    start(name, command, &url)
}

pub fn toasty(program: Option<&str>, database: &Database) -> Started {
    let url = match database {
        Database::SqliteMemory => "sqlite::memory:".to_owned(),
        Database::SqliteFile(_) => {
            format!("sqlite:{}", database.file("toasty").unwrap_or_default().display())
        }
        Database::MariaDb(_) => return Err("toasty 0.11 cannot return keys that MariaDB makes".into()),
        Database::Postgres(url) => format!("{url}?sslmode=disable"),
    };
    let program = program.filter(|program| Path::new(program).exists()).ok_or("its program is not built")?;
    start("toasty", Command::new(program), &url)
}

/// The first line is what the peer says of itself, the second one its workloads.
fn start(name: &'static str, mut command: Command, url: &str) -> Started {
    // Not as an argument: those are for every user of the machine to see.
    command.env("REBIS_BENCH_URL", url).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard input or output".into());
    };
    let mut peer = Apart { name, child, questions, answers: BufReader::new(answers), works: Vec::new() };
    let itself = peer.read();
    peer.works = peer.read().split_whitespace().map(str::to_owned).collect();
    if peer.works.is_empty() {
        return Err(if itself.is_empty() { "its program ended".into() } else { itself });
    }
    Ok((peer, itself))
}

impl Apart {
    fn read(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn ask(&mut self, what: &str, argument: &str) -> String {
        writeln!(self.questions, "{what} {argument}").unwrap();
        self.questions.flush().unwrap();
        let answer = self.read();
        answer.strip_prefix("ok ").unwrap_or_else(|| panic!("{}: {answer}", self.name)).to_owned()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer for Apart {
    fn name(&self) -> &'static str {
        self.name
    }

    fn does(&self, work: Work) -> bool {
        self.works.contains(&work.name())
    }

    fn execute(&mut self, sql: &str) {
        self.ask("execute", sql);
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.ask("number", sql).parse().unwrap()
    }

    /// It prepares when it is asked to run.
    fn prepare(&mut self, _: Work) {}

    fn run(&mut self, work: Work, digest: Option<&mut Digest>) {
        let answer = self.ask("check", &work.name());
        if let Some(digest) = digest {
            digest.0 = answer.parse().unwrap();
        }
    }

    fn rest(&mut self) {
        self.ask("rest", "");
    }

    fn time(&mut self, work: Work) -> f64 {
        self.ask("time", &work.name()).parse().unwrap()
    }
}
