// fails: E0277
// says: Decimal` does not say which type its columns have
// says: on the field of a model `#[rebis(type = SqlType::…)]`

#[derive(Clone, rebis::Model)]
struct Item {
    #[rebis(primary_key)]
    id: i64,
    price: rebis::rust_decimal::Decimal, //~ here
}

fn main() {}
