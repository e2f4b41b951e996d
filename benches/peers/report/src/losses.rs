//! Where Rebis is behind a goal or a peer, and where it is ahead of all peers.

use crate::figures::{Figure, Figures, Table, is_ours};
use crate::goals;
use crate::shown::comparable;

/// A peer is ahead when ours is more than so many times its figure; and the other way round.
const MARGIN: f64 = 1.1;

/// A workload, or whatever else is compared, that is behind.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Loss {
    pub section: String,
    pub table: String,
    pub row: String,
    /// Our figures that are behind.
    pub ours: String,
    /// Floor and goal of each that misses the goal.
    pub wanted: String,
    /// The best peer, if it is ahead.
    pub peer: String,
    /// Behind the floor or a peer, not only behind the goal.
    pub serious: bool,
}

/// Where we are ahead of every peer.
#[derive(Debug)]
pub struct Win {
    pub table: String,
    pub row: String,
    pub ours: String,
    pub peer: String,
}

type Name = fn(&Figure) -> &str;

/// What is compared: the figures of one workload, say, by ours and the peers'.
struct Match<'a> {
    row: &'a str,
    ours: Vec<&'a Figure>,
    peers: Vec<&'a Figure>,
    /// Whose figure it is: its column, or its row where the subjects are the rows.
    name: Name,
}

/// Raw drivers and floors are no peers.
fn is_peer(name: &str) -> bool {
    let name = name.to_lowercase();
    !is_ours(&name) && name != "nothing" && !name.starts_with("raw") && !name.ends_with("(floor)")
}

/// What tells who is better: of pools the speed, and how long and how evenly who waits does under load. What else is measured of them
/// is for the reader.
fn is_compared(table: &Table, row: &str) -> bool {
    if table.section != "pools" {
        return true;
    }
    match table.title.as_str() {
        "Uncontended" => row == "checkout + return",
        "Held 200µs: p99 wait" | "Held 200µs: share" => row == "16" || row == "64",
        title => title.ends_with(": checkouts"),
    }
}

fn column(figure: &Figure) -> &str {
    &figure.column
}

fn row(figure: &Figure) -> &str {
    &figure.row
}

/// The subjects are the columns, or where none of them is ours, the rows.
fn matches(table: &Table) -> Vec<Match<'_>> {
    let in_columns = table.columns.iter().any(|column| is_ours(column));
    let (name, other): (Name, Name) = if in_columns { (column, row) } else { (row, column) };
    let rows = if in_columns { &table.rows } else { &table.columns };
    let one = |compared| {
        let figures = || table.figures.iter().filter(move |figure| other(figure) == compared);
        let ours = figures().filter(|figure| is_ours(name(figure))).collect();
        let peers = figures().filter(|figure| is_peer(name(figure))).collect();
        Match { row: compared, ours, peers, name }
    };
    let rows = rows.iter().filter(|row| is_compared(table, row)).map(|row| one(row.as_str()));
    rows.filter(|one| !one.ours.is_empty()).collect()
}

/// The smaller the better.
fn cost(figure: &Figure) -> f64 {
    let value = figure.ratio.map_or(figure.value, |ratio| ratio.median);
    let more_is_better = matches!(figure.unit.as_str(), "per s" | "share");
    // The ratio of a throughput is that of the throughput.
    if more_is_better { 1.0 / value } else { value }
}

fn best<'a>(figures: &[&'a Figure]) -> Option<&'a Figure> {
    figures.iter().copied().min_by(|one, other| cost(one).total_cmp(&cost(other)))
}

pub fn all(figures: &Figures) -> Vec<Loss> {
    let losses = figures.tables.iter();
    losses.flat_map(|table| matches(table).into_iter().filter_map(|one| loss(table, &one))).collect()
}

fn loss(table: &Table, one: &Match<'_>) -> Option<Loss> {
    let (mut ours, mut wanted, mut serious) = (Vec::new(), Vec::new(), false);
    let told = |figure: &Figure| format!("{} {}", (one.name)(figure), comparable(figure));
    for figure in &one.ours {
        if let Some((goal, reached)) = goals::of(table, figure)
            && !goal.meets(reached, goal.goal)
        {
            ours.push(format!("{} {}", (one.name)(figure), goal.shown(reached, figure)));
            wanted.push(format!("{} / {}", goal.shown(goal.floor, figure), goal.shown(goal.goal, figure)));
            serious |= !goal.meets(reached, goal.floor);
        }
    }
    let mut peer = String::new();
    if let (Some(our_best), Some(their_best)) = (best(&one.ours), best(&one.peers))
        && cost(our_best) > MARGIN * cost(their_best)
    {
        peer = told(their_best);
        serious = true;
        let told = told(our_best);
        if !ours.contains(&told) {
            ours.push(told);
        }
    }
    (!ours.is_empty()).then(|| Loss {
        section: table.section.clone(),
        table: table.title.clone(),
        row: one.row.to_owned(),
        ours: ours.join(", "),
        wanted: wanted.join(", "),
        peer,
        serious,
    })
}

pub fn wins(figures: &Figures) -> Vec<Win> {
    let tables = figures.tables.iter();
    tables.flat_map(|table| matches(table).into_iter().filter_map(|one| win(table, &one))).collect()
}

fn win(table: &Table, one: &Match<'_>) -> Option<Win> {
    let (ours, peer) = (best(&one.ours)?, best(&one.peers)?);
    let told = |figure: &Figure| format!("{} {}", (one.name)(figure), comparable(figure));
    (cost(peer) > MARGIN * cost(ours)).then(|| Win {
        table: table.title.clone(),
        row: one.row.to_owned(),
        ours: told(ours),
        peer: told(peer),
    })
}

/// How many goals there are figures for, how many floors are reached, and how many goals.
pub fn goals_reached(figures: &Figures) -> (usize, usize, usize) {
    let mut count = (0, 0, 0);
    for table in &figures.tables {
        for (goal, reached) in table.figures.iter().filter_map(|figure| goals::of(table, figure)) {
            count.0 += 1;
            count.1 += usize::from(goal.meets(reached, goal.floor));
            count.2 += usize::from(goal.meets(reached, goal.goal));
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use results::Record;

    use super::*;

    fn record(table: &str, row: &str, column: &str, value: f64, unit: &str, ratio: Option<f64>) -> Record {
        Record { value, unit: unit.into(), ratio, ..Record::new("workloads", table, row, column) }
    }

    #[test]
    fn behind_the_goal_the_floor_or_a_peer() {
        let ratio = |row, column, ratio| record("SQLite file", row, column, 1.0, "ns", Some(ratio));
        let figures = Figures::of(&[vec![
            ratio("a_load_1", "raw", 1.0),
            // The goal is 1.3, the floor 2.
            ratio("a_load_1", "rebis core", 1.5),
            ratio("a_load_1", "diesel", 1.45),
            ratio("d_insert_100", "rebis core", 1.5),
            ratio("d_insert_100", "sqlx", 1.3),
            ratio("d_insert_1", "rebis core", 1.0),
            ratio("d_insert_1", "sqlx", 1.3),
        ]]);
        let losses = all(&figures);
        assert_eq!(losses.len(), 2);
        assert_eq!(
            (losses[0].wanted.as_str(), losses[0].peer.as_str(), losses[0].serious),
            ("2.00× / 1.30×", "", false)
        );
        assert_eq!(
            (losses[1].wanted.as_str(), losses[1].peer.as_str(), losses[1].serious),
            ("", "sqlx 1.30×", true)
        );
        assert_eq!(wins(&figures).len(), 1);
        assert_eq!(goals_reached(&figures), (2, 2, 1));
    }

    #[test]
    fn subjects_in_rows_and_more_is_better() {
        let share = |row, value| record("64 threads", row, "share", value, "share", None);
        let figures =
            Figures::of(&[vec![share("rebis", 0.5), share("r2d2", 0.9), share("lock (floor)", 1.0)]]);
        let losses = all(&figures);
        assert_eq!((losses[0].row.as_str(), losses[0].peer.as_str()), ("share", "r2d2 0.90"));
    }
}
