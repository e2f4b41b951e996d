// fails: E0277
// says: `std::string::String` is not a number that can be summed
// says: cast it

use rebis::schema::{Entity, Table};
use rebis::sql::{Column, select, sum};

struct User;

#[allow(non_upper_case_globals, dead_code)]
impl User {
    const id: Column<User, i64> = Column::new("id");
    const name: Column<User, String> = Column::new("name");
}

impl Entity for User {
    fn table() -> &'static Table {
        unimplemented!()
    }
}

fn main() {
    let _ = select(sum(User::name)); //~ here
}
