// fails: E0599
// says: use rebis::Expression;

use rebis::{Many, One, Session};

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

fn find(session: &Session) -> rebis::Result<()> {
    session.query::<User>().filter(User::name.eq("ed")).all()?; //~ here
    Ok(())
}

fn main() {}
