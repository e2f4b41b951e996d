// fails: E0277
// says: `&str` cannot be assigned to a column whose field is `Option<i64>`
// says: the value is a `Option<i64>`, or becomes one without loss

use rebis::Instance;

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    age: Option<i64>,
}

fn change(ed: &Instance<User>) -> rebis::Result<()> {
    ed.set(User::age, 7)?;
    ed.set(User::age, "text") //~ here
}

fn main() {}
