// fails: none
// says: no generics and no lifetimes: its fields own what they read

#[derive(rebis::FromRow)]
#[allow(dead_code)]
struct User<'r> { //~ here
    name: &'r str,
}

fn main() {}
