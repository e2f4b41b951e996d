use super::*;
use crate::error::ErrorKind;

#[test]
fn a_table_is_checked_when_it_is_made() {
    let id = || ColumnDef::new("id", SqlType::BigInteger).autoincrement();
    let twice = Table::build("users").column(id()).column(id()).finish().unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Schema);
    assert!(twice.to_string().contains("two columns called 'id'"), "{twice}");
    let missing = Table::build("users").column(id()).index(Index::new("i", ["nmae"])).finish().unwrap_err();
    assert!(missing.to_string().contains("'nmae'"), "{missing}");
    let key = ForeignKey::new(["id"], "others", ["a", "b"]);
    assert!(Table::build("users").column(id()).foreign_key(key).finish().is_err());
}

fn refers(name: &str, to: &[&str]) -> Table {
    let mut table = Table::build(name).column(ColumnDef::new("id", SqlType::BigInteger).autoincrement());
    for other in to {
        table = table.column(ColumnDef::new(*other, SqlType::BigInteger).nullable());
        table = table.foreign_key(ForeignKey::new([*other], *other, ["id"]));
    }
    table.finish().unwrap()
}

fn names(tables: &[Table]) -> Vec<&str> {
    tables.iter().map(Table::name).collect()
}

#[test]
fn tables_are_sorted_by_their_foreign_keys() {
    let tables =
        [refers("c", &["b", "elsewhere"]), refers("b", &["a"]), refers("a", &["a"]), refers("d", &[])];
    let metadata = tables.iter().fold(MetaData::new(), MetaData::table);
    assert_eq!(names(&metadata.sorted_tables().unwrap()), ["a", "b", "c", "d"]);
    assert_eq!(names(metadata.tables()), ["c", "b", "a", "d"]);
}

#[test]
fn circles_are_reported_and_broken() {
    let tables =
        [refers("behind", &["a"]), refers("a", &["b"]), refers("b", &["c", "before"]), refers("c", &["a"])];
    let metadata = tables.iter().fold(MetaData::new(), MetaData::table).table(&refers("before", &[]));
    let error = metadata.sorted_tables().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("'a' to 'b', 'c' to 'a', 'b' to 'c'"), "{error}");
    let order = metadata.creation_order().unwrap();
    assert_eq!(names(&order.tables), ["a", "behind", "c", "before", "b"]);
    assert_eq!(order.later.len(), 3, "not the key to 'before'");
}

#[test]
fn a_schema_is_part_of_a_name() {
    let there =
        Table::build("a").schema("s").column(ColumnDef::new("id", SqlType::Integer)).finish().unwrap();
    let here = refers("a", &[]);
    let key = ForeignKey::new(["id"], "a", ["id"]);
    let own = Table::build("b").schema("s").column(ColumnDef::new("id", SqlType::Integer));
    let own = own.foreign_key(key.clone()).finish().unwrap();
    let sorted = MetaData::new().table(&own).table(&here).table(&there).sorted_tables().unwrap();
    assert_eq!(sorted, [here, there, own], "without a schema it means its own");
}

#[test]
fn the_same_table_counts_once_and_another_of_its_name_is_refused() {
    let metadata = MetaData::new().table(&refers("a", &[])).table(&refers("a", &[]));
    assert_eq!(metadata.sorted_tables().unwrap().len(), 1);
    let error = metadata.table(&refers("a", &["b"])).sorted_tables().unwrap_err();
    assert!(error.to_string().contains("both called 'a'"), "{error}");
}

#[test]
fn what_cannot_be_counted_or_computed_is_refused() {
    let counted = |name: &str| ColumnDef::new(name, SqlType::Integer).autoincrement();
    let text = ColumnDef::new("a", SqlType::Text).autoincrement();
    let both = ColumnDef::new("a", SqlType::Integer)
        .computed(Computed::stored("1"))
        .server_default(ServerDefault::Integer(1));
    for (builder, says) in [
        (Table::build("t").column(counted("a")).column(counted("b")), "two columns, 'a' and 'b'"),
        (Table::build("t").column(text), "no whole number"),
        (Table::build("t").column(counted("a")).primary_key(["b"]), "no column 'b'"),
        (
            Table::build("t")
                .column(counted("a"))
                .column(ColumnDef::new("b", SqlType::Text))
                .primary_key(["b"]),
            "'a' in its primary key",
        ),
        (Table::build("t").column(both), "computes 'a'"),
    ] {
        let error = builder.finish().unwrap_err();
        assert!(error.kind() == ErrorKind::Schema && error.to_string().contains(says), "{error}");
    }
}
