//! SQLite: the parent is in the middle of reading when it forks. Does the child's own read transaction stay isolated?

use crate::child::{Forked, end_at_once, fork, wait};
use crate::rebis_stack::Rebis;
use crate::scenarios::say;
use crate::stack::{NUMBERS, Stack};
use crate::{One, Outcome, plan};
use rebis::{Connection, text};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the child's transaction lasts: time enough for the parent's commit, which has to wait for it.
const LASTS: Duration = Duration::from_millis(500);

pub fn run(arguments: &One) -> Outcome<()> {
    let rebis = Rebis::open(&arguments.url)?;
    let (mut parents_end, mut childs_end) = UnixStream::pair()?;
    let mut conn = rebis.0.connect()?;
    let mut rows = conn.execute(text(NUMBERS))?;
    rows.next()?;
    let child = match fork() {
        Forked::Child => end_at_once(read_twice(&rebis, &mut childs_end).unwrap_or_else(|error| {
            eprintln!("the child: {error}");
            2
        })),
        Forked::Parent(child) => child,
    };
    drop(childs_end);
    // The child has read once, or has ended.
    let mut word = [0];
    let _ = parents_end.read(&mut word)?;
    while rows.next()?.is_some() {}
    conn.rollback()?;
    say("write", &write(&mut conn).map(|()| "committed".to_owned()).map_err(Into::into));
    let (hung, codes) = wait(vec![child], &arguments.journals, Duration::from_secs(arguments.deadline));
    say("hung", &Ok(hung.to_string()));
    let seen = match codes.first() {
        Some(0) => "isolated",
        Some(1) => "torn",
        _ => "error",
    };
    say("snapshot", &Ok(seen.to_owned()));
    Ok(())
}

fn read_twice(rebis: &Rebis, parent: &mut UnixStream) -> Outcome<i32> {
    let mut conn = rebis.0.connect()?;
    let mut count = |statement| conn.scalar::<i64>(statement);
    let ledger = count(text("select count(*) from ledger"))?;
    parent.write_all(b"r")?;
    std::thread::sleep(LASTS);
    // Of another table: what was read once may come from the connection's cache.
    let mirror = count(text("select count(*) from mirror"))?;
    Ok(i32::from(ledger != mirror))
}

fn write(conn: &mut Connection) -> rebis::Result<()> {
    conn.execute(text("insert into ledger values (:token)").bind("token", plan::PARENT_TOKENS[0]))?;
    conn.execute(text("insert into mirror values (:token)").bind("token", plan::PARENT_TOKENS[0]))?;
    conn.commit()
}
