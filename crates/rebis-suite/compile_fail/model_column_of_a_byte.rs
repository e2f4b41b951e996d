// fails: E0277
// says: `u8` does not say which type its columns have
// says: whole numbers are `i16`, `i32`, `i64`, `u16`, `u32` and `u64`

#[derive(Clone, rebis::Model)]
struct User {
    #[rebis(primary_key)]
    id: i64,
    age: u8, //~ here
}

fn main() {}
