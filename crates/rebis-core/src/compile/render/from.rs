//! FROM: sources, joins, and the conditions that foreign keys make.

use std::sync::Arc;

use super::Renderer;
use super::scope::Scope;
use crate::dialect::ValuesIn;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Join, JoinKind, Node, Sampling, SelectNode, Source};

/// A foreign key between two sources, by the names that they have here.
struct Key {
    from: String,
    to: String,
    columns: Vec<(String, String)>,
}

/// The foreign keys of one source's table to the other's.
fn between(from: &Source, to: &Source) -> Vec<Key> {
    let (Some(table), Some(referred)) = (table_of(from), table_of(to)) else { return Vec::new() };
    let keys = table.foreign_keys().iter().filter(|key| key.leads(table, referred));
    let pairs =
        |names: &[String], others: &[String]| names.iter().cloned().zip(others.iter().cloned()).collect();
    keys.map(|key| Key {
        from: from.name().to_owned(),
        to: to.name().to_owned(),
        columns: pairs(key.columns(), key.referred()),
    })
    .collect()
}

fn table_of(source: &Source) -> Option<&Table> {
    match source {
        Source::Table(table) | Source::Alias { table, .. } | Source::Sample { table, .. } => Some(table),
        _ => None,
    }
}

impl Renderer<'_> {
    pub(super) fn source(&mut self, source: &Source) -> Result<()> {
        match source {
            Source::Table(table) => self.table(table),
            Source::Alias { table, name } => {
                self.table(table)?;
                self.push(" AS ");
                self.identifier(name)
            }
            Source::Subquery { select, name, lateral: true } => {
                if !self.dialect.lateral {
                    return self.unsupported(
                        "LATERAL; select one value by a scalar subquery, or number rows by row_number()",
                    );
                }
                self.push("LATERAL (");
                self.select(select)?;
                self.push(") AS ");
                self.identifier(name)
            }
            Source::Subquery { select, name, lateral: false } => {
                self.push("(");
                // A query in FROM does not see its neighbours.
                let around = std::mem::take(&mut self.scopes);
                self.select(select)?;
                self.scopes = around;
                self.push(") AS ");
                self.identifier(name)
            }
            Source::Cte { cte, name } => {
                if !self.ctes.contains(&cte.name) {
                    let text = format!("the CTE '{}' is not in this statement; give it by `with`", cte.name);
                    return Err(Error::new(ErrorKind::Statement, text));
                }
                self.identifier(&cte.name)?;
                if *name != cte.name {
                    self.push(" AS ");
                    self.identifier(name)?;
                }
                Ok(())
            }
            Source::Sample { .. } if !self.dialect.select.table_sample => self.unsupported("TABLESAMPLE"),
            Source::Sample { table, sampling, percent, name } => {
                self.table(table)?;
                self.push(" AS ");
                self.identifier(name)?;
                self.push(match sampling {
                    Sampling::Bernoulli => " TABLESAMPLE BERNOULLI (",
                    Sampling::System => " TABLESAMPLE SYSTEM (",
                });
                self.push(&format!("{percent})"));
                Ok(())
            }
            Source::Values { rows, columns, name } => self.values(rows, columns, name),
            Source::Function { call, json: true, name, .. } => {
                let [before, behind] = self.dialect.select.json_rows;
                self.push(before);
                self.expression(call)?;
                self.push(behind);
                self.push(" AS ");
                self.identifier(name)?;
                self.push(if self.dialect.select.function_columns { " (\"value\")" } else { "" });
                Ok(())
            }
            Source::Function { .. } if !self.dialect.select.table_functions => {
                self.unsupported("functions in FROM; `json_rows` makes rows of a JSON array")
            }
            Source::Function { columns, .. }
                if !columns.is_empty() && !self.dialect.select.function_columns =>
            {
                self.unsupported("names for the columns of a function in FROM; use those that it gives them")
            }
            Source::Function { call, columns, name, .. } => {
                self.expression(call)?;
                self.push(" AS ");
                self.identifier(name)?;
                self.names(columns)
            }
        }
    }

    /// `(a, b)`, or nothing.
    fn names(&mut self, names: &[&'static str]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        self.push(" (");
        self.list(names, |this, name| this.identifier(name))?;
        self.push(")");
        Ok(())
    }

    fn values(&mut self, rows: &[Vec<Arc<Node>>], columns: &[&'static str], name: &str) -> Result<()> {
        let row = |this: &mut Self, row: &Vec<Arc<Node>>| {
            this.push("(");
            this.value_list(row, row.len())?;
            this.push(")");
            Ok(())
        };
        let how = self.dialect.select.values;
        self.push("(");
        match rows {
            _ if how == ValuesIn::Values => {
                self.push("VALUES ");
                self.list(rows, row)?;
            }
            [] => {}
            [first, others @ ..] => {
                self.push("SELECT ");
                let place = self.place_of_list(first)?;
                for (index, (node, name)) in first.iter().zip(columns).enumerate() {
                    self.push(if index > 0 { ", " } else { "" });
                    match place {
                        Some(place) => self.placeholder(place + index),
                        None => self.expression(node)?,
                    }
                    self.push(" AS ");
                    self.identifier(name)?;
                }
                if how == ValuesIn::FirstThenValues && !others.is_empty() {
                    self.push(" UNION ALL VALUES ");
                    self.list(others, row)?;
                } else {
                    for other in others {
                        self.push(" UNION ALL SELECT ");
                        self.value_list(other, other.len())?;
                    }
                }
            }
        }
        self.push(") AS ");
        self.identifier(name)?;
        if how == ValuesIn::Values { self.names(columns) } else { Ok(()) }
    }

    /// An ON sees the sources before it and its own.
    pub(super) fn joins(&mut self, select: &SelectNode, first: usize) -> Result<()> {
        self.scopes.iter_mut().last().into_iter().for_each(|scope| scope.begin_joins(first));
        select.joins.iter().try_for_each(|join| self.join(join))
    }

    fn join(&mut self, join: &Join) -> Result<()> {
        self.push(match join.kind {
            JoinKind::Inner => " JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Full if !self.dialect.full_join => return self.unsupported("FULL JOIN"),
            JoinKind::Full => " FULL JOIN ",
            JoinKind::Cross => " CROSS JOIN ",
        });
        self.push(if join.inside.is_empty() { "" } else { "(" });
        self.source(&join.source)?;
        self.scopes.iter_mut().last().into_iter().for_each(Scope::next_join);
        for (source, on) in &join.inside {
            self.push(" JOIN ");
            self.source(source)?;
            self.scopes.iter_mut().last().into_iter().for_each(Scope::next_join);
            self.push(" ON ");
            self.expression(on)?;
        }
        self.push(if join.inside.is_empty() { "" } else { ")" });
        match &join.on {
            Some(on) => {
                self.push(" ON ");
                self.expression(on)
            }
            None if join.kind == JoinKind::Cross => Ok(()),
            None => self.on_key(&join.source),
        }
    }

    /// ON the one foreign key between this source and those before it.
    fn on_key(&mut self, joined: &Source) -> Result<()> {
        let before = self.scopes.last().map(Scope::sources).unwrap_or_default();
        let mut keys = Vec::new();
        for other in before.iter().filter(|other| !other.is(joined)) {
            keys.extend(between(joined, other));
            keys.extend(between(other, joined));
        }
        let [key] = keys.as_slice() else {
            let count = if keys.is_empty() { "no foreign key" } else { "more than one foreign key" };
            let text = format!(
                "there is {count} between '{}' and what it is joined to; give the condition by `join`",
                joined.name()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        };
        self.push(" ON ");
        for (index, (from, to)) in key.columns.iter().enumerate() {
            self.push(if index > 0 { " AND " } else { "" });
            for (source, name, behind) in [(&key.from, from, " = "), (&key.to, to, "")] {
                self.identifier(source)?;
                self.push(".");
                self.identifier(name)?;
                self.push(behind);
            }
        }
        Ok(())
    }
}
