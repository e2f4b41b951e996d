// fails: E0277
// says: `Place` cannot be embedded in a model
// says: #[derive(Clone, rebis::Embedded)]

#[derive(Clone)]
struct Place {
    street: String,
}

#[derive(Clone, rebis::Model)]
struct Order {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(embedded)]
    place: Place, //~ here
}

fn main() {}
