// fails: none
// says: the field `name` has the column 'name' already

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(column = "name")] //~ here
    title: String,
}

fn main() {
    println!("{:?} {:?}", User::name, User::title);
}
