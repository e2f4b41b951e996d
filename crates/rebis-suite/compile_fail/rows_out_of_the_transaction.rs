// fails: none
// says: lifetime may not live long enough
// says: Rows<'

use rebis::text;

fn main() -> rebis::Result<()> {
    let engine = rebis::Engine::new("sqlite://")?;
    let mut rows = engine.transaction(|tx| tx.execute(text("select 1")))?; //~ here
    rows.next()?;
    Ok(())
}
