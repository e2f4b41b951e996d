use rebis::prelude::*;

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "item_@N@")]
pub struct Item@N@ {
    #[rebis(primary_key)]
    pub id: i64,
    pub name: String,
    pub email: String,
    pub note: Option<String>,
    pub amount: i64,
    pub rate: f64,
    pub active: bool,
    pub parent_id: Option<i64>,
}

pub fn find(session: &Session, id: i64) -> Result<Option<Instance<Item@N@>>> {
    session.get::<Item@N@>(id)
}

pub fn list(session: &Session, least: i64) -> Result<Vec<Instance<Item@N@>>> {
    let active = session.query::<Item@N@>().filter(Item@N@::active.eq(true));
    active.filter(Item@N@::amount.ge(least)).order_by(Item@N@::name).limit(50).all()
}

pub fn names(session: &Session, email: &str) -> Result<Vec<(i64, String)>> {
    let query = select((Item@N@::id, Item@N@::name)).filter(Item@N@::email.eq(email));
    session.execute(query)?.all()
}

pub fn insert(session: &Session, name: &str, amount: i64) -> Result<Instance<Item@N@>> {
    let item = session.add(Item@N@ { name: name.to_owned(), amount, active: true, ..Item@N@::default() })?;
    session.flush()?;
    Ok(item)
}

pub fn rename(session: &Session, id: i64, name: &str) -> Result<bool> {
    let Some(item) = session.get::<Item@N@>(id)? else { return Ok(false) };
    item.write()?.name = name.to_owned();
    session.flush()?;
    Ok(true)
}

pub fn remove(session: &Session, id: i64) -> Result<bool> {
    let Some(item) = session.get::<Item@N@>(id)? else { return Ok(false) };
    session.delete(&item)?;
    session.flush()?;
    Ok(true)
}

pub fn all(session: &Session) -> Result<usize> {
    let item = insert(session, "name", 7)?;
    let id = item.read()?.id;
    let found = list(session, 5)?.len() + names(session, "email")?.len();
    rename(session, id, "other")?;
    remove(session, id)?;
    Ok(found + usize::from(find(session, id)?.is_none()))
}
