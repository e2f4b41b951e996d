// fails: E0277
// says: a row cannot be read as `()`
// says: `session.execute_write(…)`
// says: `session.query::<User>()` has an `update(…)` and a `delete(…)`

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
    session.execute_write(update::<User>().set(User::name, "ed"))?;
    session.execute(update::<User>().set(User::name, "ed"))?; //~ here
    Ok(())
}

fn main() {}
