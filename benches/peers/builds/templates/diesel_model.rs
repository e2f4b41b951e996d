use diesel::prelude::*;

diesel::table! {
    item_@N@ (id) {
        id -> BigInt,
        name -> Text,
        email -> Text,
        note -> Nullable<Text>,
        amount -> BigInt,
        rate -> Double,
        active -> Bool,
        parent_id -> Nullable<BigInt>,
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Identifiable, AsChangeset)]
#[diesel(table_name = item_@N@)]
pub struct Item@N@ {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub note: Option<String>,
    pub amount: i64,
    pub rate: f64,
    pub active: bool,
    pub parent_id: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = item_@N@)]
pub struct NewItem@N@<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub note: Option<&'a str>,
    pub amount: i64,
    pub rate: f64,
    pub active: bool,
    pub parent_id: Option<i64>,
}

pub fn find(connection: &mut SqliteConnection, id: i64) -> QueryResult<Option<Item@N@>> {
    item_@N@::table.find(id).select(Item@N@::as_select()).first(connection).optional()
}

pub fn list(connection: &mut SqliteConnection, least: i64) -> QueryResult<Vec<Item@N@>> {
    item_@N@::table
        .filter(item_@N@::active.eq(true))
        .filter(item_@N@::amount.ge(least))
        .order_by(item_@N@::name)
        .limit(50)
        .select(Item@N@::as_select())
        .load(connection)
}

pub fn names(connection: &mut SqliteConnection, email: &str) -> QueryResult<Vec<(i64, String)>> {
    item_@N@::table
        .filter(item_@N@::email.eq(email))
        .select((item_@N@::id, item_@N@::name))
        .load(connection)
}

pub fn insert(connection: &mut SqliteConnection, name: &str, amount: i64) -> QueryResult<Item@N@> {
    let item = NewItem@N@ { name, email: "", note: None, amount, rate: 0.0, active: true, parent_id: None };
    diesel::insert_into(item_@N@::table).values(&item).returning(Item@N@::as_returning()).get_result(connection)
}

pub fn rename(connection: &mut SqliteConnection, id: i64, name: &str) -> QueryResult<bool> {
    let Some(mut item) = find(connection, id)? else { return Ok(false) };
    item.name = name.to_owned();
    diesel::update(item_@N@::table.find(id)).set(&item).execute(connection).map(|count| count > 0)
}

pub fn remove(connection: &mut SqliteConnection, id: i64) -> QueryResult<bool> {
    diesel::delete(item_@N@::table.find(id)).execute(connection).map(|count| count > 0)
}

pub fn all(connection: &mut SqliteConnection) -> QueryResult<usize> {
    let id = insert(connection, "name", 7)?.id;
    let found = list(connection, 5)?.len() + names(connection, "email")?.len();
    rename(connection, id, "other")?;
    remove(connection, id)?;
    Ok(found + usize::from(find(connection, id)?.is_none()))
}
