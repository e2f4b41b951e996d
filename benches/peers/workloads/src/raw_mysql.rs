//! The `mysql` crate at its best: MariaDB's bulk protocol for rows without keys, many rows in one INSERT with them; an update is a
//! loop, as the goals count it. "The other way": many rows in one prepared INSERT, and the update by the bulk protocol.

use std::hint::black_box;

use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, Transaction, TxOpts};

use crate::frame::Workloads;
use crate::rows::{Comment, JOIN, Post, Seen, Tree, User, grouped, values};
use crate::work::{NewUser, Work, new_name, new_posts};

const INSERT_USER: &str = "INSERT INTO users (name, hair_color) VALUES (?, ?)";

pub struct Raw {
    connection: Conn,
    objects: Vec<User>,
    other: bool,
}

fn user((id, name, hair_color): (i32, String, Option<String>)) -> User {
    User { id, name, hair_color }
}

type Joined = (i32, String, Option<String>, Option<i32>, Option<i32>, Option<String>, Option<String>);

fn pair((id, name, hair_color, post, user_id, title, body): Joined) -> (User, Option<Post>) {
    let post = match (post, user_id, title) {
        (Some(id), Some(user_id), Some(title)) => Some(Post { id, user_id, title, body }),
        _ => None,
    };
    (User { id, name, hair_color }, post)
}

fn cells(rows: &[NewUser]) -> Vec<mysql::Value> {
    rows.iter().flat_map(|row| [(&row.name).into(), (&row.hair_color).into()]).collect()
}

pub fn version(url: &str) -> String {
    let mut connection = Conn::new(Opts::from_url(url).unwrap()).unwrap();
    connection.query_first("SELECT VERSION()").unwrap().unwrap_or_default()
}

impl Raw {
    pub fn new(url: &str, other: bool) -> Self {
        let options =
            OptsBuilder::from_opts(Opts::from_url(url).unwrap()).prefer_socket(false).stmt_cache_size(100);
        Raw { connection: Conn::new(options).unwrap(), objects: Vec::new(), other }
    }

    fn insert_users(transaction: &mut Transaction<'_>, rows: &[NewUser]) -> Vec<i32> {
        let sql =
            format!("INSERT INTO users (name, hair_color) VALUES {} RETURNING id", values(2, rows.len()));
        transaction.exec(sql, cells(rows)).unwrap()
    }
}

impl Workloads for Raw {
    type Users = Vec<User>;
    type Pairs = Vec<(User, Option<Post>)>;
    type Tree = Tree;

    fn name(&self) -> &'static str {
        if self.other { "raw, other way" } else { "raw" }
    }

    fn does(&self, work: Work) -> bool {
        match work {
            Work::Hit => false,
            Work::Insert(count) => !self.other || count > 1,
            _ => !self.other || work == Work::Update,
        }
    }

    fn execute(&mut self, sql: &str) {
        self.connection.query_drop(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.query_first::<Option<i64>, _>(sql).unwrap().flatten().unwrap_or(0)
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let sql = "SELECT id, name, hair_color FROM users WHERE id <= ?";
        self.connection.exec_map(sql, (most,), user).unwrap()
    }

    fn join(&mut self) -> Vec<(User, Option<Post>)> {
        self.connection.exec_map(format!("{JOIN}?"), (10_000,), pair).unwrap()
    }

    fn associations(&mut self) -> Tree {
        let users = self.load(100);
        let keys: Vec<mysql::Value> = users.iter().map(|user| user.id.into()).collect();
        let list = values(keys.len(), 1);
        let sql = format!("SELECT id, user_id, title, body FROM posts WHERE user_id IN {list}");
        let post = |(id, user_id, title, body)| Post { id, user_id, title, body };
        let posts: Vec<Post> = self.connection.exec_map(sql, keys, post).unwrap();
        let keys: Vec<mysql::Value> = posts.iter().map(|post| post.id.into()).collect();
        let list = values(keys.len(), 1);
        let sql = format!("SELECT id, post_id, text FROM comments WHERE post_id IN {list}");
        let comment = |(id, post_id, text)| Comment { id, post_id, text };
        let comments = self.connection.exec_map(sql, keys, comment).unwrap();
        grouped(users, posts, comments)
    }

    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        let statement = self.connection.prep("SELECT id, name, hair_color FROM users WHERE id = ?").unwrap();
        for key in keys {
            see(&black_box(user(self.connection.exec_first(&statement, (key,)).unwrap().unwrap())));
        }
    }

    fn keep(&mut self, most: i32) {
        self.objects = self.load(most);
    }

    fn forget(&mut self) {
        self.objects = Vec::new();
    }

    fn update(&mut self, mark: u32) -> usize {
        self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
        let mut transaction = self.connection.start_transaction(TxOpts::default()).unwrap();
        let statement = transaction.prep("UPDATE users SET name = ? WHERE id = ?").unwrap();
        if self.other {
            transaction
                .exec_batch(&statement, self.objects.iter().map(|user| (&user.name, user.id)))
                .unwrap();
        } else {
            for user in &self.objects {
                transaction.exec_drop(&statement, (&user.name, user.id)).unwrap();
            }
        }
        transaction.commit().unwrap();
        self.objects.len()
    }

    fn insert(&mut self, rows: &[NewUser]) {
        if rows.len() == 1 {
            self.connection.exec_drop(INSERT_USER, (&rows[0].name, &rows[0].hair_color)).unwrap();
        } else if self.other {
            let sql = format!("INSERT INTO users (name, hair_color) VALUES {}", values(2, rows.len()));
            self.connection.exec_drop(sql, cells(rows)).unwrap();
        } else {
            let statement = self.connection.prep(INSERT_USER).unwrap();
            self.connection
                .exec_batch(&statement, rows.iter().map(|row| (&row.name, &row.hair_color)))
                .unwrap();
        }
    }

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        let mut transaction = self.connection.start_transaction(TxOpts::default()).unwrap();
        let keys = Self::insert_users(&mut transaction, rows);
        transaction.commit().unwrap();
        black_box(keys).len()
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
        let mut transaction = self.connection.start_transaction(TxOpts::default()).unwrap();
        let keys = Self::insert_users(&mut transaction, rows);
        for some in new_posts(&keys).chunks(10_000) {
            let list = values(3, some.len());
            let sql = format!("INSERT INTO posts (user_id, title, body) VALUES {list} RETURNING id");
            let cells = some.iter().flat_map(|(user, title)| [user.into(), title.into(), mysql::Value::NULL]);
            black_box(transaction.exec::<i32, _, _>(sql, cells.collect::<Vec<_>>()).unwrap());
        }
        transaction.commit().unwrap();
        keys.len()
    }
}
