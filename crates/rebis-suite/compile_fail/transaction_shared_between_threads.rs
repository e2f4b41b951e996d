// fails: E0277
// says: cannot be shared between threads safely
// says: OneBorrowerPerWire
// says: Transaction

fn main() -> rebis::Result<()> {
    let tx = rebis::Engine::new("sqlite://")?.begin()?;
    std::thread::scope(|scope| {
        scope.spawn(|| tx.in_transaction()); //~ here
    });
    tx.commit()
}
