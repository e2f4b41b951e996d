// fails: E0716
// says: argument requires that borrow lasts for `'static`

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let name = std::env::args().next().unwrap_or_default();
    conn.execute(text(&format!("select * from users where name = '{name}'")))?; //~ here
    Ok(())
}
