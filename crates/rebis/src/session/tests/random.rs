//! Random operations on a small graph: after each step memory, the database and a simple model say the same.
//!
//! `REBIS_TEST_SEED` gives the seed that a failure has printed, `REBIS_TEST_STEPS` how many steps.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Instance, Nested, State};

const STEPS: u64 = 5_000;

/// What should be there. Objects are known by numbers of the test's own, which are never used again.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    users: BTreeMap<usize, ExpectedUser>,
    addresses: BTreeMap<usize, ExpectedAddress>,
    keywords: BTreeMap<usize, ExpectedKeyword>,
    nodes: BTreeMap<usize, ExpectedNode>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ExpectedUser {
    name: String,
    fullname: Option<String>,
    keywords: BTreeSet<usize>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ExpectedAddress {
    email: String,
    user: Option<usize>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ExpectedKeyword {
    word: String,
    weight: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ExpectedNode {
    name: String,
    parent: Option<usize>,
}

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % count
    }

    fn pick<T>(&mut self, of: &BTreeMap<usize, T>) -> Option<usize> {
        if of.is_empty() {
            return None;
        }
        let place = self.below(of.len());
        of.keys().nth(place).copied()
    }
}

struct World {
    db: Database,
    session: Session,
    random: Random,
    next: usize,
    now: Expected,
    committed: Expected,
    savepoints: Vec<(Nested, Expected)>,
    users: BTreeMap<usize, Instance<User>>,
    addresses: BTreeMap<usize, Instance<Address>>,
    keywords: BTreeMap<usize, Instance<Keyword>>,
    nodes: BTreeMap<usize, Instance<Node>>,
}

#[test]
fn memory_database_and_model_say_the_same() {
    let given = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let seed = given("REBIS_TEST_SEED").unwrap_or(u64::try_from(clock % 1_000_000_007).unwrap() | 1);
    let steps = given("REBIS_TEST_STEPS").unwrap_or(STEPS);
    let db = Database::new();
    let session = db.session();
    let mut world = World {
        db,
        session,
        random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        next: 0,
        now: Expected::default(),
        committed: Expected::default(),
        savepoints: Vec::new(),
        users: BTreeMap::new(),
        addresses: BTreeMap::new(),
        keywords: BTreeMap::new(),
        nodes: BTreeMap::new(),
    };
    let mut done = Vec::new();
    for step in 0..steps {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let what = world.step();
            world.compare_memory(&what);
            what
        }));
        match result {
            Ok(what) => done.push(what),
            Err(panic) => {
                let last = done.len().saturating_sub(25);
                eprintln!("REBIS_TEST_SEED={seed}, step {step}, after: {:#?}", &done[last..]);
                std::panic::resume_unwind(panic);
            }
        }
    }
    world.end(true);
}

impl World {
    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    /// One operation, by its name.
    fn step(&mut self) -> String {
        match self.random.below(24) {
            0 | 1 if self.now.users.len() < 10 => self.add_user(),
            2 | 3 => self.change_user(),
            4 if self.now.users.len() > 3 => self.delete_user(),
            5..=7 if self.now.addresses.len() < 25 => self.add_address(),
            8 => self.move_address(),
            9 => self.remove_address(),
            10 if self.now.keywords.len() < 6 => self.add_keyword(),
            11 => self.weigh_keyword(),
            12 | 13 => self.link_keyword(),
            14 => self.unlink_keyword(),
            15 if self.now.nodes.len() < 12 => self.add_node(),
            16 => self.move_node(),
            17 => self.delete_leaf(),
            18 => {
                self.session.flush().unwrap();
                "flush".into()
            }
            19 => self.begin_nested(),
            20 => self.end_nested(),
            21 => {
                self.end(true);
                "commit".into()
            }
            22 if self.random.below(3) == 0 => {
                self.end(false);
                "rollback".into()
            }
            _ => self.query(),
        }
    }

    fn add_user(&mut self) -> String {
        let number = self.number();
        let name = format!("user {number}");
        self.users.insert(number, self.session.add(user(&name)).unwrap());
        self.now.users.insert(number, ExpectedUser { name, ..ExpectedUser::default() });
        format!("add user {number}")
    }

    fn change_user(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return "nothing".into() };
        let fullname = Some(format!("full {}", self.random.below(5)));
        self.users[&number].write().unwrap().fullname.clone_from(&fullname);
        self.now.users.get_mut(&number).unwrap().fullname = fullname;
        format!("change user {number}")
    }

    fn delete_user(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.users) else { return "nothing".into() };
        let instance = &self.users[&number];
        if instance.state() == State::Pending {
            self.session.flush().unwrap();
        }
        self.session.delete(&self.users[&number]).unwrap();
        self.session.flush().unwrap();
        self.now.users.remove(&number);
        self.now.addresses.retain(|_, address| address.user != Some(number));
        format!("delete user {number}")
    }

    fn add_address(&mut self) -> String {
        let number = self.number();
        let email = format!("address {number}");
        let owner = self.random.pick(&self.now.users).filter(|_| self.random.below(5) > 0);
        let instance = match owner {
            Some(owner) => {
                self.users[&owner].related(User::addresses).unwrap().push(address(&email)).unwrap()
            }
            None => self.session.add(address(&email)).unwrap(),
        };
        self.addresses.insert(number, instance);
        self.now.addresses.insert(number, ExpectedAddress { email, user: owner });
        format!("add address {number} of {owner:?}")
    }

    fn move_address(&mut self) -> String {
        let (Some(number), Some(owner)) =
            (self.random.pick(&self.now.addresses), self.random.pick(&self.now.users))
        else {
            return "nothing".into();
        };
        let (address, user) = (&self.addresses[&number], &self.users[&owner]);
        let by_parent = self.random.below(2) == 0;
        if by_parent {
            user.related(User::addresses).unwrap().push(address).unwrap();
        } else {
            address.set(Address::user, user).unwrap();
        }
        self.now.addresses.get_mut(&number).unwrap().user = Some(owner);
        format!("move address {number} to {owner}, by the parent: {by_parent}")
    }

    /// Without an owner it is an orphan.
    fn remove_address(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.addresses) else { return "nothing".into() };
        let Some(owner) = self.now.addresses[&number].user else { return "nothing".into() };
        let address = &self.addresses[&number];
        self.users[&owner].related(User::addresses).unwrap().remove(address).unwrap();
        self.session.flush().unwrap();
        self.now.addresses.remove(&number);
        format!("remove address {number}")
    }

    fn add_keyword(&mut self) -> String {
        let number = self.number();
        let word = format!("word {number}");
        let keyword = Keyword { word: word.clone(), ..Keyword::default() };
        self.keywords.insert(number, self.session.add(keyword).unwrap());
        self.now.keywords.insert(number, ExpectedKeyword { word, weight: 0 });
        format!("add keyword {number}")
    }

    fn weigh_keyword(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.keywords) else { return "nothing".into() };
        let weight = i64::try_from(self.random.below(4)).unwrap();
        self.keywords[&number].write().unwrap().weight = weight;
        self.now.keywords.get_mut(&number).unwrap().weight = weight;
        format!("weigh keyword {number}")
    }

    fn link_keyword(&mut self) -> String {
        let (Some(number), Some(owner)) =
            (self.random.pick(&self.now.keywords), self.random.pick(&self.now.users))
        else {
            return "nothing".into();
        };
        let (keyword, user) = (&self.keywords[&number], &self.users[&owner]);
        if self.random.below(2) == 0 {
            user.related(User::keywords).unwrap().push(keyword).unwrap();
        } else {
            keyword.related(Keyword::users).unwrap().push(user).unwrap();
        }
        self.now.users.get_mut(&owner).unwrap().keywords.insert(number);
        format!("link keyword {number} to {owner}")
    }

    fn unlink_keyword(&mut self) -> String {
        let Some(owner) = self.random.pick(&self.now.users) else { return "nothing".into() };
        let Some(number) = self.now.users[&owner].keywords.first().copied() else { return "nothing".into() };
        let (keyword, user) = (&self.keywords[&number], &self.users[&owner]);
        if self.random.below(2) == 0 {
            user.related(User::keywords).unwrap().remove(keyword).unwrap();
        } else {
            keyword.related(Keyword::users).unwrap().remove(user).unwrap();
        }
        self.now.users.get_mut(&owner).unwrap().keywords.remove(&number);
        format!("unlink keyword {number} from {owner}")
    }

    fn add_node(&mut self) -> String {
        let number = self.number();
        let name = format!("node {number}");
        let parent = self.random.pick(&self.now.nodes);
        let instance = self.session.add(Node { name: name.clone(), ..Node::default() }).unwrap();
        if let Some(parent) = parent {
            instance.set(Node::parent, &self.nodes[&parent]).unwrap();
        }
        self.nodes.insert(number, instance);
        self.now.nodes.insert(number, ExpectedNode { name, parent });
        format!("add node {number} below {parent:?}")
    }

    fn move_node(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.nodes) else { return "nothing".into() };
        let target = self.random.pick(&self.now.nodes).filter(|target| !self.is_below(*target, number));
        match target {
            Some(target) => self.nodes[&number].set(Node::parent, &self.nodes[&target]).unwrap(),
            None => self.nodes[&number].set(Node::parent, None::<&Instance<Node>>).unwrap(),
        }
        self.now.nodes.get_mut(&number).unwrap().parent = target;
        format!("move node {number} below {target:?}")
    }

    fn is_below(&self, mut number: usize, ancestor: usize) -> bool {
        loop {
            if number == ancestor {
                return true;
            }
            match self.now.nodes[&number].parent {
                Some(parent) => number = parent,
                None => return false,
            }
        }
    }

    fn delete_leaf(&mut self) -> String {
        let Some(number) = self.random.pick(&self.now.nodes) else { return "nothing".into() };
        if self.now.nodes.values().any(|node| node.parent == Some(number)) {
            return "nothing".into();
        }
        self.session.flush().unwrap();
        self.session.delete(&self.nodes[&number]).unwrap();
        self.session.flush().unwrap();
        self.now.nodes.remove(&number);
        format!("delete node {number}")
    }

    fn query(&mut self) -> String {
        assert_eq!(self.session.query::<User>().all().unwrap().len(), self.now.users.len());
        assert_eq!(self.session.query::<Address>().all().unwrap().len(), self.now.addresses.len());
        "query".into()
    }

    fn begin_nested(&mut self) -> String {
        if self.savepoints.len() < 3 {
            let savepoint = self.session.begin_nested().unwrap();
            self.savepoints.push((savepoint, self.now.clone()));
        }
        "begin_nested".into()
    }

    fn end_nested(&mut self) -> String {
        let Some((savepoint, before)) = self.savepoints.pop() else { return "nothing".into() };
        if self.random.below(2) == 0 {
            savepoint.commit().unwrap();
            return "savepoint kept".into();
        }
        savepoint.rollback().unwrap();
        self.now = before;
        "savepoint undone".into()
    }

    fn end(&mut self, commit: bool) {
        // Their ends are those of the transaction.
        self.savepoints.drain(..).for_each(|(savepoint, _)| std::mem::forget(savepoint));
        if commit {
            self.session.commit().unwrap();
            self.committed = self.now.clone();
        } else {
            self.session.rollback().unwrap();
            self.now = self.committed.clone();
        }
        self.compare_database();
        let now = &self.now;
        self.users.retain(|number, _| now.users.contains_key(number));
        self.addresses.retain(|number, _| now.addresses.contains_key(number));
        self.keywords.retain(|number, _| now.keywords.contains_key(number));
        self.nodes.retain(|number, _| now.nodes.contains_key(number));
    }

    // ---- comparing ----

    fn compare_memory(&self, what: &str) {
        for (number, expected) in &self.now.users {
            let user = &self.users[number];
            let read = user.read().unwrap();
            assert_eq!(
                (&read.name, &read.fullname),
                (&expected.name, &expected.fullname),
                "user {number}; {what}"
            );
            drop(read);
            let addresses = user.related(User::addresses).unwrap();
            let own: BTreeSet<usize> = self
                .now
                .addresses
                .iter()
                .filter(|(_, address)| address.user == Some(*number))
                .map(|(number, _)| *number)
                .collect();
            let found: BTreeSet<usize> =
                own.iter().copied().filter(|address| addresses.contains(&self.addresses[address])).collect();
            assert_eq!((&found, addresses.len()), (&own, own.len()), "addresses of user {number}; {what}");
            let keywords = user.related(User::keywords).unwrap();
            let found: BTreeSet<usize> = expected
                .keywords
                .iter()
                .copied()
                .filter(|word| keywords.contains(&self.keywords[word]))
                .collect();
            assert_eq!(
                (&found, keywords.len()),
                (&expected.keywords, expected.keywords.len()),
                "keywords of user {number}; {what}"
            );
        }
        for (number, expected) in &self.now.addresses {
            let address = &self.addresses[number];
            assert_eq!(address.read().unwrap().email, expected.email, "address {number}; {what}");
            let user = expected.user.map(|user| self.users[&user].clone());
            assert_eq!(address.related(Address::user).unwrap(), user, "user of address {number}; {what}");
        }
        for (number, expected) in &self.now.keywords {
            assert_eq!(
                self.keywords[number].read().unwrap().weight,
                expected.weight,
                "keyword {number}; {what}"
            );
        }
        for (number, expected) in &self.now.nodes {
            let parent = expected.parent.map(|parent| self.nodes[&parent].clone());
            assert_eq!(
                self.nodes[number].related(Node::parent).unwrap(),
                parent,
                "parent of node {number}; {what}"
            );
        }
    }

    fn compare_database(&self) {
        // The session's reads have begun a transaction on the only connection.
        let users: Vec<(String, Option<String>)> =
            self.db.ask("select name, fullname from users order by name");
        let mut expected: Vec<_> =
            self.now.users.values().map(|user| (user.name.clone(), user.fullname.clone())).collect();
        expected.sort();
        assert_eq!(users, expected);
        let addresses: Vec<(String, Option<String>)> = self
            .db
            .ask("select email, name from addresses left join users on users.id = user_id order by email");
        let name = |user: &usize| self.now.users[user].name.clone();
        let mut expected: Vec<_> = self
            .now
            .addresses
            .values()
            .map(|address| (address.email.clone(), address.user.as_ref().map(name)))
            .collect();
        expected.sort();
        assert_eq!(addresses, expected);
        let words: Vec<(String, i64)> = self.db.ask("select word, weight from keywords order by word");
        let mut expected: Vec<_> =
            self.now.keywords.values().map(|keyword| (keyword.word.clone(), keyword.weight)).collect();
        expected.sort();
        assert_eq!(words, expected);
        let links: Vec<(String, String)> = self
            .db
            .ask("select name, word from user_keywords join users on users.id = user_id order by name, word");
        let mut expected = Vec::new();
        for user in self.now.users.values() {
            expected.extend(
                user.keywords.iter().map(|word| (user.name.clone(), self.now.keywords[word].word.clone())),
            );
        }
        expected.sort();
        assert_eq!(links, expected);
        let nodes: Vec<(String, Option<String>)> = self
            .db
            .ask("select n.name, p.name from nodes as n left join nodes as p on p.id = n.parent_id order by n.name");
        let name = |node: &usize| self.now.nodes[node].name.clone();
        let mut expected: Vec<_> =
            self.now.nodes.values().map(|node| (node.name.clone(), node.parent.as_ref().map(name))).collect();
        expected.sort();
        assert_eq!(nodes, expected);
    }
}
