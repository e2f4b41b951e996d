// fails: none
// says: a model has a primary key, by which its objects are known: write `#[rebis(primary_key)]` above a field

#[derive(Clone, rebis::Model)]
struct User { //~ here
    name: String,
}

fn main() {
    println!("{:?}", User::name);
}
