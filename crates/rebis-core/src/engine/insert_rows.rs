//! Rows in any number: statements of a size that the database takes, and their answers in the order of the rows.

use std::collections::VecDeque;
use std::sync::Arc;

use super::connection::{Connection, no_connection};
use super::execute::Sending;
use super::flat_rows::flat;
use super::gathered::Gathered;
use super::row_order::RowOrder;
use crate::compile::Rendered;
use crate::dialect::Dialect;
use crate::driver::Column;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::rows::{Rows, Sql, Watch};
use crate::schema::{SchemaTranslateMap, Table};
use crate::sql::{
    Composed, CteBody, InsertNode, Item, Node, Source, Statement, StatementNode, column_node, insert_into,
};
use crate::value::{BoundValue, Value, ValueRef};

/// How many rows one statement inserts.
pub(super) const ROWS_AT_A_TIME: usize = 1000;

/// The answer to one statement, read.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) columns: Arc<[Column]>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) affected: u64,
    pub(super) last_insert_id: Option<i64>,
    pub(super) sql: Option<Sql>,
}

impl Connection {
    /// Inserts rows of values into a table, and returns the wanted columns of each row, in the order of the rows: the keys that
    /// the database has made, say. There may be any number of rows; they go out in statements of at most a thousand, or as
    /// arrays (PostgreSQL) or by the bulk protocol (MariaDB, when nothing is to come back).
    ///
    /// Rows that go out in several statements see those before them: a value that reads the table is better computed first.
    ///
    /// It runs in the connection's transaction. At [`Autocommit`](crate::IsolationLevel::Autocommit) each statement stands by
    /// itself, and an error leaves those before it.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    ///
    /// let users = Table::build("users")
    ///     .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
    ///     .column(ColumnDef::new("name", SqlType::Text))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&users)?;
    /// let rows = vec![vec!["jo".into()], vec!["ed".into()]];
    /// assert_eq!(conn.insert_rows(&users, &["name"], rows, &["id"])?, [[1.into()], [2.into()]]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] for a row that has not one value for each column, [`ErrorKind::Statement`] for a column that is not
    /// there, and what the database says.
    pub fn insert_rows(
        &mut self,
        table: &Table,
        columns: &[&str],
        rows: Vec<Vec<Value>>,
        wanted: &[&str],
    ) -> Result<Vec<Vec<Value>>> {
        if let Some((index, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != columns.len()) {
            let text = format!("row {index} has {} values for {} columns", row.len(), columns.len());
            return Err(Error::new(ErrorKind::Bind, text));
        }
        let count = rows.len();
        let values = flat(rows, columns.len());
        let mut made = self.insert_values(table, columns, count, values, wanted)?.into_iter();
        let mut rows = Vec::with_capacity(made.len() / wanted.len().max(1));
        while made.len() > 0 {
            rows.push(made.by_ref().take(wanted.len()).collect());
        }
        Ok(rows)
    }

    /// The same for so many rows whose values lie one behind the other, row by row, and may be borrowed. What comes back lies so too.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::value::BoundValue;
    ///
    /// let users = Table::build("users")
    ///     .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
    ///     .column(ColumnDef::new("name", SqlType::Text))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&users)?;
    /// let names = ["jo", "ed"].map(BoundValue::Text).to_vec();
    /// assert_eq!(conn.insert_values(&users, &["name"], 2, names, &["id"])?, [1.into(), 2.into()]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`insert_rows`](Connection::insert_rows).
    pub fn insert_values(
        &mut self,
        table: &Table,
        columns: &[&str],
        count: usize,
        values: Vec<BoundValue<'_>>,
        wanted: &[&str],
    ) -> Result<Vec<Value>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        if values.len() != count.saturating_mul(columns.len()) {
            let text =
                format!("there are {} values for {count} rows of {} columns", values.len(), columns.len());
            return Err(Error::new(ErrorKind::Bind, text));
        }
        let mut node = insert_into(table).node;
        node.columns = columns.iter().map(|name| (*name).to_owned().into()).collect();
        node.returning = wanted.iter().map(|name| item(table, name)).collect();
        self.know_server()?;
        if self.goes_flat(&node, &values) {
            return self.insert_flat(node, values);
        }
        let mut values = values.into_iter().map(|value| Arc::new(Node::Value(value.into_value())));
        node.rows = (0..count).map(|_| values.by_ref().take(columns.len()).collect()).collect();
        let statement = Statement::Composed(Composed(StatementNode::Insert(Box::new(node))));
        let mut answer = self.execute(statement)?;
        let mut found = Vec::new();
        while let Some(row) = answer.next()? {
            for index in 0..wanted.len() {
                found.push(row.value(index)?);
            }
        }
        Ok(found)
    }

    /// Inserts one row and returns its primary key: by RETURNING, or where the server has none by the key that it counted last.
    /// An upsert gives the key of the row that it has changed; on PostgreSQL and SQLite `do_nothing` gives none.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Assignment, insert_into};
    ///
    /// let users = Table::build("users")
    ///     .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
    ///     .column(ColumnDef::new("name", SqlType::Text))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&users)?;
    /// let key = conn.insert_for_key(insert_into(&users).row([Assignment::of("name", "ed")])?)?;
    /// assert_eq!(key, [1.into()]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Statement`] for an INSERT of several rows, or into a table without a primary key; [`ErrorKind::NoRow`] when
    /// nothing was inserted; and as [`execute`](Connection::execute).
    pub fn insert_for_key(&mut self, insert: crate::sql::Insert) -> Result<Vec<Value>> {
        let mut node = insert.node;
        let keys: Vec<String> = node.table.primary_key().map(|column| column.name().to_owned()).collect();
        if node.rows.len() != 1 || keys.is_empty() {
            let text = "insert_for_key takes an INSERT of one row into a table with a primary key";
            return Err(Error::new(ErrorKind::Statement, text));
        }
        self.know_server()?;
        if self.returns_inserted() {
            node.returning = keys.iter().map(|name| item(&node.table, name)).collect();
            let statement = Statement::Composed(Composed(StatementNode::Insert(Box::new(node))));
            let row = self.execute(statement)?.one()?;
            return (0..keys.len()).map(|index| row.value(index)).collect();
        }
        self.insert_for_last_id(node)
    }

    /// Connects anew where the connection was lost, so that it is known what the server is.
    pub(super) fn know_server(&mut self) -> Result<()> {
        self.check_process()?;
        if self.server().is_some() {
            return Ok(());
        }
        self.prepare_for_statement(self.options().deadline(None))
    }

    /// Whether INSERT has RETURNING.
    pub(super) fn returns_inserted(&self) -> bool {
        self.dialect().returning.insert
    }

    /// Whether it is an INSERT that is too much for one statement, or whose answer has to be sorted.
    pub(super) fn is_for_batches(&self, statement: &Statement) -> bool {
        let Statement::Composed(composed) = statement else { return false };
        let StatementNode::Insert(insert) = &composed.0 else { return false };
        let writes = &self.dialect().writes;
        let sorted = !insert.returning.is_empty() && insert.conflict.is_none();
        if insert.rows.len() < 2 {
            // One row, whose columns have to be selected.
            return sorted && !insert.rows.is_empty() && !self.returns_inserted();
        }
        sorted
            || insert.columns.is_empty()
            || insert.rows.len() > ROWS_AT_A_TIME
            || insert.rows.len() * insert.columns.len() > writes.most_parameters
            || insert.rows.iter().map(|row| bytes(row)).fold(0, usize::saturating_add) > writes.most_bytes
    }

    /// The statements that an INSERT becomes, and what they answer as one.
    pub(super) fn execute_batches(&mut self, statement: Statement) -> Result<Rows<'_>> {
        let deadline = self.options().deadline(statement.own_timeout());
        // A listener wants to see it when it is done; nobody else does.
        let kept = self.engine().hears_after_execute().then(|| statement.clone());
        let Statement::Composed(composed) = statement else { return Err(not_an_insert()) };
        let StatementNode::Insert(insert) = composed.0 else { return Err(not_an_insert()) };
        let insert = *insert;
        self.prepare_for_statement(deadline)?;
        let whole = if insert.returning.is_empty() || self.returns_inserted() {
            self.insert_batches(insert, deadline)?
        } else {
            self.insert_and_select(insert, deadline)?
        };
        if let Some(statement) = &kept {
            self.engine().after_execute(statement);
            self.check_process()?;
        }
        let sql = whole.sql.unwrap_or_else(|| Sql::Text("".into()));
        let Connection { lease, gathered, .. } = self;
        let (_, loss, _) = lease.parts().ok_or_else(no_connection)?;
        let answer = Gathered::new(whole.columns, whole.rows, whole.affected, whole.last_insert_id);
        Ok(Rows::new(&mut **gathered.insert(Box::new(answer)), Watch::new(sql, loss, tracing::Span::none())))
    }

    fn insert_batches(&mut self, mut insert: InsertNode, deadline: Deadline) -> Result<Answer> {
        let order = RowOrder::of(&insert, self.dialect());
        let shown = insert.returning.len();
        let keys = order.key_columns(&insert);
        insert.returning.extend(keys.iter().map(|name| item(&insert.table, name)));
        let sorts = self.dialect().writes.sorted_insert && !insert.columns.is_empty();
        insert.ordered = order == RowOrder::Ascending && sorts;
        let mut rest = VecDeque::from(std::mem::take(&mut insert.rows));
        let mut whole = Answer::default();
        let most = if order == RowOrder::OneByOne { 1 } else { ROWS_AT_A_TIME };
        while !rest.is_empty() {
            let rendered = self.next_batch(&mut insert, &mut rest, most)?;
            if !rest.is_empty() && insert.with.iter().any(|cte| matches!(cte.first, CteBody::Write(_))) {
                let text = "these rows go out in several statements, and what writes in WITH would run with each of them; run it \
                            first, in the same transaction";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
            let mut answer = self.answer_to(rendered, deadline)?;
            if order.is_sorted() {
                answer.rows = order.sort(&insert, answer.rows, shown)?;
            }
            whole.add(answer, shown);
        }
        Ok(whole)
    }

    /// Takes as many of the rows as one statement holds, and renders it.
    pub(super) fn next_batch(
        &self,
        insert: &mut InsertNode,
        rest: &mut VecDeque<Vec<Arc<Node>>>,
        most: usize,
    ) -> Result<Rendered> {
        let dialect = self.dialect();
        // A row of defaults alone is a statement of its own.
        let most = if insert.columns.is_empty() { 1 } else { most };
        insert.rows.clear();
        let (mut size, mut width) = (0_usize, 0_usize);
        while let Some(row) = rest.front() {
            size = size.saturating_add(bytes(row));
            width += row.len();
            let full = size > dialect.writes.most_bytes || width > dialect.writes.most_parameters;
            if insert.rows.len() == most || full && !insert.rows.is_empty() {
                break;
            }
            insert.rows.extend(rest.pop_front());
        }
        loop {
            let mut rendered = render_insert(insert, dialect, &self.options().schema_translate_map)?;
            // An expression may have several parameters.
            if rendered.values.len() <= dialect.writes.most_parameters || insert.rows.len() < 2 {
                rendered.bind(&insert.binds, false)?;
                return Ok(rendered);
            }
            for row in insert.rows.split_off(insert.rows.len() / 2).into_iter().rev() {
                rest.push_front(row);
            }
        }
    }

    /// Runs one statement and reads its answer.
    pub(super) fn answer_to(&mut self, rendered: Rendered, deadline: Deadline) -> Result<Answer> {
        let sql = Sql::Text(rendered.sql.into());
        let parameters: Vec<ValueRef<'_>> = rendered.values.iter().map(Value::as_ref).collect();
        let sending = Sending { sql: sql.clone(), parameters, sets: 1, cached: false, deadline };
        let sent = self.send_once(sending)?;
        let columns = Arc::clone(sent.answer.columns());
        let width = columns.len();
        let mut rows = Rows::new(sent.answer, sent.watch);
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            read.push((0..width).map(|index| or_refused(row.value(index))).collect::<Result<_>>()?);
        }
        let (affected, last_insert_id) = (rows.rows_affected(), rows.last_insert_id());
        Ok(Answer { columns, rows: read, affected, last_insert_id, sql: Some(sql) })
    }
}

/// The renderer takes a statement whole; the rows come back from it.
pub(super) fn render_insert(
    insert: &mut InsertNode,
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<Rendered> {
    let empty = insert_into(&insert.table).node;
    let whole = Composed(StatementNode::Insert(Box::new(std::mem::replace(insert, empty))));
    let rendered = Rendered::of(&whole, dialect, schemas);
    if let StatementNode::Insert(node) = whole.0 {
        *insert = *node;
    }
    rendered
}

impl Answer {
    /// With the next statement's answer behind it, of which the first columns are shown.
    pub(super) fn add(&mut self, next: Answer, shown: usize) {
        // MariaDB counts none that it returns.
        self.affected = self.affected.saturating_add(next.affected.max(next.rows.len() as u64));
        self.last_insert_id = next.last_insert_id.or(self.last_insert_id);
        self.columns = next.columns.iter().take(shown).cloned().collect();
        self.sql = next.sql;
        self.rows.extend(next.rows);
    }
}

/// A cell that cannot be read is alone an error, when it is asked for: the rows are written.
pub(super) fn or_refused(cell: Result<Value>) -> Result<Value> {
    match cell {
        Err(why) if why.kind() == ErrorKind::Conversion => Ok(Value::Refused(why.to_string().into())),
        cell => cell,
    }
}

pub(super) fn item(table: &Table, name: &str) -> Item {
    let source = Source::Table(table.clone());
    Item::untyped(column_node(source, name.to_owned()))
}

/// About how many bytes a row's values have on the wire.
fn bytes(row: &[Arc<Node>]) -> usize {
    let one = |node: &Arc<Node>| match &**node {
        Node::Value(value) => bytes_of_value(value),
        _ => FEW_BYTES,
    };
    row.iter().map(one).fold(0, usize::saturating_add)
}

/// What is neither a text nor bytes has no more.
const FEW_BYTES: usize = 16;

/// About how many bytes a value has on the wire.
pub(super) fn bytes_of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) | Value::Digits(text) => bytes_of_text(text.as_bytes()),
        Value::Bytes(bytes) => bytes_of_text(bytes),
        _ => FEW_BYTES,
    }
}

/// The same of a text.
pub(super) fn bytes_of_text(text: &[u8]) -> usize {
    text.len() + 9
}

fn not_an_insert() -> Error {
    Error::new(ErrorKind::Statement, "only an INSERT goes out in several statements")
}

pub(super) fn missing_rows(found: usize, wanted: usize) -> Error {
    let text = format!(
        "the database returned {found} rows for {wanted} that were inserted, so it is not known which is which; is there a \
         trigger or a rule?"
    );
    Error::new(ErrorKind::Protocol, text)
}
