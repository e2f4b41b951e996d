// fails: none
// says: `lenght` is not known here; a field takes `primary_key`, `autoincrement`, `column`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(lenght = 50)] //~ here
    name: String,
}

fn main() {
    println!("{:?}", User::name);
}
