use rusqlite::{Connection, OptionalExtension, Result, Row};

#[derive(Debug, Clone)]
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

const COLUMNS: &str = "id, name, email, note, amount, rate, active, parent_id";

fn read(row: &Row<'_>) -> Result<Item@N@> {
    Ok(Item@N@ {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        note: row.get(3)?,
        amount: row.get(4)?,
        rate: row.get(5)?,
        active: row.get(6)?,
        parent_id: row.get(7)?,
    })
}

pub fn find(connection: &Connection, id: i64) -> Result<Option<Item@N@>> {
    let sql = format!("SELECT {COLUMNS} FROM item_@N@ WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], read).optional()
}

pub fn list(connection: &Connection, least: i64) -> Result<Vec<Item@N@>> {
    let sql = format!("SELECT {COLUMNS} FROM item_@N@ WHERE active AND amount >= ?1 ORDER BY name LIMIT 50");
    connection.prepare_cached(&sql)?.query_map([least], read)?.collect()
}

pub fn names(connection: &Connection, email: &str) -> Result<Vec<(i64, String)>> {
    let mut statement = connection.prepare_cached("SELECT id, name FROM item_@N@ WHERE email = ?1")?;
    let rows = statement.query_map([email], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

pub fn insert(connection: &Connection, name: &str, amount: i64) -> Result<i64> {
    let sql = "INSERT INTO item_@N@ (name, email, amount, rate, active) VALUES (?1, '', ?2, 0, 1)";
    connection.prepare_cached(sql)?.insert((name, amount))
}

pub fn rename(connection: &Connection, id: i64, name: &str) -> Result<bool> {
    let mut statement = connection.prepare_cached("UPDATE item_@N@ SET name = ?2 WHERE id = ?1")?;
    Ok(statement.execute((id, name))? > 0)
}

pub fn remove(connection: &Connection, id: i64) -> Result<bool> {
    Ok(connection.prepare_cached("DELETE FROM item_@N@ WHERE id = ?1")?.execute([id])? > 0)
}

pub fn all(connection: &Connection) -> Result<usize> {
    let id = insert(connection, "name", 7)?;
    let found = list(connection, 5)?.len() + names(connection, "email")?.len();
    rename(connection, id, "other")?;
    remove(connection, id)?;
    Ok(found + usize::from(find(connection, id)?.is_none()))
}
