//! rusqlite at its best: many rows in one INSERT; "the other way" is a loop on a prepared statement.

use rusqlite::{Connection, Row, Transaction, params_from_iter};
use std::hint::black_box;

use crate::work::{Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title};

/// How many rows come back from one INSERT.
const ROWS_AT_A_TIME: usize = 500;

pub struct User {
    pub id: i32,
    pub name: String,
    pub hair_color: Option<String>,
}

pub struct Post {
    pub id: i32,
    pub user_id: i32,
    pub title: String,
    pub body: Option<String>,
}

pub struct Comment {
    pub id: i32,
    pub post_id: i32,
    pub text: String,
}

pub type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

/// Three answers as a tree.
pub fn grouped(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> Tree {
    use std::collections::HashMap;
    let places: HashMap<i32, usize> = posts.iter().enumerate().map(|(at, post)| (post.id, at)).collect();
    let mut posts: Vec<(Post, Vec<Comment>)> = posts.into_iter().map(|post| (post, Vec::new())).collect();
    for comment in comments {
        posts[places[&comment.post_id]].1.push(comment);
    }
    let places: HashMap<i32, usize> = users.iter().enumerate().map(|(at, user)| (user.id, at)).collect();
    let mut users: Tree = users.into_iter().map(|user| (user, Vec::new())).collect();
    for post in posts {
        users[places[&post.0.user_id]].1.push(post);
    }
    users
}

pub fn digest_tree(tree: &Tree, digest: &mut Digest) {
    for (user, posts) in tree {
        for (post, comments) in posts {
            black_box((&post.title, &post.body));
            comments.iter().for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
        }
    }
}

pub fn digest_users(users: &[User], digest: &mut Digest) {
    users.iter().for_each(|user| digest.user(user.id, &user.name, user.hair_color.as_deref()));
}

/// `(?,?),(?,?)…`
pub fn values(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { id: row.get(0)?, name: row.get(1)?, hair_color: row.get(2)? })
}

pub struct Raw {
    connection: Connection,
    objects: Vec<User>,
    rows: Vec<NewUser>,
    by_loop: bool,
}

impl Raw {
    pub fn new(by_loop: bool) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        Raw { connection, objects: Vec::new(), rows: Vec::new(), by_loop }
    }

    fn load(&self, most: i32) -> Vec<User> {
        let sql = "SELECT id, name, hair_color FROM users WHERE id <= ?";
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        statement.query_map([most], user).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn associations(&self) -> Tree {
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

    fn update(&mut self) {
        let mark = next_mark();
        self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
        let transaction = self.connection.transaction().unwrap();
        {
            let mut statement = transaction.prepare_cached("UPDATE users SET name = ? WHERE id = ?").unwrap();
            for user in &self.objects {
                assert_eq!(statement.execute((&user.name, user.id)).unwrap(), 1);
            }
        }
        transaction.commit().unwrap();
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

    fn unit_of_work(&mut self, rows: &[NewUser], posts: usize) -> Vec<i64> {
        let by_loop = self.by_loop;
        let transaction = self.connection.transaction().unwrap();
        let keys = insert_users(&transaction, rows, by_loop);
        if posts > 0 {
            insert_posts(&transaction, &keys, posts, by_loop);
        }
        transaction.commit().unwrap();
        keys
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

fn insert_posts(transaction: &Transaction<'_>, users: &[i64], each: usize, by_loop: bool) {
    let posts: Vec<(i64, String)> = users
        .iter()
        .enumerate()
        .flat_map(|(number, key)| (0..each).map(move |post| (*key, title(post, number))))
        .collect();
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

impl Peer for Raw {
    fn name(&self) -> &'static str {
        if self.by_loop { "raw, other way" } else { "raw" }
    }

    fn does(&self, work: Work) -> bool {
        let other = matches!(work, Work::Insert(10_000) | Work::InsertKeys(_) | Work::UnitOfWork);
        work != Work::Hit && (other || !self.by_loop)
    }

    fn execute(&mut self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).unwrap().unwrap_or(0)
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
                for key in permuted() {
                    let sql = "SELECT id, name, hair_color FROM users WHERE id = ?";
                    let mut statement = self.connection.prepare_cached(sql).unwrap();
                    let user = black_box(statement.query_row([key], user).unwrap());
                    if checked {
                        digest.user(user.id, &user.name, user.hair_color.as_deref());
                    }
                }
            }
            Work::Hit => {}
            Work::Update => self.update(),
            Work::Insert(_) => (0..work.calls()).for_each(|_| self.insert(&rows)),
            Work::InsertKeys(count) => assert_eq!(self.unit_of_work(&rows, 0).len(), count),
            Work::UnitOfWork => drop(self.unit_of_work(&rows, POSTS_EACH)),
        }
        self.rows = rows;
    }
}
