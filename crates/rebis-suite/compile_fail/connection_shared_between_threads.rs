// fails: E0277
// says: cannot be shared between threads safely
// says: OneBorrowerPerWire
// says: Connection

fn main() -> rebis::Result<()> {
    let conn = rebis::Engine::new("sqlite://")?.connect()?;
    std::thread::scope(|scope| {
        scope.spawn(|| conn.in_transaction()); //~ here
    });
    Ok(())
}
