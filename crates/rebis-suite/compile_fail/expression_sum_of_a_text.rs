// fails: E0277
// says: is not a family of numbers
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
