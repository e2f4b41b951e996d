// fails: E0382
// says: `tx`
// says: moved due to this method call
// says: Transaction

use rebis::text;

fn main() -> rebis::Result<()> {
    let mut tx = rebis::Engine::new("sqlite://")?.begin()?;
    tx.commit()?;
    tx.execute(text("select 1"))?; //~ here
    Ok(())
}
