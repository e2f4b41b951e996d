// compiles

use std::thread;

use rebis::{Connection, Engine, Error, Row, Transaction, raw, text};

fn send<T: Send>(_: &T) {}
fn sync<T: Sync>(_: &T) {}

fn work(conn: &mut Connection) -> rebis::Result<i64> {
    conn.execute(text("create table if not exists t (i int)"))?;
    conn.execute_many(text("insert into t values (:i)"), [(1,), (2,)])?;
    let rows: Vec<Row> = conn.execute(text("select i from t"))?.all()?;
    let mut sum = 0;
    for row in &rows {
        sum += row.value::<i64>("i")?;
    }
    for value in conn.execute(raw("select i from t".to_owned()))?.of::<(i64,)>() {
        sum += value?.0;
    }
    conn.commit()?;
    Ok(sum)
}

fn main() -> rebis::Result<()> {
    let engine = Engine::new("sqlite://")?;
    send(&engine);
    sync(&engine);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| engine.transaction(|tx| tx.scalar::<i64>(text("select 1"))));
        }
    });
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let engine = engine.clone();
            thread::spawn(move || engine.connect().and_then(|mut conn| work(&mut conn)))
        })
        .collect();
    for handle in threads {
        handle.join().map_err(|_| Error::other("a thread panicked"))??;
    }
    // Handed on, not shared: into a thread and out of it again, in the middle of a transaction.
    let mut conn = engine.connect()?;
    send(&conn);
    conn.execute(text("select 1"))?;
    let mut conn =
        thread::spawn(move || work(&mut conn).map(|_| conn)).join().map_err(|_| Error::other("x"))??;
    let mut tx: Transaction<'_> = conn.begin()?;
    send(&tx);
    thread::scope(|scope| scope.spawn(|| tx.scalar::<i64>(text("select 1"))).join())
        .map_err(|_| Error::other("x"))??;
    let mut savepoint = tx.begin_nested()?;
    savepoint.execute(text("select 1"))?;
    savepoint.commit()?;
    tx.commit()?;
    let own: Transaction<'static> = engine.begin()?;
    thread::spawn(move || own.commit()).join().map_err(|_| Error::other("x"))?
}
