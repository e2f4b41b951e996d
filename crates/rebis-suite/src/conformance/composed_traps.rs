//! Where the same words mean something else on each database: divisions, shifts, joined texts, combinations, what is cut.

use rebis::schema::{ColumnDef, MetaData, ServerDefault, SqlType, Table};
use rebis::sql::{
    Assignment, Expr, Expression, LockWait, View, count_all, literal, select, string_agg, sum, table,
    text_expr, update,
};
use rebis::{ErrorKind, Value, raw, text};

use super::composed::{Person, people};
use super::{Database, Outcome, Scenario, passed, pick, run_raw};

pub(super) const CASES: &[Scenario] = &[
    ("composed_trap_divisions", divisions),
    ("composed_trap_shifts", shifts),
    ("composed_trap_concatenations", concatenations),
    ("composed_trap_combinations", combinations),
    ("composed_trap_long_texts", long_texts),
    ("composed_trap_nul", nul),
    ("composed_trap_locks", locks),
    ("composed_trap_temporary_in_a_schema", temporary),
    ("composed_trap_defaults_that_come_back", defaults),
];

fn divisions(database: &Database) -> Outcome {
    let mut conn = people(database);
    // 100 of 3: PostgreSQL's sum of BIGINT is NUMERIC.
    let years = || sum(Person::id * 10 + 10).type_coerce::<i64>();
    let found: i64 = conn.scalar(select(years() / count_all())).unwrap();
    assert_eq!(found, 30);
    let all = select((years() / 4 / 3, -years() / 4, (years() / 4).bit_and(7), years() / 4 * 2));
    assert_eq!(conn.fetch_all(all).unwrap(), [(7, -22, 6, 44)]);
    assert_eq!(conn.scalar::<i32>(select(sum(Person::age).type_coerce::<i32>() / 7)).unwrap(), 14);
    let ids: Vec<i64> = conn
        .fetch_all(select((Person::id + 6) / 2 / Person::id).order_by(Person::id))
        .unwrap()
        .into_iter()
        .map(|(id,)| id)
        .collect();
    assert_eq!(ids, [3, 2, 1]);
    let table = Table::build("conf_trap_unsigned")
        .column(ColumnDef::new("n", SqlType::UnsignedBigInteger))
        .finish()
        .unwrap();
    MetaData::new().table(&table).drop_all(&mut conn).unwrap();
    conn.create_table(&table).unwrap();
    conn.insert_rows(&table, &["n"], vec![vec![7_u64.into()]], &[]).unwrap();
    let unsigned = || table.c("n").type_coerce::<u64>();
    assert_eq!(conn.scalar::<u64>(select(unsigned() / 2)).unwrap(), 3);
    passed("divisions of sums, counts and unsigned columns")
}

fn shifts(database: &Database) -> Outcome {
    let mut conn = people(database);
    let one = || literal(1_i64);
    let shifted = select((
        one().shift_left(40),
        one().shift_left(31),
        one().shift_left(63),
        one().shift_left(64),
        one().shift_left(200),
        one().shift_left(40).bit_and(one().shift_left(40)),
    ));
    assert_eq!(conn.fetch_all(shifted).unwrap(), [(1 << 40, 1 << 31, i64::MIN, 0, 0, 1 << 40)]);
    let of_column = select(Person::age.type_coerce::<i64>().shift_left(40)).filter(Person::id.eq(3));
    assert_eq!(conn.scalar::<i64>(of_column).unwrap(), 20 << 40);
    let xor = (0..6_i64).fold(one(), |all, bit| all.bit_xor(one().shift_left(bit.try_into().unwrap())));
    assert_eq!(conn.scalar::<i64>(select(xor)).unwrap(), 0b11_1110);
    passed("7 shifts, nested bits")
}

fn concatenations(database: &Database) -> Outcome {
    let mut conn = people(database);
    let product = || (Person::id * Person::age).type_coerce::<String>();
    let price = product().concat(" EUR");
    let found: String = conn.scalar(select(price).filter(Person::id.eq(2))).unwrap();
    assert_eq!(found, "60 EUR");
    let both = literal("<").concat(product()).concat(literal("|").concat(product()));
    assert_eq!(conn.scalar::<String>(select(both).filter(Person::id.eq(3))).unwrap(), "<60|60");
    passed("texts beside a product")
}

fn combinations(database: &Database) -> Outcome {
    let mut conn = people(database);
    let ids = |from: i64, to: i64| select(Person::id).filter(Person::id.between(from, to));
    let mut read =
        |query| -> Vec<i64> { conn.fetch_all(query).unwrap().into_iter().map(|(id,): (i64,)| id).collect() };
    assert_eq!(read(ids(1, 2).intersect(ids(2, 3)).union(ids(3, 3)).order_by(Person::id)), [2, 3]);
    let both = ids(1, 1).union(ids(2, 2)).subquery("both");
    let both = select(both.typed::<i64>("id")).from(&both);
    assert_eq!(read(both.intersect(ids(2, 3))), [2]);
    assert_eq!(read(ids(1, 1).union(ids(2, 3)).order_by(Person::id).limit(2)), [1, 2]);
    let newest = ids(1, 3).order_by(Person::id.desc()).limit(1);
    let kinds = [
        ids(1, 1).union(ids(2, 2)).intersect(ids(2, 3)),
        ids(1, 1).union(ids(2, 3)).filter(Person::id.gt(2)),
        newest.clone().union(ids(1, 1)),
    ]
    .map(|query| conn.fetch_all(query).unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::Statement, ErrorKind::Statement, ErrorKind::Unsupported]);
    passed("3 combinations, and 3 that mean two things")
}

fn long_texts(database: &Database) -> Outcome {
    const LENGTH: usize = 1 << 20;
    let mut conn = database.engine(1).connect().unwrap();
    super::table(&mut conn, "conf_trap_long", &format!("v {}", pick(database, "text", "longtext", "text")));
    let long = Table::build("conf_trap_long").column(ColumnDef::new("v", SqlType::Text)).finish().unwrap();
    let row = || vec![Value::from("x".repeat(LENGTH))];
    conn.insert_rows(&long, &["v"], vec![row(), row()], &[]).unwrap();
    let joined = select(string_agg(long.c("v").type_coerce::<String>(), "\\'"));
    let joined: Option<String> = conn.scalar(joined).unwrap();
    assert_eq!(joined.map(|text| text.len()), Some(2 * LENGTH + 2));
    passed("2 MiB in one text")
}

fn nul(database: &Database) -> Outcome {
    let mut conn = people(database);
    let cut = update::<Person>()
        .set_all([Assignment::expr("age", text_expr::<i32>(raw("1\0")))])
        .filter(Person::id.eq(1));
    assert_eq!(conn.execute(cut).unwrap_err().kind(), ErrorKind::Statement);
    let ages: Vec<(i32,)> = conn.fetch_all(select(Person::age).order_by(Person::id)).unwrap();
    assert_eq!(ages, [(50,), (30,), (20,)]);
    passed("a NUL in a composed statement is refused")
}

fn locks(database: &Database) -> Outcome {
    let mut conn = people(database);
    for wait in [LockWait::Wait, LockWait::NoWait, LockWait::SkipLocked] {
        let shared = select(Person::id).order_by(Person::id).for_share(wait);
        assert_eq!(conn.fetch_all(shared).unwrap(), [(1,), (2,), (3,)], "{wait:?}");
    }
    let forgotten = select(Person::id).lock_of(table::<Person>());
    assert_eq!(conn.fetch_all(forgotten).unwrap_err().kind(), ErrorKind::Statement);
    conn.rollback().unwrap();
    passed("shared locks, each way of waiting")
}

fn temporary(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let schema = conn.inspect().default_schema().unwrap().unwrap_or_else(|| "main".to_owned());
    let number = || ColumnDef::new("n", SqlType::Integer);
    let short = Table::build("conf_trap_short").column(number()).temporary().finish().unwrap();
    let mut metadata = MetaData::new().schema(schema).table(&short);
    if pick(database, true, false, true) {
        metadata = metadata.view(&View::new("conf_trap_seen", select(short.c("n"))).temporary());
    }
    metadata.create_all(&mut conn).unwrap();
    conn.insert_rows(&short, &["n"], vec![vec![7.into()]], &[]).unwrap();
    assert_eq!(conn.scalar::<i64>(text("select n from conf_trap_short")).unwrap(), 7);
    if pick(database, true, false, true) {
        assert_eq!(conn.scalar::<i64>(text("select n from conf_trap_seen")).unwrap(), 7);
    }
    passed("a temporary table and a temporary view beside a default schema")
}

fn defaults(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let at = |name: &'static str, sql_type| {
        ColumnDef::new(name, sql_type).server_default(ServerDefault::CurrentTimestamp)
    };
    let moments = Table::build("conf_trap_moments")
        .column(at("whole", SqlType::DateTimeWith { precision: 0 }))
        .column(at("three", SqlType::DateTimeWith { precision: 3 }))
        .column(at("six", SqlType::DateTime))
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&moments);
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    let again = Table::reflect(&mut conn, "conf_trap_moments").unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.create_table(&again).unwrap();
    conn.insert_rows(&again, &["n"], vec![vec![7.into()]], &[]).unwrap();
    let three: Expr<chrono::NaiveDateTime> = again.c("three").type_coerce();
    assert!(conn.scalar::<chrono::NaiveDateTime>(select(three)).unwrap().and_utc().timestamp() > 0);
    if pick(database, false, false, true) {
        let sql = "drop table if exists conf_trap_day";
        run_raw(&mut conn, sql);
        run_raw(&mut conn, "create table conf_trap_day (n int, day date default ('2024-01-01'::date - 1))");
        let day = Table::reflect(&mut conn, "conf_trap_day").unwrap();
        run_raw(&mut conn, sql);
        conn.create_table(&day).unwrap();
        conn.insert_rows(&day, &["n"], vec![vec![7.into()]], &[]).unwrap();
        let found: String = conn.scalar(text("select day::text from conf_trap_day")).unwrap();
        assert_eq!(found, "2023-12-31");
    }
    conn.commit().unwrap();
    passed("moments of each precision, a calculated day")
}
