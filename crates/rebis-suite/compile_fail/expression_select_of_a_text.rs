// fails: E0277
// says: `&str` cannot be selected
// says: select a column, an expression

use rebis::schema::{Entity, Table};
use rebis::sql::{Column, select};

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
    let _ = select("name"); //~ here
}
