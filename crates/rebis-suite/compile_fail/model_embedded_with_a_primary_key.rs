// fails: none
// says: a field of an embedded struct is a plain column; keys go to the model

#[derive(Clone, rebis::Embedded)]
struct Place {
    #[rebis(primary_key)]
    id: i64, //~ here
    street: String,
}

fn main() {}
