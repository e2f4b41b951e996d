//! The `postgres` crate at its best: arrays through `unnest`; an update is a loop, as the goals count it. "The other way": COPY, and
//! the update by `unnest`.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;

use postgres::{Client, NoTls, Row, Statement};

use crate::raw_sqlite::{Comment, Post, Tree, User, digest_tree, digest_users, grouped};
use crate::work::{Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title};

const INSERT_USERS: &str =
    "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])";

pub struct Raw {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    objects: Vec<User>,
    rows: Vec<NewUser>,
    other: bool,
}

fn user(row: &Row) -> User {
    User { id: row.get(0), name: row.get(1), hair_color: row.get(2) }
}

fn columns(rows: &[NewUser]) -> (Vec<&str>, Vec<Option<&str>>) {
    rows.iter().map(|row| (row.name.as_str(), row.hair_color.as_deref())).unzip()
}

impl Raw {
    pub fn new(url: &str, other: bool) -> Self {
        let client = Client::connect(url, NoTls).unwrap();
        Raw { client, statements: HashMap::new(), objects: Vec::new(), rows: Vec::new(), other }
    }

    fn statement(&mut self, sql: &'static str) -> Statement {
        if let Some(statement) = self.statements.get(sql) {
            return statement.clone();
        }
        let statement = self.client.prepare(sql).unwrap();
        self.statements.insert(sql, statement.clone());
        statement
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let sql = self.statement("SELECT id, name, hair_color FROM users WHERE id <= $1");
        self.client.query(&sql, &[&most]).unwrap().iter().map(user).collect()
    }

    fn associations(&mut self) -> Tree {
        let users = self.load(100);
        let sql = self.statement("SELECT id, user_id, title, body FROM posts WHERE user_id = ANY($1)");
        let keys: Vec<i32> = users.iter().map(|user| user.id).collect();
        let post =
            |row: &Row| Post { id: row.get(0), user_id: row.get(1), title: row.get(2), body: row.get(3) };
        let posts: Vec<Post> = self.client.query(&sql, &[&keys]).unwrap().iter().map(post).collect();
        let sql = self.statement("SELECT id, post_id, text FROM comments WHERE post_id = ANY($1)");
        let keys: Vec<i32> = posts.iter().map(|post| post.id).collect();
        let comment = |row: &Row| Comment { id: row.get(0), post_id: row.get(1), text: row.get(2) };
        let comments = self.client.query(&sql, &[&keys]).unwrap().iter().map(comment).collect();
        grouped(users, posts, comments)
    }

    fn update(&mut self) {
        let mark = next_mark();
        self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
        if self.other {
            let sql = self.statement(
                "UPDATE users SET name = v.name FROM unnest($1::int[], $2::text[]) AS v (id, name) WHERE users.id = v.id",
            );
            let keys: Vec<i32> = self.objects.iter().map(|user| user.id).collect();
            let names: Vec<&str> = self.objects.iter().map(|user| user.name.as_str()).collect();
            assert_eq!(self.client.execute(&sql, &[&keys, &names]).unwrap(), 1000);
            return;
        }
        let sql = self.statement("UPDATE users SET name = $1 WHERE id = $2");
        let mut transaction = self.client.transaction().unwrap();
        for user in &self.objects {
            assert_eq!(transaction.execute(&sql, &[&user.name, &user.id]).unwrap(), 1);
        }
        transaction.commit().unwrap();
    }

    fn insert(&mut self, rows: &[NewUser]) {
        if rows.len() == 1 {
            let sql = self.statement("INSERT INTO users (name, hair_color) VALUES ($1, $2)");
            self.client.execute(&sql, &[&rows[0].name, &rows[0].hair_color]).unwrap();
        } else if self.other {
            let mut writer = self.client.copy_in("COPY users (name, hair_color) FROM STDIN").unwrap();
            let mut bytes = Vec::new();
            for row in rows {
                let color = row.hair_color.as_deref().unwrap_or("\\N");
                writeln!(bytes, "{}\t{color}", row.name).unwrap();
            }
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap();
        } else {
            let sql = self.statement(INSERT_USERS);
            let (names, colors) = columns(rows);
            self.client.execute(&sql, &[&names, &colors]).unwrap();
        }
    }

    fn unit_of_work(&mut self, rows: &[NewUser], each: usize) -> usize {
        let insert_users = self.statement(
            "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[]) RETURNING id",
        );
        let insert_posts = self.statement(
            "INSERT INTO posts (user_id, title, body) SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) RETURNING id",
        );
        let mut transaction = self.client.transaction().unwrap();
        let (names, colors) = columns(rows);
        let keys = transaction.query(&insert_users, &[&names, &colors]).unwrap();
        let keys: Vec<i32> = keys.iter().map(|row| row.get(0)).collect();
        if each > 0 {
            let (mut users, mut titles, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
            for (number, key) in keys.iter().enumerate() {
                for post in 0..each {
                    users.push(*key);
                    titles.push(title(post, number));
                    bodies.push(None::<String>);
                }
            }
            let made = transaction.query(&insert_posts, &[&users, &titles, &bodies]).unwrap();
            black_box(made.iter().map(|row| row.get(0)).collect::<Vec<i32>>());
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
        self.client.batch_execute(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
        self.client.query_one(&sql, &[]).unwrap().get::<_, Option<i64>>(0).unwrap_or(0)
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
                let sql = self.statement("SELECT id, name, hair_color FROM users WHERE id = $1");
                for key in permuted() {
                    let user = black_box(user(&self.client.query_one(&sql, &[&key]).unwrap()));
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
