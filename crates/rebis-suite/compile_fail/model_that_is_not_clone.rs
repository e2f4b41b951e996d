// fails: E0277
// says: the trait bound `User: Clone` is not satisfied
// says: consider annotating `User` with `#[derive(Clone)]`

#[derive(rebis::Model)]
struct User { //~ here
    #[rebis(primary_key)]
    id: i64,
}

fn main() {}
