use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, DatabaseConnection, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "item_@N@")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub email: String,
    pub note: Option<String>,
    pub amount: i64,
    pub rate: f64,
    pub active: bool,
    pub parent_id: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn find(connection: &DatabaseConnection, id: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(connection).await
}

pub async fn list(connection: &DatabaseConnection, least: i64) -> Result<Vec<Model>, DbErr> {
    let active = Entity::find().filter(Column::Active.eq(true)).filter(Column::Amount.gte(least));
    active.order_by_asc(Column::Name).limit(50).all(connection).await
}

pub async fn names(connection: &DatabaseConnection, email: &str) -> Result<Vec<(i64, String)>, DbErr> {
    let query = Entity::find().filter(Column::Email.eq(email)).select_only();
    query.column(Column::Id).column(Column::Name).into_tuple().all(connection).await
}

pub async fn insert(connection: &DatabaseConnection, name: &str, amount: i64) -> Result<Model, DbErr> {
    let item = ActiveModel {
        name: ActiveValue::Set(name.to_owned()),
        email: ActiveValue::Set(String::new()),
        amount: ActiveValue::Set(amount),
        rate: ActiveValue::Set(0.0),
        active: ActiveValue::Set(true),
        ..Default::default()
    };
    item.insert(connection).await
}

pub async fn rename(connection: &DatabaseConnection, id: i64, name: &str) -> Result<bool, DbErr> {
    let Some(item) = find(connection, id).await? else { return Ok(false) };
    let mut item: ActiveModel = item.into();
    item.name = ActiveValue::Set(name.to_owned());
    item.update(connection).await?;
    Ok(true)
}

pub async fn remove(connection: &DatabaseConnection, id: i64) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id).exec(connection).await?.rows_affected > 0)
}

pub async fn all(connection: &DatabaseConnection) -> Result<usize, DbErr> {
    let id = insert(connection, "name", 7).await?.id;
    let found = list(connection, 5).await?.len() + names(connection, "email").await?.len();
    rename(connection, id, "other").await?;
    remove(connection, id).await?;
    Ok(found + usize::from(find(connection, id).await?.is_none()))
}
