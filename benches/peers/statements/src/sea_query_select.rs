//! sea-query: it renders a statement each time.

use sea_query::{
    Alias, Expr, ExprTrait, Iden, IntoIden, Order, PostgresQueryBuilder, Query, SelectStatement,
};

use crate::Subject;

pub fn subject(join: bool) -> Subject {
    let statement = if join { ten_tables() } else { everyday() };
    Subject::new("sea-query", move || {
        let (sql, values) = statement.build(PostgresQueryBuilder);
        std::hint::black_box(values);
        sql.len()
    })
}

#[derive(Iden)]
enum Users {
    Table,
    Id,
    ParentId,
    Name,
}

fn everyday() -> SelectStatement {
    Query::select()
        .columns([(Users::Table, Users::Id), (Users::Table, Users::ParentId), (Users::Table, Users::Name)])
        .from(Users::Table)
        .and_where(Expr::col((Users::Table, Users::Name)).eq("ed"))
        .and_where(Expr::col((Users::Table, Users::Id)).gt(7))
        .order_by((Users::Table, Users::Name), Order::Asc)
        .limit(10)
        .to_owned()
}

fn ten_tables() -> SelectStatement {
    let table = |number: usize| Alias::new(format!("table_{number}")).into_iden();
    let mut query = Query::select();
    query.columns((0..10).map(|number| (table(number), Users::Name))).from(table(0));
    for number in 1..10 {
        let on = Expr::col((table(number), Users::ParentId)).equals((table(number - 1), Users::Id));
        query.inner_join(table(number), on);
    }
    query
        .and_where(Expr::col((table(0), Users::Name)).eq("ed"))
        .and_where(Expr::col((table(5), Users::Id)).gt(7))
        .and_where(Expr::col((table(9), Users::Name)).ne("jo"))
        .order_by((table(9), Users::Id), Order::Asc)
        .limit(10)
        .to_owned()
}
