// fails: E0277
// says: `&str` is not a statement
// says: write `text("select …")` for a literal

use rebis::Connection;

fn run(conn: &mut Connection) -> rebis::Result<()> {
    conn.execute("select 1")?; //~ here
    Ok(())
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?)
}
