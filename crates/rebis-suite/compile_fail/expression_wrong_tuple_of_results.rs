// fails: E0308
// says: expected `Result<Vec<(String, i64)>, Error>`, found `Result<Vec<(i64, String)>, Error>`

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

fn rows(conn: &mut rebis::Connection) -> rebis::Result<Vec<(String, i64)>> {
    conn.fetch_all(select((User::id, User::name))) //~ here
}

fn main() {
    let _ = rows;
}
