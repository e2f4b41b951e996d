//! What the program is told.

use std::path::PathBuf;
use std::time::Duration;

use crate::work::Work;

pub struct Arguments {
    pub results: Option<PathBuf>,
    pub rounds: usize,
    /// How long one peer works on one workload in one round, at least.
    pub budget: Duration,
    only: Vec<String>,
    pub databases: Vec<String>,
    peers: Vec<String>,
    pub cpu: Option<usize>,
    pub python: Option<String>,
    pub toasty: Option<String>,
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

impl Arguments {
    pub fn given() -> Self {
        let mut arguments = Arguments {
            results: None,
            rounds: 3,
            budget: Duration::from_millis(60),
            only: Vec::new(),
            databases: list("memory,file,mariadb,postgres"),
            peers: Vec::new(),
            cpu: None,
            python: std::env::var("REBIS_BENCH_PYTHON").ok(),
            toasty: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            if name == "--quick" {
                arguments.rounds = 1;
                arguments.budget = Duration::from_millis(5);
                continue;
            }
            let value = given.next().unwrap_or_else(|| panic!("{name} needs a value"));
            match name.as_str() {
                "--results" => arguments.results = Some(value.into()),
                "--rounds" => arguments.rounds = value.parse().expect("a number of rounds"),
                "--budget" => {
                    arguments.budget =
                        Duration::from_millis(value.parse().expect("a number of milliseconds"));
                }
                "--only" => arguments.only = list(&value),
                "--databases" => arguments.databases = list(&value),
                "--peers" => arguments.peers = list(&value),
                "--cpu" => arguments.cpu = Some(value.parse().expect("the number of a CPU")),
                "--toasty" => arguments.toasty = Some(value),
                _ => panic!("unknown argument {name}"),
            }
        }
        arguments
    }

    pub fn wants_peer(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|peer| name.starts_with(peer))
    }

    pub fn wants_work(&self, work: Work) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| work.name().starts_with(only))
    }
}
