// fails: E0277
// says: SessionStaysOnItsThread>` cannot be sent between threads safely
// says: Session

fn main() -> rebis::Result<()> {
    let session = rebis::Session::new(&rebis::Engine::new("sqlite://")?);
    std::thread::spawn(move || session.commit()); //~ here
    Ok(())
}
