// fails: none
// says: a field with a server_default is an `Option`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(server_default = "now()")] //~ here
    made: String,
}

fn main() {}
