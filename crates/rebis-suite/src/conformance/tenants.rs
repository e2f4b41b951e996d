//! One description, a schema for each tenant: nothing of one gets to the other, also by way of the compiled cache.

use rebis::schema::{
    ColumnDef, EnumType, ForeignKey, Index, MetaData, SchemaTranslateMap, Sequence, SqlType, Table,
};
use rebis::sql::{
    Assignment, Expression, View, count_all, create_schema, delete_from, drop_schema, insert_into, param,
    select, update_table,
};
use rebis::{Connection, Value, raw};

use super::{Database, Outcome, Scenario, count, passed, run_raw};

pub(super) const CASES: &[Scenario] =
    &[("tenants_share_a_description", shared), ("tenants_of_a_named_schema", named_schema)];

/// Quoted, and not to be mistaken for a part of a name.
const TENANTS: [&str; 2] = ["conf_tenant.\"`'a", "conf_tenant.\"`'b"];

struct Described {
    notes: Table,
    replies: Table,
    metadata: MetaData,
    numbers: Sequence,
    recent: View,
}

/// A table with an enum and an index, one that refers to it, a view of it, a sequence where there are any.
fn described(schema: Option<&str>, sequences: bool) -> Described {
    let within = |table: Table| schema.map_or(table.clone(), |schema| table.in_schema(schema));
    let mut kind = EnumType::new("conf_tenant_kind", ["plain", "it's"]);
    let mut numbers = Sequence::new("conf_tenant_numbers");
    if let Some(schema) = schema {
        kind = kind.schema(schema);
        numbers = numbers.schema(schema);
    }
    let notes = Table::build("conf_tenant_notes")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("word", SqlType::String { length: 30 }))
        .column(ColumnDef::new("kind", SqlType::Enum(kind)))
        .index(Index::new("conf_tenant_index", ["word"]))
        .comment("notes of a tenant")
        .finish()
        .unwrap();
    let replies = Table::build("conf_tenant_replies")
        .column(ColumnDef::new("note", SqlType::BigInteger))
        .column(ColumnDef::new("word", SqlType::String { length: 30 }))
        .foreign_key(ForeignKey::new(["note"], "conf_tenant_notes", ["id"]))
        .finish()
        .unwrap();
    let (notes, replies) = (within(notes), within(replies));
    let recent =
        View::new("conf_tenant_recent", select(vec![notes.c("id")]).filter(notes.c("word").ne("old")));
    let recent = match schema {
        Some(schema) => recent.schema(schema),
        None => recent,
    };
    let mut metadata = MetaData::new().table(&replies).table(&notes).view(&recent);
    if sequences {
        metadata = metadata.sequence(&numbers);
    }
    Described { notes, replies, metadata, numbers, recent }
}

/// From here on the connection works for this tenant.
fn becomes(conn: &mut Connection, named: Option<&str>, tenant: &str) {
    let map = SchemaTranslateMap::new().with(named, Some(tenant));
    conn.execution_options(|options| options.schema_translate_map = map).unwrap();
}

fn quoted(database: &Database, name: &str) -> String {
    let quote = if database.name == "MariaDB" { '`' } else { '"' };
    format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
}

/// A connection that knows both schemas.
fn with_schemas(database: &Database) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    for tenant in TENANTS {
        if database.is_server() {
            if conn.inspect().has_schema(tenant).unwrap() {
                let cascade = if database.name == "PostgreSQL" { " cascade" } else { "" };
                run_raw(&mut conn, format!("drop schema {}{cascade}", quoted(database, tenant)));
            }
            conn.execute(create_schema(tenant)).unwrap();
        }
        conn.commit().unwrap();
    }
    if !database.is_server() {
        conn.set_isolation_level(rebis::IsolationLevel::Autocommit).unwrap();
        for tenant in TENANTS {
            run_raw(&mut conn, format!("attach database ':memory:' as {}", quoted(database, tenant)));
        }
        conn.set_isolation_level(rebis::IsolationLevel::Serializable).unwrap();
    }
    conn
}

fn shared(database: &Database) -> Outcome {
    let mut conn = with_schemas(database);
    run(database, &mut conn, None)
}

/// The description names a schema that is not there at all.
fn named_schema(database: &Database) -> Outcome {
    let mut conn = with_schemas(database);
    run(database, &mut conn, Some("per tenant"))
}

fn run(database: &Database, conn: &mut Connection, named: Option<&str>) -> Outcome {
    let described = described(named, database.is_server());
    let before = conn.inspect().table_names(None).unwrap();
    for tenant in TENANTS {
        becomes(conn, named, tenant);
        described.metadata.create_all(conn).unwrap();
        // They are there, and seen to be there.
        described.metadata.create_all(conn).unwrap();
        conn.commit().unwrap();
    }
    assert_eq!(conn.inspect().table_names(None).unwrap(), before, "no table outside of the tenants' schemas");
    // In turns, so that each finds the other's texts in the cache, if there is a way to them.
    for round in 1..=3 {
        for (place, tenant) in (0_i64..).zip(TENANTS) {
            becomes(conn, named, tenant);
            works(database, conn, &described, tenant, round, 10 * (place + 1));
        }
    }
    for (tenant, last) in TENANTS.into_iter().zip([13_i64, 23]) {
        for table in ["conf_tenant_notes", "conf_tenant_replies"] {
            let place = format!("{}.{table}", quoted(database, tenant));
            let words: String = conn.scalar(raw(format!("select max(word) from {place}"))).unwrap();
            assert_eq!(words, format!("word {last}"), "{place}");
            assert_eq!(count(conn, &place), 3, "{place}");
        }
    }
    becomes(conn, named, TENANTS[0]);
    described.metadata.drop_all(conn).unwrap();
    conn.commit().unwrap();
    assert_eq!(conn.inspect().table_names(Some(TENANTS[0])).unwrap(), Vec::<String>::new());
    let left = conn.inspect().table_names(Some(TENANTS[1])).unwrap();
    assert_eq!(left.len(), 2, "the other tenant's tables stay: {left:?}");
    becomes(conn, named, TENANTS[1]);
    described.metadata.drop_all(conn).unwrap();
    assert_eq!(conn.inspect().table_names(Some(TENANTS[1])).unwrap(), Vec::<String>::new());
    conn.commit().unwrap();
    if database.is_server() {
        for tenant in TENANTS {
            conn.execute(drop_schema(tenant)).unwrap();
        }
        conn.commit().unwrap();
    }
    passed("2 tenants, 3 rounds in turns, 12 statements each")
}

/// Every kind of statement, the same shapes each time.
fn works(
    database: &Database,
    conn: &mut Connection,
    described: &Described,
    tenant: &str,
    round: i64,
    base: i64,
) {
    let Described { notes, replies, numbers, recent, .. } = described;
    let word = format!("word {}", base + round);
    let row = |word: &str| [("word", Value::from(word)), ("kind", "it's".into())];
    conn.execute(insert_into(notes).values(row("new")).unwrap()).unwrap();
    let id: i64 = conn
        .execute(select(vec![notes.c("id")]).filter(notes.c("word").eq("new")))
        .unwrap()
        .scalar()
        .unwrap();
    assert_eq!(id, 2 * round - 1, "{tenant}: its own counter");
    let change = update_table(notes).set_column("word", word.clone()).filter(notes.c("id").eq(id));
    assert_eq!(conn.execute(change).unwrap().rows_affected(), 1, "{tenant}");
    let many = insert_into(replies).row([
        Assignment::expr("note", param::<i64>("note")),
        Assignment::expr("word", param::<String>("word")),
    ]);
    assert_eq!(
        conn.execute_many(many.unwrap(), [[("note", Value::from(id)), ("word", word.clone().into())]])
            .unwrap(),
        1
    );
    let joined = select(vec![replies.c("word")])
        .from(replies)
        .join_by_key(notes)
        .filter(notes.c("word").eq(word.clone()));
    assert_eq!(conn.execute(joined).unwrap().scalar::<String>().unwrap(), word, "{tenant}: joined");
    let ids = select(vec![notes.c("id")]).filter(notes.c("kind").eq("it's")).cte("ids");
    let within = select(vec![ids.c("id")]).with(&ids);
    assert_eq!(conn.execute(within).unwrap().all().unwrap().len() as i64, round, "{tenant}: a CTE");
    let all: i64 = conn.scalar(select(count_all()).from(notes)).unwrap();
    assert_eq!(all, round, "{tenant}: counted");
    conn.execute(insert_into(notes).values(row("old")).unwrap()).unwrap();
    let seen = raw(format!("select count(*) from {}.{}", quoted(database, tenant), recent.name()));
    assert_eq!(conn.scalar::<i64>(seen).unwrap(), round, "{tenant}: the view looks at its own table");
    let gone = delete_from(notes).filter(notes.c("word").eq("old"));
    assert_eq!(conn.execute(gone).unwrap().rows_affected(), 1, "{tenant}");
    if database.is_server() {
        assert_eq!(
            conn.scalar::<i64>(select(numbers.next_value())).unwrap(),
            round,
            "{tenant}: its own sequence"
        );
    }
    conn.commit().unwrap();
}
