//! Keys and unique values that change, that rows hand on, and that rows exchange.

use rebis_core::ErrorKind;
use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One, State};

/// With a key of its own, which its articles name; the database changes them along.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "topics")]
struct Topic {
    #[rebis(primary_key, length = 30)]
    word: String,
    #[rebis(relationship(back_populates = "topic"))]
    articles: Many<Article>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "articles", unique(list, place))]
struct Article {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 30, foreign_key = Topic::word, on_update = "cascade")]
    topic_word: Option<String>,
    #[rebis(unique, length = 30)]
    title: String,
    #[rebis(unique, length = 30)]
    nick: Option<String>,
    list: i64,
    place: i64,
    #[rebis(relationship(back_populates = "articles"))]
    topic: One<Topic>,
}

/// The same, whose labels the session changes; its database does not look at foreign keys before the end.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "shops")]
struct Shop {
    #[rebis(primary_key, length = 30)]
    name: String,
    #[rebis(relationship(passive_updates = false))]
    labels: Many<Label>,
    #[rebis(relationship(secondary = ShopStreet, passive_updates = false))]
    streets: Many<Street>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "labels")]
struct Label {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 30, foreign_key = Shop::name)]
    shop: Option<String>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "streets")]
struct Street {
    #[rebis(primary_key)]
    id: i64,
}

#[derive(Debug, Clone, Model)]
#[rebis(crate = "crate", table = "shop_streets")]
struct ShopStreet {
    #[rebis(primary_key, length = 30, foreign_key = Shop::name)]
    shop: String,
    #[rebis(primary_key, foreign_key = Street::id)]
    street: i64,
}

/// A unique column in which nothing can stand meanwhile.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "switches")]
struct Switch {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique)]
    on: bool,
}

fn database() -> Database {
    Database::with(create_all::<(Topic, Article, Shop, Label, Street, ShopStreet, Switch)>)
}

fn article(title: &str, place: i64) -> Article {
    Article { title: title.into(), place, ..Article::default() }
}

/// Articles with these titles, in places 1, 2 ….
fn articles<const N: usize>(session: &Session, titles: [&str; N]) -> [Instance<Article>; N] {
    let mut place = 0;
    let added = titles.map(|title| {
        place += 1;
        session.add(article(title, place)).unwrap()
    });
    session.flush().unwrap();
    added
}

fn titles(db: &Database, session: &Session) -> Vec<String> {
    session.commit().unwrap();
    db.ask::<(String,)>("select title from articles order by id").into_iter().map(|(title,)| title).collect()
}

#[test]
fn who_takes_a_value_comes_behind_who_deletes_it_e4() {
    let db = database();
    let session = db.session();
    let [old] = articles(&session, ["a"]);
    db.sent();
    session.delete(&old).unwrap();
    session.add(article("a", 9)).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["DELETE articles", "INSERT articles"]);
    assert_eq!(titles(&db, &session), ["a"]);
}

#[test]
fn chains_go_from_the_end() {
    let db = database();
    let session = db.session();
    let [a, b, c] = articles(&session, ["a", "b", "c"]);
    a.set(Article::title, "b").unwrap();
    b.set(Article::title, "c").unwrap();
    c.set(Article::title, "d").unwrap();
    let new = session.add(article("a", 4)).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE articles", "UPDATE articles", "UPDATE articles", "INSERT articles"]);
    assert_eq!(
        (new.state(), titles(&db, &session)),
        (State::Persistent, ["b", "c", "d", "a"].map(str::to_owned).into())
    );
}

#[test]
fn circles_are_parted_by_parking_a_row() {
    let db = database();
    let session = db.session();
    let [a, b, c] = articles(&session, ["a", "b", "c"]);
    a.set(Article::title, "b").unwrap();
    b.set(Article::title, "a").unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["SELECT articles", "UPDATE articles", "UPDATE articles", "UPDATE articles"]);
    assert_eq!(titles(&db, &session), ["b", "a", "c"]);
    for (article, title) in [(&a, "c"), (&b, "b"), (&c, "a")] {
        article.set(Article::title, title).unwrap();
    }
    session.flush().unwrap();
    assert_eq!(titles(&db, &session), ["c", "b", "a"]);
}

#[test]
fn where_null_can_stand_it_does() {
    let db = database();
    let session = db.session();
    let [a, b, c] = articles(&session, ["a", "b", "c"]);
    a.set(Article::nick, Some("x".to_owned())).unwrap();
    b.set(Article::nick, Some("y".to_owned())).unwrap();
    session.commit().unwrap();
    a.set(Article::nick, Some("y".to_owned())).unwrap();
    b.set(Article::nick, Some("x".to_owned())).unwrap();
    drop(c.read().unwrap());
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE articles"; 3]);
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String,)>("select nick from articles where nick is not null order by id"),
        [("y".to_owned(),), ("x".to_owned(),)]
    );
    // Several NULLs are no conflict, and cost nothing.
    for article in [&a, &b, &c] {
        article.set(Article::nick, None::<String>).unwrap();
    }
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE articles"]);
}

#[test]
fn several_columns_are_unique_together() {
    let db = database();
    let session = db.session();
    let [a, b, c] = articles(&session, ["a", "b", "c"]);
    a.set(Article::place, 2).unwrap();
    b.set(Article::place, 3).unwrap();
    c.set(Article::place, 1).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(i64, i64)>("select list, place from articles order by id"),
        [(0, 2), (0, 3), (0, 1)]
    );
}

#[test]
fn ordinary_flushes_ask_nothing_more() {
    let db = database();
    let session = db.session();
    let [a, b] = articles(&session, ["a", "b"]);
    a.set(Article::title, "c").unwrap();
    b.set(Article::title, "d").unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE articles"]);
}

#[test]
fn where_nothing_can_stand_meanwhile_nothing_is_sent() {
    let db = database();
    let session = db.session();
    let [on, off] = [true, false].map(|on| session.add(Switch { on, ..Switch::default() }).unwrap());
    session.commit().unwrap();
    on.set(Switch::on, false).unwrap();
    off.set(Switch::on, true).unwrap();
    db.sent();
    let error = session.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    let text = error.to_string();
    for part in ["Switch", "'on'", "Integer(1)", "Integer(2)", "flush in between"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn a_deleted_row_that_is_named_still_is_parked() {
    let db = Database::new();
    let session = db.session();
    let ed = session.add(User { addresses: [address("a")].into(), ..user("ed") }).unwrap();
    let jo = session.add(user("jo")).unwrap();
    session.commit().unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    home.set(Address::user, &jo).unwrap();
    session.delete(&ed).unwrap();
    session.add(user("ed")).unwrap();
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String, i64)>("select name, id from users order by id"),
        [("jo".to_owned(), 2), ("ed".to_owned(), 3)]
    );
    assert_eq!(db.ask::<(i64,)>("select user_id from addresses"), [(2,)]);
}

#[test]
fn a_deleted_row_goes_early_with_its_children() {
    let db = Database::new();
    let session = db.session();
    let words = [Keyword { word: "x".into(), ..Keyword::default() }];
    let ed =
        session.add(User { addresses: [address("a")].into(), keywords: words.into(), ..user("ed") }).unwrap();
    session.commit().unwrap();
    drop(ed.related(User::addresses).unwrap().all()[0].read().unwrap());
    ed.related(User::keywords).unwrap();
    session.delete(&ed).unwrap();
    session.add(user("ed")).unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["DELETE user_keywords", "DELETE addresses", "DELETE users", "INSERT users"]);
    session.commit().unwrap();
}

#[test]
fn the_database_changes_children_along_e47() {
    let db = database();
    let session = db.session();
    let topic = session
        .add(Topic { word: "old".into(), articles: [article("a", 1), article("b", 2)].into() })
        .unwrap();
    session.commit().unwrap();
    let articles = session.query::<Article>().all().unwrap();
    topic.set(Topic::word, "new").unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE topics"]);
    // What is in memory knows, without a statement.
    for article in &articles {
        assert_eq!(article.get(Article::topic_word).unwrap().as_deref(), Some("new"));
        assert_eq!(article.related(Article::topic).unwrap(), Some(topic.clone()));
    }
    assert_eq!(db.sent(), [""; 0]);
    session.rollback().unwrap();
    assert_eq!(articles[0].get(Article::topic_word).unwrap().as_deref(), Some("old"));
    topic.set(Topic::word, "new").unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select distinct topic_word from articles"), [("new".to_owned(),)]);
}

#[test]
fn the_session_changes_children_itself_e47() {
    let db = database();
    let session = db.session();
    session
        .add(Shop {
            name: "old".into(),
            labels: [Label::default(), Label::default()].into(),
            streets: [Street::default()].into(),
        })
        .unwrap();
    session.commit().unwrap();
    let session = db.session();
    let shop = session.query::<Shop>().one().unwrap();
    session.execute_write(rebis_core::text("pragma defer_foreign_keys = on")).unwrap();
    shop.set(Shop::name, "new").unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["SELECT labels", "UPDATE shops", "UPDATE labels", "UPDATE shop_streets"]);
    session.commit().unwrap();
    assert_eq!(
        db.ask::<(String,)>("select distinct shop from labels union select shop from shop_streets"),
        [("new".to_owned(),)]
    );
}

#[test]
fn keys_that_rows_exchange_e49() {
    let db = database();
    let session = db.session();
    let [a, b] = ["a", "b"].map(|word| session.add(Topic { word: word.into(), ..Topic::default() }).unwrap());
    a.related(Topic::articles).unwrap().push(article("of a", 1)).unwrap();
    session.commit().unwrap();
    let exchange = || {
        let (one, other) = (a.get(Topic::word).unwrap(), b.get(Topic::word).unwrap());
        a.set(Topic::word, other).unwrap();
        b.set(Topic::word, one).unwrap();
        session.flush().unwrap();
    };
    exchange();
    assert_eq!(session.get_one::<Topic>("b").unwrap(), a);
    assert_eq!(session.get_one::<Topic>("a").unwrap(), b);
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select topic_word from articles"), [("b".to_owned(),)]);
    let savepoint = session.begin_nested().unwrap();
    exchange();
    assert_eq!(session.get_one::<Topic>("a").unwrap(), a);
    savepoint.commit().unwrap();
    session.rollback().unwrap();
    assert_eq!(session.get_one::<Topic>("b").unwrap(), a);
    assert_eq!(session.get_one::<Topic>("a").unwrap(), b);
    // A chain: the key of one that goes to a new value is taken.
    a.set(Topic::word, "c").unwrap();
    b.set(Topic::word, "b").unwrap();
    session.commit().unwrap();
    assert_eq!((session.get_one::<Topic>("c").unwrap(), session.get_one::<Topic>("b").unwrap()), (a, b));
}

#[test]
fn a_key_taken_over_and_given_back_e50() {
    let db = database();
    let session = db.session();
    let [a, b] = ["a", "b"].map(|word| session.add(Topic { word: word.into(), ..Topic::default() }).unwrap());
    session.commit().unwrap();
    session.delete(&a).unwrap();
    session.flush().unwrap();
    b.set(Topic::word, "a").unwrap();
    session.flush().unwrap();
    assert_eq!(session.get_one::<Topic>("a").unwrap(), b);
    session.rollback().unwrap();
    assert_eq!((a.state(), b.state()), (State::Persistent, State::Persistent));
    assert_eq!(session.get_one::<Topic>("a").unwrap(), a);
    assert_eq!(session.get_one::<Topic>("b").unwrap(), b);
    // In one flush.
    session.delete(&a).unwrap();
    b.set(Topic::word, "a").unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(String,)>("select word from topics"), [("a".to_owned(),)]);
}
