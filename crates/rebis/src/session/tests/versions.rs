//! Rows that count their changes, and columns that the database fills.

use rebis_core::sql::LockWait;
use rebis_core::{ErrorKind, text};
use rebis_derive::Model;

use super::*;
use crate::{GetOptions, Many};

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "documents", version = version)]
struct Document {
    #[rebis(primary_key)]
    id: i64,
    title: String,
    version: i64,
    #[rebis(foreign_key = Document::id)]
    part_of: Option<i64>,
    #[rebis(relationship)]
    parts: Many<Document>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "prices")]
struct Price {
    #[rebis(primary_key)]
    id: i64,
    net: i64,
    #[rebis(server_default = "3")]
    pieces: Option<i64>,
    #[rebis(computed = "net * 2")]
    gross: i64,
}

fn document(title: &str) -> Document {
    Document { title: title.into(), ..Document::default() }
}

fn database() -> Database {
    Database::with(create_all::<(Document, Price)>)
}

#[test]
fn a_delete_has_the_version_in_its_condition_e52() {
    let db = database();
    let session = db.session();
    let document = session.add(document("a")).unwrap();
    session.commit().unwrap();
    assert!(document.related(Document::parts).unwrap().is_empty());
    document.set(Document::title, "b").unwrap();
    session.delete(&document).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.sent(), ["DELETE FROM documents WHERE documents.id = ?1 AND documents.version = ?2"]);
    session.commit().unwrap();
}

#[test]
fn counted_rows_are_compared_e53() {
    let db = database();
    let session = db.session();
    let [one, two] = ["one", "two"].map(|title| session.add(document(title)).unwrap());
    session.flush().unwrap();
    session.execute_write(text("update documents set version = 5 where title = 'two'")).unwrap();
    one.set(Document::title, "1").unwrap();
    two.set(Document::title, "2").unwrap();
    let savepoint =
        session.no_autoflush(|| session.scalar::<i64>(text("select count(*) from documents"))).unwrap();
    assert_eq!(savepoint, 2);
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(
        error.to_string().contains("update 2 row(s)") && error.to_string().contains("1 matched"),
        "{error}"
    );
    session.rollback().unwrap();
    let all = ["one", "two"].map(|title| session.add(document(title)).unwrap());
    session.commit().unwrap();
    all.iter().for_each(|document| drop(document.read().unwrap()));
    session.execute_write(text("update documents set version = 5 where title = 'two'")).unwrap();
    all.iter().for_each(|document| session.delete(document).unwrap());
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(error.to_string().contains("1 row(s)") || error.to_string().contains("2 row(s)"), "{error}");
}

#[test]
fn set_by_hand_it_is_found_by_the_old_one_e55() {
    let db = database();
    let session = db.session();
    let document = session.add(document("a")).unwrap();
    session.commit().unwrap();
    document.set(Document::version, 4).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(
        db.sent(),
        ["UPDATE documents SET version = ?1 WHERE documents.id = ?2 AND documents.version = ?3"]
    );
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select version from documents"), [(4,)]);
    document.set(Document::title, "b").unwrap();
    session.commit().unwrap();
    assert_eq!(document.get(Document::version).unwrap(), 5);
}

#[test]
fn a_collection_is_no_change_of_its_owner_e56() {
    let db = database();
    let session = db.session();
    let [whole, part] = ["whole", "part"].map(|title| session.add(document(title)).unwrap());
    session.commit().unwrap();
    whole.related(Document::parts).unwrap().push(&part).unwrap();
    session.commit().unwrap();
    assert_eq!((whole.get(Document::version).unwrap(), part.get(Document::version).unwrap()), (1, 2));
}

#[test]
fn a_row_that_is_locked_is_compared_e58() {
    let db = database();
    let session = db.session();
    let document = session.add(document("a")).unwrap();
    session.flush().unwrap();
    let locked = || GetOptions::new().for_update(LockWait::Wait);
    assert!(session.get_with::<Document>(1, locked()).unwrap().is_some());
    session.execute_write(text("update documents set version = 7, title = 'b'")).unwrap();
    let error = session.get_with::<Document>(1, locked()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    let found = session.get_with::<Document>(1, locked().populate_existing()).unwrap();
    assert_eq!(found.unwrap().get(Document::title).unwrap(), "b");
    session.refresh(&document).unwrap();
    assert_eq!(document.get(Document::version).unwrap(), 7);
}

#[test]
fn what_the_database_fills_comes_back_e59() {
    let db = database();
    let session = db.session();
    let prices = session.add_all([1, 2].map(|net| Price { net, ..Price::default() })).unwrap();
    db.sent();
    session.flush().unwrap();
    let found: Vec<_> = prices.iter().map(|price| price.read().unwrap().clone()).collect();
    assert_eq!(
        found.iter().map(|price| (price.pieces, price.gross)).collect::<Vec<_>>(),
        [(Some(3), 2), (Some(3), 4)]
    );
    assert_eq!(db.verbs(), ["INSERT prices"]);
    // After an UPDATE it is read when it is looked at.
    prices[0].set(Price::net, 5).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE prices"]);
    assert_eq!(prices[0].get(Price::gross).unwrap(), 10);
    assert_eq!(db.verbs(), ["SELECT prices"]);
    session.rollback().unwrap();
}

#[test]
fn an_update_by_query_counts_as_well() {
    let db = database();
    let session = db.session();
    let held = session.add(document("a")).unwrap();
    session.commit().unwrap();
    assert_eq!(held.get(Document::version).unwrap(), 1);
    session.query::<Document>().update([Document::title.set("b")]).unwrap();
    assert_eq!(
        (held.get(Document::version).unwrap(), held.get(Document::title).unwrap()),
        (2, "b".to_owned())
    );
    session.query::<Document>().update([Document::version.set(9)]).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(i64,)>("select version from documents"), [(9,)]);
}
