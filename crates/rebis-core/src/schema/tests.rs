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
