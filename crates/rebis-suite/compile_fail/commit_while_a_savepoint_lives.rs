// fails: E0505
// says: cannot move out of `tx` because it is borrowed
// says: tx.begin_nested

fn main() -> rebis::Result<()> {
    let mut tx = rebis::Engine::new("sqlite://")?.begin()?;
    let savepoint = tx.begin_nested()?;
    tx.commit()?; //~ here
    savepoint.commit()
}
