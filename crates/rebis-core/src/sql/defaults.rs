//! What columns say of themselves, put into statements that do not name them.

use std::sync::Arc;

use super::cte::CteBody;
use super::dml::{Assignment, UpdateNode};
use super::insert::InsertNode;
use super::node::Node;
use super::text::text;
use super::{Statement, StatementNode};
use crate::schema::{ClientDefault, Make, MakeValue};

impl Statement {
    /// With the columns that have a default of the program's.
    pub(crate) fn complete(mut self) -> Self {
        if let Statement::Composed(composed) = &mut self {
            composed.0.complete();
        }
        self
    }
}

impl StatementNode {
    pub(crate) fn complete(&mut self) {
        self.complete_with(&mut |make| Node::Value(make()));
    }

    /// The same, where something else stands for what a function makes.
    pub(crate) fn complete_with(&mut self, made: &mut dyn FnMut(&MakeValue) -> Node) {
        let with = match self {
            StatementNode::Select(node) => &mut node.with,
            StatementNode::Insert(node) => &mut node.with,
            StatementNode::Update(node) => &mut node.with,
            StatementNode::Delete(node) => &mut node.with,
            StatementNode::Truncate(_) | StatementNode::Ddl(_) => return,
        };
        for cte in with {
            if let CteBody::Write(write) = &cte.first {
                let mut write = write.clone();
                write.0.complete_with(made);
                *cte = Arc::new(cte.copy_with(CteBody::Write(write)));
            }
        }
        match self {
            StatementNode::Insert(insert) => insert.complete(made),
            StatementNode::Update(update) => update.complete(made),
            _ => {}
        }
    }
}

impl InsertNode {
    fn complete(&mut self, made: &mut dyn FnMut(&MakeValue) -> Node) {
        if self.rows.is_empty() {
            return;
        }
        for column in self.table.columns() {
            let Some(default) = &column.client_defaults.insert else { continue };
            if self.columns.iter().any(|name| *name == column.name()) {
                continue;
            }
            self.columns.push(column.name().to_owned().into());
            for row in &mut self.rows {
                row.push(Arc::new(node(default, made)));
            }
        }
    }
}

impl UpdateNode {
    fn complete(&mut self, made: &mut dyn FnMut(&MakeValue) -> Node) {
        if self.assignments.is_empty() && self.from_queries.is_empty() {
            return;
        }
        for column in self.table.columns() {
            let Some(default) = &column.client_defaults.update else { continue };
            let mut named = self.assignments.iter().map(|assignment| &assignment.column);
            let mut queried = self.from_queries.iter().flat_map(|(columns, _)| columns);
            if named.any(|name| *name == column.name()) || queried.any(|name| *name == column.name()) {
                continue;
            }
            let value = Arc::new(node(default, made));
            self.assignments.push(Assignment { column: column.name().to_owned().into(), value });
        }
    }
}

fn node(default: &ClientDefault, made: &mut dyn FnMut(&MakeValue) -> Node) -> Node {
    match &default.0 {
        Make::Value(value) => Node::Value(value.clone()),
        Make::Function(make) => made(make),
        Make::Sql(sql) => Node::Text(text(sql)),
    }
}
