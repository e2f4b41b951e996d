// fails: E0277
// says: SQL does not compare rebis::sql::family::Text with rebis::sql::family::Integer

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    name: String,
}

#[derive(Clone, rebis::Model)]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::name)] //~ here
    user_id: i64,
}

fn main() {}
