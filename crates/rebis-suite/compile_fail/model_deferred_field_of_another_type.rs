// fails: none
// says: a deferred column is a field of the type `Deferred<T>`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(deferred = "media")] //~ here
    photo: Vec<u8>,
}

fn main() {}
