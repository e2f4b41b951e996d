//! sea-orm on one connection without the ping before each use, on Tokio's runtime of one thread.

use std::hint::black_box;

use sea_orm::entity::prelude::*;
use sea_orm::{
    ActiveValue::NotSet, ConnectOptions, DatabaseConnection, QueryOrder, Set, Statement, TransactionTrait,
};
use tokio::runtime::{Builder, Runtime};

use crate::work::{
    Database, Digest, NewUser, POSTS_EACH, Peer, Work, new_name, new_users, next_mark, permuted, title,
};

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

type Tree = Vec<(users::Model, Vec<(posts::Model, Vec<comments::Model>)>)>;

pub struct Sea {
    runtime: Runtime,
    connection: DatabaseConnection,
    objects: Vec<users::Model>,
    rows: Vec<NewUser>,
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
            Database::Sqlite => "sqlite::memory:".to_owned(),
            Database::MariaDb(url) => format!("{url}?ssl-mode=DISABLED"),
            Database::Postgres(url) => format!("{url}?sslmode=disable"),
        };
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).min_connections(1).sqlx_logging(false).test_before_acquire(false);
        let connection = runtime.block_on(sea_orm::Database::connect(options)).unwrap();
        // Its feature for RETURNING on MariaDB breaks the updates of MariaDB 10.11.
        let returns_keys = !matches!(database, Database::MariaDb(_));
        Sea { runtime, connection, objects: Vec::new(), rows: Vec::new(), returns_keys }
    }

    fn load(&self, most: i32) -> Vec<users::Model> {
        let users = users::Entity::find().filter(users::Column::Id.lte(most));
        self.runtime.block_on(users.all(&self.connection)).unwrap()
    }

    async fn associations(&self) -> Tree {
        let users = users::Entity::find().filter(users::Column::Id.lte(100)).order_by_asc(users::Column::Id);
        let users = users.all(&self.connection).await.unwrap();
        let posts = users.load_many(posts::Entity, &self.connection).await.unwrap();
        let counts: Vec<usize> = posts.iter().map(Vec::len).collect();
        let posts: Vec<posts::Model> = posts.into_iter().flatten().collect();
        let comments = posts.load_many(comments::Entity, &self.connection).await.unwrap();
        let mut posts = posts.into_iter().zip(comments);
        users
            .into_iter()
            .zip(counts)
            .map(|(user, count)| (user, posts.by_ref().take(count).collect()))
            .collect()
    }

    async fn update(&self) {
        let mark = next_mark();
        let transaction = self.connection.begin().await.unwrap();
        for user in &self.objects {
            let mut changed: users::ActiveModel = user.clone().into();
            changed.name = Set(new_name(user.id, mark));
            changed.update(&transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    async fn insert(&self, rows: &[NewUser]) {
        let insert = if let [_] = rows {
            let row = active(rows).next().unwrap();
            users::Entity::insert(row).exec_without_returning(&self.connection).await
        } else {
            users::Entity::insert_many(active(rows)).exec_without_returning(&self.connection).await
        };
        insert.unwrap();
    }

    async fn unit_of_work(&self, rows: &[NewUser], each: usize) -> usize {
        let transaction = self.connection.begin().await.unwrap();
        let insert = users::Entity::insert_many(active(rows));
        let keys = insert.exec_with_returning_keys(&transaction).await.unwrap();
        let posts = keys.iter().enumerate().flat_map(|(number, key)| {
            (0..each).map(move |post| posts::ActiveModel {
                id: NotSet,
                user_id: Set(*key),
                title: Set(title(post, number)),
                body: Set(None),
            })
        });
        for some in posts.collect::<Vec<_>>().chunks(10_000) {
            let insert = posts::Entity::insert_many(some.to_vec());
            insert.exec_with_returning_keys(&transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        keys.len()
    }
}

fn digest_user(user: &users::Model, digest: &mut Digest) {
    digest.user(user.id, &user.name, user.hair_color.as_deref());
}

impl Peer for Sea {
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
        match work {
            Work::Load(most) => {
                let users = black_box(self.load(most));
                assert_eq!(users.len(), most as usize);
                users.iter().filter(|_| checked).for_each(|user| digest_user(user, digest));
            }
            Work::Associations => {
                for (user, posts) in &black_box(self.runtime.block_on(self.associations())) {
                    for (post, comments) in posts.iter().filter(|_| checked) {
                        comments
                            .iter()
                            .for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
                    }
                }
            }
            Work::Get => {
                for key in permuted() {
                    let user = users::Entity::find_by_id(key).one(&self.connection);
                    let user = black_box(self.runtime.block_on(user).unwrap().unwrap());
                    if checked {
                        digest_user(&user, digest);
                    }
                }
            }
            Work::Hit => {}
            Work::Update => self.runtime.block_on(self.update()),
            Work::Insert(_) => {
                (0..work.calls()).for_each(|_| self.runtime.block_on(self.insert(&self.rows)));
            }
            Work::InsertKeys(count) => {
                assert_eq!(self.runtime.block_on(self.unit_of_work(&self.rows, 0)), count);
            }
            Work::UnitOfWork => {
                assert_eq!(self.runtime.block_on(self.unit_of_work(&self.rows, POSTS_EACH)), self.rows.len());
            }
        }
    }
}
