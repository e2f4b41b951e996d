// fails: none
// says: a column's name is a text: `column = "name"`

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct User {
    #[rebis(column = full_name)] //~ here
    name: String,
}

fn main() {}
