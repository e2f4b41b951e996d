//! A condition for a model wherever it appears: F40.

use rebis_core::sql::{Expression, table};

use super::*;
use crate::model::LoaderCriteria;
use crate::{
    GetOptions, Instance, JoinRelated, contains_eager, entity, joinedload, selectinload, with_loader_criteria,
};

/// A profile of ed with a badge and a deleted one, and one with a deleted one only.
fn filled() -> Database {
    let db = Database::new();
    let session = db.session();
    let badge = |deleted| Badge { deleted, ..Badge::default() };
    let profile =
        |badges: Vec<Badge>| Profile { photo: vec![].into(), badges: badges.into(), ..Profile::default() };
    session.add(profile(vec![badge(false), badge(true)])).unwrap();
    session.flush().unwrap();
    session.add(profile(vec![badge(true)])).unwrap();
    session.commit().unwrap();
    db.sent();
    db
}

fn there() -> LoaderCriteria<Badge> {
    with_loader_criteria::<Badge>(|badge| badge.c(Badge::deleted).eq(false))
}

fn counts(profiles: &[Instance<Profile>]) -> Vec<usize> {
    profiles.iter().map(|profile| profile.related(Profile::badges).unwrap().len()).collect()
}

const BADGES: &str = "SELECT badges.id, badges.deleted, badges.profile_id, badges.word FROM badges";

#[test]
fn of_the_query_itself_f40() {
    let db = filled();
    let session = db.session();
    let query = || session.query::<Badge>().option(there());
    assert_eq!(query().all().unwrap().len(), 1);
    assert_eq!(db.sent(), [format!("{BADGES} WHERE badges.deleted = ?1")]);
    assert_eq!((query().count().unwrap(), query().filter(Badge::id.gt(1)).exists().unwrap()), (1, false));
    assert_eq!(query().limit(5).count().unwrap(), 1);
    let filtered = query().filter(Badge::id.gt(0)).order_by(Badge::id).limit(1).all().unwrap();
    assert_eq!(filtered.len(), 1);
    assert_eq!(
        db.sent().pop().unwrap(),
        format!("{BADGES} WHERE badges.id > ?1 AND badges.deleted = ?2 ORDER BY badges.id LIMIT ?3")
    );
    assert_eq!(query().stream(2).unwrap().count(), 1);
    assert_eq!(session.get_with(3, GetOptions::<Badge>::new().option(there())).unwrap(), None);
    assert_eq!(query().delete().unwrap(), 1);
    assert_eq!(session.query::<Badge>().count().unwrap(), 2, "the deleted ones are left");
}

#[test]
fn of_joins_and_what_comes_along_f40() {
    let db = filled();
    let session = db.session();
    let query = || session.query::<Profile>().option(there());
    let joined = query().outer_join_related(Profile::badges).filter(Badge::id.is_null());
    assert_eq!(joined.count().unwrap(), 1, "an outer join keeps its rows");
    assert_eq!(
        db.sent(),
        [
            "SELECT count(*) FROM profiles LEFT JOIN badges ON badges.profile_id = profiles.id AND badges.deleted = ?1 \
          WHERE badges.id IS NULL"
        ]
    );
    assert_eq!(query().join_related(Profile::badges).count().unwrap(), 1);
    let found = query().option(joinedload(Profile::badges)).all().unwrap();
    let sent = db.sent().pop().unwrap();
    assert!(
        sent.contains("LEFT JOIN badges AS badges_1 ON badges_1.profile_id = profiles.id AND badges_1.deleted = ?1 ORDER BY"),
        "{sent}"
    );
    assert_eq!((counts(&found), db.sent().len()), (vec![1, 0], 0));
    session.close();
    let found = query().option(selectinload(Profile::badges)).all().unwrap();
    assert_eq!(
        db.sent().pop().unwrap(),
        format!("{BADGES} WHERE badges.profile_id IN (?1, ?2) AND badges.deleted = ?3")
    );
    assert_eq!((counts(&found), db.sent().len()), (vec![1, 0], 0));
    session.close();
    let home = rebis_core::alias::<Badge>("home");
    let contained = query().join(&home, home.c(Badge::profile_id).eq(Profile::id));
    let contained = contained.option(contains_eager(Profile::badges).of(&home)).all().unwrap();
    assert_eq!(counts(&contained), [1]);
    assert!(
        db.sent()[0].ends_with("JOIN badges AS home ON home.profile_id = profiles.id AND home.deleted = ?1")
    );
    session.close();
    // Rows of objects and columns; a page around it.
    let rows = session.select((entity::<Profile>(), entity::<Badge>().option(there()).nullable()));
    let rows = rows.from(table::<Profile>()).outer_join_related(Profile::badges).all().unwrap();
    assert_eq!((rows.len(), rows.iter().filter(|(_, badge)| badge.is_some()).count()), (2, 1));
    assert_eq!(session.select((entity::<Badge>().option(there()),)).all().unwrap().len(), 1);
    session.close();
    let paged = query().option(joinedload(Profile::badges)).order_by(Profile::id.desc()).limit(1).all();
    assert_eq!(counts(&paged.unwrap()), [0]);
}

#[test]
fn of_later_lazy_loads_and_never_of_a_refresh_f40() {
    let db = filled();
    let session = db.session();
    let found = session.query::<Profile>().option(there()).all().unwrap();
    db.sent();
    assert_eq!(counts(&found), [1, 0]);
    assert_eq!(
        db.sent()[0],
        format!("{BADGES} WHERE badges.profile_id = ?1 AND badges.deleted = ?2 ORDER BY badges.id")
    );
    session.commit().unwrap();
    assert_eq!(counts(&found), [1, 0], "and again after a commit");
    session.close();
    // The object itself is read again though it is not what the query asked for any more.
    let badge = session.query::<Badge>().option(there()).one().unwrap();
    session.commit().unwrap();
    session.query::<Badge>().update([Badge::deleted.set(true)]).unwrap();
    db.sent();
    assert!(badge.read().unwrap().deleted);
    assert_eq!(db.sent(), [format!("{BADGES} WHERE badges.id = ?1")]);
    session.rollback().unwrap();
}

/// Whether an object in memory is meant, only the database knows.
#[test]
fn of_relations_to_one_also_to_objects_in_memory_f40() {
    let db = filled();
    let session = db.session();
    let first = || with_loader_criteria::<Profile>(|profile| profile.c(Profile::id).eq(1));
    session.query::<Profile>().all().unwrap();
    let owners = |badges: Vec<Instance<Badge>>| {
        let owners = badges.iter().map(|badge| badge.related(Badge::profile).unwrap().is_some());
        owners.collect::<Vec<_>>()
    };
    let badges = || session.query::<Badge>().option(first()).order_by(Badge::id);
    assert_eq!(owners(badges().all().unwrap()), [true, true, false]);
    session.close();
    session.query::<Profile>().all().unwrap();
    assert_eq!(owners(badges().option(selectinload(Badge::profile)).all().unwrap()), [true, true, false]);
    session.close();
    assert_eq!(owners(badges().option(joinedload(Badge::profile)).all().unwrap()), [true, true, false]);
    // Behind one relation only.
    session.close();
    let behind = session.query::<Badge>().option(selectinload(Badge::profile).then(there()));
    assert_eq!(behind.all().unwrap().len(), 3);
    let badge = session.query::<Badge>().filter(Badge::id.eq(3)).one().unwrap();
    let profile = badge.related(Badge::profile).unwrap().unwrap();
    assert_eq!(profile.related(Profile::badges).unwrap().len(), 0);
    assert_eq!(db.verbs().pop().unwrap(), "SELECT badges");
    // Nothing that is written changes by it.
    profile.set(Profile::nick, "x").unwrap();
    db.sent();
    session.flush().unwrap();
    assert_eq!(db.verbs(), ["UPDATE profiles"]);
}

#[test]
fn with_pages_inner_joins_and_deferred_columns_f40() {
    let db = filled();
    let session = db.session();
    let keyword = Keyword { word: "x".into(), ..Keyword::default() };
    let badge = |deleted| Badge { deleted, keyword: keyword.clone().into(), ..Badge::default() };
    let badges = [badge(false)].into();
    session.add(Profile { photo: vec![7_u8].into(), badges, ..Profile::default() }).unwrap();
    session.commit().unwrap();
    session.close();
    db.sent();
    let load = joinedload(Profile::badges).then(joinedload(Badge::keyword).inner_join());
    let query =
        session.query::<Profile>().option(load).option(there()).option(crate::undefer(Profile::photo));
    let found = query.order_by(Profile::id.desc()).limit(2).all().unwrap();
    assert_eq!(
        db.sent(),
        [
            "SELECT page.id, page.nick, page.user_name, page.photo, badges_1.id, badges_1.deleted, badges_1.profile_id, badges_1.word, \
          keywords_2.weight, keywords_2.word, keywords_2.version FROM (SELECT profiles.id, profiles.nick, profiles.user_name, \
          profiles.photo FROM profiles ORDER BY profiles.id DESC LIMIT ?1) AS page LEFT JOIN (badges AS badges_1 \
          JOIN keywords AS keywords_2 ON keywords_2.word = badges_1.word) ON badges_1.profile_id = page.id \
          AND badges_1.deleted = ?2 ORDER BY page.id DESC, page.id, badges_1.id"
        ]
    );
    assert_eq!(counts(&found), [1, 0]);
    assert_eq!(found[0].get(Profile::photo).unwrap(), [7]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn of_a_tree_f40() {
    let db = Database::new();
    let session = db.session();
    let node = |name: &str, children: Vec<Node>| Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    };
    session.add(node("a", vec![node("b", vec![node("c", vec![])]), node("gone", vec![])])).unwrap();
    session.commit().unwrap();
    session.close();
    let there = with_loader_criteria::<Node>(|node| node.c(Node::name).ne("gone"));
    for load in [selectinload(Node::children).recursion_depth(5), joinedload(Node::children)] {
        let roots = session.query::<Node>().option(there.clone()).option(load);
        let root = roots.filter(Node::name.eq("a")).one().unwrap();
        let children = root.related(Node::children).unwrap().all();
        assert_eq!(children.iter().map(|child| child.get(Node::name).unwrap()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(children[0].related(Node::children).unwrap().len(), 1);
        session.close();
    }
}
