//! One statement, many sets of parameters.

use std::sync::Arc;

use super::connection::Connection;
use super::execute::Sending;
use crate::compile::{Compiled, Rendered};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::rows::Sql;
use crate::schema::{MakeValue, SchemaTranslateMap};
use crate::sql::{Composed, InsertNode, IntoStatement, Node, ParameterSet, Statement, StatementNode};
use crate::value::{Value, ValueRef};

/// How many sets of parameters go to the driver at a time.
const SETS_AT_A_TIME: usize = 1000;

/// A statement that is sent for many sets.
struct Many {
    sql: Sql,
    /// What a set gives, in this order.
    names: Box<[Box<str>]>,
    /// What is made anew for each set; it stands behind what the set gave.
    made: Vec<MakeValue>,
    /// What is the same in each set.
    constants: Vec<Value>,
    order: Vec<Filled>,
    cached: bool,
}

/// What goes into a placeholder.
#[derive(Clone, Copy)]
enum Filled {
    /// Of the set, by its place.
    Set(usize),
    Constant(usize),
}

impl Connection {
    /// Runs a statement once for each set of parameters, and returns how many rows it changed in all.
    ///
    /// Drivers send many sets at a time. The first error ends the run; in a transaction nothing is lost by rolling back.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int, word text)"))?;
    /// let insert = text("insert into t values (:i, :word)");
    /// assert_eq!(conn.execute_many(insert, [(1, "one"), (2, "two")])?, 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// A composed statement names its parameters by [`param`](crate::sql::param); an INSERT without rows takes the values of its
    /// columns.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Assignment, Expression, insert_into, param, update_table};
    ///
    /// let t = Table::build("t")
    ///     .column(ColumnDef::new("i", SqlType::Integer))
    ///     .column(ColumnDef::new("word", SqlType::Text))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&t)?;
    /// assert_eq!(conn.execute_many(insert_into(&t), [(1, "one"), (2, "two")])?, 2);
    /// let rename = update_table(&t)
    ///     .set_all([Assignment::expr("word", param::<String>("new"))])
    ///     .filter(t.c("i").eq(param::<i64>("which")));
    /// assert_eq!(conn.execute_many(rename, [("uno", 1), ("due", 2), ("tre", 3)])?, 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Connection::execute).
    pub fn execute_many<S: ParameterSet>(
        &mut self,
        statement: impl IntoStatement,
        sets: impl IntoIterator<Item = S>,
    ) -> Result<u64> {
        self.know_server()?;
        let statement = self.before_execute(statement.into_statement())?;
        let many = match &statement {
            Statement::Text(text) => {
                let (compiled, cached) = self.engine().state().compiled.text(text, self.dialect())?;
                Many::of_text(compiled, cached)
            }
            Statement::Composed(composed) => {
                Many::of_tree(composed, self.dialect(), &self.options().schema_translate_map)?
            }
        };
        if many.names.is_empty() {
            return Err(Error::new(
                ErrorKind::Bind,
                "execute_many needs a statement with parameters: `:name` in a text, `param` in a composed one",
            )
            .with_sql(&*many.sql));
        }
        let deadline = self.options().deadline(statement.own_timeout());
        let mut sets = sets.into_iter();
        let mut affected = 0_u64;
        let mut values: Vec<Value> = Vec::new();
        loop {
            values.clear();
            let mut count = 0;
            for set in sets.by_ref().take(SETS_AT_A_TIME) {
                let before = values.len();
                set.append_to(&mut values, &many.names).map_err(|error| error.with_sql(&*many.sql))?;
                // A set of the program's own that miscounts would shift all sets after it.
                many.check_width(values.len() - before)?;
                values.extend(many.made.iter().map(|make| make()));
                count += 1;
            }
            if count == 0 {
                self.engine().after_execute(&statement);
                return Ok(affected);
            }
            affected = affected.saturating_add(self.execute_sets(&many, &values, count, deadline)?);
        }
    }

    fn execute_sets(
        &mut self,
        many: &Many,
        values: &[Value],
        count: usize,
        deadline: Deadline,
    ) -> Result<u64> {
        let sets = values.chunks_exact(many.names.len() + many.made.len());
        let parameters: Vec<ValueRef<'_>> = sets
            .flat_map(|set| {
                many.order.iter().filter_map(move |filled| match *filled {
                    Filled::Set(index) => set.get(index).map(Value::as_ref),
                    Filled::Constant(index) => many.constants.get(index).map(Value::as_ref),
                })
            })
            .collect();
        // An iterator of the caller's ran in between, and may have forked.
        self.check_process()?;
        let (sql, cached) = (many.sql.clone(), many.cached);
        let sending = Sending { sql, parameters, sets: count, cached, deadline };
        self.send_many(sending, many.order.len())
    }
}

impl Many {
    fn of_text(compiled: Arc<Compiled>, cached: bool) -> Self {
        Many {
            names: compiled.names.clone(),
            made: Vec::new(),
            constants: Vec::new(),
            order: compiled.order.iter().copied().map(Filled::Set).collect(),
            sql: Sql::Compiled(compiled),
            cached,
        }
    }

    fn of_tree(composed: &Composed, dialect: &Dialect, schemas: &SchemaTranslateMap) -> Result<Self> {
        let mut node = composed.0.clone();
        if let StatementNode::Insert(insert) = &mut node {
            take_rows_by_name(insert);
        }
        let mut made: Vec<MakeValue> = Vec::new();
        node.complete_with(&mut |make| {
            made.push(Arc::clone(make));
            Node::Parameter(made_name(made.len() - 1).into())
        });
        let node = Composed(node);
        let rendered = Rendered::of(&node, dialect, schemas)?;
        let binds = node.0.binds();
        let mut names: Vec<Box<str>> = Vec::new();
        for (_, name) in &rendered.parameters {
            let bound = binds.is_some_and(|binds| binds.get(name).is_some());
            if !bound && made_index(name).is_none() && !names.iter().any(|known| **known == **name) {
                names.push((**name).into());
            }
        }
        if let Some(binds) = binds {
            let known: Vec<&str> = rendered.parameters.iter().map(|(_, name)| &**name).collect();
            binds.check(&known).map_err(|error| error.with_sql(&*rendered.sql))?;
        }
        let mut order: Vec<Filled> = (0..rendered.values.len()).map(Filled::Constant).collect();
        let mut constants = rendered.values;
        for (index, name) in &rendered.parameters {
            let of_set = names.iter().position(|known| **known == **name);
            let place = of_set.or_else(|| made_index(name).map(|index| names.len() + index));
            if let (Some(place), Some(filled)) = (place, order.get_mut(*index)) {
                *filled = Filled::Set(place);
            }
            let bound = binds.and_then(|binds| binds.get(name));
            if let (Some(value), Some(constant)) = (bound, constants.get_mut(*index)) {
                *constant = value.clone();
            }
        }
        let sql = Sql::Text(rendered.sql.into());
        Ok(Many { sql, names: names.into(), made, constants, order, cached: false })
    }

    fn check_width(&self, given: usize) -> Result<()> {
        let wanted = self.names.len();
        if given == wanted {
            return Ok(());
        }
        let message = format!("a set of parameters gave {given} values for {wanted} names");
        Err(Error::new(ErrorKind::Bind, message).with_sql(&*self.sql))
    }
}

/// What stands for a value that a function makes. No parameter of a program is called so.
const MADE: &str = "\0made ";

fn made_name(index: usize) -> String {
    format!("{MADE}{index}")
}

fn made_index(name: &str) -> Option<usize> {
    name.strip_prefix(MADE)?.parse().ok()
}

/// An INSERT without rows has one whose values are called as its columns.
fn take_rows_by_name(insert: &mut InsertNode) {
    if !insert.rows.is_empty() || insert.select.is_some() {
        return;
    }
    if insert.columns.is_empty() {
        let columns = insert.table.columns().iter();
        let given = columns.filter(|column| !column.is_autoincrement() && column.computation().is_none());
        insert.columns = given.map(|column| column.name().to_owned().into()).collect();
    }
    let row = insert.columns.iter().map(|name| Arc::new(Node::Parameter(name.clone())));
    insert.rows = vec![row.collect()];
}
