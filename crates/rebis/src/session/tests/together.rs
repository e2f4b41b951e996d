//! Parts of the session that meet: each case was looked for where two of them touch.

use rebis_core::ErrorKind;
use rebis_derive::Model;

use super::*;
use crate::{Deferred, Instance, Many, One, State};

/// With a key of its own, which its articles name.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "subjects")]
struct Subject {
    #[rebis(primary_key, length = 40)]
    word: String,
    #[rebis(relationship)]
    essays: Many<Essay>,
    #[rebis(relationship(secondary = SubjectTag))]
    tags: Many<Tag>,
}

/// Its key has that of its subject.
#[derive(Debug, Clone, Default, Model)]
#[rebis(
    crate = "crate",
    table = "essays",
    foreign_key(columns(subject), refers(Subject::word), on_update = "cascade")
)]
struct Essay {
    #[rebis(primary_key, length = 40)]
    subject: String,
    #[rebis(primary_key)]
    number: i64,
    title: String,
    #[rebis(relationship(passive_deletes = "all"))]
    pages: Many<Page>,
}

/// Its key has that of its essay.
#[derive(Debug, Clone, Default, Model)]
#[rebis(
    crate = "crate",
    table = "pages",
    foreign_key(columns(subject, number), refers(Essay::subject, Essay::number), on_update = "cascade")
)]
struct Page {
    #[rebis(primary_key, length = 40)]
    subject: String,
    #[rebis(primary_key)]
    number: i64,
    #[rebis(primary_key)]
    page: i64,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "tags")]
struct Tag {
    #[rebis(primary_key)]
    id: i64,
    name: String,
}

#[derive(Debug, Clone, Model)]
#[rebis(crate = "crate", table = "subject_tags")]
struct SubjectTag {
    #[rebis(primary_key, length = 40, foreign_key = Subject::word, on_update = "cascade")]
    subject: String,
    #[rebis(primary_key, foreign_key = Tag::id)]
    tag: i64,
}

fn database() -> Database {
    Database::with(create_all::<(Subject, Essay, Page, Tag, SubjectTag)>)
}

fn subject(session: &Session, word: &str, numbers: &[i64]) -> Instance<Subject> {
    let subject = session.add(Subject { word: word.into(), ..Subject::default() }).unwrap();
    session.flush().unwrap();
    for number in numbers {
        let title = format!("{word} {number}");
        let essay = Essay { subject: word.into(), number: *number, title, ..Essay::default() };
        session.add(essay).unwrap();
        session.flush().unwrap();
        session.add(Page { subject: word.into(), number: *number, page: 1 }).unwrap();
    }
    session.flush().unwrap();
    subject
}

/// What memory says against what the database has, for all essays and pages.
fn check(session: &Session, essays: &[Instance<Essay>], pages: &[Instance<Page>]) {
    for essay in essays {
        let value = essay.to_value().unwrap();
        session.refresh(essay).unwrap();
        let row = essay.to_value().unwrap();
        assert_eq!((value.subject, value.number, &value.title), (row.subject, row.number, &row.title));
    }
    for page in pages {
        let value = page.to_value().unwrap();
        session.refresh(page).unwrap();
        let row = page.to_value().unwrap();
        assert_eq!((value.subject, value.number, value.page), (row.subject, row.number, row.page));
    }
}

#[test]
fn keys_that_rows_exchange_take_their_children_along_in_memory() {
    let db = database();
    let session = db.session();
    let subjects = ["a", "b", "c"].map(|word| subject(&session, word, &[1, 2]));
    session.commit().unwrap();
    let essays = session.query::<Essay>().all().unwrap();
    let pages = session.query::<Page>().all().unwrap();
    for round in 0..4 {
        let words = subjects.each_ref().map(|subject| subject.get(Subject::word).unwrap());
        let turn = if round % 2 == 0 { [1, 2, 0] } else { [1, 0, 2] };
        for (subject, from) in subjects.iter().zip(turn) {
            subject.set(Subject::word, words[from].as_str()).unwrap();
        }
        session.flush().unwrap();
        check(&session, &essays, &pages);
        if round == 2 {
            session.rollback().unwrap();
            check(&session, &essays, &pages);
        }
    }
    session.commit().unwrap();
    check(&session, &essays, &pages);
}

#[test]
fn a_key_that_follows_and_changes_by_itself_in_one_flush() {
    let db = database();
    let session = db.session();
    let a = subject(&session, "a", &[1, 2]);
    session.commit().unwrap();
    let essays = session.query::<Essay>().order_by(Essay::number).all().unwrap();
    let pages = session.query::<Page>().all().unwrap();
    a.set(Subject::word, "z").unwrap();
    essays[0].set(Essay::number, 5).unwrap();
    session.flush().unwrap();
    check(&session, &essays, &pages);
    // And exchanged below.
    a.set(Subject::word, "y").unwrap();
    essays[0].set(Essay::number, 2).unwrap();
    essays[1].set(Essay::number, 5).unwrap();
    session.flush().unwrap();
    check(&session, &essays, &pages);
    session.rollback().unwrap();
    check(&session, &essays, &pages);
}

#[test]
fn what_a_relation_without_a_way_back_has_changed_is_not_swept() {
    let db = database();
    let session = db.session();
    subject(&session, "a", &[1, 2]);
    let subject_ = session.get_one::<Subject>("a").unwrap();
    for name in ["t", "u", "v"] {
        let tag = session.add(Tag { name: name.into(), ..Tag::default() }).unwrap();
        if name != "v" {
            subject_.related(Subject::tags).unwrap().push(&tag).unwrap();
        }
    }
    session.commit().unwrap();
    // Taken out and put in, held by nobody.
    let tags = subject_.related(Subject::tags).unwrap().all();
    subject_.related(Subject::tags).unwrap().remove(&tags[0]).unwrap();
    drop(tags);
    session.core.unit.sweep();
    session.flush().unwrap();
    assert_eq!(session.scalar::<i64>(rebis_core::text("select count(*) from subject_tags")).unwrap(), 1);
    session.core.unit.sweep();
    session.rollback().unwrap();
    assert_eq!(subject_.related(Subject::tags).unwrap().len(), 2);
}

#[test]
fn a_mark_to_delete_outlives_an_expire() {
    let db = database();
    let session = db.session();
    subject(&session, "s", &[]);
    let essay = Essay { subject: "s".into(), number: 1, title: "a".into(), ..Essay::default() };
    let a = session.add(essay).unwrap();
    session.commit().unwrap();
    session.delete(&a).unwrap();
    session.expire(&a).unwrap();
    let doomed = a.is_doomed();
    session.flush().unwrap();
    assert_eq!(doomed, a.state() == State::Deleted);
    session.rollback().unwrap();
    session
        .no_autoflush(|| {
            session.delete(&a)?;
            session.query::<Essay>().update([Essay::title.set("b")])?;
            Ok(())
        })
        .unwrap();
    let doomed = a.is_doomed();
    session.flush().unwrap();
    assert_eq!(doomed, a.state() == State::Deleted);
    assert_eq!(kind(a.write().map(drop)), ErrorKind::ObjectDeleted);
}

/// With a key that its notes may be free of.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "heads")]
struct Heading {
    #[rebis(primary_key, length = 40)]
    word: String,
    #[rebis(relationship(back_populates = "heading"))]
    notes: Many<Note>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "notes", version = version)]
struct Note {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 40, foreign_key = Heading::word)]
    word: Option<String>,
    version: i64,
    #[rebis(relationship(back_populates = "notes"))]
    heading: One<Heading>,
}

fn headings() -> (Database, Session, [Instance<Heading>; 2]) {
    let db = Database::with(create_all::<(Heading, Note)>);
    let session = db.session();
    let headings =
        ["a", "b"].map(|word| session.add(Heading { word: word.into(), ..Heading::default() }).unwrap());
    session.commit().unwrap();
    (db, session, headings)
}

#[test]
fn a_deleted_object_frees_what_it_got_since_the_last_flush() {
    let (db, session, [a, b]) = headings();
    let moved = b.related(Heading::notes).unwrap().push(Note::default()).unwrap();
    session.flush().unwrap();
    moved.set(Note::heading, &a).unwrap();
    let new = session.no_autoflush(|| a.related(Heading::notes)?.push(Note::default())).unwrap();
    session.delete(&a).unwrap();
    session.flush().unwrap();
    assert_eq!((moved.get(Note::word).unwrap(), new.get(Note::word).unwrap()), (None, None));
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<String>,)>("select word from notes"), [(None,), (None,)]);
}

#[test]
fn a_key_is_taken_from_a_deleted_row_whose_children_are_freed() {
    let (db, session, [a, b]) = headings();
    let note = a.related(Heading::notes).unwrap().push(Note::default()).unwrap();
    session.commit().unwrap();
    session.delete(&a).unwrap();
    b.set(Heading::word, "a").unwrap();
    let rolled_back = session.begin_nested().unwrap();
    assert_eq!(note.get(Note::word).unwrap(), None);
    rolled_back.rollback().unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask::<(Option<String>, i64)>("select word, version from notes"), [(None, 2)]);
    assert_eq!(db.ask::<(String,)>("select word from heads"), [("a".to_owned(),)]);
}

#[test]
fn a_key_is_taken_over_together_with_a_child() {
    let (db, session, [a, b]) = headings();
    let note = a.related(Heading::notes).unwrap().push(Note::default()).unwrap();
    session.commit().unwrap();
    note.set(Note::heading, &b).unwrap();
    session.delete(&a).unwrap();
    b.set(Heading::word, "a").unwrap();
    session.flush().unwrap();
    assert!(b.related(Heading::notes).unwrap().has_exactly([&note]));
    assert_eq!(session.scalar::<String>(rebis_core::text("select word from notes")).unwrap(), "a");
    session.rollback().unwrap();
    assert_eq!(note.related(Note::heading).unwrap(), Some(a));
    assert_eq!(db.ask::<(String,)>("select word from notes"), [("a".to_owned(),)]);
}

/// What the database fills in where nothing is given.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "rates")]
struct Rate {
    #[rebis(primary_key, length = 40)]
    name: String,
    #[rebis(server_default = "7")]
    percent: Option<i64>,
    text: Deferred<Option<String>>,
}

#[test]
fn a_new_object_with_the_key_of_a_deleted_one_gets_what_the_database_fills_in() {
    let db = Database::with(create_all::<Rate>);
    let session = db.session();
    let old = session
        .add(Rate { name: "a".into(), percent: Some(1), text: Some("old".to_owned()).into() })
        .unwrap();
    session.commit().unwrap();
    session.delete(&old).unwrap();
    db.sent();
    let new = session.no_autoflush(|| session.add(Rate { name: "a".into(), ..Rate::default() })).unwrap();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["SELECT rates", "DELETE rates", "INSERT rates"]);
    assert_eq!((new.get(Rate::percent).unwrap(), new.get(Rate::text).unwrap()), (Some(7), None));
    assert_eq!(session.get_one::<Rate>("a").unwrap(), new);
    session.rollback().unwrap();
    assert_eq!((old.get(Rate::percent).unwrap(), new.state()), (Some(1), State::Transient));
    assert_eq!(session.get_one::<Rate>("a").unwrap(), old);
}

#[test]
fn a_key_that_another_session_has_changed() {
    let (db, session, [a, _]) = headings();
    let note = a.related(Heading::notes).unwrap().push(Note::default()).unwrap();
    session.commit().unwrap();
    {
        let other = db.session();
        other.execute_write(rebis_core::text("pragma defer_foreign_keys = on")).unwrap();
        other.execute_write(rebis_core::text("update notes set word = 'z', version = 2")).unwrap();
        other.execute_write(rebis_core::text("update heads set word = 'z' where word = 'a'")).unwrap();
        other.commit().unwrap();
    }
    assert_eq!(note.get(Note::word).unwrap().as_deref(), Some("z"));
    let z = note.related(Note::heading).unwrap().unwrap();
    assert_ne!(z, a);
    assert_eq!(kind(a.get(Heading::word)), ErrorKind::ObjectDeleted);
    assert_eq!(kind(a.set(Heading::word, "b")), ErrorKind::ObjectDeleted);
    assert!(z.related(Heading::notes).unwrap().has_exactly([&note]));
    // It does no harm to the rest, and its key can be used again.
    let again = session.add(Heading { word: "a".into(), ..Heading::default() }).unwrap();
    note.set(Note::heading, &again).unwrap();
    session.commit().unwrap();
    assert_eq!(session.get_one::<Heading>("a").unwrap(), again);
    assert!(again.related(Heading::notes).unwrap().has_exactly([&note]));
    assert!(z.related(Heading::notes).unwrap().is_empty());
    assert_eq!(db_words(&session), ["a", "b", "z"]);
}

fn db_words(session: &Session) -> Vec<String> {
    session.scalars::<String>(rebis_core::text("select word from heads order by word")).unwrap()
}

#[test]
fn ten_thousand_objects_and_a_relation_that_is_not_flushed() {
    let db = database();
    let session = db.session();
    let a = subject(&session, "a", &[]);
    session.bulk_insert((0..12_000).map(|number| Tag { id: 0, name: number.to_string() })).unwrap();
    session.commit().unwrap();
    // In a relation that nothing leads back from, without a flush, held by nobody.
    let last = session.query::<Tag>().order_by(Tag::id).limit(1).one().unwrap();
    let number = last.get(Tag::id).unwrap();
    a.related(Subject::tags).unwrap().push(&last).unwrap();
    drop(last);
    session
        .no_autoflush(|| {
            let mut seen = 0;
            for tag in session.query::<Tag>().stream(100)? {
                seen += usize::from(tag?.get(Tag::id)? > 0);
            }
            assert_eq!(seen, 12_000);
            session.core.unit.sweep();
            Ok(())
        })
        .unwrap();
    assert!(session.core.unit.count() < 100, "what nobody needs is let go");
    session.commit().unwrap();
    let linked =
        session.execute::<(String, i64)>(rebis_core::text("select subject, tag from subject_tags")).unwrap();
    assert_eq!(linked.all().unwrap(), [("a".to_owned(), number)]);
}

#[test]
fn a_rollback_of_all_behind_a_failure_inside_of_savepoints() {
    let (_db, session, [a, b]) = headings();
    let kept = a.related(Heading::notes).unwrap().push(Note::default()).unwrap();
    let outer = session.begin_nested().unwrap();
    kept.set(Note::heading, &b).unwrap();
    let inner = session.begin_nested().unwrap();
    b.set(Heading::word, "c").unwrap();
    session.add(Heading { word: "a".into(), ..Heading::default() }).unwrap();
    assert!(session.flush().is_err());
    assert_eq!(kind(session.begin_nested().map(drop)), ErrorKind::PendingRollback);
    session.rollback().unwrap();
    assert_eq!(kept.state(), State::Transient);
    assert_eq!(b.get(Heading::word).unwrap(), "b");
    assert!(a.related(Heading::notes).unwrap().is_empty() && b.related(Heading::notes).unwrap().is_empty());
    a.related(Heading::notes).unwrap().push(&kept).unwrap();
    session.flush().unwrap();
    drop((inner, outer));
    assert_eq!(kept.get(Note::word).unwrap().as_deref(), Some("a"));
    session.commit().unwrap();
    assert_eq!(session.query::<Note>().count().unwrap(), 1);
}

/// As `Heading`, without a foreign key that the database would look at.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "loose_heads")]
struct Loose {
    #[rebis(primary_key, length = 40)]
    word: String,
    #[rebis(relationship(secondary = LooseTag, passive_updates = false))]
    tags: Many<Tag>,
}

#[derive(Debug, Clone, Model)]
#[rebis(crate = "crate", table = "loose_tags")]
struct LooseTag {
    #[rebis(primary_key, length = 40, foreign_key = Loose::word)]
    word: String,
    #[rebis(primary_key, foreign_key = Tag::id)]
    tag: i64,
}

#[test]
fn exchanged_keys_whose_rows_between_two_sides_the_session_changes() {
    let db = Database::with(create_all::<(Loose, Tag, LooseTag)>);
    let session = db.session();
    let [a, b] = ["a", "b"].map(|word| session.add(Loose { word: word.into(), ..Loose::default() }).unwrap());
    let [t, u] = ["t", "u"].map(|name| session.add(Tag { name: name.into(), ..Tag::default() }).unwrap());
    a.related(Loose::tags).unwrap().push(&t).unwrap();
    b.related(Loose::tags).unwrap().push(&u).unwrap();
    session.commit().unwrap();
    session.execute_write(rebis_core::text("pragma defer_foreign_keys = on")).unwrap();
    // In a chain, the first one behind the second.
    a.set(Loose::word, "b").unwrap();
    b.set(Loose::word, "z").unwrap();
    session.flush().unwrap();
    let rows = || {
        let rows = rebis_core::text("select word, tag from loose_tags order by tag");
        session.execute::<(String, i64)>(rows).unwrap().all().unwrap()
    };
    assert_eq!(rows(), [("b".to_owned(), 1), ("z".to_owned(), 2)]);
    // Exchanged, it is refused, and not mixed up.
    a.set(Loose::word, "z").unwrap();
    b.set(Loose::word, "b").unwrap();
    assert_eq!(kind(session.flush()), ErrorKind::InvalidState);
    session.rollback().unwrap();
    assert_eq!(rows(), [("a".to_owned(), 1), ("b".to_owned(), 2)]);
}
