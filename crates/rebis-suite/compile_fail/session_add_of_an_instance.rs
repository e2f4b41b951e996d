// fails: E0277
// says: Instance<User>` is not a model
// says: `session.add_instance(&instance)`

use rebis::prelude::*;

#[derive(Clone, Default, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(relationship(back_populates = "user"))]
    posts: Many<Post>,
}

#[derive(Clone, Default, rebis::Model)]
struct Post {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::id)]
    user_id: i64,
    #[rebis(relationship(back_populates = "posts"))]
    user: One<User>,
}

fn change(session: &Session) -> rebis::Result<()> {
    let ed = session.add(User::default())?;
    session.expunge(&ed)?;
    session.add_instance(&ed)?;
    session.add(ed.clone())?; //~ here
    Ok(())
}

fn main() {}
