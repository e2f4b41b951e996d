// fails: none
// says: a model is a struct, not an enum; for one column of an enum, see `rebis::sql_enum!`

#[derive(Clone, rebis::Model)]
enum Size { //~ here
    Small,
    Large,
}

fn main() {
    println!("{}", matches!(Size::Small, Size::Large));
}
