// fails: E0277
// says: SessionStaysOnItsThread>` cannot be sent between threads safely
// says: Instance

fn send<T>(instance: rebis::Instance<T>) {
    std::thread::spawn(move || instance.state_of_it()); //~ here
}

trait StateOfIt {
    fn state_of_it(&self) {}
}

impl<T> StateOfIt for rebis::Instance<T> {}

fn main() {
    let _ = send::<()>;
}
