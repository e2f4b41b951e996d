//! Long answers: read as they come, left early, beside others.

use rebis::sql::Text;
use rebis::{raw, text};

use super::{Database, Outcome, Scenario, count, passed, table};

pub(super) const CASES: &[Scenario] = &[
    ("streams_with_flat_memory", flat_memory),
    ("streams_left_early", left_early),
    ("streams_beside_another_connection", beside),
];

const ROWS: i64 = 200_000;

/// Numbers from 0, each with a text of 200 bytes: 40 MB in all. The same words on every database, without recursion, which
/// MariaDB limits to 1000.
fn numbers() -> Text {
    let digits = "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 \
        union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)";
    raw(format!(
        "select f.d * 100000 + a.d * 10000 + b.d * 1000 + c.d * 100 + d.d * 10 + e.d as n, :pad as pad \
         from (select 0 as d union all select 1) f cross join {digits} a cross join {digits} b \
         cross join {digits} c cross join {digits} d cross join {digits} e"
    ))
    .bind("pad", "p".repeat(200))
}

pub(super) fn memory_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn flat_memory(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let sum: i64 = (0..ROWS).sum();
    let (mut grown, mut found, mut total) = (0, 0, 0);
    let mut rows = conn.execute(numbers()).unwrap();
    let mut before = 0;
    while let Some(row) = rows.next().unwrap() {
        let (n, pad): (i64, String) = row.get().unwrap();
        found += 1;
        total += n;
        assert_eq!(pad.len(), 200);
        if found == 1000 {
            before = memory_kb();
        }
        if found % 10_000 == 0 {
            grown = grown.max(memory_kb() - before);
        }
    }
    drop(rows);
    assert_eq!((found, total), (ROWS, sum));
    // Decoded in place, without `Row`.
    let mut total = 0;
    for row in conn.execute(numbers()).unwrap().of::<(i64, String)>() {
        total += row.unwrap().0;
    }
    assert_eq!(total, sum);
    grown = grown.max(memory_kb() - before);
    assert!(grown < 20 * 1024, "memory grew by {grown} kB");
    passed(format!("2 answers of {found} rows, 40 MB each: memory grew by {grown} kB"))
}

fn left_early(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    for take in [0, 1, 70] {
        let mut rows = conn.execute(numbers()).unwrap();
        for _ in 0..take {
            rows.next().unwrap().unwrap();
        }
        drop(rows);
        assert_eq!(conn.scalar::<i64>(text("select :n").bind("n", take)).unwrap(), take);
        // Forgotten, not dropped: the connection must know by itself.
        std::mem::forget(conn.execute(numbers()).unwrap());
        assert_eq!(conn.scalar::<i64>(text("select 7")).unwrap(), 7);
        drop(conn.execute(numbers()).unwrap());
        conn.commit().unwrap();
    }
    // Back to the pool with an unread answer: the next user sees nothing of it.
    let engine = conn.engine().clone();
    conn.execute(numbers()).unwrap().next().unwrap();
    drop(conn);
    let mut conn = engine.connect().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select 8")).unwrap(), 8);
    passed("10 answers left early, each followed by a right one")
}

fn beside(database: &Database) -> Outcome {
    // Deferred transactions, so that on SQLite the long reader does not keep the writer out.
    let engine = database.reader(2);
    let mut writer = engine.connect().unwrap();
    table(&mut writer, "conf_streams", "n int");
    let mut reader = engine.connect().unwrap();
    let mut rows = reader.execute(numbers()).unwrap();
    let (mut sum, mut seen) = (0, 0);
    while let Some(row) = rows.next().unwrap() {
        sum += row.value::<i64>("n").unwrap();
        if seen % 10_000 == 0 {
            writer.execute(text("insert into conf_streams values (:n)").bind("n", seen)).unwrap();
            writer.commit().unwrap();
        }
        seen += 1;
    }
    drop(rows);
    assert_eq!((seen, sum), (ROWS, (0..ROWS).sum()));
    assert_eq!(count(&mut writer, "conf_streams"), 20);
    passed(format!("{seen} rows read while 20 transactions of another connection committed"))
}
