//! Rebis without its ORM: composed statements on one connection. It reads at autocommit, as the raw drivers do.

use std::hint::black_box;

use rebis::schema::Entity;
use rebis::sql::{Expression, select};
use rebis::{Connection, Engine, FromRow, IsolationLevel, JoinRelated, Value, raw};

use crate::frame::Workloads;
use crate::rebis_orm_peer::{Comment, Post, User};
use crate::rows::{self, Seen, Tree, grouped};
use crate::work::{Database, Digest, NewUser, UPDATED, new_name, new_posts};

/// A user with its post, from one row.
#[derive(FromRow)]
pub struct Pair {
    #[rebis(flatten)]
    user: rows::User,
    #[rebis(flatten)]
    post: Option<JoinedPost>,
}

#[derive(FromRow)]
struct JoinedPost {
    post_id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

impl Seen for Pair {
    fn see(&self, digest: &mut Digest) {
        self.user.see(digest);
        if let Some(post) = &self.post {
            digest.post(post.post_id, post.user_id, &post.title, post.body.as_deref());
        }
    }
}

pub fn engine(database: &Database, peer: &str) -> Engine {
    let url = match database {
        Database::SqliteMemory => "sqlite://".to_owned(),
        Database::SqliteFile(_) => {
            let file = database.file(peer).unwrap_or_default();
            format!("sqlite:///{}?journal_mode=wal&synchronous=off", file.display())
        }
        // The others speak without TLS as well.
        Database::MariaDb(url) => format!("{url}?ssl-mode=disabled"),
        Database::Postgres(url) => format!("{url}?sslmode=disable"),
    };
    Engine::new(url.as_str()).unwrap()
}

pub struct Core {
    connection: Connection,
    objects: Vec<rows::User>,
}

impl Core {
    pub fn new(database: &Database) -> Self {
        let mut connection = engine(database, "rebis core").connect().unwrap();
        connection.set_isolation_level(IsolationLevel::Autocommit).unwrap();
        Core { connection, objects: Vec::new() }
    }
}

/// By hand: the connection is at autocommit.
fn in_transaction<T>(connection: &mut Connection, run: impl FnOnce(&mut Connection) -> T) -> T {
    connection.execute(raw("BEGIN")).unwrap();
    let done = run(connection);
    connection.execute(raw("COMMIT")).unwrap();
    done
}

fn insert_users(connection: &mut Connection, rows: &[NewUser], wanted: &[&str]) -> Vec<Vec<Value>> {
    let values = rows.iter().map(|row| vec![row.name.as_str().into(), row.hair_color.as_deref().into()]);
    connection.insert_rows(User::table(), &["name", "hair_color"], values.collect(), wanted).unwrap()
}

impl Workloads for Core {
    type Users = Vec<rows::User>;
    type Pairs = Vec<Pair>;
    type Tree = Tree;

    fn name(&self) -> &'static str {
        "rebis core"
    }

    fn execute(&mut self, sql: &str) {
        self.connection.execute(raw(sql.to_owned())).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.scalar::<Option<i64>>(raw(sql.to_owned())).unwrap().unwrap_or(0)
    }

    fn load(&mut self, most: i32) -> Vec<rows::User> {
        let users = select((User::id, User::name, User::hair_color)).filter(User::id.le(most));
        self.connection.execute(users).unwrap().of().all().unwrap()
    }

    fn join(&mut self) -> Vec<Pair> {
        let user = (User::id, User::name, User::hair_color);
        let post = (
            Post::id.nullable().label("post_id"),
            Post::user_id.nullable(),
            Post::title.nullable(),
            Post::body,
        );
        let pairs = select((user.0, user.1, user.2, post.0, post.1, post.2, post.3))
            .outer_join_related(User::posts)
            .filter(User::id.le(10_000));
        self.connection.execute(pairs).unwrap().of().all().unwrap()
    }

    fn associations(&mut self) -> Tree {
        let users = self.load(100);
        let posts = select((Post::id, Post::user_id, Post::title, Post::body))
            .filter(Post::user_id.in_list(users.iter().map(|user| user.id)));
        let posts: Vec<rows::Post> = self.connection.execute(posts).unwrap().of().all().unwrap();
        let comments = select((Comment::id, Comment::post_id, Comment::text))
            .filter(Comment::post_id.in_list(posts.iter().map(|post| post.id)));
        let comments: Vec<rows::Comment> = self.connection.execute(comments).unwrap().of().all().unwrap();
        grouped(users, posts, comments)
    }

    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        for key in keys {
            let user = select((User::id, User::name, User::hair_color)).filter(User::id.eq(*key));
            let user: rows::User = self.connection.execute(user).unwrap().of().one().unwrap();
            see(&black_box(user));
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
        let rows = self.objects.iter().map(|user| vec![user.id.into(), user.name.as_str().into()]).collect();
        in_transaction(&mut self.connection, |connection| {
            let changed = connection.update_rows(User::table(), &["id"], &["name"], rows).unwrap();
            assert_eq!(changed, UPDATED as u64);
        });
        self.objects.len()
    }

    /// Up to a hundred are one statement.
    fn insert(&mut self, rows: &[NewUser]) {
        if rows.len() <= 100 {
            insert_users(&mut self.connection, rows, &[]);
        } else {
            in_transaction(&mut self.connection, |connection| insert_users(connection, rows, &[]));
        }
    }

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        in_transaction(&mut self.connection, |connection| insert_users(connection, rows, &["id"])).len()
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
        in_transaction(&mut self.connection, |connection| {
            let keys: Vec<Vec<Value>> = insert_users(connection, rows, &["id"]);
            let numbers: Vec<&Value> = keys.iter().map(|key| &key[0]).collect();
            let posts = new_posts(&numbers).into_iter();
            let posts: Vec<Vec<Value>> =
                posts.map(|(user, title)| vec![user.clone(), title.into(), Value::Null]).collect();
            let count = posts.len();
            let columns = ["user_id", "title", "body"];
            let made = connection.insert_rows(Post::table(), &columns, posts, &["id"]).unwrap();
            assert_eq!(made.len(), count);
            keys.len()
        })
    }
}
