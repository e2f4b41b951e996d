// fails: none
// says: this type is for relationships; write `#[rebis(relationship)]` above it, or `#[rebis(skip)]`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    friends: rebis::Many<User>, //~ here
}

fn main() {}
