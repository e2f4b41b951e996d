// fails: E0277
// says: SQL does not compare rebis::sql::family::Text with rebis::sql::family::Integer
// says: cast one side

use rebis::schema::{Entity, Table};
use rebis::sql::{Column, Expression, select};

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
    let _ = select(User::id).filter(User::name.eq(1)); //~ here
}
