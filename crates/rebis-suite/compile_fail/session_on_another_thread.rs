// fails: E0277
// says: cannot be sent between threads safely
// says: SessionStaysOnItsThread
// says: Session

fn main() -> rebis::Result<()> {
    let session = rebis::Session::new(&rebis::Engine::new("sqlite://")?);
    std::thread::spawn(move || session.commit()); //~ here
    Ok(())
}
