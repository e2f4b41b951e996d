// fails: none
// says: a relationship is a field of the type `Many<T>` or `One<T>`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship)]
    friends: Vec<User>, //~ here
}

fn main() {}
