// fails: E0499
// says: cannot borrow `conn` as mutable more than once at a time
// says: first mutable borrow occurs here
// says: first borrow later used here

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let mut rows = conn.execute(text("select 1"))?;
    conn.execute(text("select 2"))?; //~ here
    rows.next()?;
    Ok(())
}
