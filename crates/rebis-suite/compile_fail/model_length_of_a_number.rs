// fails: E0277
// says: `i64` is not text, and has no `length`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 8)]
    number: i64, //~ here
}

fn main() {}
