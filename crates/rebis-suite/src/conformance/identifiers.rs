//! UUIDs, in every kind of column that holds them.

use rebis::{ErrorKind, text};
use uuid::Uuid;

use super::{Database, Outcome, Scenario, passed, pick, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("identifiers_uuids", uuids),
    ("identifiers_uuids_as_text", as_text),
    ("identifiers_uuids_as_bytes", as_bytes),
    ("identifiers_that_are_none", none),
];

fn edges() -> [Uuid; 4] {
    [
        Uuid::nil(),
        Uuid::max(),
        Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210),
        Uuid::from_u128(0xa0ee_bc99_9c0b_4ef8_bb6d_6bb9_bd38_0a11),
    ]
}

fn uuids(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    // MySQL has no such type; MariaDB has it since 10.7.
    let count = round_trip(&mut conn, pick(database, "text", "uuid", "uuid"), &edges());
    // As the database prints it.
    let text_type = pick(database, "text", "char(36)", "text");
    let printed = format!("select cast(v as {text_type}) from conf_values where id = 3");
    let printed: String = conn.scalar(rebis::raw(printed)).unwrap();
    assert_eq!(printed, edges()[3].to_string());
    // A String takes it as well, hyphenated.
    let row: (String,) =
        conn.execute(text("select v from conf_values where id = 3")).unwrap().of().one().unwrap();
    assert_eq!(row.0, edges()[3].to_string());
    passed(format!("{count} round trips"))
}

fn as_text(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    // PostgreSQL compares a uuid with nothing else.
    if database.name == "PostgreSQL" {
        table(&mut conn, "conf_values", "v text");
        let id = edges()[2];
        conn.execute(text("insert into conf_values values (:v)").bind("v", id)).unwrap();
        assert_eq!(conn.scalar::<Uuid>(text("select v from conf_values")).unwrap(), id);
        let error =
            super::failure(conn.execute(text("select v from conf_values where v = :v").bind("v", id)));
        assert_eq!(error.kind(), ErrorKind::Statement);
        conn.rollback().unwrap();
        return passed("1 round trip; text = uuid is an error of the server");
    }
    let count = ["char(36)", "varchar(36)", "text"]
        .map(|column| round_trip(&mut conn, column, &edges()))
        .iter()
        .sum::<usize>();
    passed(format!("{count} round trips"))
}

fn as_bytes(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "blob", "binary(16)", "bytea");
    let count = round_trip(&mut conn, column, &edges().map(Uuid::into_bytes));
    let read: Vec<(Uuid,)> =
        conn.fetch_all(text("select v from conf_values where id < 4 order by id")).unwrap();
    assert_eq!(read, edges().map(|id| (id,)));
    // Bound as it is it would be 36 characters: too long for 16 bytes, and no bytea.
    if database.name == "MariaDB" {
        refused(&mut conn, column, &edges(), (ErrorKind::Data, ""));
    }
    if database.name == "PostgreSQL" {
        refused(&mut conn, column, &edges(), (ErrorKind::Statement, ""));
    }
    passed(format!("{count} round trips by its 16 bytes"))
}

fn none(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let says = "neither 16 bytes nor a UUID in 36 characters";
    let bytes = pick(database, "x'0102'", "x'0102'", "'\\x0102'::bytea");
    let almost = "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g'";
    for cell in [bytes, "''", "'a0eebc999c0b4ef8bb6d6bb9bd380a11'", almost] {
        unread::<Uuid>(&mut conn, &format!("select {cell} as v"), says);
    }
    unread::<Uuid>(&mut conn, "select 7 as v", "it holds integer");
    unread::<Uuid>(&mut conn, "select null as v", "it is NULL; read it as Option<uuid::Uuid>");
    passed("6 refused")
}
