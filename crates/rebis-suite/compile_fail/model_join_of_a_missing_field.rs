// fails: none
// says: `land` is no column's field; there are `id`, `country`

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
    country: String,
    #[rebis(relationship(join = "land = code"))] //~ here
    home: rebis::One<Country>,
}

fn main() {}
