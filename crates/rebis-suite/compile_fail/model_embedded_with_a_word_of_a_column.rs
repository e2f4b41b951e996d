// fails: none
// says: an embedded struct is several columns; `unique` goes to one of its own fields

#[derive(Clone, rebis::Embedded)]
struct Place {
    street: String,
}

#[derive(Clone, rebis::Model)]
struct Order {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(embedded, unique)] //~ here
    place: Place,
}

fn main() {}
