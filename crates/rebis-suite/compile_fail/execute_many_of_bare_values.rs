// fails: E0277
// says: `i64` is not a set of parameters
// says: `(value,)` for one

use rebis::{Connection, text};

fn run(conn: &mut Connection) -> rebis::Result<u64> {
    conn.execute_many(text("insert into t values (:i)"), [1_i64, 2]) //~ here
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?).map(drop)
}
