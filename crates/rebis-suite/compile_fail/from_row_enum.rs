// fails: none
// says: a row becomes a struct, not an enum; for one column of an enum, implement `FromValue`

#[derive(rebis::FromRow)]
#[allow(dead_code)]
enum Size { //~ here
    Small,
    Big,
}

fn main() {}
