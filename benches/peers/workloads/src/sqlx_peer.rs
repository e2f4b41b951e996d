//! sqlx on one connection, on Tokio's runtime of one thread: many rows by `unnest` on PostgreSQL, as its questions and answers advise,
//! by many rows of VALUES elsewhere. A macro, because a text of its own for each database has to bind to types of its own.

use std::hint::black_box;
use std::str::FromStr;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use tokio::runtime::{Builder, Runtime};

use crate::frame::{Framed, Workloads};
use crate::rows::{Comment, JOIN, Post, Seen, Tree, User, grouped, values};
use crate::work::{Database, NewUser, Peer, new_name, new_posts};

/// A list of keys in a condition: an array on PostgreSQL, a mark for each elsewhere.
macro_rules! of_keys {
    ($database:ty, $row:ty, $sql:literal, $keys:expr, $connection:expr, "$1") => {
        sqlx::query_as::<$database, $row>(concat!($sql, " = ANY($1)"))
            .bind($keys)
            .fetch_all($connection)
            .await
            .unwrap()
    };
    ($database:ty, $row:ty, $sql:literal, $keys:expr, $connection:expr, "?") => {{
        let keys: Vec<i32> = $keys;
        let sql = format!("{} IN {}", $sql, values(keys.len(), 1));
        let query = sqlx::query_as::<$database, $row>(AssertSqlSafe(sql));
        keys.into_iter().fold(query, |query, key| query.bind(key)).fetch_all($connection).await.unwrap()
    }};
}

/// An INSERT of many users with everything bound, to be executed or fetched from.
macro_rules! insert_users {
    ($query:expr, $rows:expr, $end:literal, "$1") => {{
        let names: Vec<&str> = $rows.iter().map(|row| row.name.as_str()).collect();
        let colors: Vec<Option<&str>> = $rows.iter().map(|row| row.hair_color.as_deref()).collect();
        let sql = "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])";
        $query(AssertSqlSafe(format!("{sql}{}", $end))).bind(names).bind(colors)
    }};
    ($query:expr, $rows:expr, $end:literal, "?") => {{
        let list = values(2, $rows.len());
        let query =
            $query(AssertSqlSafe(format!("INSERT INTO users (name, hair_color) VALUES {list}{}", $end)));
        $rows.iter().fold(query, |query, row| query.bind(&row.name).bind(&row.hair_color))
    }};
}

macro_rules! insert_posts {
    ($database:ty, $posts:expr, "$1") => {{
        let (users, titles): (Vec<i32>, Vec<&str>) =
            $posts.iter().map(|(user, title)| (*user, title.as_str())).unzip();
        let bodies = vec![None::<&str>; users.len()];
        let sql = "INSERT INTO posts (user_id, title, body) SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) RETURNING id";
        sqlx::query_scalar::<$database, i32>(sql).bind(users).bind(titles).bind(bodies)
    }};
    ($database:ty, $posts:expr, "?") => {{
        let sql = format!("INSERT INTO posts (user_id, title, body) VALUES {} RETURNING id", values(3, $posts.len()));
        let query = sqlx::query_scalar::<$database, i32>(AssertSqlSafe(sql));
        $posts.iter().fold(query, |query, (user, title)| query.bind(user).bind(title).bind(None::<&str>))
    }};
}

macro_rules! update_user {
    ("$1") => {
        "UPDATE users SET name = $1 WHERE id = $2"
    };
    ("?") => {
        "UPDATE users SET name = ? WHERE id = ?"
    };
}

macro_rules! insert_user {
    ("$1") => {
        "INSERT INTO users (name, hair_color) VALUES ($1, $2)"
    };
    ("?") => {
        "INSERT INTO users (name, hair_color) VALUES (?, ?)"
    };
}

macro_rules! peer {
    ($peer:ident, $database:ty, $connection:ty, $options:ty, $integer:literal, $mark:tt) => {
        struct $peer {
            runtime: Runtime,
            connection: $connection,
            objects: Vec<User>,
        }

        impl $peer {
            fn new(url: &str) -> Self {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let options = <$options>::from_str(url).unwrap().disable_statement_logging();
                let connection = runtime.block_on(options.connect()).unwrap();
                Self { runtime, connection, objects: Vec::new() }
            }
        }

        impl Workloads for $peer {
            type Users = Vec<User>;
            type Pairs = Vec<(User, Option<Post>)>;
            type Tree = Tree;

            fn name(&self) -> &'static str {
                "sqlx"
            }

            fn execute(&mut self, sql: &str) {
                let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
                self.runtime.block_on(sql.execute(&mut self.connection)).unwrap();
            }

            fn number(&mut self, sql: &str) -> i64 {
                let sql = AssertSqlSafe(format!("SELECT CAST(({sql}) AS {})", $integer));
                let number =
                    sqlx::query_scalar::<$database, Option<i64>>(sql).fetch_one(&mut self.connection);
                self.runtime.block_on(number).unwrap().unwrap_or(0)
            }

            fn load(&mut self, most: i32) -> Vec<User> {
                let sql = concat!("SELECT id, name, hair_color FROM users WHERE id <= ", $mark);
                let users = sqlx::query_as::<$database, User>(sql).bind(most).fetch_all(&mut self.connection);
                self.runtime.block_on(users).unwrap()
            }

            fn join(&mut self) -> Self::Pairs {
                let pairs = sqlx::query::<$database>(AssertSqlSafe(format!("{JOIN}{}", $mark))).bind(10_000);
                let pairs = pairs.map(|row: <$database as sqlx::Database>::Row| {
                    let user = User { id: row.get(0), name: row.get(1), hair_color: row.get(2) };
                    let post = row.get::<Option<i32>, _>(3);
                    let post =
                        post.map(|id| Post { id, user_id: row.get(4), title: row.get(5), body: row.get(6) });
                    (user, post)
                });
                self.runtime.block_on(pairs.fetch_all(&mut self.connection)).unwrap()
            }

            fn associations(&mut self) -> Tree {
                let users = self.load(100);
                let connection = &mut self.connection;
                self.runtime.block_on(async {
                    let keys: Vec<i32> = users.iter().map(|user| user.id).collect();
                    let posts = of_keys!(
                        $database,
                        Post,
                        "SELECT id, user_id, title, body FROM posts WHERE user_id",
                        keys,
                        &mut *connection,
                        $mark
                    );
                    let keys: Vec<i32> = posts.iter().map(|post| post.id).collect();
                    let comments = of_keys!(
                        $database,
                        Comment,
                        "SELECT id, post_id, text FROM comments WHERE post_id",
                        keys,
                        &mut *connection,
                        $mark
                    );
                    grouped(users, posts, comments)
                })
            }

            fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
                let sql = concat!("SELECT id, name, hair_color FROM users WHERE id = ", $mark);
                self.runtime.block_on(async {
                    for key in keys {
                        let user = sqlx::query_as::<$database, User>(sql).bind(*key);
                        see(&black_box(user.fetch_one(&mut self.connection).await.unwrap()));
                    }
                });
            }

            fn keep(&mut self, most: i32) {
                self.objects = self.load(most);
            }

            fn forget(&mut self) {
                self.objects = Vec::new();
            }

            fn update(&mut self, mark: u32) -> usize {
                self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
                self.runtime.block_on(async {
                    let mut transaction = self.connection.begin().await.unwrap();
                    for user in &self.objects {
                        let update =
                            sqlx::query::<$database>(update_user!($mark)).bind(&user.name).bind(user.id);
                        update.execute(&mut *transaction).await.unwrap();
                    }
                    transaction.commit().await.unwrap();
                });
                self.objects.len()
            }

            fn insert(&mut self, rows: &[NewUser]) {
                self.runtime.block_on(async {
                    if let [row] = rows {
                        let insert = sqlx::query::<$database>(insert_user!($mark))
                            .bind(&row.name)
                            .bind(&row.hair_color);
                        insert.execute(&mut self.connection).await.unwrap();
                    } else {
                        let insert = insert_users!(sqlx::query::<$database>, rows, "", $mark);
                        insert.execute(&mut self.connection).await.unwrap();
                    }
                });
            }

            fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
                self.runtime.block_on(async {
                    let mut transaction = self.connection.begin().await.unwrap();
                    let insert =
                        insert_users!(sqlx::query_scalar::<$database, i32>, rows, " RETURNING id", $mark);
                    let keys = insert.fetch_all(&mut *transaction).await.unwrap();
                    transaction.commit().await.unwrap();
                    black_box(keys).len()
                })
            }

            fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
                self.runtime.block_on(async {
                    let mut transaction = self.connection.begin().await.unwrap();
                    let insert =
                        insert_users!(sqlx::query_scalar::<$database, i32>, rows, " RETURNING id", $mark);
                    let keys = insert.fetch_all(&mut *transaction).await.unwrap();
                    for some in new_posts(&keys).chunks(10_000) {
                        let insert = insert_posts!($database, some, $mark);
                        black_box(insert.fetch_all(&mut *transaction).await.unwrap());
                    }
                    transaction.commit().await.unwrap();
                    keys.len()
                })
            }
        }
    };
}

peer!(Sqlite, sqlx::Sqlite, sqlx::SqliteConnection, sqlx::sqlite::SqliteConnectOptions, "BIGINT", "?");
peer!(MySql, sqlx::MySql, sqlx::MySqlConnection, sqlx::mysql::MySqlConnectOptions, "SIGNED", "?");
peer!(Postgres, sqlx::Postgres, sqlx::PgConnection, sqlx::postgres::PgConnectOptions, "BIGINT", "$1");

pub fn connect(database: &Database) -> Box<dyn Peer> {
    match database {
        Database::SqliteMemory | Database::SqliteFile(_) => {
            Framed::boxed(Sqlite::new(&match database.file("sqlx") {
                Some(file) => format!("sqlite://{}?mode=rwc", file.display()),
                None => "sqlite::memory:".to_owned(),
            }))
        }
        Database::MariaDb(url) => Framed::boxed(MySql::new(&format!("{url}?ssl-mode=DISABLED"))),
        Database::Postgres(url) => Framed::boxed(Postgres::new(&format!("{url}?sslmode=disable"))),
    }
}
