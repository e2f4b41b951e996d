// fails: E0277
// says: `Address`
// says: FromValue

#[allow(dead_code)]
struct Address {
    city: String,
}

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct User {
    address: Address, //~ here
}

fn main() {}
