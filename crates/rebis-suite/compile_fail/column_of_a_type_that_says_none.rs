// fails: E0277
// says: `rebis::rust_decimal::Decimal` does not say which type its columns have
// says: or name the type: `ColumnDef::new(name, SqlType::…)`

use rebis::rust_decimal::Decimal;
use rebis::schema::ColumnDef;

fn main() {
    let _ = ColumnDef::of::<Decimal>("price"); //~ here
}
