//! Rebis with its ORM: a session, an identity map, changes found at the flush.

use std::hint::black_box;

use rebis::sql::Expression;
use rebis::{
    Connection, Engine, Instance, IsolationLevel, Many, Model, One, Session, SessionOptions, joinedload, raw,
    selectinload,
};

use crate::frame::Workloads;
use crate::rebis_core_peer::engine;
use crate::rows::Seen;
use crate::work::{Database, Digest, NewUser, POSTS_EACH, Work, new_name, title};

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
    /// With the users that are held, or with none.
    session: Session,
    kept: Vec<Instance<User>>,
}

/// What a session of its own has loaded, and that session: both end with the workload.
pub struct Loaded<S> {
    users: Vec<Instance<User>>,
    see: S,
    _session: Session,
}

type See = fn(&Instance<User>, &mut Digest);

fn session(engine: &Engine) -> Session {
    let mut options = SessionOptions::default();
    options.expire_on_commit = false;
    Session::with_options(engine, options)
}

impl Orm {
    pub fn new(database: &Database) -> Self {
        let engine = engine(database, "rebis ORM");
        Orm { session: session(&engine), engine, kept: Vec::new() }
    }

    /// For what is no part of the workload. SQLite in memory has one connection, which the session must not hold.
    fn aside<T>(&mut self, run: impl FnOnce(&mut Connection) -> T) -> T {
        self.forget();
        let mut connection = self.engine.connect().unwrap();
        connection.set_isolation_level(IsolationLevel::Autocommit).unwrap();
        run(&mut connection)
    }
}

fn load(session: &Session, most: i32) -> Vec<Instance<User>> {
    session.query::<User>().filter(User::id.le(most)).all().unwrap()
}

impl Seen for Instance<User> {
    fn see(&self, digest: &mut Digest) {
        let user = self.read().unwrap();
        digest.user(user.id, &user.name, user.hair_color.as_deref());
    }
}

impl Seen for Loaded<See> {
    fn see(&self, digest: &mut Digest) {
        self.users.iter().for_each(|user| (self.see)(user, digest));
    }
}

fn see_with_posts(user: &Instance<User>, digest: &mut Digest) {
    user.see(digest);
    for post in user.related(User::posts).unwrap().all() {
        let post = post.read().unwrap();
        digest.post(post.id, post.user_id, &post.title, post.body.as_deref());
    }
}

fn see_comments(user: &Instance<User>, digest: &mut Digest) {
    for post in user.related(User::posts).unwrap().all() {
        for comment in post.related(Post::comments).unwrap().all() {
            let (user, post) = (user.read().unwrap().id, post.read().unwrap().id);
            let comment = comment.read().unwrap();
            digest.comment(user, post, comment.id, &comment.text);
        }
    }
}

impl Workloads for Orm {
    type Users = Loaded<See>;
    type Pairs = Loaded<See>;
    type Tree = Loaded<See>;

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

    fn load(&mut self, most: i32) -> Loaded<See> {
        let session = session(&self.engine);
        let users = load(&session, most);
        assert_eq!(users.len(), most as usize);
        Loaded { users, see: Instance::<User>::see, _session: session }
    }

    fn join(&mut self) -> Loaded<See> {
        let session = session(&self.engine);
        let users = session.query::<User>().filter(User::id.le(10_000));
        let users = users.option(joinedload(User::posts)).all().unwrap();
        Loaded { users, see: see_with_posts, _session: session }
    }

    fn associations(&mut self) -> Loaded<See> {
        let session = session(&self.engine);
        let posts = selectinload(User::posts).then(selectinload(Post::comments));
        let users = session.query::<User>().filter(User::id.le(100)).option(posts).all().unwrap();
        Loaded { users, see: see_comments, _session: session }
    }

    /// A session lets go of objects that nobody holds: so they are held, as a program would that works with them.
    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        for key in keys {
            self.kept.push(black_box(self.session.get::<User>(*key).unwrap().unwrap()));
        }
        self.kept.iter().for_each(|user| see(user));
    }

    fn keep(&mut self, most: i32) {
        self.kept = load(&self.session, most);
    }

    fn forget(&mut self) {
        self.kept = Vec::new();
        self.session.close();
        self.session = session(&self.engine);
    }

    fn hit(&mut self, keys: &[i32]) {
        for key in keys {
            black_box(self.session.get::<User>(*key).unwrap().unwrap());
        }
    }

    fn update(&mut self, mark: u32) -> usize {
        for user in &self.kept {
            let mut user = user.write().unwrap();
            user.name = new_name(user.id, mark);
        }
        self.session.commit().unwrap();
        self.kept.len()
    }

    fn insert(&mut self, _: &[NewUser]) {}

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        let session = session(&self.engine);
        let users = rows.iter().map(|row| User {
            name: row.name.clone(),
            hair_color: row.hair_color.clone(),
            ..User::default()
        });
        let users = session.add_all(users).unwrap();
        session.commit().unwrap();
        users.iter().filter(|user| user.read().unwrap().id > 0).count()
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
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
        black_box(users).len()
    }
}
