// fails: E0277
// says: SessionStaysOnItsThread>` cannot be sent between threads safely
// says: Session

use rebis::ScopedSession;

static DB: ScopedSession = ScopedSession::new();

fn main() -> rebis::Result<()> {
    let session = DB.session()?;
    std::thread::spawn(move || drop(session)); //~ here
    Ok(())
}
