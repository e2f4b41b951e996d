// fails: E0521
// says: `sql` escapes the function body here
// says: argument requires that `'1` must outlive `'static`

use rebis::{Connection, text};

fn run(conn: &mut Connection, sql: &str) -> rebis::Result<()> {
    conn.execute(text(sql)).map(drop) //~ here
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?, "select 1")
}
