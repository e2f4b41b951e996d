//! rusqlite at its best: many rows in one INSERT; "the other way" is a loop on a prepared statement.

use std::hint::black_box;

use rusqlite::{Connection, Row, Transaction, params_from_iter};

use crate::frame::Workloads;
use crate::rows::{Comment, JOIN, Post, Seen, Tree, User, grouped, values};
use crate::work::{Database, NewUser, Work, new_name, new_posts};

/// How many rows come back from one INSERT.
const ROWS_AT_A_TIME: usize = 500;

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { id: row.get(0)?, name: row.get(1)?, hair_color: row.get(2)? })
}

fn pair(row: &Row<'_>) -> rusqlite::Result<(User, Option<Post>)> {
    let post = match row.get(3)? {
        Some(id) => Some(Post { id, user_id: row.get(4)?, title: row.get(5)?, body: row.get(6)? }),
        None => None,
    };
    Ok((user(row)?, post))
}

pub struct Raw {
    connection: Connection,
    objects: Vec<User>,
    by_loop: bool,
}

impl Raw {
    pub fn new(database: &Database, by_loop: bool) -> Self {
        let connection = match database.file(if by_loop { "raw other way" } else { "raw" }) {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        };
        let connection = connection.unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        Raw { connection, objects: Vec::new(), by_loop }
    }
}

impl Workloads for Raw {
    type Users = Vec<User>;
    type Pairs = Vec<(User, Option<Post>)>;
    type Tree = Tree;

    fn name(&self) -> &'static str {
        if self.by_loop { "raw, other way" } else { "raw" }
    }

    fn does(&self, work: Work) -> bool {
        match work {
            Work::Hit => false,
            Work::Insert(count) | Work::InsertKeys(count) => !self.by_loop || count > 1,
            _ => !self.by_loop || work == Work::UnitOfWork,
        }
    }

    fn execute(&mut self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).unwrap().unwrap_or(0)
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let sql = "SELECT id, name, hair_color FROM users WHERE id <= ?";
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        statement.query_map([most], user).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn join(&mut self) -> Vec<(User, Option<Post>)> {
        let mut statement = self.connection.prepare_cached(&format!("{JOIN}?")).unwrap();
        statement.query_map([10_000], pair).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn associations(&mut self) -> Tree {
        let users = self.load(100);
        let list = values(users.len(), 1);
        let sql = format!("SELECT id, user_id, title, body FROM posts WHERE user_id IN {list}");
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let post = |row: &Row<'_>| {
            Ok(Post { id: row.get(0)?, user_id: row.get(1)?, title: row.get(2)?, body: row.get(3)? })
        };
        let keys = params_from_iter(users.iter().map(|user| user.id));
        let posts: Vec<Post> = statement.query_map(keys, post).unwrap().collect::<Result<_, _>>().unwrap();
        let list = values(posts.len(), 1);
        let sql = format!("SELECT id, post_id, text FROM comments WHERE post_id IN {list}");
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let comment =
            |row: &Row<'_>| Ok(Comment { id: row.get(0)?, post_id: row.get(1)?, text: row.get(2)? });
        let keys = params_from_iter(posts.iter().map(|post| post.id));
        let comments = statement.query_map(keys, comment).unwrap().collect::<Result<_, _>>().unwrap();
        grouped(users, posts, comments)
    }

    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        for key in keys {
            let sql = "SELECT id, name, hair_color FROM users WHERE id = ?";
            let mut statement = self.connection.prepare_cached(sql).unwrap();
            see(&black_box(statement.query_row([key], user).unwrap()));
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
        let transaction = self.connection.transaction().unwrap();
        {
            let mut statement = transaction.prepare_cached("UPDATE users SET name = ? WHERE id = ?").unwrap();
            for user in &self.objects {
                assert_eq!(statement.execute((&user.name, user.id)).unwrap(), 1);
            }
        }
        transaction.commit().unwrap();
        self.objects.len()
    }

    fn insert(&mut self, rows: &[NewUser]) {
        let sql = "INSERT INTO users (name, hair_color) VALUES (?, ?)";
        if rows.len() == 1 {
            let mut statement = self.connection.prepare_cached(sql).unwrap();
            statement.execute((&rows[0].name, &rows[0].hair_color)).unwrap();
        } else if self.by_loop {
            let transaction = self.connection.transaction().unwrap();
            {
                let mut statement = transaction.prepare_cached(sql).unwrap();
                for row in rows {
                    statement.execute((&row.name, &row.hair_color)).unwrap();
                }
            }
            transaction.commit().unwrap();
        } else {
            let sql = format!("INSERT INTO users (name, hair_color) VALUES {}", values(2, rows.len()));
            let mut statement = self.connection.prepare_cached(&sql).unwrap();
            statement.execute(params_from_iter(cells(rows))).unwrap();
        }
    }

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        let transaction = self.connection.transaction().unwrap();
        let keys = insert_users(&transaction, rows, self.by_loop);
        transaction.commit().unwrap();
        black_box(keys).len()
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
        let transaction = self.connection.transaction().unwrap();
        let keys = insert_users(&transaction, rows, self.by_loop);
        insert_posts(&transaction, &keys, self.by_loop);
        transaction.commit().unwrap();
        black_box(keys).len()
    }
}

fn cells(rows: &[NewUser]) -> impl Iterator<Item = Option<&str>> {
    rows.iter().flat_map(|row| [Some(row.name.as_str()), row.hair_color.as_deref()])
}

fn insert_users(transaction: &Transaction<'_>, rows: &[NewUser], by_loop: bool) -> Vec<i64> {
    let mut keys = Vec::with_capacity(rows.len());
    if by_loop {
        let sql = "INSERT INTO users (name, hair_color) VALUES (?, ?)";
        let mut statement = transaction.prepare_cached(sql).unwrap();
        for row in rows {
            statement.execute((&row.name, &row.hair_color)).unwrap();
            keys.push(transaction.last_insert_rowid());
        }
        return keys;
    }
    for some in rows.chunks(ROWS_AT_A_TIME) {
        let list = values(2, some.len());
        let sql = format!("INSERT INTO users (name, hair_color) VALUES {list} RETURNING id");
        let mut statement = transaction.prepare_cached(&sql).unwrap();
        let mut returned = statement.query(params_from_iter(cells(some))).unwrap();
        while let Some(row) = returned.next().unwrap() {
            keys.push(row.get(0).unwrap());
        }
    }
    keys
}

fn insert_posts(transaction: &Transaction<'_>, users: &[i64], by_loop: bool) {
    let posts = new_posts(users);
    let at_a_time = if by_loop { 1 } else { ROWS_AT_A_TIME };
    let mut sum = 0;
    for some in posts.chunks(at_a_time) {
        let list = values(3, some.len());
        let sql = format!("INSERT INTO posts (user_id, title, body) VALUES {list}");
        if by_loop {
            let mut statement = transaction.prepare_cached(&sql).unwrap();
            statement.execute((some[0].0, &some[0].1, None::<String>)).unwrap();
            sum += transaction.last_insert_rowid();
            continue;
        }
        let mut statement = transaction.prepare_cached(&format!("{sql} RETURNING id")).unwrap();
        for (row, (user, title)) in some.iter().enumerate() {
            statement.raw_bind_parameter(row * 3 + 1, user).unwrap();
            statement.raw_bind_parameter(row * 3 + 2, title).unwrap();
            statement.raw_bind_parameter(row * 3 + 3, None::<String>).unwrap();
        }
        let mut returned = statement.raw_query();
        while let Some(row) = returned.next().unwrap() {
            sum += row.get::<_, i64>(0).unwrap();
        }
    }
    black_box(sum);
}
