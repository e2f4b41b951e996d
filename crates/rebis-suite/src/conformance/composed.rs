//! Statements composed of expressions: the same answers on every database.

use rebis::schema::{ColumnDef, Entity, SqlType, Table};
use rebis::sql::{
    Column, Expression, alias, all, case, count, count_all, delete, exists, insert, literal, max, proposed,
    row_number, select, sum, table, update, window,
};
use rebis::{Connection, ErrorKind, text};
use std::sync::LazyLock;

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("composed_queries", queries),
    ("composed_joins", joins),
    ("composed_groups_and_windows", groups),
    ("composed_writes", writes),
];

pub(super) struct Person;

#[allow(non_upper_case_globals)]
impl Person {
    pub(super) const id: Column<Person, i64> = Column::new("id");
    pub(super) const name: Column<Person, String> = Column::new("name");
    pub(super) const boss: Column<Person, Option<i64>> = Column::new("boss");
    pub(super) const age: Column<Person, i32> = Column::new("age");
}

impl Entity for Person {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("conf_person")
                .column(ColumnDef::new("id", SqlType::BigInteger).primary_key())
                .column(ColumnDef::new("name", SqlType::String { length: 50 }))
                .column(ColumnDef::new("boss", SqlType::BigInteger).nullable())
                .column(ColumnDef::new("age", SqlType::Integer))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

/// ed (50) over jo (30) and 5%o (20).
pub(super) fn people(database: &Database) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    conn.execute(text("drop table if exists conf_person")).unwrap();
    conn.execute(text(
        "create table conf_person (id bigint primary key, name varchar(50) not null, boss bigint, age int not null)",
    ))
    .unwrap();
    let person = |id: i64, name: &'static str, boss: Option<i64>, age: i32| {
        [Person::id.set(id), Person::name.set(name), Person::boss.set(boss), Person::age.set(age)]
    };
    let people = insert::<Person>().row(person(1, "ed", None, 50)).unwrap();
    let people =
        people.row(person(2, "jo", Some(1), 30)).unwrap().row(person(3, "5%o", Some(1), 20)).unwrap();
    conn.execute(people).unwrap();
    conn
}

fn queries(database: &Database) -> Outcome {
    let mut conn = people(database);
    let names = |conn: &mut Connection, condition| -> Vec<String> {
        let rows = conn.fetch_all(select(Person::name).filter(condition).order_by(Person::id)).unwrap();
        rows.into_iter().map(|(name,)| name).collect()
    };
    assert_eq!(names(&mut conn, Person::name.contains("%")), ["5%o"]);
    assert_eq!(names(&mut conn, Person::name.ends_with("o")), ["jo", "5%o"]);
    assert_eq!(names(&mut conn, Person::boss.eq(None::<i64>)), ["ed"]);
    assert_eq!(names(&mut conn, Person::boss.is_distinct_from(1)), ["ed"]);
    assert_eq!(names(&mut conn, Person::id.in_list([3, 1])), ["ed", "5%o"]);
    assert_eq!(names(&mut conn, Person::id.in_list(Vec::<i64>::new())), [""; 0]);
    assert_eq!(names(&mut conn, Person::boss.not_in_list(Vec::<i64>::new())).len(), 3, "NULL as well");
    assert_eq!(names(&mut conn, (Person::age + 10).gt(45) & !Person::name.eq("jo")), ["ed"]);
    assert_eq!(names(&mut conn, all([])).len(), 3);
    let boss = alias::<Person>("boss");
    let under = exists(select(boss.c(Person::id)).from(&boss).filter(boss.c(Person::boss).eq(Person::id)));
    assert_eq!(names(&mut conn, under), ["ed"]);
    let size = case(Person::age.gt(40), "old").when(Person::age.gt(25), "middling").otherwise("young");
    let sizes: Vec<(String,)> = conn.fetch_all(select(size).order_by(Person::id)).unwrap();
    assert_eq!(sizes.into_iter().map(|(size,)| size).collect::<Vec<_>>(), ["old", "middling", "young"]);
    let page: Vec<(i64,)> =
        conn.fetch_all(select(Person::id).order_by(Person::id.desc()).limit(1).offset(1)).unwrap();
    assert_eq!(page, [(2,)]);
    let rest: Vec<(i64,)> = conn.fetch_all(select(Person::id).order_by(Person::id).offset(2)).unwrap();
    assert_eq!(rest, [(3,)]);
    passed("12 queries")
}

fn joins(database: &Database) -> Outcome {
    let mut conn = people(database);
    let boss = alias::<Person>("boss");
    let pairs: Vec<(String, Option<String>)> = conn
        .fetch_all(
            select((Person::name, boss.c(Person::name).nullable()))
                .outer_join(&boss, boss.c(Person::id).eq(Person::boss))
                .order_by(Person::id),
        )
        .unwrap();
    let ed = || Some("ed".to_owned());
    assert_eq!(pairs, [("ed".into(), None), ("jo".into(), ed()), ("5%o".into(), ed())]);
    let calls = conn.engine().counters().statements;
    let forgotten = select((Person::name, boss.c(Person::name)));
    assert_eq!(conn.execute(forgotten).unwrap_err().kind(), ErrorKind::Statement);
    assert_eq!(conn.engine().counters().statements, calls, "nothing was sent");
    let crossed = select(count_all()).from(table::<Person>()).cross_join(&boss);
    assert_eq!(conn.scalar::<i64>(crossed).unwrap(), 9);
    passed("an outer join, a cross join, and one that was forgotten")
}

fn groups(database: &Database) -> Outcome {
    let mut conn = people(database);
    let groups: Vec<(Option<i64>, i64, Option<i64>)> = conn
        .fetch_all(
            select((Person::boss, count(Person::id), sum(Person::id)))
                .group_by(Person::boss)
                .having(count_all().ge(1))
                .order_by(Person::boss.asc().nulls_first()),
        )
        .unwrap();
    assert_eq!(groups, [(None, 1, Some(1)), (Some(1), 2, Some(5))]);
    let most = || literal(i32::MAX).cast::<i32>(SqlType::Integer);
    let total: Option<i64> = conn.scalar(select(sum(most())).from(Person::table())).unwrap();
    assert_eq!(total, Some(3 * i64::from(i32::MAX)), "a sum of 32 bits has more of them");
    let names: Vec<(String,)> =
        conn.fetch_all(select((Person::name,)).filter(Person::name.ilike("E_"))).unwrap();
    assert_eq!(names, [("ed".to_owned(),)]);
    let grown = count_all().filter(Person::age.ge(30));
    assert_eq!(conn.scalar::<i64>(select(grown)).unwrap(), 2);
    let number = row_number().over(window().partition_by(Person::boss).order_by(Person::age.desc()));
    let ranked: Vec<(String, i64)> =
        conn.fetch_all(select((Person::name, number)).order_by(Person::id)).unwrap();
    assert_eq!(ranked, [("ed".into(), 1), ("jo".into(), 1), ("5%o".into(), 2)]);
    passed("groups, a filtered count, a window")
}

fn writes(database: &Database) -> Outcome {
    let mut conn = people(database);
    let row =
        [Person::id.set(2), Person::name.set("joan"), Person::boss.set(None::<i64>), Person::age.set(31)];
    let upsert = insert::<Person>().row(row.clone()).unwrap();
    conn.execute(upsert.on_conflict_do_update(["id"], [Person::name.set(proposed(Person::name))])).unwrap();
    conn.execute(insert::<Person>().row(row).unwrap().on_conflict_do_nothing(["id"])).unwrap();
    let joan: Vec<(String, i32)> =
        conn.fetch_all(select((Person::name, Person::age)).filter(Person::id.eq(2))).unwrap();
    assert_eq!(joan, [("joan".into(), 30)]);
    conn.execute(update::<Person>().set(Person::age, Person::age * 2 + 1).filter(Person::id.gt(1))).unwrap();
    assert_eq!(conn.scalar::<Option<i32>>(select(max(Person::age))).unwrap(), Some(61));
    conn.execute(delete::<Person>().filter(Person::name.starts_with("5%"))).unwrap();
    assert_eq!(conn.scalar::<i64>(select(count_all()).from(table::<Person>())).unwrap(), 2);
    conn.commit().unwrap();
    passed("an upsert, an update by an expression, a delete")
}
