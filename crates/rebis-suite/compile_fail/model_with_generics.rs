// fails: none
// says: a model has no generics and no lifetimes

#[derive(Clone, rebis::Model)]
struct User<T> { //~ here
    #[rebis(primary_key)]
    id: T,
}

fn main() {}
