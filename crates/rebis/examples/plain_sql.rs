//! Engine, pool, plain SQL: a tour. `cargo run --example plain_sql [URL]`; SQLite in a temporary file by default.

use std::time::Duration;

use rebis::{Engine, Error, ErrorKind, Result, text};

fn main() -> Result<()> {
    let file = std::env::temp_dir().join("rebis-plain-sql.db");
    let url = std::env::args().nth(1).unwrap_or_else(|| format!("sqlite:///{}", file.display()));

    // Parses, does not connect yet. These are the defaults, but for pre_ping.
    let engine = Engine::builder(url)?
        .pool_size(5)
        .max_overflow(10)
        .pool_timeout(Duration::from_secs(30))
        .pool_recycle(Duration::from_secs(1800))
        .pre_ping(true)
        .build()?;

    engine.transaction(|tx| {
        tx.execute(text("drop table if exists users"))?;
        tx.execute(text("create table users (id int primary key, name varchar(50) not null)"))?;
        tx.execute_many(
            text("insert into users (id, name) values (:id, :name)"),
            [(1, "ed"), (2, "wendy"), (3, "eve")],
        )?;
        Ok(())
    })?;

    // A connection is `Send`, not `Sync`; its first statement begins a transaction.
    let mut conn = engine.connect()?;
    let like = text("select id, name from users where name like :pattern order by id");
    let mut rows = conn.execute(like.bind("pattern", "e%"))?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = row.get()?;
        println!("{id} {name}");
    }
    // Decoded where the cells arrived, without a row in between.
    for user in conn.execute(text("select id, name from users order by id"))?.of::<(i64, String)>() {
        let (id, name) = user?;
        println!("{id} {name}");
    }
    // Rows borrow `conn`: a second `execute` while they live does not compile.
    conn.commit()?;
    drop(conn);

    let mut tx = engine.begin()?; // dropped without commit: rolled back
    tx.execute(text("insert into users (id, name) values (4, 'jack')"))?;
    let mut savepoint = tx.begin_nested()?;
    match savepoint.execute(text("insert into users (id, name) values (1, 'ed')")) {
        Err(error) if error.kind() == ErrorKind::UniqueViolation => println!("1 is taken: {error}"),
        other => return Err(Error::other(format!("1 should be taken: {other:?}"))),
    }
    savepoint.rollback()?;
    tx.commit()?;

    let count: i64 = engine.connect()?.scalar(text("select count(*) from users"))?;
    println!("{count} users; pool: {}", engine.pool().status());

    engine.dispose(); // closes idle connections; the engine can be used again at once
    println!("disposed; pool: {}", engine.pool().status());
    Ok(())
}
