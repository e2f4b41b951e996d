// fails: none
// says: a tuple struct is read by position and takes `skip` alone; give its fields names

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct Id(#[rebis(column = "id")] i64); //~ here

fn main() {}
