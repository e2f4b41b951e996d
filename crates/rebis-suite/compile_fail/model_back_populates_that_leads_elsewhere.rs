// fails: E0277
// says: this does not lead from `Address` back to `User`
// says: `back_populates` names the relationship of the other model that leads back to this one

use rebis::{Many, Model};

#[derive(Clone, Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(relationship(back_populates = "user_id"))] //~ here
    addresses: Many<Address>,
}

#[derive(Clone, Model)]
struct Address {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::id)]
    user_id: i64,
}

fn main() {}
