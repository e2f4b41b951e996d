// fails: E0499
// says: cannot borrow `conn` as mutable more than once at a time
// says: conn.execute
// says: first borrow later used here

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let mut rows = conn.execute(text("select 1"))?;
    while let Some(row) = rows.next()? {
        row.value::<i64>(0)?;
        conn.commit()?; //~ here
    }
    Ok(())
}
