//! SQLAlchemy, in a Python of its own that answers line by line. It counts its own time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::work::{Database, Digest, Peer, Work};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/sqlalchemy_peer.py");

pub struct SqlAlchemy {
    name: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    works: Vec<String>,
}

/// `None`, and a notice, where it does not run.
pub fn connect(python: &str, layer: &str, database: &Database) -> Option<Box<dyn Peer>> {
    let url = match database {
        Database::Sqlite => "sqlite://".to_owned(),
        Database::MariaDb(url) => format!("{}?charset=utf8mb4", url.replace("mysql://", "mysql+mysqldb://")),
        Database::Postgres(url) => {
            format!("{}?sslmode=disable", url.replace("postgresql://", "postgresql+psycopg://"))
        }
    };
    let mut command = Command::new(python);
    // Not as an argument: those are for every user of the machine to see.
    command.arg(PROGRAM).arg(layer).env("REBIS_BENCH_URL", url);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let (questions, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
    let name = if layer == "ORM" { "SQLAlchemy ORM" } else { "SQLAlchemy core" };
    let mut peer = SqlAlchemy { name, child, questions, answers, works: Vec::new() };
    let works = peer.read();
    if works.is_empty() {
        println!("{name} on {}: not run, {python} does not have what it needs", database.name());
        return None;
    }
    peer.works = works.split(' ').map(str::to_owned).collect();
    Some(Box::new(peer))
}

impl SqlAlchemy {
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

impl Drop for SqlAlchemy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer for SqlAlchemy {
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

    fn run(&mut self, work: Work, digest: Option<&mut Digest>) {
        let answer = self.ask("check", &work.name());
        if let Some(digest) = digest {
            digest.0 = answer.parse().unwrap();
        }
    }

    fn time(&mut self, work: Work) -> f64 {
        self.ask("time", &work.name()).parse().unwrap()
    }

    fn rest(&mut self) {
        self.ask("rest", "");
    }
}
