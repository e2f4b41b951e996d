// fails: E0505
// says: cannot move out of `conn` because it is borrowed
// says: conn.execute

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let mut rows = conn.execute(text("select 1"))?;
    drop(conn); //~ here
    rows.next()?;
    Ok(())
}
