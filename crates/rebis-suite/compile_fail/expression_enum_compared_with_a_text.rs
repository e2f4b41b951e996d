// fails: E0277
// says: SQL does not compare rebis::sql::family::Own<Mood> with rebis::sql::family::Text
// says: give a value of the column's type

use rebis::schema::{Entity, Table};
use rebis::sql::{Column, Expression, select};

#[derive(Clone, Copy)]
enum Mood {
    Sad,
    Happy,
}

rebis::sql_enum!(Mood as "mood" { Sad => "sad", Happy => "happy" });

struct User;

#[allow(non_upper_case_globals, dead_code)]
impl User {
    const id: Column<User, i64> = Column::new("id");
    const mood: Column<User, Mood> = Column::new("mood");
}

impl Entity for User {
    fn table() -> &'static Table {
        unimplemented!()
    }
}

fn main() {
    let _ = select(User::id).filter(User::mood.eq(Mood::Sad));
    let _ = select(User::id).filter(User::mood.eq("sad")); //~ here
}
