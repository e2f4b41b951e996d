// fails: E0277
// says: a row cannot be read as `User`
// says: for a struct of your own, write `#[derive(rebis::FromRow)]` above it

use rebis::{Connection, text};

#[allow(dead_code)]
struct User {
    id: i64,
}

fn run(conn: &mut Connection) -> rebis::Result<Vec<User>> {
    conn.fetch_all(text("select 1 as id")) //~ here
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?).map(drop)
}
