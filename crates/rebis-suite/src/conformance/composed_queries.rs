//! CTEs, and writes that read: the same answers on every database.

use rebis::sql::{Column, Expression, count_all, delete, exists, insert, proposed, select, table, update};
use rebis::{Connection, ErrorKind};

use super::composed::{Person, people};
use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("composed_common_table_expressions", ctes),
    ("composed_inserts_of_queries", inserts),
    ("composed_updates_and_deletes_from", froms),
    ("composed_lateral_and_distinct_on", lateral),
];

fn ages(conn: &mut Connection) -> Vec<(i64, i32)> {
    conn.fetch_all(select((Person::id, Person::age)).order_by(Person::id)).unwrap()
}

fn ctes(database: &Database) -> Outcome {
    let mut conn = people(database);
    let old = select((Person::id, Person::name)).filter(Person::age.gt(25)).cte("old");
    let names = select((old.column(Person::name),)).with(&old).order_by(old.c("id"));
    assert_eq!(conn.fetch_all(names).unwrap(), [("ed".to_owned(),), ("jo".to_owned(),)]);
    // Who is under whom, with how many between them.
    let under =
        select((Person::id, Person::age.expr().label("depth"))).filter(Person::boss.is_null()).cte("under");
    let deeper = select((Person::id, under.typed::<i32>("depth") + 1))
        .from(table::<Person>())
        .join(&under, Person::boss.eq(under.column(Person::id)));
    let under = under.union_all(deeper);
    let depths = select((under.column(Person::id), under.typed::<i64>("depth"))).with(&under);
    let depths: Vec<(i64, i64)> = conn.fetch_all(depths.order_by(under.c("id"))).unwrap();
    assert_eq!(depths, [(1, 50), (2, 51), (3, 51)]);
    let ids = || select(under.column(Person::id)).with(&under).filter(under.typed::<i64>("depth").gt(50));
    conn.execute(update::<Person>().set(Person::age, 7).filter(Person::id.in_select(ids()))).unwrap();
    assert_eq!(ages(&mut conn), [(1, 50), (2, 7), (3, 7)]);
    conn.execute(delete::<Person>().filter(Person::id.in_select(ids()))).unwrap();
    assert_eq!(ages(&mut conn), [(1, 50)]);
    passed("a CTE, a recursive one, in the filters of UPDATE and DELETE")
}

fn inserts(database: &Database) -> Outcome {
    let mut conn = people(database);
    let columns = ["id", "name", "boss", "age"];
    let copies =
        || select((Person::id + 10, Person::name, Person::boss, Person::age + 1)).filter(Person::id.le(2));
    let copied = insert::<Person>().from_select(columns, copies());
    assert_eq!(conn.execute(copied.clone()).unwrap().rows_affected(), 2);
    assert_eq!(ages(&mut conn), [(1, 50), (2, 30), (3, 20), (11, 51), (12, 31)]);
    let all = select((Person::id, Person::name, Person::boss, Person::age + 1));
    let met = insert::<Person>().from_select(columns, all);
    let grown = met.on_conflict_do_update(["id"], [Person::age.set(proposed(Person::age))]);
    conn.execute(grown.clone()).unwrap();
    assert_eq!(ages(&mut conn), [(1, 51), (2, 31), (3, 21), (11, 52), (12, 32)]);
    let some = grown.on_conflict_filter(Person::id.gt(10));
    let filtered = conn.execute(some).map(drop);
    let expected = if pick(database, true, false, true) {
        filtered.unwrap();
        [(1, 51), (2, 31), (3, 21), (11, 53), (12, 33)]
    } else {
        assert_eq!(filtered.unwrap_err().kind(), ErrorKind::Unsupported);
        [(1, 51), (2, 31), (3, 21), (11, 52), (12, 32)]
    };
    assert_eq!(ages(&mut conn), expected);
    let row = |id: i64| [Person::id.set(id), Person::name.set("x"), Person::age.set(1)];
    let returned: Vec<(i64, Option<i64>)> = conn
        .fetch_all(
            insert::<Person>()
                .row(row(21))
                .unwrap()
                .row(row(22))
                .unwrap()
                .returning((Person::id, Person::boss)),
        )
        .unwrap();
    assert_eq!(returned, [(21, None), (22, None)]);
    defaults(&mut conn);
    passed("rows of queries, an upsert of them, RETURNING of two rows, a row of defaults")
}

fn defaults(conn: &mut Connection) {
    use rebis::schema::{ColumnDef, SqlType, Table};
    super::table(conn, "conf_default", "n int default 7");
    let defaults =
        Table::build("conf_default").column(ColumnDef::new("n", SqlType::Integer)).finish().unwrap();
    conn.execute(rebis::sql::insert_into(&defaults).default_row()).unwrap();
    let sevens = select(count_all()).from(&defaults).filter(defaults.c("n").eq(7));
    assert_eq!(conn.scalar::<i64>(sevens).unwrap(), 1);
}

/// The same table under a second name.
struct Change;

#[allow(non_upper_case_globals)]
impl Change {
    const of: Column<Change, i64> = Column::new("of_person");
    const age: Column<Change, i32> = Column::new("age");
}

impl rebis::schema::Entity for Change {
    fn table() -> &'static rebis::schema::Table {
        use rebis::schema::{ColumnDef, SqlType, Table};
        static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| {
            Table::build("conf_change")
                .column(ColumnDef::new("of_person", SqlType::BigInteger))
                .column(ColumnDef::new("age", SqlType::Integer))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

fn froms(database: &Database) -> Outcome {
    let mut conn = people(database);
    super::table(&mut conn, "conf_change", "of_person bigint not null, age int not null");
    let changes = insert::<Change>().row([Change::of.set(2), Change::age.set(99)]).unwrap();
    conn.execute(changes).unwrap();
    let meant = || Change::of.eq(Person::id);
    conn.execute(
        update::<Person>().set(Person::age, Change::age + 1).from(table::<Change>()).filter(meant()),
    )
    .unwrap();
    assert_eq!(ages(&mut conn), [(1, 50), (2, 100), (3, 20)]);
    let age = select(Change::age).filter(meant()).scalar();
    let portable =
        update::<Person>().set(Person::age, age).filter(exists(select(Change::of).filter(meant())));
    conn.execute(portable).unwrap();
    assert_eq!(ages(&mut conn), [(1, 50), (2, 99), (3, 20)]);
    let using = delete::<Person>().using(table::<Change>()).filter(meant());
    match conn.execute(using).map(drop) {
        Ok(()) => assert!(pick(database, false, true, true)),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(pick(database, true, false, false), "{}", error.chain());
            conn.execute(delete::<Person>().filter(exists(select(Change::of).filter(meant())))).unwrap();
        }
    }
    assert_eq!(ages(&mut conn), [(1, 50), (3, 20)]);
    conn.commit().unwrap();
    passed("UPDATE with FROM and by a subquery, DELETE with USING or EXISTS")
}

fn lateral(database: &Database) -> Outcome {
    let mut conn = people(database);
    let worker = rebis::sql::alias::<Person>("worker");
    let oldest = select((worker.c(Person::name).label("worker"),))
        .filter(worker.c(Person::boss).eq(Person::id))
        .from(&worker)
        .order_by(worker.c(Person::age).desc())
        .limit(1)
        .lateral("oldest");
    let pairs =
        select((Person::name, oldest.typed::<String>("worker"))).from(table::<Person>()).cross_join(&oldest);
    let on = select((Person::name,)).distinct_on(Person::boss).order_by(Person::boss).order_by(Person::age);
    if pick(database, false, false, true) {
        assert_eq!(conn.fetch_all(pairs).unwrap(), [("ed".to_owned(), "jo".to_owned())]);
        assert_eq!(conn.fetch_all(on).unwrap(), [("5%o".to_owned(),), ("ed".to_owned(),)]);
        return passed("LATERAL and DISTINCT ON");
    }
    assert_eq!(conn.fetch_all(on).unwrap_err().kind(), ErrorKind::Unsupported);
    // MySQL has it; MariaDB is asked nothing, whichever of the two the URL names.
    assert_eq!(conn.fetch_all(pairs).unwrap_err().kind(), ErrorKind::Unsupported);
    passed("refused")
}
