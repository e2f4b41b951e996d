//! What is measured, and what a peer has to be able to do.

use std::path::PathBuf;
use std::time::Instant;

use crate::seed::Rows;

#[derive(Debug, Clone)]
pub enum Database {
    SqliteMemory,
    /// A file for each peer, in this folder.
    SqliteFile(PathBuf),
    MariaDb(String),
    Postgres(String),
}

impl Database {
    pub fn name(&self) -> &'static str {
        match self {
            Database::SqliteMemory => "SQLite in memory",
            Database::SqliteFile(_) => "SQLite file",
            Database::MariaDb(_) => "MariaDB",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Database::SqliteMemory | Database::SqliteFile(_))
    }

    /// The database file of a peer: with SQLite each has a database of its own.
    pub fn file(&self, peer: &str) -> Option<PathBuf> {
        match self {
            Database::SqliteFile(folder) => {
                Some(folder.join(format!("{}.db", peer.replace([' ', ','], "-"))))
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// So many of 10,000 users into structs, by `id <= ?`.
    Load(i32),
    /// 10,000 users, half of them with their post.
    Join,
    /// 100 users with 1,000 posts with 10,000 comments.
    Associations,
    /// 10,000 users by their keys, in a permuted order.
    Get,
    /// The same when they are in memory.
    Hit,
    /// 1,000 loaded objects get another name, in one transaction.
    Update,
    /// So many rows, nothing comes back.
    Insert(usize),
    /// So many rows, and their keys.
    InsertKeys(usize),
    /// 10,000 users with three posts each in one transaction, by generated keys, which all come back.
    UnitOfWork,
}

pub const WORKS: &[Work] = &[
    Work::Load(1),
    Work::Load(100),
    Work::Load(10_000),
    Work::Join,
    Work::Get,
    Work::Hit,
    Work::Update,
    Work::Associations,
    Work::Insert(1),
    Work::Insert(100),
    Work::Insert(10_000),
    Work::InsertKeys(100),
    Work::InsertKeys(10_000),
    Work::UnitOfWork,
];

/// How many objects an update changes.
pub const UPDATED: i32 = 1000;

impl Work {
    pub fn name(self) -> String {
        match self {
            Work::Load(count) => format!("a_load_{count}"),
            Work::Join => "b_join_10000".into(),
            Work::Associations => "c_assoc".into(),
            Work::Get => "f_get_pk".into(),
            Work::Hit => "i_identity_hit".into(),
            Work::Update => "e_update_1000".into(),
            Work::Insert(count) => format!("d_insert_{count}"),
            Work::InsertKeys(count) => format!("d_insertret_{count}"),
            Work::UnitOfWork => "u_uow_10000x3".into(),
        }
    }

    pub fn rows(self) -> Rows {
        match self {
            Work::Associations => Rows::Associations,
            Work::Insert(_) | Work::InsertKeys(_) | Work::UnitOfWork => Rows::None,
            _ => Rows::Users,
        }
    }

    pub fn writes(self) -> bool {
        self == Work::Update || self.rows() == Rows::None
    }

    /// By how many the cost of one run is divided.
    pub fn calls(self) -> usize {
        match self {
            Work::Get | Work::Hit => 10_000,
            // One is too short for the clock.
            Work::Insert(1) => 100,
            Work::Insert(100) | Work::InsertKeys(100) => 10,
            _ => 1,
        }
    }
}

/// A row to be inserted.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub hair_color: Option<String>,
}

pub fn new_users(count: usize) -> Vec<NewUser> {
    (0..count)
        .map(|number| NewUser { name: format!("User {number}"), hair_color: Some("hair_color".into()) })
        .collect()
}

/// How many posts each user of the unit of work has.
pub const POSTS_EACH: usize = 3;

/// The title of a user's post; users of the unit of work are told by their numbers in it.
pub fn title(post: usize, user: usize) -> String {
    format!("Post {post} of {user}")
}

/// The posts of the unit of work: the key of the user, and the title.
pub fn new_posts<K: Copy>(users: &[K]) -> Vec<(K, String)> {
    let posts = users.iter().enumerate();
    posts.flat_map(|(number, key)| (0..POSTS_EACH).map(move |post| (*key, title(post, number)))).collect()
}

/// The keys of `Get` and `Hit`, in their order.
pub fn permuted() -> Vec<i32> {
    (0..10_000_i32).map(|number| number * 7919 % 10_000 + 1).collect()
}

/// What an update calls a user. The peers that are programs of their own have marks of their own.
pub fn new_name(id: i32, mark: u32) -> String {
    format!("User {id} r{mark:06}")
}

/// What was read, as one number that does not hang on the order of the rows.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Digest(pub i64);

impl Digest {
    pub fn user(&mut self, id: i32, name: &str, hair_color: Option<&str>) {
        let id = i64::from(id);
        self.0 +=
            id * 31 + name.len() as i64 * id + hair_color.map_or(7, |color| color.len() as i64) * (id % 97);
    }

    /// A post that was read together with its user.
    pub fn post(&mut self, id: i32, user: i32, title: &str, body: Option<&str>) {
        let lengths = title.len() as i64 * 11 + body.map_or(5, |body| body.len() as i64);
        self.0 += i64::from(id) * 13 + i64::from(user) * 17 + lengths * i64::from(id % 89);
    }

    pub fn comment(&mut self, user: i32, post: i32, comment: i32, text: &str) {
        self.0 += i64::from(user) * 3 + i64::from(post) * 5 + i64::from(comment) * 7 + text.len() as i64;
    }
}

/// Somebody whose workloads are measured: see [`frame`](crate::frame) for those of this process, [`child`](crate::child) for the others.
pub trait Peer {
    fn name(&self) -> &'static str;

    /// Whether it has this workload.
    fn does(&self, work: Work) -> bool;

    fn execute(&mut self, sql: &str);

    /// A number from the database.
    fn number(&mut self, sql: &str) -> i64;

    /// Does what need not be measured, and everything that must not be remembered from before.
    fn prepare(&mut self, work: Work);

    /// The workload. With `Some`, what was read is put in.
    fn run(&mut self, work: Work, digest: Option<&mut Digest>);

    /// After a workload: lets go of what it holds, an open transaction above all.
    fn rest(&mut self);

    /// Nanoseconds of one run.
    fn time(&mut self, work: Work) -> f64 {
        self.prepare(work);
        let start = Instant::now();
        self.run(work, None);
        start.elapsed().as_secs_f64() * 1e9
    }
}
