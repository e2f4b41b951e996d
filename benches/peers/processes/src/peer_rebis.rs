//! Rebis: a pool of processes that takes the chunks as jobs, with composed statements or with a scoped session in each worker.

use crate::database::Database;
use crate::rows::{CHUNK, Row, chunks};
use rebis::schema::Entity;
use rebis::sql::{Expression, select};
use rebis::{Engine, FromRow, IsolationLevel, Model, ProcessPool, Result, ScopedSession, SessionMaker};

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "etl_source")]
struct Source {
    #[rebis(primary_key, autoincrement = false)]
    id: i32,
    a: i32,
    #[rebis(length = 100)]
    b: String,
    c: f64,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "etl_target")]
struct Target {
    #[rebis(primary_key, autoincrement = false)]
    id: i32,
    a: i32,
    #[rebis(length = 100)]
    b: String,
    c: f64,
}

#[derive(FromRow)]
struct Read {
    id: i32,
    a: i32,
    b: String,
    c: f64,
}

fn engine(database: &Database) -> Engine {
    let url = match database {
        // Writers wait for each other at the beginning of their transactions, as the raw driver's do.
        Database::Sqlite(path) => {
            format!(
                "sqlite:///{}?journal_mode=wal&synchronous=off&begin=immediate&busy_timeout=60000",
                path.display()
            )
        }
        // The others speak without TLS as well.
        Database::MariaDb(url) => format!("{url}?ssl-mode=disabled"),
        Database::Postgres(url) => format!("{url}?sslmode=disable"),
    };
    Engine::new(url.as_str()).unwrap()
}

fn run(workers: u32, rows: u32, job: impl Fn(i32) -> Result<()> + 'static) {
    let pool = ProcessPool::new(workers as usize).build().unwrap();
    for (chunk, done) in pool.imap_unordered(chunks(rows), job).unwrap() {
        done.unwrap_or_else(|error| panic!("chunk {chunk}: {error}"));
    }
}

pub fn core(database: &Database, workers: u32, rows: u32) {
    let engine = engine(database);
    // The raw drivers read without a transaction as well.
    let reading = engine
        .execution_options(|options| options.isolation_level = Some(IsolationLevel::Autocommit))
        .unwrap();
    run(workers, rows, move |from| {
        let wanted = select((Source::id, Source::a, Source::b, Source::c))
            .filter(Source::id.gt(from))
            .filter(Source::id.le(from + CHUNK as i32));
        let read: Vec<Read> = reading.connect()?.execute(wanted)?.of().all()?;
        let changed = read.into_iter().map(|Read { id, a, b, c }| {
            let Row { id, a, b, c } = Row { id, a, b, c }.changed();
            vec![id.into(), a.into(), b.into(), c.into()]
        });
        let rows = changed.collect();
        engine.transaction(|tx| tx.insert_rows(Target::table(), &["id", "a", "b", "c"], rows, &[]).map(drop))
    });
}

/// Configured by the parent; each worker finds a session of its own in it.
static DB: ScopedSession = ScopedSession::new();

pub fn orm(database: &Database, workers: u32, rows: u32) {
    DB.configure(SessionMaker::new(&engine(database)));
    run(workers, rows, |from| {
        let done = DB.session().and_then(|session| {
            let read = session
                .query::<Source>()
                .filter(Source::id.gt(from))
                .filter(Source::id.le(from + CHUNK as i32))
                .all()?;
            for source in &read {
                let source = source.read()?;
                let row = Row { id: source.id, a: source.a, b: source.b.clone(), c: source.c };
                let Row { id, a, b, c } = row.changed();
                session.add(Target { id, a, b, c })?;
            }
            session.commit()
        });
        DB.remove();
        done
    });
}
