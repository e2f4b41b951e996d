//! The process guard of SQLAlchemy's documentation, written by a user with public events.
//! `cargo run --example pid_guard [URL]`; SQLite in a temporary file by default.
//!
//! It is never needed: an engine's pool is made anew in each process. To see the guard fire, this program brings a pool that
//! does what a pool must not do: it keeps its connections in a list that a forked child shares, so that the child is handed
//! its parent's connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rebis::pool::{Checkout, Disconnection, Pool, PoolKind, PoolStatus, Record};
use rebis::{Engine, ProcessPool, Result, text};

/// Keeps every place in one list, whichever process asks.
#[derive(Debug, Clone, Default)]
struct SharedPlaces(Arc<Mutex<Vec<Record>>>);

impl SharedPlaces {
    fn with<T>(&self, run: impl FnOnce(&mut Vec<Record>) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pool for SharedPlaces {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        Ok(self.with(Vec::pop).unwrap_or_else(|| checkout.new_record()))
    }

    fn give(&self, record: Record) -> Option<Record> {
        self.with(|places| places.push(record));
        None
    }

    fn drain(&self) -> Vec<Record> {
        self.with(std::mem::take)
    }

    fn status(&self) -> PoolStatus {
        let mut status = PoolStatus::new(0, None);
        status.idle = self.with(|places| places.iter().filter(|place| place.is_open()).count());
        status
    }
}

/// What the guard remembers of a connection: the process that opened it.
struct Pid(u32);

/// How often the guard refused a connection in this process.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

fn main() -> Result<()> {
    let file = std::env::temp_dir().join(format!("rebis-pid-guard-{}.db", std::process::id()));
    let own_file = format!("sqlite:///{}?journal_mode=wal", file.display());
    let url = std::env::args().nth(1).unwrap_or(own_file);

    // The factory is called once in each process, and gives each the same list.
    let places = SharedPlaces::default();
    let engine =
        Engine::builder(url)?.pool(PoolKind::Own(Arc::new(move |_| Box::new(places.clone())))).build()?;

    // The guard.
    engine.pool().on_connect(|_raw, record| {
        record.info().insert(Pid(std::process::id()));
        Ok(())
    });
    let guard = engine.pool().on_checkout(|_raw, record, _lease| {
        let here = std::process::id();
        match record.info().get::<Pid>() {
            Some(Pid(pid)) if *pid != here => {
                REFUSED.fetch_add(1, Ordering::Relaxed);
                Err(Disconnection::new(format!("connection belongs to pid {pid}, checked out in pid {here}"))
                    .into())
            }
            _ => Ok(()),
        }
    });

    engine.transaction(|tx| {
        tx.execute(text("drop table if exists guarded"))?;
        tx.execute(text("create table guarded (n int)"))?;
        tx.execute(text("insert into guarded values (1)"))?;
        Ok(())
    })?;

    // Two connections: one in the middle of a transaction, one idle in the list that the child will take from.
    let idle = engine.connect()?;
    let mut tx = engine.begin()?;
    tx.execute(text("insert into guarded values (2)"))?;
    drop(idle);
    assert_eq!(engine.pool().status().idle, 1);

    let (refused, rows) = in_a_child(&engine)?;
    println!(
        "with the guard: refused {refused} connection in the child, which then read {rows} row on its own"
    );
    assert_eq!((refused, rows), (1, 1), "the guard fired, and the child does not see what is not committed");

    // Without it: the engine sees by itself that the connection is its parent's, and opens another one.
    guard.remove();
    let (refused, rows) = in_a_child(&engine)?;
    println!("without it: refused {refused}, and the child read {rows} row on its own all the same");
    assert_eq!((refused, rows), (0, 1));

    // The parent notices nothing: its transaction commits, its idle connection is still there and works.
    tx.commit()?;
    let mut conn = engine.connect()?;
    assert_eq!(conn.scalar::<i64>(text("select count(*) from guarded"))?, 2);
    conn.execute(text("drop table guarded"))?;
    conn.commit()?;
    drop(conn);
    assert_eq!(REFUSED.load(Ordering::Relaxed), 0, "never in the process that opened the connections");
    assert_eq!(engine.pool().counters().opened, 2);
    println!("the parent committed, on the 2 connections that it had opened");

    drop(engine);
    let _ = std::fs::remove_file(file);
    Ok(())
}

/// What a forked worker gets when it asks the same engine for a connection: how often the guard refused one, and how many
/// rows the worker read.
fn in_a_child(engine: &Engine) -> Result<(usize, i64)> {
    let engine = engine.clone();
    let mut answers = ProcessPool::new(1).build()?.map([()], move |()| {
        let mut conn = engine.connect()?;
        let rows: i64 = conn.scalar(text("select count(*) from guarded"))?;
        conn.commit()?;
        assert_eq!(engine.pool().leases().len(), 1, "the lease is in the books of this process");
        Ok((REFUSED.load(Ordering::Relaxed), rows))
    })?;
    answers.remove(0)
}
