// fails: E0277
// says: cannot be assigned to a column whose field is `std::string::String`
// says: `None` goes into a column whose field is an `Option` only

use rebis::Instance;

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    age: Option<i64>,
}

fn change(ed: &Instance<User>) -> rebis::Result<()> {
    ed.set(User::name, "ed")?;
    ed.set(User::age, None)?;
    ed.set(User::name, None::<String>) //~ here
}

fn main() {}
