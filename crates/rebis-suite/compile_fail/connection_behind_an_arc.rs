// fails: E0277
// says: cannot be shared between threads safely
// says: OneBorrowerPerWire
// says: Connection

use std::sync::Arc;

fn main() -> rebis::Result<()> {
    let conn = Arc::new(rebis::Engine::new("sqlite://")?.connect()?);
    let other = Arc::clone(&conn);
    std::thread::spawn(move || other.in_transaction()); //~ here
    Ok(())
}
