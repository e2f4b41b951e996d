use rebis_core::sql::{Expression, table};

use super::loading::{JOINED, all_emails, emails, filled};
use super::*;
use crate::{contains_eager, joinedload, selectinload};

#[test]
fn joined_loading_of_a_collection_f13() {
    let db = filled();
    let session = db.session();
    let users = session.query::<User>().option(joinedload(User::addresses)).all().unwrap();
    assert_eq!(
        db.sent(),
        [format!(
            "SELECT users.id, users.name, users.fullname, {JOINED} FROM users \
             LEFT JOIN addresses AS addresses_1 ON addresses_1.user_id = users.id ORDER BY users.id, addresses_1.id"
        )]
    );
    assert_eq!(all_emails(&users), [vec!["a", "b"], vec![], vec!["c"]], "each user once");
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_limit_counts_parents_f14() {
    let db = filled();
    let session = db.session();
    let users =
        session.query::<User>().option(joinedload(User::addresses)).order_by(User::name.desc()).limit(2);
    let users = users.offset(1).all().unwrap();
    assert_eq!(
        db.sent(),
        [format!(
            "SELECT page.id, page.name, page.fullname, {JOINED} FROM (SELECT users.id, users.name, users.fullname FROM users \
             ORDER BY users.name DESC LIMIT ?1 OFFSET ?2) AS page LEFT JOIN addresses AS addresses_1 \
             ON addresses_1.user_id = page.id ORDER BY page.name DESC, page.id, addresses_1.id"
        )]
    );
    assert_eq!(all_emails(&users), [vec![], vec!["a", "b"]]);
    // An order by what is not selected goes out as well.
    let one =
        session.query::<User>().option(joinedload(User::addresses)).order_by(User::name.concat("!")).first();
    assert_eq!(emails(&one.unwrap().unwrap()), ["a", "b"]);
    let sent = db.sent().remove(0);
    assert!(sent.contains("AS order_0 FROM users ORDER BY order_0 LIMIT ?2) AS page"), "{sent}");
    assert!(sent.ends_with("ORDER BY page.order_0, page.id, addresses_1.id"), "{sent}");
    let homes = session.query::<Address>().option(joinedload(Address::user)).limit(1).all().unwrap();
    assert_eq!(homes.len(), 1);
    assert_eq!(
        db.sent(),
        [
            "SELECT addresses.id, addresses.email, addresses.user_id, users_1.id, users_1.name, users_1.fullname \
          FROM addresses LEFT JOIN users AS users_1 ON users_1.id = addresses.user_id LIMIT ?1"
        ]
    );
    let distinct = session.query::<User>().distinct().option(joinedload(User::addresses)).all().unwrap();
    assert_eq!(distinct.len(), 3);
    assert!(db.sent()[0].contains("FROM (SELECT DISTINCT users.id"));
}

#[test]
fn nobody_found_by_a_join_is_not_looked_for_again_f17() {
    let db = filled();
    let session = db.session();
    let homes =
        session.query::<Address>().filter(Address::email.eq("nobody's")).option(joinedload(Address::user));
    let home = homes.one().unwrap();
    db.sent();
    assert_eq!(home.related(Address::user).unwrap(), None);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn joined_many_to_many_and_count_f20() {
    let db = filled();
    let session = db.session();
    let query = || session.query::<User>().option(joinedload(User::keywords));
    assert_eq!(query().count().unwrap(), 3);
    assert_eq!(db.sent(), ["SELECT count(*) FROM users"]);
    assert_eq!(query().limit(2).count().unwrap(), 2);
    assert_eq!(
        db.sent(),
        ["SELECT count(*) FROM (SELECT users.id, users.name, users.fullname FROM users LIMIT ?1) AS counted"]
    );
    assert!(query().filter(User::name.eq("ed")).exists().unwrap());
    assert!(!query().filter(User::name.eq("xx")).exists().unwrap());
    db.sent();
    let users = query().all().unwrap();
    assert_eq!(
        db.sent(),
        [
            "SELECT users.id, users.name, users.fullname, keywords_1.weight, keywords_1.word, keywords_1.version FROM users \
          LEFT JOIN user_keywords AS user_keywords_1 ON user_keywords_1.user_id = users.id \
          LEFT JOIN keywords AS keywords_1 ON keywords_1.word = user_keywords_1.word ORDER BY users.id, keywords_1.word"
        ]
    );
    let words: Vec<usize> = users.iter().map(|user| user.related(User::keywords).unwrap().len()).collect();
    assert_eq!(words, [2, 0, 0]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn what_is_loaded_is_not_overwritten_f22_f23() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    ed.related(User::addresses).unwrap().push(address("new")).unwrap();
    let load = || session.query::<User>().option(joinedload(User::addresses).then(joinedload(Address::user)));
    session.no_autoflush(|| load().all()).unwrap();
    assert_eq!(emails(&ed), ["a", "b", "new"]);
    db.sent();
    let homes = ed.related(User::addresses).unwrap().all();
    assert_eq!(homes[0].related(Address::user).unwrap(), Some(ed.clone()));
    assert_eq!(db.sent(), [""; 0], "the next level is there");
    // Without the flush, and with what the database has: F23.
    ed.write().unwrap().fullname = Some("changed".into());
    session.no_autoflush(|| load().populate_existing().all()).unwrap();
    assert_eq!((emails(&ed), ed.read().unwrap().fullname.clone()), (vec!["a".to_owned(), "b".into()], None));
    ed.write().unwrap().fullname = Some("changed".into());
    let selectin =
        session.query::<User>().option(selectinload(User::addresses).then(selectinload(Address::user)));
    session.no_autoflush(|| selectin.populate_existing().all()).unwrap();
    db.sent();
    assert_eq!((emails(&ed), ed.read().unwrap().fullname.clone()), (vec!["a".to_owned(), "b".into()], None));
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_join_of_the_program_fills_the_relation_f25() {
    let db = filled();
    let session = db.session();
    let query = || {
        let joined = session.query::<User>().join(table::<Address>(), Address::user_id.eq(User::id));
        joined.filter(Address::email.eq("b")).option(contains_eager(User::addresses))
    };
    let users = query().all().unwrap();
    assert_eq!(
        db.sent(),
        [
            "SELECT users.id, users.name, users.fullname, addresses.id, addresses.email, addresses.user_id FROM users \
          JOIN addresses ON addresses.user_id = users.id WHERE addresses.email = ?1"
        ]
    );
    assert_eq!(all_emails(&users), [vec!["b"]]);
    assert_eq!(db.sent(), [""; 0]);
    // F25: a refresh does not have that join.
    session.expire(&users[0]).unwrap();
    assert_eq!(emails(&users[0]), ["a", "b"]);
    assert_eq!(db.verbs(), ["SELECT users", "SELECT addresses"]);
}

#[test]
fn a_join_with_an_alias_fills_the_relation() {
    let db = filled();
    let session = db.session();
    let home = rebis_core::alias::<Address>("home");
    let users = session.query::<User>().join(&home, home.c(Address::user_id).eq(User::id));
    let users = users
        .option(contains_eager(User::addresses).of(&home))
        .order_by(home.c(Address::email))
        .all()
        .unwrap();
    assert!(db.sent()[0].contains("home.id, home.email, home.user_id FROM users JOIN addresses AS home ON"));
    assert_eq!(all_emails(&users), [vec!["a", "b"], vec!["c"]]);
}

/// The foreign key names the columns in another order than the primary key has them.
#[test]
fn keys_of_several_columns() {
    let db = Database::new();
    let session = db.session();
    let shelf = |room: &str, number, books: usize| Shelf {
        room: room.into(),
        number,
        books: vec![Book::default(); books].into(),
    };
    session.add_all([shelf("a", 1, 2), shelf("a", 2, 0), shelf("b", 1, 1)]).unwrap();
    session.flush().unwrap();
    session.add(Book::default()).unwrap();
    session.commit().unwrap();
    session.close();
    for load in [selectinload(Shelf::books), joinedload(Shelf::books), crate::lazyload(Shelf::books)] {
        let shelves = session.query::<Shelf>().option(load).all().unwrap();
        let counts =
            shelves.iter().map(|shelf| shelf.related(Shelf::books).unwrap().len()).collect::<Vec<_>>();
        assert_eq!(counts, [2, 0, 1]);
        session.close();
    }
    for load in [selectinload(Book::shelf), joinedload(Book::shelf), crate::lazyload(Book::shelf)] {
        let books = session.query::<Book>().option(load).order_by(Book::id).all().unwrap();
        let shelf = |book: &crate::Instance<Book>| {
            let shelf = book.related(Book::shelf).unwrap()?;
            let shelf = shelf.read().unwrap();
            Some((shelf.room.clone(), shelf.number))
        };
        let shelves: Vec<_> = books.iter().map(shelf).collect();
        let (a, b) = (Some(("a".to_owned(), 1)), Some(("b".to_owned(), 1)));
        assert_eq!(shelves, [a.clone(), a, b, None]);
        session.close();
    }
    let filled = session.query::<Shelf>().filter(!Shelf::books.is_empty()).count().unwrap();
    assert_eq!(filled, 2);
    assert_eq!(session.query::<Book>().filter(Book::shelf.is_none()).count().unwrap(), 1);
}

/// ed with a profile that has two badges, of which one has no keyword; jo with none; a profile of nobody.
fn with_profiles() -> Database {
    let db = filled();
    let session = db.session();
    let badge = |word: Option<&str>| Badge { word: word.map(Into::into), ..Badge::default() };
    let profile = |user: Option<&str>, badges: Vec<Badge>| Profile {
        user_name: user.map(Into::into),
        badges: badges.into(),
        photo: vec![1].into(),
        ..Profile::default()
    };
    session.add(profile(Some("ed"), vec![badge(Some("x")), badge(None)])).unwrap();
    session.flush().unwrap();
    session.add(profile(None, vec![])).unwrap();
    session.commit().unwrap();
    db.sent();
    db
}

#[test]
fn an_inner_join_inside_of_an_outer_one_loses_nobody_f16() {
    let db = with_profiles();
    let session = db.session();
    let load = || joinedload(Profile::badges);
    let found = session
        .query::<Profile>()
        .option(load().then(joinedload(Badge::keyword).inner_join()))
        .all()
        .unwrap();
    let columns = "profiles.id, profiles.nick, profiles.user_name, badges_1.id, badges_1.deleted, badges_1.profile_id, \
                   badges_1.word, keywords_2.weight, keywords_2.word, keywords_2.version";
    assert_eq!(
        db.sent(),
        [format!(
            "SELECT {columns} FROM profiles LEFT JOIN (badges AS badges_1 JOIN keywords AS keywords_2 \
             ON keywords_2.word = badges_1.word) ON badges_1.profile_id = profiles.id ORDER BY profiles.id, badges_1.id"
        )]
    );
    let badges: Vec<usize> =
        found.iter().map(|profile| profile.related(Profile::badges).unwrap().len()).collect();
    assert_eq!(badges, [1, 0], "no profile is lost");
    assert_eq!(db.sent(), [""; 0]);
    session.close();
    // Without it, all are outer; the query's own objects are lost where the program says that there always is one.
    let outer = session.query::<Profile>().option(load().then(joinedload(Badge::keyword))).all().unwrap();
    assert_eq!((outer.len(), outer[0].related(Profile::badges).unwrap().len()), (2, 2));
    db.sent();
    let inner = session.query::<Profile>().option(joinedload(Profile::user).inner_join()).all().unwrap();
    assert_eq!(inner.len(), 1);
    assert_eq!(
        db.sent(),
        [
            "SELECT profiles.id, profiles.nick, profiles.user_name, users_1.id, users_1.name, users_1.fullname FROM profiles \
          JOIN users AS users_1 ON users_1.name = profiles.user_name"
        ]
    );
}

#[test]
fn an_inner_join_of_many_to_many_inside_of_an_outer_one_f16() {
    let db = filled();
    let session = db.session();
    let load = joinedload(Address::user).then(joinedload(User::keywords).inner_join());
    let homes = session.query::<Address>().option(load).all().unwrap();
    let sent = db.sent().remove(0);
    assert!(
        sent.contains(
            "FROM addresses LEFT JOIN (users AS users_1 JOIN user_keywords AS user_keywords_2 ON user_keywords_2.user_id = users_1.id \
             JOIN keywords AS keywords_2 ON keywords_2.word = user_keywords_2.word) ON users_1.id = addresses.user_id"
        ),
        "{sent}"
    );
    assert_eq!(homes.len(), 4, "no address is lost");
}

#[test]
fn a_foreign_key_that_is_no_primary_key_is_always_asked_for_f4() {
    let db = with_profiles();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    let profile = session.get_one::<Profile>(1).unwrap();
    db.sent();
    assert_eq!(profile.related(Profile::user).unwrap(), Some(ed), "the same object all the same");
    assert_eq!(
        db.sent(),
        ["SELECT users.id, users.name, users.fullname FROM users WHERE users.name = ?1"],
        "though it is in memory"
    );
    profile.related(Profile::user).unwrap();
    assert_eq!(db.sent(), [""; 0], "once");
}
