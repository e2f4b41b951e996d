//! Functions, windows, and what every database writes in its own way.

use std::sync::Arc;

use super::Renderer;
use super::expression::ATOM;
use crate::compile::literal::push_literal;
use crate::dialect::JoinTexts;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{Call, Frame, FrameBound, FrameExclusion, FrameUnit, JsonStep, Known, Node, Window};
use crate::value::Value;

/// Aggregates to which NULL is no row: what a CASE leaves out they leave out. Those that make lists are not among them.
const SKIP_NULL: [&str; 17] = [
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "count",
    "group_concat",
    "max",
    "min",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

impl Renderer<'_> {
    pub(super) fn function(&mut self, call: &Call) -> Result<()> {
        if call.name.is_empty() && call.separator.is_none() {
            let text = "distinct, filter, aggregate_order_by and within_group are of an aggregate, and this expression is \
                        none; call them on the aggregate: `count(column).distinct()`";
            return Err(Error::new(ErrorKind::Statement, text));
        }
        if call.of_arrays && !self.dialect.types.arrays {
            return self.unsupported(&format!("{}, nor arrays", call.name));
        }
        let name = match (call.separator, self.dialect.joins_texts) {
            (None, _) => call.name,
            (Some(_), JoinTexts::GroupConcat) if call.distinct => {
                return self
                    .unsupported("DISTINCT texts joined by a separator; select them DISTINCT in a subquery");
            }
            (Some(_), JoinTexts::StringAgg) => "string_agg",
            (Some(_), JoinTexts::GroupConcat | JoinTexts::GroupConcatSeparator) => "group_concat",
        };
        self.push(name);
        self.push(if call.distinct { "(DISTINCT " } else { "(" });
        match call.filter.as_deref().filter(|_| !self.dialect.filter_clause) {
            Some(_) if !SKIP_NULL.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                return self.unsupported(&format!("FILTER of {name}; filter the rows in a subquery"));
            }
            // Without the clause: what the condition leaves out is NULL, which these aggregates do not count.
            Some(condition) => self.list(&call.arguments, |this, argument| {
                this.push("CASE WHEN ");
                this.expression(condition)?;
                this.push(" THEN ");
                if matches!(**argument, Node::Star) {
                    this.push("1");
                } else {
                    this.expression(argument)?;
                }
                this.push(" END");
                Ok(())
            })?,
            None => self.list(&call.arguments, |this, argument| this.expression(argument))?,
        }
        let behind = self.dialect.joins_texts == JoinTexts::GroupConcatSeparator;
        if let Some(separator) = call.separator.filter(|_| !behind) {
            self.push(", ");
            push_literal(&mut self.sql, separator, self.dialect)?;
        }
        if !call.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.list(&call.order_by, Self::ordering)?;
        }
        if let Some(separator) = call.separator.filter(|_| behind) {
            self.push(" SEPARATOR ");
            push_literal(&mut self.sql, separator, self.dialect)?;
        }
        self.push(")");
        if !call.within_group.is_empty() {
            if !self.dialect.select.within_group {
                return self.unsupported("WITHIN GROUP");
            }
            self.push(" WITHIN GROUP (ORDER BY ");
            self.list(&call.within_group, Self::ordering)?;
            self.push(")");
        }
        if let Some(condition) = call.filter.as_deref().filter(|_| self.dialect.filter_clause) {
            self.push(" FILTER (WHERE ");
            self.expression(condition)?;
            self.push(")");
        }
        Ok(())
    }

    pub(super) fn window(&mut self, window: &Window) -> Result<()> {
        let mut space = "";
        if !window.partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.list(&window.partition_by, |this, node| this.expression(node))?;
            space = " ";
        }
        if !window.order_by.is_empty() {
            self.push(space);
            self.push("ORDER BY ");
            self.list(&window.order_by, Self::ordering)?;
            space = " ";
        }
        if let Some(frame) = &window.frame {
            self.push(space);
            self.frame(*frame)?;
        }
        Ok(())
    }

    fn frame(&mut self, frame: Frame) -> Result<()> {
        if !self.dialect.select.frame_groups && (frame.unit == FrameUnit::Groups || frame.exclude.is_some()) {
            return self.unsupported("frames of groups, nor rows left out of a frame");
        }
        self.push(match frame.unit {
            FrameUnit::Rows => "ROWS BETWEEN ",
            FrameUnit::Range => "RANGE BETWEEN ",
            FrameUnit::Groups => "GROUPS BETWEEN ",
        });
        self.bound(frame.from);
        self.push(" AND ");
        self.bound(frame.to);
        self.push(match frame.exclude {
            None => "",
            Some(FrameExclusion::CurrentRow) => " EXCLUDE CURRENT ROW",
            Some(FrameExclusion::Group) => " EXCLUDE GROUP",
            Some(FrameExclusion::Ties) => " EXCLUDE TIES",
        });
        Ok(())
    }

    fn bound(&mut self, bound: FrameBound) {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::Preceding(count) => self.push(&format!("{count} PRECEDING")),
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::Following(count) => self.push(&format!("{count} FOLLOWING")),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
        }
    }

    /// By the dialect's template, with the arguments in its places.
    pub(super) fn known(&mut self, known: Known, arguments: &[Arc<Node>]) -> Result<()> {
        let Some(template) = self.dialect.template(known) else {
            return self.unsupported(&format!("{known:?}"));
        };
        let mut pieces = template.split('{');
        self.push(pieces.next().unwrap_or(""));
        for piece in pieces {
            let (place, text) = piece.split_once('}').unwrap_or((piece, ""));
            let operand = place.strip_suffix('!');
            let index = operand.unwrap_or(place).parse::<usize>().ok();
            if let Some(argument) = index.and_then(|index| arguments.get(index)) {
                self.operand(argument, if operand.is_some() { ATOM } else { 0 })?;
            }
            self.push(text);
        }
        Ok(())
    }

    /// A place in JSON as a value: `$."key"[0]`, or the text of an array `{"key","0"}`.
    pub(super) fn json_path(&mut self, steps: &[JsonStep]) -> Result<()> {
        let arrays = self.dialect.types.arrays;
        let mut path = String::from(if arrays { "{" } else { "$" });
        for (index, step) in steps.iter().enumerate() {
            if arrays && index > 0 {
                path.push(',');
            }
            match step {
                JsonStep::Key(key) if !self.dialect.path_holds(key) => {
                    let text = "a key of JSON has a quotation mark or a backslash, or on MySQL a control character or a minus in front, \
                         which paths cannot hold";
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
                JsonStep::Key(key) => {
                    path.push_str(if arrays { "\"" } else { ".\"" });
                    path.push_str(&key.replace('\\', "\\\\").replace('"', "\\\""));
                    path.push('"');
                }
                JsonStep::Index(number) if arrays => path.push_str(&number.to_string()),
                JsonStep::Index(number) => path.push_str(&format!("[{number}]")),
            }
        }
        path.push_str(if arrays { "}" } else { "" });
        self.fixed(Value::Text(path))?;
        Ok(())
    }
}
