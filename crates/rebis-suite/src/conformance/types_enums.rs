//! Enums: made with their tables and dropped with them, bound, read, compared, and refused where the label is none.

use std::sync::LazyLock;

use rebis::schema::{ColumnDef, Entity, EnumType, MetaData, ServerDefault, SqlEnum, SqlType, Table};
use rebis::sql::{
    Column, Expression, create_enum, drop_enum, insert, insert_into, literal, select, update, update_table,
};
use rebis::{Connection, ErrorKind, Value, raw, sql_enum, text};

use super::types_portable::through;
use super::{Database, Outcome, Scenario, failure, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("types_enum_of_rust", of_rust),
    ("types_enum_made_and_dropped", made_and_dropped),
    ("types_enum_of_odd_labels", odd_labels),
    ("types_enum_of_600_labels", many_labels),
    ("types_enum_in_arrays", in_arrays),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Sad,
    Fine,
    Happy,
}

// Not in the order of the alphabet.
sql_enum!(Mood as "conf_mood" { Sad => "sad", Fine => "it's fine", Happy => "happy" });

struct Person;

#[allow(non_upper_case_globals)]
impl Person {
    const id: Column<Person, i64> = Column::new("id");
    const mood: Column<Person, Mood> = Column::new("mood");
    const before: Column<Person, Option<Mood>> = Column::new("before");
}

impl Entity for Person {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("conf_person")
                .column(ColumnDef::of::<i64>("id").primary_key())
                .column(ColumnDef::of::<Mood>("mood"))
                .column(ColumnDef::of::<Option<Mood>>("before"))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

/// A clean database for these tables, and the tables in it.
fn created(database: &Database, metadata: &MetaData) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    conn
}

fn of_rust(database: &Database) -> Outcome {
    let metadata = MetaData::of::<Person>();
    let mut conn = created(database, &metadata);
    let rows = [(1, Mood::Happy, None), (2, Mood::Sad, Some(Mood::Fine)), (3, Mood::Fine, Some(Mood::Sad))];
    let statement = rows.iter().try_fold(insert::<Person>(), |insert, (id, mood, before)| {
        insert.row([Person::id.set(*id), Person::mood.set(*mood), Person::before.set(*before)])
    });
    conn.execute(statement.unwrap()).unwrap();
    let all = select((Person::id, Person::mood, Person::before)).order_by(Person::id.asc());
    assert_eq!(conn.fetch_all(all).unwrap(), rows);
    let mut ids = |condition| -> Vec<i64> {
        conn.scalars(select(Person::id).filter(condition).order_by(Person::id.asc())).unwrap().all().unwrap()
    };
    assert_eq!(ids(Person::mood.eq(Mood::Fine)), [3]);
    assert_eq!(ids(Person::mood.ne(Mood::Fine)), [1, 2]);
    assert_eq!(ids(Person::mood.in_list([Mood::Sad, Mood::Happy])), [1, 2]);
    assert_eq!(ids(Person::before.eq(Some(Mood::Sad))), [3]);
    assert_eq!(ids(Person::before.is_null()), [1]);
    // By the labels' order; SQLite knows texts only.
    let sorted: Vec<i64> =
        conn.scalars(select(Person::id).order_by(Person::mood.asc())).unwrap().all().unwrap();
    assert_eq!(sorted, pick(database, [1, 3, 2], [2, 3, 1], [2, 3, 1]));
    let change = update::<Person>().set(Person::mood, Mood::Sad).filter(Person::mood.eq(Mood::Happy));
    assert_eq!(conn.execute(change).unwrap().rows_affected(), 1);
    let cast = select(literal("it's fine").cast_as::<Mood>());
    assert_eq!(conn.scalar::<Mood>(cast).unwrap(), Mood::Fine);
    conn.commit().unwrap();
    // What is no label: neither in a table, nor out of an answer.
    let angry = text("insert into conf_person (id, mood) values (9, :mood)").bind("mood", "angry");
    let kind = failure(conn.execute(angry)).kind();
    assert_eq!(kind, pick(database, ErrorKind::CheckViolation, ErrorKind::Data, ErrorKind::Data));
    conn.rollback().unwrap();
    let error = conn.scalar::<Mood>(text("select 'angry' as mood")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(error.to_string().starts_with("column 'mood'"), "{error}");
    assert!(
        error.to_string().contains("no label of conf_mood, which has 'sad', 'it's fine', 'happy'"),
        "{error}"
    );
    assert!(!error.chain().contains("angry"), "{error:?}");
    let odd = conn.scalar::<Mood>(text("select 1 as mood")).unwrap_err();
    assert_eq!(odd.kind(), ErrorKind::Conversion);
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed("3 rows written, read, compared, sorted, changed; 3 refused")
}

/// How many types of this name there are, on PostgreSQL.
fn types(conn: &mut Connection, name: &str) -> i64 {
    conn.scalar(text("select count(*) from pg_type where typname = :name").bind("name", name)).unwrap()
}

fn made_and_dropped(database: &Database) -> Outcome {
    let kind = || SqlType::Enum(EnumType::new("conf_kind", ["a", "b"]));
    let table = |name: &str, kind: SqlType| {
        let id = ColumnDef::new("id", SqlType::Integer).primary_key();
        let kind = ColumnDef::new("kind", kind).server_default(ServerDefault::Text("a".into()));
        Table::build(name).column(id).column(kind).finish().unwrap()
    };
    let (one, two) = (table("conf_kind_one", kind()), table("conf_kind_two", kind()));
    let metadata = MetaData::new().table(&one).table(&two);
    let mut conn = created(database, &metadata);
    // Again, with one of the tables missing: its type is there.
    conn.drop_table(&two).unwrap();
    metadata.create_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    conn.execute(insert_into(&two).values([("id", Value::from(1)), ("kind", "b".into())]).unwrap()).unwrap();
    conn.commit().unwrap();
    // Two that differ have one name.
    let other = table("conf_kind_three", SqlType::Enum(EnumType::new("conf_kind", ["c"])));
    let both = MetaData::new().table(&one).table(&other);
    assert_eq!(both.create_all(&mut conn).unwrap_err().kind(), ErrorKind::Schema);
    conn.rollback().unwrap();
    if database.name == "PostgreSQL" {
        assert_eq!(types(&mut conn, "conf_kind"), 1);
        // A type whose columns stay cannot go.
        let error = MetaData::new().table(&one).drop_all(&mut conn).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement, "{error:?}");
        conn.rollback().unwrap();
    }
    let mut second = database.engine(1).connect().unwrap();
    // Gone and made again under the same connection, which has the statements of the old type prepared.
    for _ in 0..3 {
        let row = insert_into(&one).values([("id", Value::from(1))]).unwrap();
        conn.execute(row).unwrap_or_else(|error| panic!("{}", error.chain()));
        let of_kind = select(vec![one.c("kind")]).filter(one.c("kind").eq("a"));
        assert_eq!(conn.execute(of_kind).unwrap().scalar::<String>().unwrap(), "a", "the default");
        let change = update_table(&one).set_column("kind", "b").filter(one.c("kind").eq("a"));
        assert_eq!(conn.execute(change).unwrap().rows_affected(), 1);
        conn.commit().unwrap();
        metadata.drop_all(&mut conn).unwrap();
        metadata.create_all(&mut conn).unwrap();
        conn.commit().unwrap();
        if database.name == "PostgreSQL" {
            // Another connection has heard nothing of it: its first statement is prepared anew.
            let of_kind = select(vec![one.c("kind")]).filter(one.c("kind").eq("a"));
            assert_eq!(second.execute(of_kind).unwrap().all().unwrap().len(), 0);
            second.commit().unwrap();
        }
    }
    for _ in 0..2 {
        metadata.drop_all(&mut conn).unwrap();
        conn.commit().unwrap();
    }
    let alone = EnumType::new("conf_alone", ["x"]);
    if database.name != "PostgreSQL" {
        assert_eq!(conn.execute(create_enum(&alone)).unwrap_err().kind(), ErrorKind::Unsupported);
        conn.rollback().unwrap();
        return passed("made and dropped twice, two that differ refused");
    }
    assert_eq!(types(&mut conn, "conf_kind"), 0);
    conn.execute(create_enum(&alone)).unwrap();
    assert_eq!(types(&mut conn, "conf_alone"), 1);
    conn.execute(drop_enum(&alone)).unwrap();
    assert_eq!(types(&mut conn, "conf_alone"), 0);
    conn.rollback().unwrap();
    passed("made and dropped twice, two that differ refused, one in use stays; one alone")
}

/// Labels that are attacks, or that a careless literal would change.
const ODD: [&str; 30] = [
    "",
    "'",
    "''",
    "\\",
    "\\'",
    "\\\\",
    "'; drop table conf_odd; --",
    "\\'; drop table conf_odd; -- ",
    "a') , ('b",
    "\"",
    "`",
    "`; drop table conf_odd",
    "$1",
    "$$",
    "$tag$x$tag$",
    "?",
    "?1",
    ":name",
    "::int",
    "%s",
    "%",
    "_",
    "/* x",
    "-- x",
    "# x",
    "\n\r\t",
    "é漢🦀",
    "\u{1}\u{7f}",
    "\\n",
    "NULL",
];

fn odd_labels(database: &Database) -> Outcome {
    // MySQL leaves spaces at the end out of labels, and says so before.
    let labels: Vec<&str> =
        ODD.into_iter().filter(|label| database.name != "MariaDB" || !label.ends_with(' ')).collect();
    let odd = EnumType::new("conf odd; \"type\"", labels.clone());
    let texts: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
    let mut conn = database.engine(1).connect().unwrap();
    let count = through(&mut conn, SqlType::Enum(odd), &texts);
    passed(format!("{count} round trips of {} labels", labels.len()))
}

/// Each odd label behind each other one: what one of them opens, the other may close.
fn many_labels(database: &Database) -> Outcome {
    let pairs = ODD.iter().flat_map(|first| ODD.iter().map(move |second| format!("{first}{second}")));
    let mut labels: Vec<String> = Vec::new();
    for label in pairs.filter(|label| database.name != "MariaDB" || !label.ends_with(' ')) {
        if label.len() <= 63 && !labels.contains(&label) {
            labels.push(label);
        }
    }
    assert!(labels.len() >= 600, "{} labels", labels.len());
    let odd = SqlType::Enum(EnumType::new("conf_odd_pairs", labels.clone()));
    let label = ColumnDef::new("label", odd);
    // By their bytes: the usual collation takes some of them for the same.
    let label = if database.name == "MariaDB" { label.collation("utf8mb4_bin") } else { label };
    let id = ColumnDef::new("id", SqlType::Integer).primary_key();
    let table = Table::build("conf_odd").column(id).column(label).finish().unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = created(database, &metadata);
    let insert = text("insert into conf_odd (id, label) values (:id, :label)");
    conn.execute_many(insert, labels.iter().cloned().enumerate()).unwrap();
    let rows: Vec<(usize, String)> =
        conn.fetch_all(text("select id, label from conf_odd order by id")).unwrap();
    assert!(rows.into_iter().eq(labels.iter().cloned().enumerate()), "byte by byte");
    for (id, label) in labels.iter().enumerate() {
        let found = select(vec![table.c("id")]).filter(table.c("label").eq(label.as_str()));
        assert_eq!(conn.execute(found).unwrap().scalar::<usize>().unwrap(), id, "{label:?}");
    }
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed(format!("{} labels", labels.len()))
}

fn in_arrays(database: &Database) -> Outcome {
    let table = Table::build("conf_moods")
        .column(ColumnDef::new(
            "moods",
            SqlType::Array(Box::new(SqlType::Enum(EnumType::new(
                "conf_moods_of_one",
                Mood::LABELS.iter().copied(),
            )))),
        ))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = database.engine(1).connect().unwrap();
    if database.name != "PostgreSQL" {
        let error = metadata.create_all(&mut conn).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return passed("no arrays: refused before anything is sent");
    }
    let mut conn = created(database, &metadata);
    let moods = vec![Mood::Happy, Mood::Fine];
    conn.execute(insert_into(&table).values([("moods", moods.clone())]).unwrap()).unwrap();
    let read = raw("select moods::text[] from conf_moods where moods = :moods").bind("moods", moods.clone());
    let texts: Vec<Mood> = conn.scalar(read).unwrap();
    assert_eq!(texts, moods);
    let cast = table.c("moods").cast::<Vec<Mood>>(SqlType::Array(Box::new(SqlType::Text)));
    assert_eq!(conn.scalar::<Vec<Mood>>(select(cast)).unwrap(), moods);
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed("an array of two")
}
