use rebis_core::ErrorKind;
use rebis_core::sql::{Expression, LockWait};

use super::*;
use crate::{
    GetOptions, Instance, LazyLoads, Session, SessionOptions, immediateload, joinedload, lazyload, raiseload,
    raiseload_all, selectinload,
};

pub(super) const JOINED: &str = "addresses_1.id, addresses_1.email, addresses_1.user_id";
pub(super) const USERS: &str = "SELECT users.id, users.name, users.fullname FROM users";
pub(super) const ADDRESSES: &str = "SELECT addresses.id, addresses.email, addresses.user_id FROM addresses";

/// ed with two addresses and two keywords, jo with none, and an address of nobody.
pub(super) fn filled() -> Database {
    let db = Database::new();
    let session = db.session();
    let word = |word: &str| Keyword { word: word.into(), ..Keyword::default() };
    session
        .add(User {
            addresses: [address("a"), address("b")].into(),
            keywords: [word("x"), word("y")].into(),
            ..user("ed")
        })
        .unwrap();
    session.add(user("jo")).unwrap();
    session.add(User { addresses: [address("c")].into(), ..user("li") }).unwrap();
    session.flush().unwrap();
    session.add(address("nobody's")).unwrap();
    session.commit().unwrap();
    db.sent();
    db
}

pub(super) fn emails(user: &Instance<User>) -> Vec<String> {
    user.related(User::addresses).unwrap().all().iter().map(|one| one.read().unwrap().email.clone()).collect()
}

pub(super) fn all_emails(users: &[Instance<User>]) -> Vec<Vec<String>> {
    users.iter().map(emails).collect()
}

#[test]
fn a_collection_is_loaded_when_it_is_first_read_f1() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    db.sent();
    assert_eq!(emails(&ed), ["a", "b"]);
    assert_eq!(db.sent(), [format!("{ADDRESSES} WHERE addresses.user_id = ?1 ORDER BY addresses.id")]);
    assert_eq!(emails(&ed), ["a", "b"]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn selectin_loads_all_collections_by_one_more_statement_f29() {
    let db = filled();
    let session = db.session();
    let users = session.query::<User>().option(selectinload(User::addresses)).all().unwrap();
    assert_eq!(db.sent(), [USERS.to_owned(), format!("{ADDRESSES} WHERE addresses.user_id IN (?1, ?2, ?3)")]);
    assert_eq!(all_emails(&users), [vec!["a", "b"], vec![], vec!["c"]]);
    assert_eq!(db.sent(), [""; 0], "also of who has none");
}

#[test]
fn selectin_in_chunks_f26() {
    let db = Database::new();
    let session = db.session();
    let many =
        (0..1201).map(|n| User { addresses: [address(&format!("{n}"))].into(), ..user(&format!("{n}")) });
    session.add_all(many).unwrap();
    session.commit().unwrap();
    let session = db.session();
    db.sent();
    let users = session.query::<User>().option(selectinload(User::addresses)).all().unwrap();
    assert_eq!(db.verbs(), ["SELECT users", "SELECT addresses", "SELECT addresses", "SELECT addresses"]);
    for user in &users {
        assert_eq!(emails(user), [user.read().unwrap().name.clone()]);
    }
    assert_eq!(db.sent(), [""; 0]);
    session.close();
    session.query::<User>().option(selectinload(User::addresses).chunk_size(100)).all().unwrap();
    assert_eq!(db.sent().len(), 1 + 13);
    session.close();
    session.query::<Address>().option(selectinload(Address::user).chunk_size(600)).all().unwrap();
    assert_eq!(db.sent().len(), 1 + 3);
}

#[test]
fn selectin_of_a_relation_to_one_asks_by_key_f28() {
    let db = filled();
    let session = db.session();
    let homes = session.query::<Address>().option(selectinload(Address::user)).all().unwrap();
    assert_eq!(db.sent(), [ADDRESSES.to_owned(), format!("{USERS} WHERE users.id IN (?1, ?2)")]);
    let names: Vec<Option<i64>> = homes
        .iter()
        .map(|home| home.related(Address::user).unwrap().map(|user| user.read().unwrap().id))
        .collect();
    assert_eq!(names, [Some(1), Some(1), Some(3), None]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn selectin_of_many_to_many() {
    let db = filled();
    let session = db.session();
    let users = session.query::<User>().option(selectinload(User::keywords)).all().unwrap();
    assert_eq!(
        db.sent(),
        [
            USERS.to_owned(),
            "SELECT keywords.weight, keywords.word, keywords.version, user_keywords.user_id FROM keywords \
             JOIN user_keywords ON user_keywords.word = keywords.word \
             WHERE user_keywords.user_id IN (?1, ?2, ?3) ORDER BY keywords.word"
                .to_owned()
        ]
    );
    let words: Vec<usize> = users.iter().map(|user| user.related(User::keywords).unwrap().len()).collect();
    assert_eq!(words, [2, 0, 0]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn options_inside_each_other() {
    let db = filled();
    let session = db.session();
    let users = session
        .query::<User>()
        .option(selectinload(User::addresses).then(joinedload(Address::user)))
        .filter(User::name.eq("ed"))
        .all()
        .unwrap();
    assert_eq!(
        db.sent(),
        [
            format!("{USERS} WHERE users.name = ?1"),
            "SELECT addresses.id, addresses.email, addresses.user_id, users_1.id, users_1.name, users_1.fullname \
             FROM addresses LEFT JOIN users AS users_1 ON users_1.id = addresses.user_id \
             WHERE addresses.user_id IN (?1)"
                .to_owned()
        ]
    );
    let home = users[0].related(User::addresses).unwrap().all().remove(0);
    assert_eq!(home.related(Address::user).unwrap().as_ref(), Some(&users[0]));
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn selectin_goes_down_a_tree_f34() {
    let db = Database::new();
    let session = db.session();
    let node = |name: &str, children: Vec<Node>| Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    };
    session.add(node("a", vec![node("b", vec![node("c", vec![node("d", vec![])])])])).unwrap();
    session.commit().unwrap();
    for (depth, statements) in [(1, 2), (2, 3), (u32::MAX, 5)] {
        let session = db.session();
        db.sent();
        let roots = session.query::<Node>().filter(Node::name.eq("a"));
        let roots = roots.option(selectinload(Node::children).recursion_depth(depth)).all().unwrap();
        assert_eq!(db.sent().len(), statements, "depth {depth}");
        let mut node = roots[0].clone();
        for _ in 0..depth.min(3) {
            node = node.related(Node::children).unwrap().all().remove(0);
        }
        assert_eq!(db.sent(), [""; 0], "depth {depth}");
    }
}

#[test]
fn what_raises_f10() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    let homes = |load: crate::Load<Address, User>| {
        let session = db.session();
        let homes = session.query::<Address>().option(load).filter(Address::email.eq("a")).all().unwrap();
        (homes[0].clone(), session)
    };
    assert_eq!(emails(&ed), ["a", "b"], "others load as ever");
    session.commit().unwrap();
    let (home, other) = homes(raiseload(Address::user));
    let refused = home.related(Address::user).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidState);
    assert!(
        refused.to_string().starts_with("Address::user is not loaded, and raiseload forbids"),
        "{refused}"
    );
    other.get_one::<User>(1).unwrap();
    assert_eq!(kind(home.related(Address::user)), ErrorKind::InvalidState, "though it is in memory");
    other.close();
    let (home, other) = homes(raiseload(Address::user).sql_only());
    assert_eq!(kind(home.related(Address::user)), ErrorKind::InvalidState);
    other.get_one::<User>(1).unwrap();
    assert!(home.related(Address::user).unwrap().is_some());
    other.close();
    let session = db.session();
    let all =
        session.query::<User>().option(raiseload_all()).option(selectinload(User::addresses)).all().unwrap();
    assert_eq!(emails(&all[0]), ["a", "b"], "F37: it was named");
    assert_eq!(kind(all[0].related(User::keywords)), ErrorKind::InvalidState);
    let home = all[0].related(User::addresses).unwrap().all().remove(0);
    assert_eq!(
        kind(home.related(Address::user)),
        ErrorKind::InvalidState,
        "of everything that the query loads"
    );
}

#[test]
fn the_last_option_counts_f37() {
    let db = filled();
    let session = db.session();
    let query = session.query::<User>().option(joinedload(User::addresses)).option(lazyload(User::addresses));
    let users = query.all().unwrap();
    assert_eq!(db.sent(), [USERS]);
    assert_eq!(users.len(), 3);
}

#[test]
fn immediate_loading_f11() {
    let db = filled();
    let session = db.session();
    let users = session.query::<User>().option(immediateload(User::addresses)).all().unwrap();
    assert_eq!(db.verbs(), ["SELECT users", "SELECT addresses", "SELECT addresses", "SELECT addresses"]);
    assert_eq!(all_emails(&users), [vec!["a", "b"], vec![], vec!["c"]]);
    session.query::<Address>().option(immediateload(Address::user)).all().unwrap();
    assert_eq!(db.verbs(), ["SELECT addresses"], "they are in memory");
}

#[test]
fn options_stay_with_the_objects_f38() {
    let db = filled();
    let session = db.session();
    let load = lazyload(User::addresses).then(raiseload(Address::user));
    let ed = session.query::<User>().filter(User::name.eq("ed")).option(load).one().unwrap();
    let home = ed.related(User::addresses).unwrap().all().remove(0);
    assert_eq!(kind(home.related(Address::user)), ErrorKind::InvalidState, "by a later lazy load");
    session.close();
    let session = db.session();
    let ed = session
        .query::<User>()
        .filter(User::name.eq("ed"))
        .option(joinedload(User::addresses))
        .one()
        .unwrap();
    session.commit().unwrap();
    db.sent();
    assert_eq!(ed.read().unwrap().name, "ed");
    assert_eq!(
        db.sent(),
        [format!(
            "SELECT users.id, users.name, users.fullname, {JOINED} FROM users LEFT JOIN addresses AS addresses_1 \
             ON addresses_1.user_id = users.id WHERE users.id = ?1 ORDER BY users.id, addresses_1.id"
        )],
        "by a refresh"
    );
    assert_eq!(emails(&ed), ["a", "b"]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn lazy_loads_flush_and_merge_what_is_pending_f5_f7() {
    let db = filled();
    let session = db.session();
    let ed = session.get_one::<User>(1).unwrap();
    let home = session.add(address("new")).unwrap();
    db.sent();
    home.set(Address::user, &ed).unwrap();
    assert_eq!(db.sent(), [""; 0], "the collection is not loaded for that");
    assert_eq!(emails(&ed), ["a", "b", "new"]);
    assert_eq!(db.verbs(), ["INSERT addresses", "SELECT addresses"]);
}

#[test]
fn a_loop_of_lazy_loads_is_found() {
    let db = filled();
    let options = SessionOptions { lazy_loads: LazyLoads::Refuse(3), ..SessionOptions::default() };
    let session = Session::with_options(&db.engine, options);
    let users = session.query::<User>().all().unwrap();
    let mut refused = None;
    let line = line!() + 2;
    for user in &users {
        match user.related(User::addresses) {
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidState);
    assert!(
        refused
            .to_string()
            .contains(&format!("3 times at crates/rebis/src/session/tests/loading.rs:{line}:")),
        "{refused}"
    );
    assert!(users[2].related(User::addresses).is_ok(), "another line");
    session.commit().unwrap();
    for user in users.iter().take(2) {
        user.related(User::addresses).unwrap();
        session.commit().unwrap();
    }
}

fn team(number: usize) -> Team {
    let player = |name: &str| Player { name: name.into(), ..Player::default() };
    Team {
        name: format!("{number}"),
        players: [player("a"), player("c"), player("b")].into(),
        ..Team::default()
    }
}

#[test]
fn defaults_that_lead_back_end_by_themselves_f19() {
    let db = Database::new();
    let session = db.session();
    session.add(team(1)).unwrap();
    session.commit().unwrap();
    session.close();
    db.sent();
    let session = db.session();
    let found = session.query::<Team>().one().unwrap();
    assert_eq!(found.related(Team::players).unwrap().len(), 3);
    assert_eq!(
        db.sent(),
        ["SELECT teams.id, teams.name, players_1.id, players_1.name, players_1.team_id FROM teams \
          LEFT JOIN players AS players_1 ON players_1.team_id = teams.id ORDER BY teams.id, players_1.name DESC, players_1.id"]
    );
    let players = session.query::<Player>().all().unwrap();
    assert_eq!(players[0].related(Player::team).unwrap(), Some(found));
    assert_eq!(
        db.sent(),
        ["SELECT players.id, players.name, players.team_id, teams_1.id, teams_1.name FROM players \
          LEFT JOIN teams AS teams_1 ON teams_1.id = players.team_id"]
    );
}

#[test]
fn selectin_sorts_by_whole_keys_itself_f31() {
    let db = filled();
    let session = db.session();
    session.execute_write(crate::text("create index down on addresses (user_id, id desc, email)")).unwrap();
    session.commit().unwrap();
    // That is where SQLite looks, and gives the rows the other way round.
    let down = crate::text("select id, email, user_id from addresses where user_id in (3, 2, 1)");
    assert_eq!(session.scalars::<i64>(down).unwrap(), [2, 1, 3]);
    let users = session.query::<User>().order_by(User::id.desc()).option(selectinload(User::addresses));
    assert_eq!(all_emails(&users.all().unwrap()), [vec!["c"], vec![], vec!["a", "b"]]);
    assert!(!db.sent().join(" ").contains("ORDER BY addresses"));
}

#[test]
fn joins_side_by_side_give_each_object_once_however_many() {
    let db = Database::new();
    let session = db.session();
    let word = |number: usize| Keyword { word: format!("{number:06}"), ..Keyword::default() };
    let email = |number: usize| address(&format!("{number:03}"));
    for (addresses, words) in [(31, 33), (32, 2), (40, 40), (1, 0)] {
        session
            .add(User {
                addresses: (0..addresses).map(email).collect(),
                keywords: (0..words).map(|number| word(addresses * 1000 + number)).collect(),
                ..user(&format!("ed {addresses}"))
            })
            .unwrap();
    }
    session.commit().unwrap();
    // One is there before the rows come, and one of its own relations.
    let session = db.session();
    let first = session.get_one::<User>(1).unwrap();
    assert_eq!(emails(&first).len(), 31);
    let load = session.query::<User>().option(joinedload(User::addresses)).option(joinedload(User::keywords));
    let users = load.order_by(User::id.desc()).all().unwrap();
    db.sent();
    let counts = |user: &Instance<User>| {
        let words = user.related(User::keywords).unwrap().all();
        let words: Vec<String> = words.iter().map(|word| word.read().unwrap().word.clone()).collect();
        let emails = emails(user);
        assert!(words.is_sorted() && emails.is_sorted(), "{words:?} {emails:?}");
        (emails.len(), words.len())
    };
    assert_eq!(users.iter().map(counts).collect::<Vec<_>>(), [(1, 0), (40, 40), (32, 2), (31, 33)]);
    assert_eq!(db.sent(), [""; 0]);
}

#[test]
fn selectin_keeps_the_order_of_each_collection_f31() {
    let db = Database::new();
    let session = db.session();
    session.add_all((0..501).map(team)).unwrap();
    session.commit().unwrap();
    let names = |session: &Session, load| {
        let teams = session.query::<Team>().option(load).all().unwrap();
        let verbs = db.verbs();
        for team in teams {
            let players = team.related(Team::players).unwrap().all();
            let names: Vec<String> =
                players.iter().map(|player| player.read().unwrap().name.clone()).collect();
            assert_eq!(names, ["c", "b", "a"]);
        }
        verbs
    };
    session.close();
    db.sent();
    assert_eq!(
        names(&session, selectinload(Team::players)),
        ["SELECT teams", "SELECT players", "SELECT players"]
    );
    session.close();
    db.sent();
    assert_eq!(names(&session, joinedload(Team::players)), ["SELECT teams"]);
}

#[test]
fn nothing_is_joined_to_rows_that_are_locked() {
    let db = filled();
    let session = db.session();
    let homes = session.query::<Address>().option(joinedload(Address::user)).for_update(LockWait::Wait);
    assert_eq!(homes.all().unwrap().len(), 4);
    assert_eq!(db.verbs(), ["SELECT addresses", "SELECT users"]);
    session.get_with(1, GetOptions::<Team>::new().for_update(LockWait::Wait)).unwrap();
    assert_eq!(db.verbs(), ["SELECT teams"]);
}

#[test]
fn a_foreign_key_alone_is_followed_after_the_flush_f8() {
    let db = filled();
    let session = db.session();
    let home = session.add(Address { user_id: Some(1), ..address("new") }).unwrap();
    assert_eq!(home.related(Address::user).unwrap(), None);
    assert_eq!(db.sent(), [""; 0]);
    session.flush().unwrap();
    assert_eq!(home.related(Address::user).unwrap().unwrap().read().unwrap().name, "ed");
    assert_eq!(db.verbs(), ["INSERT addresses", "SELECT users"]);
}

#[test]
fn a_loop_of_lazy_loads_is_a_warning_once() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let db = filled();
        let options = SessionOptions { lazy_loads: LazyLoads::Warn(2), ..SessionOptions::default() };
        let session = Session::with_options(&db.engine, options);
        for user in session.query::<User>().all().unwrap() {
            user.related(User::addresses).unwrap();
        }
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        log.matches("User::addresses is loaded for one object after the other: 2 times at").count(),
        1,
        "{log}"
    );
}
