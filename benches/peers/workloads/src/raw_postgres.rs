//! The `postgres` crate at its best: arrays through `unnest`; an update is a loop, as the goals count it. "The other way": COPY, and
//! the update by `unnest`.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;

use postgres::{Client, NoTls, Row, Statement, Transaction};

use crate::frame::Workloads;
use crate::rows::{Comment, JOIN, Post, Seen, Tree, User, grouped};
use crate::work::{NewUser, Work, new_name, new_posts};

const INSERT_USERS: &str =
    "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])";
const INSERT_USERS_KEYS: &str =
    "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[]) RETURNING id";
const INSERT_POSTS_KEYS: &str = "INSERT INTO posts (user_id, title, body) SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) RETURNING id";

pub struct Raw {
    client: Client,
    statements: HashMap<String, Statement>,
    objects: Vec<User>,
    other: bool,
}

fn user(row: &Row) -> User {
    User { id: row.get(0), name: row.get(1), hair_color: row.get(2) }
}

fn pair(row: &Row) -> (User, Option<Post>) {
    let post: Option<i32> = row.get(3);
    (user(row), post.map(|id| Post { id, user_id: row.get(4), title: row.get(5), body: row.get(6) }))
}

fn insert_users(transaction: &mut Transaction<'_>, insert: &Statement, rows: &[NewUser]) -> Vec<i32> {
    let (names, colors) = columns(rows);
    transaction.query(insert, &[&names, &colors]).unwrap().iter().map(|row| row.get(0)).collect()
}

fn columns(rows: &[NewUser]) -> (Vec<&str>, Vec<Option<&str>>) {
    rows.iter().map(|row| (row.name.as_str(), row.hair_color.as_deref())).unzip()
}

pub fn version(url: &str) -> String {
    Client::connect(url, NoTls).unwrap().query_one("SHOW server_version", &[]).unwrap().get(0)
}

impl Raw {
    pub fn new(url: &str, other: bool) -> Self {
        let client = Client::connect(url, NoTls).unwrap();
        Raw { client, statements: HashMap::new(), objects: Vec::new(), other }
    }

    fn statement(&mut self, sql: &str) -> Statement {
        if let Some(statement) = self.statements.get(sql) {
            return statement.clone();
        }
        let statement = self.client.prepare(sql).unwrap();
        self.statements.insert(sql.to_owned(), statement.clone());
        statement
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
        self.client.batch_execute(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
        self.client.query_one(&sql, &[]).unwrap().get::<_, Option<i64>>(0).unwrap_or(0)
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let sql = self.statement("SELECT id, name, hair_color FROM users WHERE id <= $1");
        self.client.query(&sql, &[&most]).unwrap().iter().map(user).collect()
    }

    fn join(&mut self) -> Vec<(User, Option<Post>)> {
        let sql = self.statement(&format!("{JOIN}$1"));
        self.client.query(&sql, &[&10_000]).unwrap().iter().map(pair).collect()
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

    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        let sql = self.statement("SELECT id, name, hair_color FROM users WHERE id = $1");
        for key in keys {
            see(&black_box(user(&self.client.query_one(&sql, &[key]).unwrap())));
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
        if self.other {
            let sql = self.statement(
                "UPDATE users SET name = v.name FROM unnest($1::int[], $2::text[]) AS v (id, name) WHERE users.id = v.id",
            );
            let keys: Vec<i32> = self.objects.iter().map(|user| user.id).collect();
            let names: Vec<&str> = self.objects.iter().map(|user| user.name.as_str()).collect();
            assert_eq!(self.client.execute(&sql, &[&keys, &names]).unwrap(), 1000);
            return self.objects.len();
        }
        let sql = self.statement("UPDATE users SET name = $1 WHERE id = $2");
        let mut transaction = self.client.transaction().unwrap();
        for user in &self.objects {
            assert_eq!(transaction.execute(&sql, &[&user.name, &user.id]).unwrap(), 1);
        }
        transaction.commit().unwrap();
        self.objects.len()
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

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        let insert = self.statement(INSERT_USERS_KEYS);
        let mut transaction = self.client.transaction().unwrap();
        let keys = insert_users(&mut transaction, &insert, rows);
        transaction.commit().unwrap();
        black_box(keys).len()
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
        let (insert, insert_children) =
            (self.statement(INSERT_USERS_KEYS), self.statement(INSERT_POSTS_KEYS));
        let mut transaction = self.client.transaction().unwrap();
        let keys = insert_users(&mut transaction, &insert, rows);
        let (users, titles): (Vec<i32>, Vec<String>) = new_posts(&keys).into_iter().unzip();
        let bodies = vec![None::<String>; users.len()];
        let made = transaction.query(&insert_children, &[&users, &titles, &bodies]).unwrap();
        black_box(made.iter().map(|row| row.get(0)).collect::<Vec<i32>>());
        transaction.commit().unwrap();
        keys.len()
    }
}
