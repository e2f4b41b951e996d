// fails: E0277
// says: `Address` is not a model
// says: write `#[derive(Clone, rebis::Model)]` above the struct

#[derive(Clone)]
struct Address;

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship)]
    addresses: rebis::Many<Address>, //~ here
}

fn main() {}
