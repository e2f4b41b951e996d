// fails: E0277
// says: SessionStaysOnItsThread>` cannot be shared between threads safely
// says: Session

fn main() -> rebis::Result<()> {
    let session = rebis::Session::new(&rebis::Engine::new("sqlite://")?);
    std::thread::scope(|scope| {
        scope.spawn(|| session.commit()); //~ here
    });
    Ok(())
}
