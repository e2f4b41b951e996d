//! Why we lose, as somebody has written it down.
//!
//! A reason is a heading of the second level, a list of where it holds (`- tables: rows`, a `*` stands for whatever follows), and
//! its text.

use std::path::Path;

use crate::losses::Loss;

pub struct Reason {
    pub title: String,
    places: Vec<(Vec<String>, Vec<String>)>,
    pub text: String,
}

pub struct Reasons(Vec<Reason>);

fn names(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect()
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one == name || one.strip_suffix('*').is_some_and(|begin| name.starts_with(begin)))
}

impl Reason {
    fn parsed(text: &str) -> Self {
        let mut lines = text.lines();
        let title = lines.next().unwrap_or_default().trim().to_owned();
        let (mut places, mut rest) = (Vec::new(), Vec::new());
        for line in lines {
            match line.strip_prefix("- ").and_then(|place| place.rsplit_once(": ")) {
                Some((tables, rows)) if rest.iter().all(|line: &&str| line.trim().is_empty()) => {
                    places.push((names(tables), names(rows)));
                }
                _ => rest.push(line),
            }
        }
        Reason { title, places, text: rest.join("\n").trim().to_owned() }
    }

    fn explains(&self, loss: &Loss) -> bool {
        self.places.iter().any(|(tables, rows)| has(tables, &loss.table) && has(rows, &loss.row))
    }
}

impl Reasons {
    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(Self::parsed(&std::fs::read_to_string(path)?))
    }

    fn parsed(text: &str) -> Self {
        // What stands before the first heading is for its writers.
        Reasons(format!("\n{text}").split("\n## ").skip(1).map(Reason::parsed).collect())
    }

    /// The first one that explains it.
    pub fn of(&self, loss: &Loss) -> Option<&Reason> {
        self.0.iter().find(|reason| reason.explains(loss))
    }

    pub fn all(&self) -> &[Reason] {
        &self.0
    }

    /// Those that explain nothing.
    pub fn idle(&self, losses: &[Loss]) -> Vec<&str> {
        let idle = |reason: &&Reason| !losses.iter().any(|loss| reason.explains(loss));
        self.0.iter().filter(idle).map(|reason| reason.title.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(table: &str, row: &str) -> Loss {
        Loss { table: table.into(), row: row.into(), ..Loss::default() }
    }

    #[test]
    fn a_reason_holds_where_it_says() {
        let reasons = Reasons::parsed(
            "How to write.\n\n## One row\n- SQLite in memory, SQLite file: `a_load_1`, f_get_pk\n- MariaDB: *\n\nBecause.\n\n- a list\n\n## Other\n- *: b\n\nSo.\n",
        );
        let title = |table, row| reasons.of(&loss(table, row)).map(|reason| reason.title.as_str());
        assert_eq!(title("SQLite file", "a_load_1"), Some("One row"));
        assert_eq!(title("MariaDB", "anything"), Some("One row"));
        assert_eq!(title("PostgreSQL", "b"), Some("Other"));
        assert_eq!(title("PostgreSQL", "a_load_1"), None);
        assert_eq!(reasons.all()[0].text, "Because.\n\n- a list");
    }
}
