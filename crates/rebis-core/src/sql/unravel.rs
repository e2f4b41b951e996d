//! How a tree ends: one node after the other, where one inside of the other would end the stack. A chain of any length can be
//! composed in a loop, and is refused only when it is compiled.

use std::sync::Arc;

use super::node::{Call, Node};

/// So many nodes at most end one inside of the other.
const FEW: usize = 64;

impl Drop for Node {
    fn drop(&mut self) {
        if self.is_flat() {
            return;
        }
        let mut left = FEW;
        self.count(&mut left);
        if left > 0 {
            return;
        }
        // What stands in their place, so that each node ends alone.
        let none = Arc::new(Node::Star);
        let mut waiting = Vec::new();
        self.give_up(&none, &mut waiting);
        while let Some(node) = waiting.pop() {
            // Others may hold it still.
            if let Some(mut node) = Arc::into_inner(node) {
                node.give_up(&none, &mut waiting);
            }
        }
    }
}

impl Node {
    /// Whether nothing ends with it that has others in it, as far as is seen at a glance: most conditions compare a column with a value.
    fn is_flat(&self) -> bool {
        match self {
            Node::Binary { left, right, .. } => !left.has_others() && !right.has_others(),
            node => !node.has_others(),
        }
    }

    /// Counts the nodes that end with this one and have others in them, down to zero.
    fn count(&mut self, left: &mut usize) {
        self.each(&mut |child| {
            if *left > 0
                && child.has_others()
                && let Some(child) = Arc::get_mut(child)
            {
                *left -= 1;
                child.count(left);
            }
        });
    }

    fn give_up(&mut self, none: &Arc<Node>, waiting: &mut Vec<Arc<Node>>) {
        self.each(&mut |child| {
            if child.has_others() {
                waiting.push(std::mem::replace(child, Arc::clone(none)));
            }
        });
    }

    /// Whether expressions may stand in it. Queries end by themselves.
    fn has_others(&self) -> bool {
        !matches!(
            self,
            Node::Column { .. }
                | Node::Value(_)
                | Node::Parameter(_)
                | Node::Digits(_)
                | Node::JsonPath(_)
                | Node::Exists { .. }
                | Node::Scalar(_)
                | Node::Quantified { .. }
                | Node::NextValue { .. }
                | Node::Star
                | Node::Proposed(_)
                | Node::Named(_)
                | Node::Text(_)
        )
    }

    fn each(&mut self, one: &mut dyn FnMut(&mut Arc<Node>)) {
        match self {
            Node::Not(item)
            | Node::Negate(item)
            | Node::IsNull { item, .. }
            | Node::InSelect { item, .. }
            | Node::Collate { item, .. }
            | Node::Cast { item, .. }
            | Node::Over { function: item, .. } => one(item),
            Node::Binary { left, right, .. }
            | Node::Operator { left, right, .. }
            | Node::Like { item: left, pattern: right, .. }
            | Node::Array { item: left, array: right, .. } => {
                one(left);
                one(right);
            }
            Node::All(nodes)
            | Node::AnyOf(nodes)
            | Node::Row(nodes)
            | Node::Known { arguments: nodes, .. } => nodes.iter_mut().for_each(one),
            Node::In { item, list, .. } => {
                one(item);
                list.iter_mut().for_each(one);
            }
            Node::Between { item, low, high, .. } => [item, low, high].into_iter().for_each(one),
            Node::Function(Call { arguments, order_by, filter, within_group, .. }) => {
                let keys = order_by.iter_mut().chain(within_group).map(|key| &mut key.node);
                arguments.iter_mut().chain(keys).chain(filter).for_each(one);
            }
            Node::Case { branches, otherwise } => {
                let branches = branches.iter_mut().flat_map(|(condition, value)| [condition, value]);
                branches.chain(otherwise).for_each(one);
            }
            Node::Grouping { sets, .. } => sets.iter_mut().flatten().for_each(one),
            Node::PerBackend(each) => each.iter_mut().for_each(|(_, node)| one(node)),
            _ => {}
        }
    }
}
