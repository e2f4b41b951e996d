//! Two relations to one table, referenced unique values, statements beside changes, merges, failures in the middle.

use rebis_core::{ErrorKind, text};
use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One, State};

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "parties", version = version)]
struct Party {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(unique, length = 40)]
    name: String,
    #[rebis(unique, length = 40)]
    nick: Option<String>,
    rank: i64,
    version: i64,
    #[rebis(relationship(back_populates = "sender", foreign_keys = "sender_id", cascade = "all"))]
    sent: Many<Message>,
    #[rebis(relationship(back_populates = "receiver", foreign_keys = "receiver_id"))]
    received: Many<Message>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "messages")]
struct Message {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(foreign_key = Party::id)]
    sender_id: Option<i64>,
    #[rebis(foreign_key = Party::id)]
    receiver_id: Option<i64>,
    #[rebis(length = 40, foreign_key = Party::nick, on_update = "cascade")]
    about: Option<String>,
    #[rebis(relationship(back_populates = "sent", foreign_keys = "sender_id"))]
    sender: One<Party>,
    #[rebis(relationship(back_populates = "received", foreign_keys = "receiver_id"))]
    receiver: One<Party>,
}

fn database() -> Database {
    Database::with(create_all::<(Party, Message)>)
}

fn party(session: &Session, name: &str) -> Instance<Party> {
    session.add(Party { name: name.into(), nick: Some(name.into()), ..Party::default() }).unwrap()
}

type MessageRow = (i64, Option<i64>, Option<i64>, Option<String>);
fn messages(session: &Session) -> Vec<MessageRow> {
    session
        .execute(text("select id, sender_id, receiver_id, about from messages order by id"))
        .unwrap()
        .all()
        .unwrap()
}

#[test]
fn exchanged_unique_values_that_rows_are_named_by() {
    let db = database();
    for in_memory in [true, false] {
        let session = db.session();
        session.execute_write(text("delete from messages")).unwrap();
        session.execute_write(text("delete from parties")).unwrap();
        let [a, b] = ["a", "b"].map(|name| party(&session, name));
        session.flush().unwrap();
        for about in ["a", "b"] {
            session.add(Message { about: Some(about.into()), ..Message::default() }).unwrap();
        }
        session.commit().unwrap();
        let held = if in_memory {
            session.query::<Message>().order_by(Message::id).all().unwrap()
        } else {
            Vec::new()
        };
        a.set(Party::nick, Some("b".to_owned())).unwrap();
        b.set(Party::nick, Some("a".to_owned())).unwrap();
        session.flush().unwrap();
        let about =
            |rows: Vec<MessageRow>| rows.into_iter().map(|row| row.3.unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(about(messages(&session)), ["b", "a"], "in memory: {in_memory}");
        for (message, about) in held.iter().zip(["b", "a"]) {
            assert_eq!(message.get(Message::about).unwrap().as_deref(), Some(about));
        }
        session.commit().unwrap();
    }
}

#[test]
fn two_relations_to_one_table() {
    let db = database();
    let session = db.session();
    let [a, b, c] = ["a", "b", "c"].map(|name| party(&session, name));
    let one = a.related(Party::sent).unwrap().push(Message::default()).unwrap();
    one.set(Message::receiver, &b).unwrap();
    let two = b.related(Party::sent).unwrap().push(Message::default()).unwrap();
    a.related(Party::received).unwrap().push(&two).unwrap();
    // To oneself.
    let three = c.related(Party::sent).unwrap().push(Message::default()).unwrap();
    c.related(Party::received).unwrap().push(&three).unwrap();
    session.commit().unwrap();
    let id = |party: &Instance<Party>| Some(party.get(Party::id).unwrap());
    let number = |message: &Instance<Message>| message.get(Message::id).unwrap();
    let row = |message: &Instance<Message>, from, to| (number(message), from, to, None);
    assert_eq!(
        messages(&session),
        [row(&one, id(&a), id(&b)), row(&two, id(&b), id(&a)), row(&three, id(&c), id(&c))]
    );
    // Exchanged: the sender of one is the receiver of the other.
    one.set(Message::sender, &b).unwrap();
    a.related(Party::received).unwrap().push(&one).unwrap();
    session.flush().unwrap();
    assert_eq!(messages(&session)[0], row(&one, id(&b), id(&a)));
    assert!(a.related(Party::sent).unwrap().is_empty());
    assert!(a.related(Party::received).unwrap().has_exactly([&one, &two]));
    session.rollback().unwrap();
    assert!(a.related(Party::sent).unwrap().has_exactly([&one]));
    assert_eq!(one.related(Message::receiver).unwrap(), Some(b.clone()));
    // Deleted: what it has sent goes along, what it has received is free of it.
    session.delete(&a).unwrap();
    session.delete(&c).unwrap();
    session.flush().unwrap();
    assert_eq!(messages(&session), [row(&two, id(&b), None)]);
    assert_eq!(two.related(Message::receiver).unwrap(), None);
    assert_eq!(three.state(), State::Deleted);
    session.rollback().unwrap();
    assert_eq!(messages(&session).len(), 3);
    assert_eq!(two.related(Message::receiver).unwrap(), Some(a));
    assert_eq!(three.related(Message::sender).unwrap(), Some(c));
}

#[test]
fn statements_beside_changes_that_are_not_flushed() {
    let db = database();
    let session = db.session();
    let [a, b] = ["a", "b"].map(|name| party(&session, name));
    let message = session.add(Message::default()).unwrap();
    session.commit().unwrap();
    session
        .no_autoflush(|| {
            a.set(Party::name, "changed")?;
            a.related(Party::sent)?.push(&message)?;
            session.query::<Party>().update([Party::rank.set(7)])?;
            assert_eq!((a.get(Party::rank)?, b.get(Party::rank)?), (7, 7));
            assert_eq!(a.get(Party::name)?, "changed");
            let value = Party { rank: 8, ..a.to_value()? };
            session.bulk_update(["rank"], [Party { nick: None, ..value }])?;
            assert_eq!(a.get(Party::rank)?, 8);
            Ok(())
        })
        .unwrap();
    session.commit().unwrap();
    assert_eq!(session.scalar::<String>(text("select name from parties where id = 1")).unwrap(), "changed");
    assert_eq!(a.get(Party::nick).unwrap().as_deref(), Some("a"));
    assert!(a.related(Party::sent).unwrap().has_exactly([&message]));
}

#[test]
fn a_text_that_writes_and_answers_is_undone_in_memory() {
    let db = database();
    let session = db.session();
    let [a, b] = ["a", "b"].map(|name| party(&session, name));
    session.commit().unwrap();
    let written = text("update parties set rank = 5 where id = 1 returning rank");
    assert_eq!(session.scalar::<i64>(written).unwrap(), 5);
    assert_eq!(a.get(Party::rank).unwrap(), 5);
    session.rollback().unwrap();
    assert_eq!(a.get(Party::rank).unwrap(), 0);
    session.commit().unwrap();
    let written = text("update parties set rank = 5 returning rank");
    assert_eq!(session.scalars::<i64>(written).unwrap(), [5, 5]);
    assert_eq!(b.get(Party::rank).unwrap(), 5);
    session.rollback().unwrap();
    assert_eq!(b.get(Party::rank).unwrap(), 0);
}

#[test]
fn exchanges_in_savepoints_are_undone() {
    let db = database();
    let session = db.session();
    let all = ["a", "b", "c"].map(|name| party(&session, name));
    session.commit().unwrap();
    let names = || all.each_ref().map(|party| party.get(Party::name).unwrap());
    let rows = || -> Vec<(String, i64)> {
        session.execute(text("select name, version from parties order by id")).unwrap().all().unwrap()
    };
    let turn = || {
        let [a, b, c] = names();
        for (party, name) in all.iter().zip([b, c, a]) {
            party.set(Party::name, name.as_str()).unwrap();
            party.set(Party::nick, Some(name)).unwrap();
        }
    };
    let named = |names: [&str; 3], version: i64| names.map(|name| (name.to_owned(), version)).to_vec();
    turn();
    let outer = session.begin_nested().unwrap();
    turn();
    session.flush().unwrap();
    let inner = session.begin_nested().unwrap();
    turn();
    session.flush().unwrap();
    turn();
    inner.rollback().unwrap();
    assert_eq!(names(), ["c", "a", "b"]);
    assert_eq!(rows(), named(["c", "a", "b"], 3));
    turn();
    outer.rollback().unwrap();
    assert_eq!(names(), ["b", "c", "a"]);
    assert_eq!(rows(), named(["b", "c", "a"], 2));
    let kept = session.begin_nested().unwrap();
    let again = session.begin_nested().unwrap();
    turn();
    again.commit().unwrap();
    kept.commit().unwrap();
    turn();
    session.flush().unwrap();
    assert_eq!(rows(), named(["a", "b", "c"], 4));
    session.rollback().unwrap();
    assert_eq!(names(), ["a", "b", "c"]);
    assert_eq!(rows(), named(["a", "b", "c"], 1));
    turn();
    session.commit().unwrap();
    assert_eq!(rows(), named(["b", "c", "a"], 2));
}

#[test]
fn a_flush_that_fails_in_the_middle() {
    let db = database();
    let session = db.session();
    let old = party(&session, "old");
    session.commit().unwrap();
    for inside in [false, true] {
        let savepoint = inside.then(|| session.begin_nested().unwrap());
        old.set(Party::rank, 3).unwrap();
        let new: Vec<Instance<Party>> =
            ["x", "y", "z"].into_iter().map(|name| party(&session, name)).collect();
        let messages: Vec<Instance<Message>> = new
            .iter()
            .map(|party| party.related(Party::sent).unwrap().push(Message::default()).unwrap())
            .collect();
        // Another shape, behind the batch, fails.
        let bad = session.add(Party { name: "old".into(), ..Party::default() }).unwrap();
        assert_eq!(kind(session.flush()), ErrorKind::UniqueViolation);
        assert_eq!(kind(session.query::<Party>().all()), ErrorKind::PendingRollback);
        match savepoint {
            Some(savepoint) => savepoint.rollback().unwrap(),
            None => session.rollback().unwrap(),
        }
        for party in new.iter().chain([&bad]) {
            assert_eq!(party.state(), State::Transient);
            assert_eq!((party.get(Party::id).unwrap(), party.get(Party::version).unwrap()), (0, 0));
        }
        for message in &messages {
            assert_eq!(
                (message.get(Message::id).unwrap(), message.get(Message::sender_id).unwrap()),
                (0, None)
            );
        }
        assert_eq!(old.get(Party::rank).unwrap(), 0);
        assert_eq!(old.get(Party::version).unwrap(), 1);
        // They can come in again, with what hangs on them.
        for party in &new {
            session.add_instance(party).unwrap();
        }
        session.flush().unwrap();
        assert_eq!(session.query::<Party>().count().unwrap(), 4);
        for (party, message) in new.iter().zip(&messages) {
            let sent = party.related(Party::sent).unwrap();
            assert_eq!(sent.len(), usize::from(message.state() == State::Persistent), "inside: {inside}");
        }
        session.rollback().unwrap();
        assert_eq!(old.get(Party::version).unwrap(), 1);
    }
    old.set(Party::rank, 4).unwrap();
    session.commit().unwrap();
    assert_eq!(old.get(Party::version).unwrap(), 2);
}

#[test]
fn versions_go_stale_by_another_session() {
    let db = database();
    let (session, other) = (db.session(), db.session());
    let [a, b] = ["a", "b"].map(|name| party(&session, name));
    session.commit().unwrap();
    assert_eq!((a.get(Party::rank).unwrap(), b.get(Party::rank).unwrap()), (0, 0));
    session.rollback().unwrap();
    assert!(!session.in_transaction());
    let there = other.get_one::<Party>(1).unwrap();
    there.set(Party::rank, 9).unwrap();
    other.commit().unwrap();
    drop((there, other));
    a.set(Party::nick, Some("lost".to_owned())).unwrap();
    b.set(Party::nick, Some("also".to_owned())).unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::StaleData);
    session.rollback().unwrap();
    session.refresh(&a).unwrap();
    assert_eq!((a.get(Party::rank).unwrap(), a.get(Party::nick).unwrap().as_deref()), (9, Some("a")));
    a.set(Party::nick, Some("kept".to_owned())).unwrap();
    session.commit().unwrap();
    assert_eq!((a.get(Party::rank).unwrap(), a.get(Party::version).unwrap()), (9, 3));
    session.rollback().unwrap();
    // Deleted by the other one, which is found out when it is deleted or changed here.
    let other = db.session();
    other.delete(&other.get_one::<Party>(2).unwrap()).unwrap();
    other.commit().unwrap();
    drop(other);
    assert_eq!(kind(b.get(Party::rank)), ErrorKind::ObjectDeleted);
    session.delete(&b).unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::ObjectDeleted);
    session.rollback().unwrap();
    assert_eq!(session.query::<Party>().count().unwrap(), 1);
}

#[test]
fn merges_with_deferred_columns_and_children() {
    let db = Database::new();
    let session = db.session();
    let profile = Profile {
        nick: "n".into(),
        bio: Some("b".to_owned()).into(),
        photo: vec![1].into(),
        sound: Some(vec![2]).into(),
        badges: [Badge::default(), Badge::default()].into(),
        ..Profile::default()
    };
    let held = session.add(profile).unwrap();
    session.commit().unwrap();
    let badges = held.related(Profile::badges).unwrap().all();
    let row = || -> (String, Option<String>, Vec<u8>, Option<Vec<u8>>) {
        session.execute(text("select nick, bio, photo, sound_bytes from profiles")).unwrap().one().unwrap()
    };
    // What is not loaded in the value stays; what is, is written.
    let mut value = held.to_value().unwrap();
    assert!(!value.bio.is_loaded());
    value.nick = "m".into();
    value.photo.set(vec![9]);
    value.badges = [badges[0].to_value().unwrap(), Badge { deleted: true, ..Badge::default() }].into();
    let merged = session.merge(value).unwrap();
    assert_eq!(merged, held);
    assert_eq!(held.get(Profile::bio).unwrap().as_deref(), Some("b"));
    session.flush().unwrap();
    assert_eq!(row(), ("m".into(), Some("b".into()), vec![9], Some(vec![2])));
    assert_eq!(held.related(Profile::badges).unwrap().len(), 2);
    assert_eq!(badges[1].related(Badge::profile).unwrap(), None);
    session.rollback().unwrap();
    assert_eq!(row().0, "n");
    assert_eq!(held.get(Profile::photo).unwrap(), [1]);
    assert_eq!(held.get(Profile::nick).unwrap(), "n");
    assert!(held.related(Profile::badges).unwrap().has_exactly(&badges));
    // A deferred column is set, not read, and undone in a savepoint.
    session.commit().unwrap();
    let savepoint = session.begin_nested().unwrap();
    held.set(Profile::photo, vec![7_u8]).unwrap();
    session.flush().unwrap();
    savepoint.rollback().unwrap();
    assert_eq!(held.get(Profile::photo).unwrap(), [1]);
    held.set(Profile::photo, vec![7_u8]).unwrap();
    session.expire_part(&held, Profile::photo).unwrap();
    assert_eq!(held.get(Profile::photo).unwrap(), [1]);
    session.flush().unwrap();
    assert_eq!(row().2, [1]);
    // What was set without having been loaded is not sent either.
    session.commit().unwrap();
    held.set(Profile::photo, vec![7_u8]).unwrap();
    session.expire_part(&held, Profile::photo).unwrap();
    session.flush().unwrap();
    assert_eq!((row().2, held.get(Profile::photo).unwrap()), (vec![1], vec![1]));
    held.set(Profile::photo, vec![7_u8]).unwrap();
    session.expire_part(&held, Profile::nick).unwrap();
    assert_eq!(
        (held.get(Profile::sound).unwrap(), held.get(Profile::nick).unwrap()),
        (Some(vec![2]), "n".into())
    );
    session.commit().unwrap();
    assert_eq!(row().2, [7]);
}
