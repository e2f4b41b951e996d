// fails: none
// says: a primary key is read with each object; it cannot be deferred

use rebis::Deferred;

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)] //~ here
    id: Deferred<i64>,
}

fn main() {}
