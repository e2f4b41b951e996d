use toasty::Db;

#[derive(Debug, toasty::Model)]
#[table = "item_@N@"]
pub struct Item@N@ {
    #[key]
    #[auto]
    pub id: i64,
    pub name: String,
    pub email: String,
    pub note: Option<String>,
    pub amount: i64,
    pub rate: f64,
    pub active: bool,
    pub parent_id: Option<i64>,
}

pub async fn find(db: &mut Db, id: i64) -> toasty::Result<Option<Item@N@>> {
    Item@N@::filter(Item@N@::fields().id().eq(id)).first().exec(db).await
}

pub async fn list(db: &mut Db, least: i64) -> toasty::Result<Vec<Item@N@>> {
    let active = Item@N@::fields().active().eq(true).and(Item@N@::fields().amount().ge(least));
    Item@N@::filter(active).order_by(Item@N@::fields().name().asc()).limit(50).exec(db).await
}

pub async fn names(db: &mut Db, email: &str) -> toasty::Result<Vec<(i64, String)>> {
    let items = Item@N@::filter(Item@N@::fields().email().eq(email)).exec(db).await?;
    Ok(items.into_iter().map(|item| (item.id, item.name)).collect())
}

pub async fn insert(db: &mut Db, name: &str, amount: i64) -> toasty::Result<Item@N@> {
    Item@N@::create().name(name).email("").amount(amount).rate(0.0).active(true).exec(db).await
}

pub async fn rename(db: &mut Db, id: i64, name: &str) -> toasty::Result<bool> {
    let Some(mut item) = find(db, id).await? else { return Ok(false) };
    item.update().name(name).exec(db).await?;
    Ok(true)
}

pub async fn remove(db: &mut Db, id: i64) -> toasty::Result<bool> {
    let Some(item) = find(db, id).await? else { return Ok(false) };
    item.delete().exec(db).await?;
    Ok(true)
}

pub async fn all(db: &mut Db) -> toasty::Result<usize> {
    let id = insert(db, "name", 7).await?.id;
    let found = list(db, 5).await?.len() + names(db, "email").await?.len();
    rename(db, id, "other").await?;
    remove(db, id).await?;
    Ok(found + usize::from(find(db, id).await?.is_none()))
}
