//! diesel as its guides say; a macro, because its connections have no common type to be generic over.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::hint::black_box;

use crate::frame::{Framed, Workloads};
use crate::rows::Seen;
use crate::work::{Database, Digest, NewUser, Peer, Work, new_name, new_posts};

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

type Pairs = Vec<(User, Option<Post>)>;

struct Tree(Vec<(User, Vec<(Post, Vec<Comment>)>)>);

fn users(rows: &[NewUser]) -> Vec<InsertUser<'_>> {
    rows.iter().map(|row| InsertUser { name: &row.name, hair_color: row.hair_color.as_deref() }).collect()
}

fn posts(keys: &[i32]) -> Vec<InsertPost> {
    let posts = new_posts(keys).into_iter();
    posts.map(|(user_id, title)| InsertPost { user_id, title, body: None }).collect()
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
        }

        impl Workloads for $peer {
            type Users = Vec<User>;
            type Pairs = Pairs;
            type Tree = Tree;

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

            fn load(&mut self, most: i32) -> Vec<User> {
                let users = users::table.filter(users::id.le(most)).select(User::as_select());
                users.load(&mut self.connection).unwrap()
            }

            fn join(&mut self) -> Pairs {
                let pairs = users::table.left_join(posts::table).filter(users::id.le(10_000));
                let pairs = pairs.select((User::as_select(), Option::<Post>::as_select()));
                pairs.load(&mut self.connection).unwrap()
            }

            fn associations(&mut self) -> Tree {
                let users = self.load(100);
                let connection = &mut self.connection;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(connection).unwrap();
                let comments =
                    Comment::belonging_to(&posts).select(Comment::as_select()).load(connection).unwrap();
                let comments = comments.grouped_by(&posts);
                let posts = posts.into_iter().zip(comments).grouped_by(&users);
                Tree(users.into_iter().zip(posts).collect())
            }

            fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
                for key in keys {
                    // `first` adds a LIMIT, which costs far more on SQLite.
                    let user = users::table.find(*key).select(User::as_select());
                    see(&black_box(user.get_result(&mut self.connection).unwrap()));
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
                let objects = &self.objects;
                let done = self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
                    for user in objects {
                        let row = diesel::update(users::table.find(user.id));
                        row.set(users::name.eq(&user.name)).execute(connection)?;
                    }
                    Ok(())
                });
                done.unwrap();
                self.objects.len()
            }

            fn insert(&mut self, rows: &[NewUser]) {
                let rows = users(rows);
                let into = diesel::insert_into(users::table);
                if let [row] = rows.as_slice() {
                    into.values(row).execute(&mut self.connection).unwrap();
                } else {
                    into.values(&rows).execute(&mut self.connection).unwrap();
                }
            }

            fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
                let done = self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
                    Ok(insert_with_keys!($returning, connection, rows))
                });
                black_box(done.unwrap()).len()
            }

            fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
                let done = self.connection.transaction::<_, diesel::result::Error, _>(|connection| {
                    let keys = insert_with_keys!($returning, connection, rows);
                    for some in posts(&keys).chunks(10_000) {
                        insert_posts!($returning, connection, some);
                    }
                    Ok(keys.len())
                });
                done.unwrap()
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

impl Seen for User {
    fn see(&self, digest: &mut Digest) {
        digest.user(self.id, &self.name, self.hair_color.as_deref());
    }
}

impl Seen for Post {
    fn see(&self, digest: &mut Digest) {
        digest.post(self.id, self.user_id, &self.title, self.body.as_deref());
    }
}

impl Seen for Tree {
    fn see(&self, digest: &mut Digest) {
        for (user, posts) in &self.0 {
            for (post, comments) in posts {
                comments
                    .iter()
                    .for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
            }
        }
    }
}

pub fn connect(database: &Database) -> Box<dyn Peer> {
    let objects = Vec::new();
    match database {
        Database::SqliteMemory | Database::SqliteFile(_) => {
            let file = database.file("diesel").map(|file| file.display().to_string());
            let connection = SqliteConnection::establish(file.as_deref().unwrap_or(":memory:")).unwrap();
            Framed::boxed(Sqlite { connection, objects })
        }
        Database::MariaDb(url) => {
            let connection = MysqlConnection::establish(&format!("{url}?ssl_mode=DISABLED")).unwrap();
            Framed::boxed(Mysql { connection, objects })
        }
        Database::Postgres(url) => {
            let connection = PgConnection::establish(&format!("{url}?sslmode=disable")).unwrap();
            Framed::boxed(Postgres { connection, objects })
        }
    }
}
