//! toasty's side of the workloads: a line comes in, a line goes out, as from `workloads/python/sqlalchemy_peer.py`. It has no joined
//! load, no insert without keys, and no identity map.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use toasty::{Db, Deferred};
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, toasty::Model)]
#[table = "users"]
struct User {
    #[key]
    #[auto]
    id: i32,
    name: String,
    hair_color: Option<String>,
    #[has_many]
    posts: Deferred<Vec<Post>>,
}

#[derive(Debug, toasty::Model)]
#[table = "posts"]
struct Post {
    #[key]
    #[auto]
    id: i32,
    #[index]
    user_id: i32,
    #[belongs_to(key = user_id, references = id)]
    user: Deferred<User>,
    title: String,
    body: Option<String>,
    #[has_many]
    comments: Deferred<Vec<Comment>>,
}

#[derive(Debug, toasty::Model)]
#[table = "comments"]
struct Comment {
    #[key]
    #[auto]
    id: i32,
    #[index]
    post_id: i32,
    #[belongs_to(key = post_id, references = id)]
    post: Deferred<Post>,
    text: String,
}

const WORKS: &[&str] = &[
    "a_load_1",
    "a_load_100",
    "a_load_10000",
    "f_get_pk",
    "e_update_1000",
    "d_insertret_100",
    "d_insertret_10000",
    "u_uow_10000x3",
];
/// On SQLite an include in an include panics: "not yet implemented: cast_expr".
const POSTGRES_ONLY: &[&str] = &["c_assoc"];

struct Toasty {
    runtime: Runtime,
    db: Db,
    kept: Vec<User>,
    mark: u32,
}

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let url = std::env::var("REBIS_BENCH_URL").unwrap_or_default();
    let connected = runtime.block_on(async {
        let mut builder = Db::builder();
        builder.models(toasty::models!(User, Post, Comment)).max_pool_size(1);
        builder.connect(&url).await
    });
    match connected {
        Ok(db) => {
            println!("toasty {}", env!("TOASTY_VERSION"));
            let more = if url.starts_with("sqlite") { &[] } else { POSTGRES_ONLY };
            println!("{}", [WORKS, more].concat().join(" "));
            Toasty { runtime, db, kept: Vec::new(), mark: 700_000 }.serve();
        }
        Err(error) => println!("{error}\n"),
    }
}

impl Toasty {
    fn serve(&mut self) {
        for line in std::io::stdin().lock().lines() {
            let line = line.unwrap();
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            println!("ok {}", self.answer(verb, argument.trim()));
            std::io::stdout().flush().unwrap();
        }
    }

    fn answer(&mut self, verb: &str, argument: &str) -> i64 {
        match verb {
            "time" => {
                self.prepare(argument);
                let start = Instant::now();
                self.run(argument, None);
                start.elapsed().as_nanos() as i64
            }
            "check" => {
                self.prepare(argument);
                let mut digest = 0;
                self.run(argument, Some(&mut digest));
                digest
            }
            "execute" => {
                self.execute(argument);
                0
            }
            "number" => self.number(argument),
            "rest" => {
                self.kept = Vec::new();
                0
            }
            _ => panic!("unknown question {verb}"),
        }
    }

    fn prepare(&mut self, work: &str) {
        self.mark += 1;
        if work == "e_update_1000" && self.kept.is_empty() {
            self.kept = self.load(1000);
        }
    }

    fn execute(&mut self, sql: &str) {
        // A PRAGMA may answer with a row, which only a query takes.
        if sql.starts_with("PRAGMA") {
            self.runtime.block_on(toasty::sql::query(sql).exec(&mut self.db)).unwrap();
        } else {
            self.runtime.block_on(toasty::sql::statement(sql).exec(&mut self.db)).unwrap();
        }
    }

    fn number(&mut self, sql: &str) -> i64 {
        let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
        let rows = self.runtime.block_on(toasty::sql::query(sql).exec(&mut self.db)).unwrap();
        match rows.first() {
            Some(toasty::stmt::Value::Record(row)) => match row.fields.first() {
                Some(toasty::stmt::Value::I64(number)) => *number,
                Some(toasty::stmt::Value::Null) => 0,
                other => panic!("not a number: {other:?}"),
            },
            other => panic!("not a row: {other:?}"),
        }
    }

    fn load(&mut self, most: i32) -> Vec<User> {
        let users = User::filter(User::fields().id().le(most));
        self.runtime.block_on(users.exec(&mut self.db)).unwrap()
    }

    fn run(&mut self, work: &str, digest: Option<&mut i64>) {
        match work {
            "a_load_1" => look(&self.load(1), digest),
            "a_load_100" => look(&self.load(100), digest),
            "a_load_10000" => look(&self.load(10_000), digest),
            "f_get_pk" => self.get(digest),
            "e_update_1000" => self.update(),
            "c_assoc" => self.associations(digest),
            "d_insertret_100" => (0..10).for_each(|_| self.insert(100)),
            "d_insertret_10000" => self.insert(10_000),
            "u_uow_10000x3" => self.unit_of_work(),
            _ => panic!("unknown workload {work}"),
        }
    }

    fn get(&mut self, mut digest: Option<&mut i64>) {
        self.runtime.block_on(async {
            for number in 0..10_000_i32 {
                let user = User::get_by_id(&mut self.db, &(number * 7919 % 10_000 + 1)).await.unwrap();
                look(&[user], digest.as_deref_mut());
            }
        });
    }

    fn update(&mut self) {
        self.runtime.block_on(async {
            let mut transaction = self.db.transaction().await.unwrap();
            for user in &mut self.kept {
                let name = format!("User {} r{:06}", user.id, self.mark);
                user.update().name(name).exec(&mut transaction).await.unwrap();
            }
            transaction.commit().await.unwrap();
        });
    }

    fn associations(&mut self, digest: Option<&mut i64>) {
        let users = User::filter(User::fields().id().le(100)).include(User::fields().posts().comments());
        let users = black_box(self.runtime.block_on(users.exec(&mut self.db)).unwrap());
        let Some(digest) = digest else { return };
        for user in &users {
            for post in user.posts.get() {
                for comment in post.comments.get() {
                    let keys = [(user.id, 3), (post.id, 5), (comment.id, 7)];
                    *digest += keys.iter().map(|(key, weight)| i64::from(*key) * weight).sum::<i64>();
                    *digest += comment.text.len() as i64;
                }
            }
        }
    }

    fn insert(&mut self, count: usize) {
        self.runtime.block_on(async {
            let mut transaction = self.db.transaction().await.unwrap();
            let mut keys = 0;
            for some in numbers(count) {
                let many = some.fold(User::create_many(), |many, number| {
                    many.item(User::create().name(format!("User {number}")).hair_color("hair_color"))
                });
                keys += many.exec(&mut transaction).await.unwrap().len();
            }
            transaction.commit().await.unwrap();
            assert_eq!(keys, count);
        });
    }

    /// Users with their posts in one statement of its API.
    fn unit_of_work(&mut self) {
        self.runtime.block_on(async {
            let mut transaction = self.db.transaction().await.unwrap();
            let mut users = Vec::new();
            for some in numbers(10_000) {
                let many = some.fold(User::create_many(), |many, number| {
                    many.item(User::create().name(format!("User {number}")).hair_color("hair_color"))
                });
                users.extend(many.exec(&mut transaction).await.unwrap());
            }
            for some in numbers(30_000) {
                let many = some.fold(Post::create_many(), |many, post| {
                    let (user, post) = (post / 3, post % 3);
                    let title = format!("Post {post} of {user}");
                    many.item(Post::create().user_id(users[user].id).title(title))
                });
                black_box(many.exec(&mut transaction).await.unwrap());
            }
            transaction.commit().await.unwrap();
        });
    }
}

/// So many at a time as a statement may have of bound values.
fn numbers(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).step_by(5000).map(move |first| first..count.min(first + 5000))
}

fn look(users: &[User], digest: Option<&mut i64>) {
    let users = black_box(users);
    let Some(digest) = digest else { return };
    for user in users {
        let id = i64::from(user.id);
        let color = user.hair_color.as_ref().map_or(7, |color| color.len() as i64);
        *digest += id * 31 + user.name.len() as i64 * id + color * (id % 97);
    }
}
