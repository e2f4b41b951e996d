// fails: E0277
// says: SQL does not compare rebis::sql::family::Text with rebis::sql::family::Integer

#[derive(Clone, rebis::Model)]
struct Country {
    #[rebis(primary_key)]
    id: i64,
    code: String,
}

#[derive(Clone, rebis::Model)]
struct Club {
    #[rebis(primary_key)]
    id: i64,
    country: i64,
    #[rebis(relationship(join = "country = code"))] //~ here
    home: rebis::One<Country>,
}

fn main() {}
