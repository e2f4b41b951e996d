// fails: E0599
// says: no function or associated item named `usr` found for struct `Address`

use rebis::{Many, Model, One};

#[derive(Clone, Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship(back_populates = "usr"))] //~ here
    addresses: Many<Address>,
}

#[derive(Clone, Model)]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::id)]
    user_id: i64,
    #[rebis(relationship(back_populates = "addresses"))]
    user: One<User>,
}

fn main() {}
