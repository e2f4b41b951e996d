// fails: E0599
// says: no function or associated item named `emial` found for struct `User`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = User::id)]
    boss_id: Option<i64>,
    #[rebis(relationship(order_by = "id, emial desc"))] //~ here
    staff: rebis::Many<User>,
}

fn main() {}
