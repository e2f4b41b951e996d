// fails: E0277
// says: `User` is not a model
// says: write `#[derive(Clone, rebis::Model)]` above the struct

#[derive(Clone)]
struct User {
    name: String,
}

fn main() -> rebis::Result<()> {
    let engine = rebis::Engine::new("sqlite://")?;
    let session = rebis::Session::new(&engine);
    let user = User { name: "ed".into() };
    println!("{}", user.name);
    session.add(user)?; //~ here
    Ok(())
}
