// fails: E0597
// says: `tx` does not live long enough
// says: `tx` dropped here while still borrowed

fn main() -> rebis::Result<()> {
    let engine = rebis::Engine::new("sqlite://")?;
    let savepoint = {
        let mut tx = engine.begin()?;
        tx.begin_nested()? //~ here
    };
    savepoint.commit()
}
