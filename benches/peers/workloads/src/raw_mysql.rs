//! The `mysql` crate at its best: MariaDB's bulk protocol for rows without keys, many rows in one INSERT with them; an update is a
//! loop, as the goals count it. "The other way": many rows in one prepared INSERT, and the update by the bulk protocol.

use std::hint::black_box;

use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, TxOpts};

use crate::raw_sqlite::{Comment, Post, Tree, User, digest_tree, digest_users, grouped, values};
use crate::work::{Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title};

const INSERT_USER: &str = "INSERT INTO users (name, hair_color) VALUES (?, ?)";

pub struct Raw {
    connection: Conn,
    objects: Vec<User>,
    rows: Vec<NewUser>,
    other: bool,
}

fn user((id, name, hair_color): (i32, String, Option<String>)) -> User {
    User { id, name, hair_color }
}

fn cells(rows: &[NewUser]) -> Vec<mysql::Value> {
    rows.iter().flat_map(|row| [(&row.name).into(), (&row.hair_color).into()]).collect()
}

impl Raw {
    pub fn new(url: &str, other: bool) -> Self {
        let options =
            OptsBuilder::from_opts(Opts::from_url(url).unwrap()).prefer_socket(false).stmt_cache_size(100);
        Raw { connection: Conn::new(options).unwrap(), objects: Vec::new(), rows: Vec::new(), other }
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let sql = "SELECT id, name, hair_color FROM users WHERE id <= ?";
        self.connection.exec_map(sql, (most,), user).unwrap()
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

    fn update(&mut self) {
        let mark = next_mark();
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

    fn unit_of_work(&mut self, rows: &[NewUser], each: usize) -> usize {
        let mut transaction = self.connection.start_transaction(TxOpts::default()).unwrap();
        let list = values(2, rows.len());
        let sql = format!("INSERT INTO users (name, hair_color) VALUES {list} RETURNING id");
        let keys: Vec<i32> = transaction.exec(sql, cells(rows)).unwrap();
        if each > 0 {
            let posts = keys.iter().enumerate();
            let posts =
                posts.flat_map(|(number, key)| (0..each).map(move |post| (*key, title(post, number))));
            for some in posts.collect::<Vec<_>>().chunks(10_000) {
                let list = values(3, some.len());
                let sql = format!("INSERT INTO posts (user_id, title, body) VALUES {list} RETURNING id");
                let cells: Vec<mysql::Value> = some
                    .iter()
                    .flat_map(|(user, title)| [user.into(), title.into(), mysql::Value::NULL])
                    .collect();
                black_box(transaction.exec::<i32, _, _>(sql, cells).unwrap());
            }
        }
        transaction.commit().unwrap();
        keys.len()
    }
}

impl Peer for Raw {
    fn name(&self) -> &'static str {
        if self.other { "raw, other way" } else { "raw" }
    }

    fn does(&self, work: Work) -> bool {
        work != Work::Hit && (!self.other || matches!(work, Work::Insert(10_000) | Work::Update))
    }

    fn execute(&mut self, sql: &str) {
        self.connection.query_drop(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.query_first::<Option<i64>, _>(sql).unwrap().flatten().unwrap_or(0)
    }

    fn prepare(&mut self, work: Work) {
        match work {
            Work::Update if self.objects.is_empty() => self.objects = self.load(1000),
            Work::Insert(count) | Work::InsertKeys(count) => self.rows = new_users(count),
            Work::UnitOfWork => self.rows = new_users(10_000),
            _ => {}
        }
    }

    fn run(&mut self, work: Work, digest: Option<&mut Digest>) {
        let mut ignored = Digest::default();
        let checked = digest.is_some();
        let digest = digest.unwrap_or(&mut ignored);
        let rows = std::mem::take(&mut self.rows);
        match work {
            Work::Load(most) => {
                let users = black_box(self.load(most));
                assert_eq!(users.len(), most as usize);
                if checked {
                    digest_users(&users, digest);
                }
            }
            Work::Associations => {
                let tree = black_box(self.associations());
                if checked {
                    digest_tree(&tree, digest);
                }
            }
            Work::Get => {
                let statement =
                    self.connection.prep("SELECT id, name, hair_color FROM users WHERE id = ?").unwrap();
                for key in permuted() {
                    let user =
                        black_box(user(self.connection.exec_first(&statement, (key,)).unwrap().unwrap()));
                    if checked {
                        digest.user(user.id, &user.name, user.hair_color.as_deref());
                    }
                }
            }
            Work::Hit => {}
            Work::Update => self.update(),
            Work::Insert(_) => (0..work.calls()).for_each(|_| self.insert(&rows)),
            Work::InsertKeys(count) => assert_eq!(self.unit_of_work(&rows, 0), count),
            Work::UnitOfWork => assert_eq!(self.unit_of_work(&rows, POSTS_EACH), rows.len()),
        }
        self.rows = rows;
    }
}
