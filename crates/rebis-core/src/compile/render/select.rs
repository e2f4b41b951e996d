//! SELECT, clause by clause.

use std::sync::Arc;

use super::Renderer;
use super::scope::Scope;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{CteNode, Item, Join, JoinKind, LockWait, Ordering, SelectNode, SetOperator, Source};
use crate::value::Value;

impl Renderer<'_> {
    pub(super) fn select(&mut self, select: &SelectNode) -> Result<()> {
        let known = self.ctes.len();
        self.with(&select.with)?;
        self.whole(select)?;
        self.ctes.truncate(known);
        Ok(())
    }

    fn with(&mut self, ctes: &[Arc<CteNode>]) -> Result<()> {
        if ctes.is_empty() {
            return Ok(());
        }
        let recursive = ctes.iter().any(|cte| cte.again.is_some());
        self.push(if recursive { "WITH RECURSIVE " } else { "WITH " });
        // Queries in WITH do not see what is around them, except for the CTEs before them.
        let around = std::mem::take(&mut self.scopes);
        self.list(ctes, |this, cte| this.cte(cte))?;
        self.scopes = around;
        self.push(" ");
        Ok(())
    }

    fn cte(&mut self, cte: &CteNode) -> Result<()> {
        let Some(columns) = cte.columns() else {
            let text = format!("an expression in the CTE '{}' has no name; give it one by `label`", cte.name);
            return Err(Error::new(ErrorKind::Statement, text));
        };
        self.identifier(&cte.name)?;
        self.push(" (");
        self.list(&columns, |this, name| this.identifier(name))?;
        self.push(") AS (");
        match &cte.again {
            Some((operator, again)) => {
                self.part(&cte.first)?;
                self.operator(*operator);
                self.ctes.push(Arc::clone(&cte.name));
                self.part(again)?;
            }
            None => {
                self.select(&cte.first)?;
                self.ctes.push(Arc::clone(&cte.name));
            }
        }
        self.push(")");
        Ok(())
    }

    /// One of several queries that are combined.
    fn part(&mut self, part: &SelectNode) -> Result<()> {
        let has_own_end = !part.order_by.is_empty() || part.limit.is_some() || part.offset.is_some();
        if has_own_end || !part.combined.is_empty() || part.lock.is_some() || !part.with.is_empty() {
            return self.unsupported(
                "combined query with a part that has an order, a limit, a CTE or parts of its own; make it a subquery",
            );
        }
        self.core(part)
    }

    fn operator(&mut self, operator: SetOperator) {
        self.push(match operator {
            SetOperator::Union => " UNION ",
            SetOperator::UnionAll => " UNION ALL ",
            SetOperator::Intersect => " INTERSECT ",
            SetOperator::Except => " EXCEPT ",
        });
    }

    fn whole(&mut self, select: &SelectNode) -> Result<()> {
        self.core(select)?;
        for (operator, other) in &select.combined {
            self.operator(*operator);
            self.part(other)?;
        }
        self.order_by(select)?;
        self.limits(select)?;
        self.lock(select)
    }

    /// Everything but what stands once behind combined queries. The names of the first part count in the order.
    fn core(&mut self, select: &SelectNode) -> Result<()> {
        let first = self.first_source(select)?;
        let scope = self.scope(select, first.as_ref())?;
        self.scopes.push(scope);
        self.push(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
        if !select.distinct_on.is_empty() {
            if !self.dialect.distinct_on {
                return self.unsupported("DISTINCT ON; number the rows by row_number() in a subquery");
            }
            self.push("DISTINCT ON (");
            self.list(&select.distinct_on, |this, node| this.expression(node))?;
            self.push(") ");
        }
        self.list(&select.items, Self::item)?;
        if let Some(first) = &first {
            self.push(" FROM ");
            self.source(first)?;
        }
        self.joins(select, usize::from(first.is_some()))?;
        self.conditions(" WHERE ", &select.filters)?;
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.list(&select.group_by, |this, node| this.expression(node))?;
        }
        self.conditions(" HAVING ", &select.having)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn item(&mut self, item: &Item) -> Result<()> {
        self.check_nullable(item)?;
        self.expression(&item.node)?;
        if let Some(label) = item.label {
            self.push(" AS ");
            self.identifier(label)?;
        }
        Ok(())
    }

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
        }
    }

    /// An ON sees the sources before it and its own.
    fn joins(&mut self, select: &SelectNode, first: usize) -> Result<()> {
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
        self.source(&join.source)?;
        self.scopes.iter_mut().last().into_iter().for_each(Scope::next_join);
        if let Some(on) = &join.on {
            self.push(" ON ");
            self.expression(on)?;
        }
        Ok(())
    }

    fn order_by(&mut self, select: &SelectNode) -> Result<()> {
        if select.order_by.is_empty() {
            return Ok(());
        }
        let first = self.first_source(select)?;
        let scope = self.scope(select, first.as_ref())?;
        self.scopes.push(scope);
        self.push(" ORDER BY ");
        self.list(&select.order_by, Self::ordering)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn ordering(&mut self, key: &Ordering) -> Result<()> {
        if let (Some(first), false) = (key.nulls_first, self.dialect.orders_nulls) {
            // False sorts before true.
            self.operand(&key.node, super::expression::COMPARED)?;
            self.push(if first { " IS NOT NULL, " } else { " IS NULL, " });
        }
        self.expression(&key.node)?;
        self.push(if key.descending { " DESC" } else { "" });
        match key.nulls_first {
            Some(true) if self.dialect.orders_nulls => self.push(" NULLS FIRST"),
            Some(false) if self.dialect.orders_nulls => self.push(" NULLS LAST"),
            _ => {}
        }
        Ok(())
    }

    /// The counts are values, so that a page's text is every page's.
    fn limits(&mut self, select: &SelectNode) -> Result<()> {
        match (select.limit, select.offset) {
            (Some(limit), _) => {
                self.push(" LIMIT ");
                self.value(&Value::from(limit));
            }
            (None, Some(_)) => self.push(self.dialect.no_limit),
            (None, None) => {}
        }
        if let Some(offset) = select.offset {
            self.push(" OFFSET ");
            self.value(&Value::from(offset));
        }
        Ok(())
    }

    fn lock(&mut self, select: &SelectNode) -> Result<()> {
        let (Some(lock), Some(words)) = (select.lock, self.dialect.row_locks) else { return Ok(()) };
        self.push(if lock.share { words.share } else { words.update });
        self.push(match lock.wait {
            LockWait::Wait => "",
            LockWait::NoWait => " NOWAIT",
            LockWait::SkipLocked => " SKIP LOCKED",
        });
        Ok(())
    }
}
