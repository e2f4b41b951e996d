//! diesel as its guides say; a macro, because its connections have no common type to be generic over.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::hint::black_box;

use crate::work::{
    Database, Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title,
};

diesel::table! { users (id) { id -> Integer, name -> Text, hair_color -> Nullable<Text>, } }
diesel::table! { posts (id) { id -> Integer, user_id -> Integer, title -> Text, body -> Nullable<Text>, } }
diesel::table! { comments (id) { id -> Integer, post_id -> Integer, text -> Text, } }
diesel::joinable!(posts -> users (user_id));
diesel::joinable!(comments -> posts (post_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts, comments);

#[derive(Queryable, Selectable, Identifiable, Debug)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[derive(Queryable, Selectable, Identifiable, Associations, Debug)]
#[diesel(table_name = posts, belongs_to(User))]
#[expect(dead_code, reason = "read from the database, which is what is measured")]
struct Post {
    id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[derive(Queryable, Selectable, Identifiable, Associations, Debug)]
#[diesel(table_name = comments, belongs_to(Post))]
struct Comment {
    id: i32,
    post_id: i32,
    text: String,
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct InsertUser<'a> {
    name: &'a str,
    hair_color: Option<&'a str>,
}

#[derive(Insertable)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
struct InsertPost {
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    number: Option<i64>,
}

type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

fn users(rows: &[NewUser]) -> Vec<InsertUser<'_>> {
    rows.iter().map(|row| InsertUser { name: &row.name, hair_color: row.hair_color.as_deref() }).collect()
}

fn posts(keys: &[i32]) -> Vec<InsertPost> {
    let posts = keys.iter().enumerate().flat_map(|(number, key)| {
        (0..POSTS_EACH).map(move |post| InsertPost { user_id: *key, title: title(post, number), body: None })
    });
    posts.collect()
}

/// Keys of inserted rows: MySQL's backend has no RETURNING, SQLite's none for several rows.
macro_rules! insert_with_keys {
    (none, $connection:expr, $rows:expr) => {{
        let _ = (&mut *$connection, $rows);
        Vec::<i32>::new()
    }};
    (one_by_one, $connection:expr, $rows:expr) => {
        users($rows)
            .iter()
            .map(|row| {
                diesel::insert_into(users::table)
                    .values(row)
                    .returning(users::id)
                    .get_result::<i32>(&mut *$connection)
                    .unwrap()
            })
            .collect::<Vec<i32>>()
    };
    (many, $connection:expr, $rows:expr) => {
        diesel::insert_into(users::table)
            .values(&users($rows))
            .returning(users::id)
            .get_results::<i32>(&mut *$connection)
            .unwrap()
    };
}

macro_rules! insert_posts {
    (many, $connection:expr, $posts:expr) => {
        let keys: Vec<i32> = diesel::insert_into(posts::table)
            .values($posts)
            .returning(posts::id)
            .get_results(&mut *$connection)
            .unwrap();
        black_box(keys);
    };
    // Their keys do not come back.
    ($other:ident, $connection:expr, $posts:expr) => {
        diesel::insert_into(posts::table).values($posts).execute(&mut *$connection).unwrap();
    };
}

macro_rules! peer {
    ($peer:ident, $connection:ty, $returning:ident) => {
        struct $peer {
            connection: $connection,
            objects: Vec<User>,
            rows: Vec<NewUser>,
        }

        impl $peer {
            fn load(&mut self, most: i32) -> Vec<User> {
                let users = users::table.filter(users::id.le(most)).select(User::as_select());
                users.load(&mut self.connection).unwrap()
            }

            fn associations(&mut self) -> Tree {
                let users = self.load(100);
                let connection = &mut self.connection;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(connection).unwrap();
                let comments =
                    Comment::belonging_to(&posts).select(Comment::as_select()).load(connection).unwrap();
                let comments = comments.grouped_by(&posts);
                let posts = posts.into_iter().zip(comments).grouped_by(&users);
                users.into_iter().zip(posts).collect()
            }

            fn update(&mut self) {
                let mark = next_mark();
                self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
                let objects = &self.objects;
                let done = self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
                    for user in objects {
                        let row = diesel::update(users::table.find(user.id));
                        row.set(users::name.eq(&user.name)).execute(connection)?;
                    }
                    Ok(())
                });
                done.unwrap();
            }

            fn unit_of_work(&mut self, rows: &[NewUser], with_posts: bool) -> usize {
                let done = self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
                    let keys = insert_with_keys!($returning, connection, rows);
                    if with_posts {
                        for some in posts(&keys).chunks(10_000) {
                            insert_posts!($returning, connection, some);
                        }
                    }
                    Ok(keys.len())
                });
                done.unwrap()
            }
        }

        impl Peer for $peer {
            fn name(&self) -> &'static str {
                "diesel"
            }

            fn does(&self, work: Work) -> bool {
                let returning = stringify!($returning) != "none";
                work != Work::Hit && (returning || !matches!(work, Work::InsertKeys(_) | Work::UnitOfWork))
            }

            fn execute(&mut self, sql: &str) {
                self.connection.batch_execute(sql).unwrap();
            }

            fn number(&mut self, sql: &str) -> i64 {
                let sql = format!("SELECT CAST(({sql}) AS {}) AS number", integer(stringify!($returning)));
                let number: Number = diesel::sql_query(sql).get_result(&mut self.connection).unwrap();
                number.number.unwrap_or(0)
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
                        users.iter().filter(|_| checked).for_each(|user| digest_user(user, digest));
                    }
                    Work::Associations => {
                        let tree = black_box(self.associations());
                        if checked {
                            digest_tree(&tree, digest);
                        }
                    }
                    Work::Get => {
                        for key in permuted() {
                            // `first` adds a LIMIT, which costs far more on SQLite.
                            let user = users::table.find(key).select(User::as_select());
                            let user = black_box(user.get_result(&mut self.connection).unwrap());
                            if checked {
                                digest_user(&user, digest);
                            }
                        }
                    }
                    Work::Hit => {}
                    Work::Update => self.update(),
                    Work::Insert(1) => {
                        let row = &users(&rows)[0];
                        for _ in 0..work.calls() {
                            diesel::insert_into(users::table)
                                .values(row)
                                .execute(&mut self.connection)
                                .unwrap();
                        }
                    }
                    Work::Insert(_) => {
                        diesel::insert_into(users::table)
                            .values(&users(&rows))
                            .execute(&mut self.connection)
                            .unwrap();
                    }
                    Work::InsertKeys(count) => assert_eq!(self.unit_of_work(&rows, false), count),
                    Work::UnitOfWork => assert_eq!(self.unit_of_work(&rows, true), rows.len()),
                }
                self.rows = rows;
            }
        }
    };
}

peer!(Sqlite, SqliteConnection, one_by_one);
peer!(Postgres, PgConnection, many);
peer!(Mysql, MysqlConnection, none);

fn integer(returning: &str) -> &'static str {
    if returning == "none" { "SIGNED" } else { "BIGINT" }
}

fn digest_user(user: &User, digest: &mut Digest) {
    digest.user(user.id, &user.name, user.hair_color.as_deref());
}

fn digest_tree(tree: &Tree, digest: &mut Digest) {
    for (user, posts) in tree {
        for (post, comments) in posts {
            comments.iter().for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
        }
    }
}

pub fn connect(database: &Database) -> Box<dyn Peer> {
    let (objects, rows) = (Vec::new(), Vec::new());
    match database {
        Database::Sqlite => {
            Box::new(Sqlite { connection: SqliteConnection::establish(":memory:").unwrap(), objects, rows })
        }
        Database::MariaDb(url) => {
            let connection = MysqlConnection::establish(&format!("{url}?ssl_mode=DISABLED")).unwrap();
            Box::new(Mysql { connection, objects, rows })
        }
        Database::Postgres(url) => {
            let connection = PgConnection::establish(&format!("{url}?sslmode=disable")).unwrap();
            Box::new(Postgres { connection, objects, rows })
        }
    }
}
