//! Rebis with its ORM: a session, an identity map, changes found at the flush.

use std::hint::black_box;

use rebis::sql::Expression;
use rebis::{
    Connection, Engine, Instance, IsolationLevel, Many, Model, One, Session, SessionOptions, raw,
    selectinload,
};

use crate::rebis_core_peer::engine;
use crate::work::{
    Database, Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title,
};

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "users")]
pub struct User {
    #[rebis(primary_key)]
    pub id: i32,
    #[rebis(length = 100)]
    pub name: String,
    #[rebis(length = 50)]
    pub hair_color: Option<String>,
    #[rebis(relationship(back_populates = "user"))]
    pub posts: Many<Post>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "posts")]
pub struct Post {
    #[rebis(primary_key)]
    pub id: i32,
    #[rebis(foreign_key = User::id, index)]
    pub user_id: i32,
    #[rebis(length = 200)]
    pub title: String,
    pub body: Option<String>,
    #[rebis(relationship(back_populates = "posts"))]
    pub user: One<User>,
    #[rebis(relationship)]
    pub comments: Many<Comment>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "comments")]
pub struct Comment {
    #[rebis(primary_key)]
    pub id: i32,
    #[rebis(foreign_key = Post::id, index)]
    pub post_id: i32,
    #[rebis(length = 200)]
    pub text: String,
}

pub struct Orm {
    engine: Engine,
    /// With the 10,000 users of the hits, or the 1,000 of the updates.
    session: Session,
    kept: Vec<Instance<User>>,
    kept_for: Option<Work>,
    rows: Vec<NewUser>,
}

fn session(engine: &Engine) -> Session {
    let mut options = SessionOptions::default();
    options.expire_on_commit = false;
    Session::with_options(engine, options)
}

impl Orm {
    pub fn new(database: &Database) -> Self {
        let engine = engine(database);
        Orm { session: session(&engine), engine, kept: Vec::new(), kept_for: None, rows: Vec::new() }
    }

    /// For what is no part of the workload. SQLite in memory has one connection, which the session must not hold.
    fn aside<T>(&mut self, run: impl FnOnce(&mut Connection) -> T) -> T {
        self.forget();
        let mut connection = self.engine.connect().unwrap();
        connection.set_isolation_level(IsolationLevel::Autocommit).unwrap();
        run(&mut connection)
    }

    fn forget(&mut self) {
        self.kept = Vec::new();
        self.kept_for = None;
        self.session.close();
        self.session = session(&self.engine);
    }

    fn keep(&mut self, work: Work, most: i32) {
        if self.kept_for != Some(work) {
            self.forget();
            self.kept = load(&self.session, most);
            self.kept_for = Some(work);
        }
    }

    fn update(&self) {
        let mark = next_mark();
        for user in &self.kept {
            let mut user = user.write().unwrap();
            user.name = new_name(user.id, mark);
        }
        self.session.commit().unwrap();
    }

    fn insert(&self, rows: &[NewUser]) {
        let session = session(&self.engine);
        let users = rows.iter().map(|row| User {
            name: row.name.clone(),
            hair_color: row.hair_color.clone(),
            ..User::default()
        });
        let users = session.add_all(users).unwrap();
        session.commit().unwrap();
        assert!(users.iter().all(|user| user.read().unwrap().id > 0));
    }

    fn unit_of_work(&self, rows: &[NewUser]) {
        let session = session(&self.engine);
        let users = rows.iter().enumerate().map(|(number, row)| User {
            name: row.name.clone(),
            hair_color: row.hair_color.clone(),
            posts: (0..POSTS_EACH)
                .map(|post| Post { title: title(post, number), ..Post::default() })
                .collect(),
            ..User::default()
        });
        let users = session.add_all(users).unwrap();
        session.commit().unwrap();
        black_box(users);
    }
}

fn load(session: &Session, most: i32) -> Vec<Instance<User>> {
    session.query::<User>().filter(User::id.le(most)).all().unwrap()
}

fn digest_user(user: &Instance<User>, digest: &mut Digest) {
    let user = user.read().unwrap();
    digest.user(user.id, &user.name, user.hair_color.as_deref());
}

impl Peer for Orm {
    fn name(&self) -> &'static str {
        "rebis ORM"
    }

    fn does(&self, work: Work) -> bool {
        !matches!(work, Work::Insert(_))
    }

    fn execute(&mut self, sql: &str) {
        self.aside(|connection| drop(connection.execute(raw(sql.to_owned())).unwrap()));
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.aside(|connection| connection.scalar::<Option<i64>>(raw(sql.to_owned())).unwrap().unwrap_or(0))
    }

    fn prepare(&mut self, work: Work) {
        match work {
            Work::Update => self.keep(work, 1000),
            Work::Hit => self.keep(work, 10_000),
            _ => self.forget(),
        }
        match work {
            Work::InsertKeys(count) => self.rows = new_users(count),
            Work::UnitOfWork => self.rows = new_users(10_000),
            _ => {}
        }
    }

    fn rest(&mut self) {
        self.forget();
    }

    fn run(&mut self, work: Work, digest: Option<&mut Digest>) {
        let mut ignored = Digest::default();
        let checked = digest.is_some();
        let digest = digest.unwrap_or(&mut ignored);
        match work {
            Work::Load(most) => {
                let session = session(&self.engine);
                let users = load(&session, most);
                assert_eq!(users.len(), most as usize);
                users.iter().filter(|_| checked).for_each(|user| digest_user(user, digest));
            }
            Work::Associations => {
                let session = session(&self.engine);
                let posts = selectinload(User::posts).then(selectinload(Post::comments));
                let users = session.query::<User>().filter(User::id.le(100)).option(posts).all().unwrap();
                for user in users.iter().filter(|_| checked) {
                    for post in user.related(User::posts).unwrap().all() {
                        for comment in post.related(Post::comments).unwrap().all() {
                            let (user, post) = (user.read().unwrap().id, post.read().unwrap().id);
                            let comment = comment.read().unwrap();
                            digest.comment(user, post, comment.id, &comment.text);
                        }
                    }
                }
            }
            Work::Get | Work::Hit => {
                for key in permuted() {
                    let user = black_box(self.session.get::<User>(key).unwrap().unwrap());
                    if work == Work::Get {
                        self.kept.push(user);
                    }
                }
                self.kept
                    .iter()
                    .filter(|_| checked && work == Work::Get)
                    .for_each(|user| digest_user(user, digest));
            }
            Work::Update => self.update(),
            Work::Insert(_) => {}
            Work::InsertKeys(_) => self.insert(&self.rows),
            Work::UnitOfWork => self.unit_of_work(&self.rows),
        }
    }
}
