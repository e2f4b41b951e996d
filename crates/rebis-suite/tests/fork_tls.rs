//! Encrypted sessions and forks: TLS counts its records on both sides, so one byte of a child would end its parent's session;
//! and no lock of a handshake in another thread may be left in a child.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rebis::{Connection, Engine, ErrorKind, PoolKind, text};
use rebis_suite::database_or_skip;
use rebis_suite::databases::Database;
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Case, Outcome, passed};

const CHILD: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let mut cases = Vec::new();
    for backend in ["mysql", "postgresql"] {
        for (name, run) in [
            ("a_session_goes_on_beside_its_children", beside as fn(&str) -> Outcome),
            ("children_born_in_a_handshake_connect", in_a_handshake),
        ] {
            let name = format!("{name}@{backend}");
            cases.push(Case { name, deadline: Duration::from_secs(120), run });
        }
    }
    harness::main(&cases)
}

/// An engine whose sessions are encrypted to a server that has shown who it is.
fn engine(database: &Database, kind: PoolKind) -> Result<Engine, Outcome> {
    let Ok(folder) = std::env::var("REBIS_TEST_TLS_DIR") else {
        return Err(Outcome::Skipped("REBIS_TEST_TLS_DIR is not set".into()));
    };
    let authority = format!("{folder}/ca.pem");
    let options: &[(&str, &str)] = if database.name == "PostgreSQL" {
        &[("sslmode", "verify-full"), ("channel_binding", "require"), ("sslrootcert", &authority)]
    } else {
        &[("ssl_mode", "verify_identity"), ("ssl_ca", &authority)]
    };
    // The database's own mode is none.
    let url = database.url().update_query(options.iter().copied()).unwrap();
    Ok(Engine::builder(url).unwrap().pool(kind).build().unwrap())
}

fn is_encrypted(conn: &mut Connection) -> bool {
    if conn.server().unwrap().product == "PostgreSQL" {
        conn.scalar(text("select ssl from pg_stat_ssl where pid = pg_backend_pid()")).unwrap()
    } else {
        let cipher: (String, String) =
            conn.execute(text("show status like 'Ssl_cipher'")).unwrap().of().one().unwrap();
        cipher.1.starts_with("TLS_")
    }
}

fn beside(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = match engine(&database, PoolKind::Queue) {
        Ok(engine) => engine,
        Err(skipped) => return skipped,
    };
    let mut idle = engine.connect().unwrap();
    assert!(is_encrypted(&mut idle));
    drop(idle);
    let mut tx = engine.begin().unwrap();
    let mut reader = engine.connect().unwrap();
    // Records are decrypted and not yet read, others are still to come.
    let numbers = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 900) \
                   select a.i from n a, n b where b.i <= 50";
    let mut rows = reader.execute(rebis::raw(numbers)).unwrap();
    assert!(rows.next().unwrap().is_some());
    for kind in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone] {
        fork::expect(kind, CHILD, || {
            let is_forked = |error: rebis::Error| error.kind() == ErrorKind::Forked;
            let refused = tx.execute(text("select 1")).is_err_and(is_forked);
            let unread = loop {
                // Rows that were decoded before the fork may still come; bytes are not decrypted here.
                match rows.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break false,
                    Err(error) => break is_forked(error),
                }
            };
            let mut own = engine.connect().unwrap();
            i32::from(!(refused && unread && is_encrypted(&mut own)))
        });
        assert_eq!(tx.scalar::<i64>(text("select 7")).unwrap(), 7);
    }
    assert_eq!(rows.all().unwrap().len(), 900 * 50 - 1);
    tx.commit().unwrap();
    passed(format!("{}: 3 kinds of children, a transaction and a half-read answer go on", database.name))
}

fn in_a_handshake(case: &str) -> Outcome {
    const CHILDREN: usize = 40;
    let database = database_or_skip!(case);
    let engine = match engine(&database, PoolKind::Null) {
        Ok(engine) => engine,
        Err(skipped) => return skipped,
    };
    let (stop, opened) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Acquire) {
                    assert_eq!(engine.connect().unwrap().scalar::<i64>(text("select 1")).unwrap(), 1);
                    opened.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
        let before = opened.load(Ordering::Acquire);
        let codes: Vec<_> = (0..CHILDREN)
            .map(|_| {
                let child =
                    fork::child(Kind::Fork, || i32::from(!is_encrypted(&mut engine.connect().unwrap())));
                fork::wait(child, CHILD)
            })
            .collect();
        let during = opened.load(Ordering::Acquire) - before;
        stop.store(true, Ordering::Release);
        assert!(codes.iter().all(|code| *code == Some(0)), "exit codes (None: it hung): {codes:?}");
        assert!(during > 0, "no handshake was made beside the forks");
        passed(format!("{}: {CHILDREN} children beside {during} handshakes", database.name))
    })
}
