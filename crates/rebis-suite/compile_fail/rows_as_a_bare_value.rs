// fails: E0277
// says: a row cannot be read as `i64`
// says: `(i64,)` is a row of one column, and `scalar` and `scalars` read the first column alone

use rebis::{Connection, text};

fn run(conn: &mut Connection) -> rebis::Result<Vec<i64>> {
    conn.fetch_all(text("select 1")) //~ here
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?).map(drop)
}
