// fails: E0277
// says: a row cannot be read as `std::string::String`

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct User {
    #[rebis(flatten)]
    name: String, //~ here
}

fn main() {}
