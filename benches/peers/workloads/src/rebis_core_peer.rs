//! Rebis without its ORM: composed statements on one connection. It reads at autocommit, as the raw drivers do.

use std::collections::HashMap;
use std::hint::black_box;

use rebis::sql::{Expression, select};
use rebis::{Connection, Engine, FromRow, IsolationLevel, Value, raw};

use crate::rebis_orm_peer::{Comment, Post, User};
use crate::work::{
    Database, Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title,
};

#[derive(FromRow)]
struct UserRow {
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[derive(FromRow)]
struct PostRow {
    id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[derive(FromRow)]
struct CommentRow {
    id: i32,
    post_id: i32,
    text: String,
}

type Tree = Vec<(UserRow, Vec<(PostRow, Vec<CommentRow>)>)>;

pub fn engine(database: &Database) -> Engine {
    let url = match database {
        Database::Sqlite => "sqlite://".to_owned(),
        // The others speak without TLS as well.
        Database::MariaDb(url) => format!("{url}?ssl-mode=disabled"),
        Database::Postgres(url) => format!("{url}?sslmode=disable"),
    };
    Engine::new(url.as_str()).unwrap()
}

pub struct Core {
    connection: Connection,
    objects: Vec<UserRow>,
    rows: Vec<NewUser>,
}

impl Core {
    pub fn new(database: &Database) -> Self {
        let mut connection = engine(database).connect().unwrap();
        connection.set_isolation_level(IsolationLevel::Autocommit).unwrap();
        Core { connection, objects: Vec::new(), rows: Vec::new() }
    }

    fn load(&mut self, most: i32) -> Vec<UserRow> {
        let users = select((User::id, User::name, User::hair_color)).filter(User::id.le(most));
        self.connection.execute(users).unwrap().of().all().unwrap()
    }

    fn associations(&mut self) -> Tree {
        let users = self.load(100);
        let posts = select((Post::id, Post::user_id, Post::title, Post::body))
            .filter(Post::user_id.in_list(users.iter().map(|user| user.id)));
        let posts: Vec<PostRow> = self.connection.execute(posts).unwrap().of().all().unwrap();
        let comments = select((Comment::id, Comment::post_id, Comment::text))
            .filter(Comment::post_id.in_list(posts.iter().map(|post| post.id)));
        let comments: Vec<CommentRow> = self.connection.execute(comments).unwrap().of().all().unwrap();
        grouped(users, posts, comments)
    }

    fn update(&mut self) {
        let mark = next_mark();
        self.objects.iter_mut().for_each(|user| user.name = new_name(user.id, mark));
        let rows = self.objects.iter().map(|user| vec![user.id.into(), user.name.as_str().into()]).collect();
        in_transaction(&mut self.connection, |connection| {
            assert_eq!(connection.update_rows(&table(), &["id"], &["name"], rows).unwrap(), 1000);
        });
    }
}

/// By hand: the connection is at autocommit.
fn in_transaction<T>(connection: &mut Connection, run: impl FnOnce(&mut Connection) -> T) -> T {
    connection.execute(raw("BEGIN")).unwrap();
    let done = run(connection);
    connection.execute(raw("COMMIT")).unwrap();
    done
}

fn table() -> rebis::schema::Table {
    use rebis::schema::Entity;
    User::table().clone()
}

fn insert(connection: &mut Connection, rows: &[NewUser], wanted: &[&str]) -> Vec<Vec<Value>> {
    let values = rows.iter().map(|row| vec![row.name.as_str().into(), row.hair_color.as_deref().into()]);
    connection.insert_rows(&table(), &["name", "hair_color"], values.collect(), wanted).unwrap()
}

fn grouped(users: Vec<UserRow>, posts: Vec<PostRow>, comments: Vec<CommentRow>) -> Tree {
    let places: HashMap<i32, usize> = posts.iter().enumerate().map(|(at, post)| (post.id, at)).collect();
    let mut posts: Vec<(PostRow, Vec<CommentRow>)> =
        posts.into_iter().map(|post| (post, Vec::new())).collect();
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

impl Peer for Core {
    fn name(&self) -> &'static str {
        "rebis core"
    }

    fn does(&self, work: Work) -> bool {
        work != Work::Hit
    }

    fn execute(&mut self, sql: &str) {
        self.connection.execute(raw(sql.to_owned())).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.connection.scalar::<Option<i64>>(raw(sql.to_owned())).unwrap().unwrap_or(0)
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
                    users
                        .iter()
                        .for_each(|user| digest.user(user.id, &user.name, user.hair_color.as_deref()));
                }
            }
            Work::Associations => {
                for (user, posts) in &black_box(self.associations()) {
                    for (post, comments) in posts.iter().filter(|_| checked) {
                        black_box((&post.title, &post.body));
                        comments
                            .iter()
                            .for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
                    }
                }
            }
            Work::Get => {
                for key in permuted() {
                    let user = select((User::id, User::name, User::hair_color)).filter(User::id.eq(key));
                    let user: UserRow = black_box(self.connection.execute(user).unwrap().of().one().unwrap());
                    if checked {
                        digest.user(user.id, &user.name, user.hair_color.as_deref());
                    }
                }
            }
            Work::Hit => {}
            Work::Update => self.update(),
            Work::Insert(1) => (0..work.calls()).for_each(|_| drop(insert(&mut self.connection, &rows, &[]))),
            Work::Insert(_) => {
                in_transaction(&mut self.connection, |connection| drop(insert(connection, &rows, &[])))
            }
            Work::InsertKeys(count) => {
                let keys =
                    in_transaction(&mut self.connection, |connection| insert(connection, &rows, &["id"]));
                assert_eq!(keys.len(), count);
            }
            Work::UnitOfWork => in_transaction(&mut self.connection, |connection| {
                use rebis::schema::Entity;
                let keys = insert(connection, &rows, &["id"]);
                let posts = keys.iter().enumerate().flat_map(|(number, key)| {
                    (0..POSTS_EACH)
                        .map(move |post| vec![key[0].clone(), title(post, number).into(), Value::Null])
                });
                let columns = ["user_id", "title", "body"];
                let keys = connection.insert_rows(Post::table(), &columns, posts.collect(), &["id"]).unwrap();
                assert_eq!(keys.len(), rows.len() * POSTS_EACH);
            }),
        }
        self.rows = rows;
    }
}
