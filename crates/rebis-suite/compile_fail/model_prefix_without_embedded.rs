// fails: none
// says: a prefix is said of an embedded struct

#[derive(Clone, rebis::Model)]
struct Order {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(prefix = "ship_")] //~ here
    street: String,
}

fn main() {}
