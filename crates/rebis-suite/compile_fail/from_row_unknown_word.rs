// fails: none
// says: `colum` is not known here; a field takes `column = "name"`, `flatten`, `default` and `skip`

#[derive(rebis::FromRow)]
struct User {
    #[rebis(colum = "full_name")] //~ here
    name: String,
}

fn main() -> rebis::Result<()> {
    let mut conn = rebis::Engine::new("sqlite://")?.connect()?;
    let users: Vec<User> = conn.fetch_all(rebis::text("select 'ed' as full_name"))?;
    users.iter().for_each(|user| println!("{}", user.name));
    Ok(())
}
