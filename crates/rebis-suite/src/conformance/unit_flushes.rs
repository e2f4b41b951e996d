//! Which statements a flush sends, and in which order, where a database would object to another one: unique values that rows hand on,
//! keys that change, rows that name one another.

use std::sync::{Arc, Mutex};

use rebis::State;
use rebis::prelude::*;

use super::{Database, Outcome, Scenario, passed, pick, run_raw, table};

pub(super) const CASES: &[Scenario] = &[
    ("unit_flushes_unique_swap", swap),
    ("unit_flushes_unique_chain", chain),
    ("unit_flushes_unique_deleted_and_inserted_e4", deleted_and_inserted),
    ("unit_flushes_unique_of_several_columns", several_columns),
    ("unit_flushes_unique_nulls", nulls),
    ("unit_flushes_unique_without_case", without_case),
    ("unit_flushes_unique_numbers_and_short_texts", numbers),
    ("unit_flushes_keys_exchanged_e49", keys_exchanged),
    ("unit_flushes_children_follow_e47", children_follow),
    ("unit_flushes_children_changed_by_the_session_e47", children_changed),
    ("unit_flushes_circles_e43_e44", circles),
    ("unit_flushes_row_switch_e5", row_switch),
    ("unit_flushes_a_long_chain", long_chain),
];

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_topics")]
struct Topic {
    #[rebis(primary_key, length = 30)]
    word: String,
    #[rebis(relationship(back_populates = "topic"))]
    articles: Many<Article>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_articles", unique(list, place))]
struct Article {
    #[rebis(unique, length = 30)]
    title: String,
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 30, foreign_key = Topic::word, on_update = "cascade")]
    topic_word: Option<String>,
    #[rebis(unique, length = 30)]
    nick: Option<String>,
    list: i64,
    place: i64,
    #[rebis(relationship(back_populates = "articles"))]
    topic: One<Topic>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_seats")]
struct Seat {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique)]
    small: i16,
    #[rebis(unique)]
    number: i32,
    #[rebis(unique, length = 3)]
    short: String,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_balls")]
struct Ball {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Person::id)]
    person_id: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_persons")]
struct Person {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Ball::id)]
    favourite_id: Option<i64>,
    #[rebis(foreign_key = Ball::id)]
    second_id: Option<i64>,
    #[rebis(relationship(cascade = "all, delete-orphan"))]
    balls: Many<Ball>,
    #[rebis(relationship(foreign_keys = "favourite_id", post_update))]
    favourite: One<Ball>,
    #[rebis(relationship(foreign_keys = "second_id", post_update))]
    second: One<Ball>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_nodes")]
struct Node {
    #[rebis(primary_key, autoincrement = false)]
    id: i64,
    #[rebis(foreign_key = Node::id)]
    parent_id: Option<i64>,
}

/// Its tables are made by hand.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_shops")]
struct Shop {
    #[rebis(primary_key, length = 30)]
    name: String,
    #[rebis(relationship(passive_updates = false))]
    labels: Many<Label>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "conf_flush_labels")]
struct Label {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 30, foreign_key = Shop::name)]
    shop: Option<String>,
}

type All = (Topic, Article, Seat, Ball, Person, Node);

/// A session on new tables, and the verbs and tables of what it sends.
fn session(database: &Database) -> (Session, Arc<Mutex<Vec<String>>>) {
    let engine = database.engine(2);
    rebis::drop_all::<All>(&engine).unwrap();
    rebis::create_all::<All>(&engine).unwrap();
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&sent);
    engine.on_before_cursor_execute(move |event| {
        let sql = event.sql().replace(['"', '`'], "");
        let words: Vec<&str> = sql.split_whitespace().collect();
        let verb = match words.as_slice() {
            ["INSERT", "INTO", table, ..] => format!("INSERT {table}"),
            ["UPDATE", table, ..] => format!("UPDATE {table}"),
            ["DELETE", "FROM", table, ..] => format!("DELETE {table}"),
            _ => return Ok(()),
        };
        log.lock().unwrap().push(verb.replace("conf_flush_", ""));
        Ok(())
    });
    (Session::new(&engine), sent)
}

fn take(sent: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    std::mem::take(&mut *sent.lock().unwrap())
}

fn article(title: &str, place: i64) -> Article {
    Article { title: title.into(), place, ..Article::default() }
}

fn articles<const N: usize>(session: &Session, titles: [&str; N]) -> [Instance<Article>; N] {
    let mut place = 0;
    let added = titles.map(|title| {
        place += 1;
        session.add(article(title, place)).unwrap()
    });
    session.commit().unwrap();
    added
}

fn set_titles(articles: &[Instance<Article>], titles: &[&str]) {
    for (article, title) in articles.iter().zip(titles) {
        article.set(Article::title, *title).unwrap();
    }
}

fn titles(session: &Session) -> Vec<String> {
    session.scalars(select(Article::title).order_by(Article::id)).unwrap()
}

fn swap(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let all = articles(&session, ["a", "b", "c"]);
    set_titles(&all, &["b", "a"]);
    take(&sent);
    session.flush().unwrap();
    assert_eq!(take(&sent), ["UPDATE articles"; 3]);
    set_titles(&all, &["c", "b", "a"]);
    session.commit().unwrap();
    assert_eq!(titles(&session), ["c", "b", "a"]);
    passed("two of two, then two of three")
}

fn chain(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let all = articles(&session, ["a", "b", "c"]);
    set_titles(&all, &["b", "c", "d"]);
    session.add(article("a", 4)).unwrap();
    take(&sent);
    session.commit().unwrap();
    assert_eq!(take(&sent), ["UPDATE articles", "UPDATE articles", "UPDATE articles", "INSERT articles"]);
    assert_eq!(titles(&session), ["b", "c", "d", "a"]);
    passed("three rows, and a new one behind them")
}

fn deleted_and_inserted(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let [a, b] = articles(&session, ["a", "b"]);
    session.delete(&a).unwrap();
    session.add(article("a", 1)).unwrap();
    take(&sent);
    session.commit().unwrap();
    assert_eq!(take(&sent), ["DELETE articles", "INSERT articles"]);
    assert_eq!(titles(&session), ["b", "a"]);
    // A changed row takes the value of a deleted one.
    let last = session.query::<Article>().filter(Article::title.eq("a")).one().unwrap();
    session.delete(&b).unwrap();
    last.set(Article::title, "b").unwrap();
    session.commit().unwrap();
    assert_eq!(titles(&session), ["b"]);
    passed("an insert and an update")
}

fn several_columns(database: &Database) -> Outcome {
    let (session, _) = session(database);
    let all = articles(&session, ["a", "b", "c", "d"]);
    for (article, place) in all.iter().zip([2, 3, 4, 1]) {
        article.set(Article::place, place).unwrap();
    }
    session.commit().unwrap();
    let places = session.scalars(select(Article::place).order_by(Article::id)).unwrap();
    assert_eq!(places, [2, 3, 4, 1]);
    passed("four places turned round")
}

fn nulls(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let all = articles(&session, ["a", "b", "c"]);
    for (article, nick) in all.iter().zip(["x", "y"]) {
        article.set(Article::nick, Some(nick.to_owned())).unwrap();
    }
    session.commit().unwrap();
    for (article, nick) in all.iter().zip(["y", "x"]) {
        article.set(Article::nick, Some(nick.to_owned())).unwrap();
    }
    session.commit().unwrap();
    let nicks = session.scalars(select(Article::nick).order_by(Article::id)).unwrap();
    assert_eq!(nicks, [Some("y".to_owned()), Some("x".to_owned()), None]);
    for article in &all {
        article.set(Article::nick, None::<String>).unwrap();
    }
    take(&sent);
    session.commit().unwrap();
    assert!(take(&sent).len() <= 2, "nobody waits for a NULL");
    passed("parked by NULL; NULLs do not meet")
}

/// By most collations of MySQL and MariaDB `A` and `a` are one value: who takes the one waits for who gives up the other.
fn without_case(database: &Database) -> Outcome {
    let (session, _) = session(database);
    let all = articles(&session, ["Anna", "bob"]);
    set_titles(&all, &["BOB", "anna"]);
    session.commit().unwrap();
    assert_eq!(titles(&session), ["BOB", "anna"]);
    // A row is not in its own way.
    set_titles(&all, &["bob"]);
    session.commit().unwrap();
    assert_eq!(titles(&session), ["bob", "anna"]);
    passed("exchanged in another case")
}

fn numbers(database: &Database) -> Outcome {
    let (session, _) = session(database);
    let seat = |number: i16, short: &str| {
        let short = short.to_owned();
        session.add(Seat { id: 0, small: number, number: number.into(), short }).unwrap()
    };
    let (one, two) = (seat(1, "one"), seat(2, "two"));
    session.commit().unwrap();
    let values = [&one, &two].map(|seat| seat.to_value().unwrap());
    for (seat, value) in [&one, &two].into_iter().zip([&values[1], &values[0]]) {
        let mut guard = seat.write().unwrap();
        (guard.small, guard.number) = (value.small, value.number);
        guard.short.clone_from(&value.short);
    }
    session.commit().unwrap();
    let found = [&one, &two].map(|seat| {
        let seat = seat.to_value().unwrap();
        (seat.small, seat.number, seat.short)
    });
    assert_eq!(found, [(2, 2, "two".to_owned()), (1, 1, "one".to_owned())]);
    passed("three unique columns of two rows at once")
}

fn keys_exchanged(database: &Database) -> Outcome {
    let (session, _) = session(database);
    let [a, b] = ["a", "b"].map(|word| session.add(Topic { word: word.into(), ..Topic::default() }).unwrap());
    a.related(Topic::articles).unwrap().push(article("of a", 1)).unwrap();
    session.commit().unwrap();
    a.set(Topic::word, "b").unwrap();
    b.set(Topic::word, "a").unwrap();
    session.commit().unwrap();
    assert_eq!(session.get_one::<Topic>("b").unwrap(), a);
    assert_eq!(session.get_one::<Topic>("a").unwrap(), b);
    let child = session.query::<Article>().one().unwrap();
    assert_eq!(child.related(Article::topic).unwrap(), Some(a));
    passed("and the child goes along")
}

fn children_follow(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let topic = session
        .add(Topic { word: "old".into(), articles: [article("a", 1), article("b", 2)].into() })
        .unwrap();
    session.commit().unwrap();
    let articles = session.query::<Article>().all().unwrap();
    topic.set(Topic::word, "new").unwrap();
    take(&sent);
    session.flush().unwrap();
    assert_eq!(take(&sent), ["UPDATE topics"]);
    for article in &articles {
        assert_eq!(article.get(Article::topic_word).unwrap().as_deref(), Some("new"));
    }
    session.commit().unwrap();
    assert_eq!(articles[0].get(Article::topic_word).unwrap().as_deref(), Some("new"));
    passed("one statement, two children in memory")
}

/// Without ON UPDATE CASCADE. PostgreSQL and SQLite look at a deferred key at the end; MySQL and MariaDB cannot, so there is none.
fn children_changed(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let mut conn = session.engine().connect().unwrap();
    run_raw(&mut conn, "drop table if exists conf_flush_labels");
    table(&mut conn, "conf_flush_shops", "name varchar(30) primary key");
    let deferred = "references conf_flush_shops (name) deferrable initially deferred";
    let key = pick(database, deferred, "", deferred);
    let id = pick(
        database,
        "integer primary key",
        "bigint primary key auto_increment",
        "bigint primary key generated by default as identity",
    );
    table(&mut conn, "conf_flush_labels", &format!("id {id}, shop varchar(30) {key}"));
    drop(conn);
    let labels = [Label::default(), Label::default()].into();
    session.add(Shop { name: "old".into(), labels }).unwrap();
    session.commit().unwrap();
    let shop = session.query::<Shop>().one().unwrap();
    shop.set(Shop::name, "new").unwrap();
    take(&sent);
    session.commit().unwrap();
    assert_eq!(take(&sent), ["UPDATE shops", "UPDATE labels"]);
    assert_eq!(shop.related(Shop::labels).unwrap().len(), 2);
    let named = session.scalars(select(Label::shop)).unwrap();
    assert_eq!(named, [Some("new".to_owned()), Some("new".to_owned())]);
    session.close();
    let mut conn = session.engine().connect().unwrap();
    for name in ["conf_flush_labels", "conf_flush_shops"] {
        run_raw(&mut conn, format!("drop table {name}"));
    }
    conn.commit().unwrap();
    passed("the children are loaded, and changed behind their parent")
}

fn circles(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let ed = session.add(Person::default()).unwrap();
    let balls = [(); 4].map(|()| ed.related(Person::balls).unwrap().push(Ball::default()).unwrap());
    ed.set(Person::favourite, &balls[2]).unwrap();
    ed.set(Person::second, &balls[0]).unwrap();
    session.commit().unwrap();
    assert_eq!(take(&sent), ["INSERT persons", "INSERT balls", "UPDATE persons"]);
    let value = ed.to_value().unwrap();
    let [first, _, third, _] = balls.map(|ball| ball.get(Ball::id).unwrap());
    assert_eq!((value.favourite_id, value.second_id), (Some(third), Some(first)));
    session.delete(&ed).unwrap();
    take(&sent);
    session.commit().unwrap();
    assert_eq!(take(&sent), ["UPDATE persons", "UPDATE persons", "DELETE balls", "DELETE persons"]);
    assert_eq!(session.query::<Ball>().count().unwrap(), 0);
    passed("four rows and one that names two of them, in and out")
}

fn row_switch(database: &Database) -> Outcome {
    let (session, sent) = session(database);
    let old = session.add(Topic { word: "a".into(), ..Topic::default() }).unwrap();
    session.commit().unwrap();
    let seat = session.add(Seat { id: 5, small: 1, number: 1, short: "x".into() }).unwrap();
    session.commit().unwrap();
    session.delete(&old).unwrap();
    session.delete(&seat).unwrap();
    session.add(Topic { word: "a".into(), ..Topic::default() }).unwrap();
    let new = session.add(Seat { id: 5, small: 1, number: 2, short: "y".into() }).unwrap();
    take(&sent);
    session.commit().unwrap();
    assert_eq!(take(&sent), ["UPDATE seats"], "a topic has nothing but its key");
    assert_eq!((seat.state(), new.state()), (State::Detached, State::Persistent));
    assert_eq!(session.scalars(select(Seat::number)).unwrap(), [2]);
    passed("a row is taken over")
}

/// Each names the one before; they come the other way round.
fn long_chain(database: &Database) -> Outcome {
    const NODES: i64 = 3_000;
    let (session, sent) = session(database);
    for id in (1..=NODES).rev() {
        session.add(Node { id, parent_id: (id > 1).then(|| id - 1) }).unwrap();
    }
    session.commit().unwrap();
    let statements = take(&sent).len();
    assert!(statements < 20, "{statements} statements");
    assert_eq!(session.query::<Node>().filter(Node::parent_id.is_null()).count().unwrap(), 1);
    passed(format!("{NODES} rows in {statements} statements"))
}
