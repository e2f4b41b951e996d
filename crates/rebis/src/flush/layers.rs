//! Rows in layers: each row one deeper than the deepest that it needs. Linear in rows and needs.

use std::collections::BTreeSet;

use rebis_core::Result;

/// One row comes behind another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) parent: usize,
    /// Whether it is given up where rows need one another in a circle.
    pub(super) may_part: bool,
}

/// How deep each row lies. Where rows need one another in a circle, `part` is given the circle, each row before the one that it needs,
/// and says which row does no longer need which one.
///
/// # Errors
/// Those of `part`.
pub(super) fn depths(
    needs: &[Vec<Edge>],
    mut part: impl FnMut(&[usize]) -> Result<(usize, usize)>,
) -> Result<Vec<usize>> {
    let mut waits: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (row, edges) in needs.iter().enumerate() {
        for edge in edges {
            children[edge.parent].push(row);
        }
    }
    let mut depths = vec![0; needs.len()];
    let mut done = vec![false; needs.len()];
    let mut parted: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut ready: Vec<usize> = (0..needs.len()).filter(|row| waits[*row] == 0).collect();
    let mut first = 0;
    loop {
        while let Some(row) = ready.pop() {
            done[row] = true;
            for &child in children[row].iter().filter(|child| !parted.contains(&(**child, row))) {
                depths[child] = depths[child].max(depths[row] + 1);
                waits[child] -= 1;
                if waits[child] == 0 {
                    ready.push(child);
                }
            }
        }
        while done.get(first).copied().unwrap_or(false) {
            first += 1;
        }
        if first == needs.len() {
            return Ok(depths);
        }
        let circle = circle(first, |row| {
            let waits = |edge: &&Edge| !done[edge.parent] && !parted.contains(&(row, edge.parent));
            needs[row].iter().find(waits).map(|edge| edge.parent)
        });
        let (child, parent) = part(&circle)?;
        if parted.insert((child, parent)) {
            waits[child] -= 1;
            if waits[child] == 0 {
                ready.push(child);
            }
        }
    }
}

/// Goes from row to row until one comes again.
fn circle(first: usize, next: impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    let (mut path, mut seen) = (vec![first], BTreeSet::from([first]));
    while let Some(row) = path.last().and_then(|row| next(*row)) {
        if !seen.insert(row) {
            let start = path.iter().position(|known| *known == row).unwrap_or(0);
            return path.split_off(start);
        }
        path.push(row);
    }
    path
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rebis_core::{Error, ErrorKind};

    use super::*;

    fn edge(parent: usize) -> Edge {
        Edge { parent, may_part: true }
    }

    #[test]
    fn a_chain_and_many_circles_are_linear() {
        const ROWS: usize = 10_000;
        let chain: Vec<Vec<Edge>> =
            (0..ROWS).map(|row| if row == 0 { Vec::new() } else { vec![edge(row - 1)] }).collect();
        let refuse = |_: &[usize]| Err(Error::new(ErrorKind::InvalidState, "a circle"));
        assert_eq!(depths(&chain, refuse).unwrap(), (0..ROWS).collect::<Vec<_>>());
        // Pairs that need each other.
        let pairs: Vec<Vec<Edge>> = (0..ROWS).map(|row| vec![edge(row ^ 1)]).collect();
        let looked_at = Cell::new(0);
        let found = depths(&pairs, |circle| {
            looked_at.set(looked_at.get() + circle.len());
            Ok((circle[0], circle[1]))
        });
        assert_eq!(found.unwrap().iter().sum::<usize>(), ROWS / 2);
        assert_eq!(looked_at.get(), ROWS, "each row once");
    }

    #[test]
    fn the_circle_is_found_behind_what_leads_to_it() {
        // 0 → 1 → 2 → 3 → 1
        let needs = vec![vec![edge(1)], vec![edge(2)], vec![edge(3)], vec![edge(1)]];
        let found = depths(&needs, |circle| {
            assert_eq!(circle, [1, 2, 3]);
            Ok((3, 1))
        });
        assert_eq!(found.unwrap(), [3, 2, 1, 0]);
    }
}
