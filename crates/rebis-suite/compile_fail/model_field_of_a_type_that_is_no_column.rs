// fails: E0277
// says: `Place` cannot be the type of a column's field
// says: `Place` does not say which type its columns have
// says: a field that is no column is marked `#[rebis(skip)]`

#[derive(Clone, PartialEq)]
struct Place;

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    place: Place, //~ here
}

fn main() {}
