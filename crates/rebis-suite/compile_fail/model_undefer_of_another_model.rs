// fails: E0277
// says: this says nothing of the objects of `User`

use rebis::{Deferred, Session, undefer};

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
}

#[derive(Clone, rebis::Model)]
struct Photo {
    #[rebis(primary_key)]
    id: i64,
    data: Deferred<Vec<u8>>,
}

fn load(session: &Session) {
    let _ = session.query::<User>().option(undefer(Photo::data)); //~ here
}

fn main() {}
