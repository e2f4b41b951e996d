// fails: E0277
// says: the trait bound `Place: Default` is not satisfied

#[allow(dead_code)]
struct Place;

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct User {
    id: i64,
    #[rebis(skip)]
    place: Place, //~ here
}

fn main() {}
