// fails: E0599
// says: no function or associated item named `ident` found for struct `User`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
}

#[derive(Clone, rebis::Model)]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::ident)] //~ here
    user_id: i64,
}

fn main() {}
