// fails: E0277
// says: a cell cannot be read as `Email`
// says: for a type of your own, write `impl rebis::FromValue for Email`
// says: ask for `rebis::Json<Email>`

use rebis::{Connection, text};

struct Email(String);

fn run(conn: &mut Connection) -> rebis::Result<String> {
    Ok(conn.scalar::<Email>(text("select 'ed@example.com'"))?.0) //~ here
}

fn main() -> rebis::Result<()> {
    run(&mut rebis::Engine::new("sqlite://")?.connect()?).map(drop)
}
