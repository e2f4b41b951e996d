// fails: E0277
// says: `ToMany<User, Post>` is no source of rows
// says: a relation of a model is joined by `.join_related(User::posts)`

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

fn joined(session: &Session) -> rebis::Result<usize> {
    let users = session.query::<User>().join_related(User::posts).all()?;
    let again = session.query::<User>().join(User::posts, Post::user_id.eq(User::id)).all()?; //~ here
    Ok(users.len() + again.len())
}

fn main() {}
