//! sea-orm on one connection without the ping before each use, on Tokio's runtime of one thread.

use std::hint::black_box;

use sea_orm::entity::prelude::*;
use sea_orm::{
    ActiveValue::NotSet, ConnectOptions, DatabaseConnection, QueryOrder, Set, Statement, TransactionTrait,
};
use tokio::runtime::{Builder, Runtime};

use crate::frame::Workloads;
use crate::rows::Seen;
use crate::work::{Database, Digest, NewUser, Work, new_name, new_posts};

pub mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub hair_color: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::posts::Entity")]
        Posts,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Posts.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod posts {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub user_id: i32,
        pub title: String,
        pub body: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::users::Entity",
            from = "Column::UserId",
            to = "super::users::Column::Id"
        )]
        Users,
        #[sea_orm(has_many = "super::comments::Entity")]
        Comments,
    }

    impl Related<super::users::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Users.def()
        }
    }

    impl Related<super::comments::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Comments.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod comments {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub post_id: i32,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::posts::Entity",
            from = "Column::PostId",
            to = "super::posts::Column::Id"
        )]
        Posts,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Posts.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

type Pairs = Vec<(users::Model, Option<posts::Model>)>;

pub struct Tree(Vec<(users::Model, Vec<(posts::Model, Vec<comments::Model>)>)>);

pub struct Sea {
    runtime: Runtime,
    connection: DatabaseConnection,
    objects: Vec<users::Model>,
    returns_keys: bool,
}

fn active(rows: &[NewUser]) -> impl Iterator<Item = users::ActiveModel> + '_ {
    rows.iter().map(|row| users::ActiveModel {
        id: NotSet,
        name: Set(row.name.clone()),
        hair_color: Set(row.hair_color.clone()),
    })
}

impl Sea {
    pub fn new(database: &Database) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let url = match database {
            Database::SqliteMemory | Database::SqliteFile(_) => match database.file("sea-orm") {
                Some(file) => format!("sqlite://{}?mode=rwc", file.display()),
                None => "sqlite::memory:".to_owned(),
            },
            Database::MariaDb(url) => format!("{url}?ssl-mode=DISABLED"),
            Database::Postgres(url) => format!("{url}?sslmode=disable"),
        };
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).min_connections(1).sqlx_logging(false).test_before_acquire(false);
        let connection = runtime.block_on(sea_orm::Database::connect(options)).unwrap();
        // Its feature for RETURNING on MariaDB breaks the updates of MariaDB 10.11.
        let returns_keys = !matches!(database, Database::MariaDb(_));
        Sea { runtime, connection, objects: Vec::new(), returns_keys }
    }

    async fn load_tree(&self) -> Tree {
        let users = users::Entity::find().filter(users::Column::Id.lte(100)).order_by_asc(users::Column::Id);
        let users = users.all(&self.connection).await.unwrap();
        let posts = users.load_many(posts::Entity, &self.connection).await.unwrap();
        let counts: Vec<usize> = posts.iter().map(Vec::len).collect();
        let posts: Vec<posts::Model> = posts.into_iter().flatten().collect();
        let comments = posts.load_many(comments::Entity, &self.connection).await.unwrap();
        let mut posts = posts.into_iter().zip(comments);
        let users = users.into_iter().zip(counts);
        Tree(users.map(|(user, count)| (user, posts.by_ref().take(count).collect())).collect())
    }

    async fn rename(&self, mark: u32) {
        let transaction = self.connection.begin().await.unwrap();
        for user in &self.objects {
            let mut changed: users::ActiveModel = user.clone().into();
            changed.name = Set(new_name(user.id, mark));
            changed.update(&transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    async fn send(&self, rows: &[NewUser]) {
        let insert = if let [_] = rows {
            let row = active(rows).next().unwrap();
            users::Entity::insert(row).exec_without_returning(&self.connection).await
        } else {
            users::Entity::insert_many(active(rows)).exec_without_returning(&self.connection).await
        };
        insert.unwrap();
    }

    async fn send_with_keys(&self, rows: &[NewUser], with_posts: bool) -> usize {
        let transaction = self.connection.begin().await.unwrap();
        let insert = users::Entity::insert_many(active(rows));
        let keys = insert.exec_with_returning_keys(&transaction).await.unwrap();
        let posts = if with_posts { new_posts(&keys) } else { Vec::new() };
        for some in posts.chunks(10_000) {
            let some = some.iter().map(|(user, title)| posts::ActiveModel {
                id: NotSet,
                user_id: Set(*user),
                title: Set(title.clone()),
                body: Set(None),
            });
            let insert = posts::Entity::insert_many(some);
            black_box(insert.exec_with_returning_keys(&transaction).await.unwrap());
        }
        transaction.commit().await.unwrap();
        black_box(keys).len()
    }
}

impl Seen for users::Model {
    fn see(&self, digest: &mut Digest) {
        digest.user(self.id, &self.name, self.hair_color.as_deref());
    }
}

impl Seen for posts::Model {
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

impl Workloads for Sea {
    type Users = Vec<users::Model>;
    type Pairs = Pairs;
    type Tree = Tree;

    fn name(&self) -> &'static str {
        "sea-orm"
    }

    fn does(&self, work: Work) -> bool {
        work != Work::Hit && (self.returns_keys || !matches!(work, Work::InsertKeys(_) | Work::UnitOfWork))
    }

    fn execute(&mut self, sql: &str) {
        self.runtime.block_on(self.connection.execute_unprepared(sql)).unwrap();
    }

    fn number(&mut self, sql: &str) -> i64 {
        let backend = self.connection.get_database_backend();
        let integer = if backend == sea_orm::DbBackend::MySql { "SIGNED" } else { "BIGINT" };
        let sql = format!("SELECT CAST(({sql}) AS {integer}) AS number");
        let row = self.runtime.block_on(self.connection.query_one_raw(Statement::from_string(backend, sql)));
        row.unwrap().unwrap().try_get::<Option<i64>>("", "number").unwrap().unwrap_or(0)
    }

    fn load(&mut self, most: i32) -> Vec<users::Model> {
        let users = users::Entity::find().filter(users::Column::Id.lte(most));
        self.runtime.block_on(users.all(&self.connection)).unwrap()
    }

    fn join(&mut self) -> Pairs {
        let pairs = users::Entity::find().find_also_related(posts::Entity);
        let pairs = pairs.filter(users::Column::Id.lte(10_000));
        self.runtime.block_on(pairs.all(&self.connection)).unwrap()
    }

    fn associations(&mut self) -> Tree {
        self.runtime.block_on(self.load_tree())
    }

    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen)) {
        for key in keys {
            let user = users::Entity::find_by_id(*key).one(&self.connection);
            see(&black_box(self.runtime.block_on(user).unwrap().unwrap()));
        }
    }

    fn keep(&mut self, most: i32) {
        self.objects = self.load(most);
    }

    fn forget(&mut self) {
        self.objects = Vec::new();
    }

    fn update(&mut self, mark: u32) -> usize {
        self.runtime.block_on(self.rename(mark));
        self.objects.len()
    }

    fn insert(&mut self, rows: &[NewUser]) {
        self.runtime.block_on(self.send(rows));
    }

    fn insert_keys(&mut self, rows: &[NewUser]) -> usize {
        self.runtime.block_on(self.send_with_keys(rows, false))
    }

    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize {
        self.runtime.block_on(self.send_with_keys(rows, true))
    }
}
