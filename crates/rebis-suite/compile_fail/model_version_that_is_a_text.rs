// fails: E0277
// says: String` cannot be the type of a version
// says: a version counts the changes of a row

#[derive(Clone, rebis::Model)]
#[rebis(version = revision)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    revision: String, //~ here
}

fn main() {}
