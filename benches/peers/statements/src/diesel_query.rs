//! diesel: `debug_query`, which is its way to a text without a connection.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::Subject;

macro_rules! tables {
    ($($table:ident)*) => {
        $(diesel::table! {
            $table (id) {
                id -> BigInt,
                parent_id -> BigInt,
                name -> Text,
            }
        })*
        diesel::allow_tables_to_appear_in_same_query!($($table,)*);
    };
}

tables! { users table_0 table_1 table_2 table_3 table_4 table_5 table_6 table_7 table_8 table_9 }

pub fn subject(join: bool) -> Subject {
    let name = "diesel, debug_query";
    if join {
        return Subject::new(name, ten_tables());
    }
    let query = users::table
        .select((users::id, users::parent_id, users::name))
        .filter(users::name.eq("ed"))
        .filter(users::id.gt(7))
        .order(users::name)
        .limit(10);
    Subject::new(name, move || text(&diesel::debug_query::<Pg, _>(&query)))
}

/// The text alone: `Display` of a debugged query appends the values.
fn text(query: &impl std::fmt::Display) -> usize {
    query.to_string().len()
}

fn ten_tables() -> impl Fn() -> usize {
    let query = table_0::table
        .inner_join(table_1::table.on(table_1::parent_id.eq(table_0::id)))
        .inner_join(table_2::table.on(table_2::parent_id.eq(table_1::id)))
        .inner_join(table_3::table.on(table_3::parent_id.eq(table_2::id)))
        .inner_join(table_4::table.on(table_4::parent_id.eq(table_3::id)))
        .inner_join(table_5::table.on(table_5::parent_id.eq(table_4::id)))
        .inner_join(table_6::table.on(table_6::parent_id.eq(table_5::id)))
        .inner_join(table_7::table.on(table_7::parent_id.eq(table_6::id)))
        .inner_join(table_8::table.on(table_8::parent_id.eq(table_7::id)))
        .inner_join(table_9::table.on(table_9::parent_id.eq(table_8::id)))
        .select((
            table_0::name,
            table_1::name,
            table_2::name,
            table_3::name,
            table_4::name,
            table_5::name,
            table_6::name,
            table_7::name,
            table_8::name,
            table_9::name,
        ))
        .filter(table_0::name.eq("ed"))
        .filter(table_5::id.gt(7))
        .filter(table_9::name.ne("jo"))
        .order(table_9::id)
        .limit(10);
    move || text(&diesel::debug_query::<Pg, _>(&query))
}
