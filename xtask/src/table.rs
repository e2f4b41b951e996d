//! The table of `docs/budgets.md`: read, and written anew with other figures.

/// Where it stands, from the root of the workspace.
pub(crate) const FILE: &str = "docs/budgets.md";

/// The line before the table begins with this; the day follows.
const RECORDED: &str = "Recorded on ";

/// The names and figures of its rows.
pub(crate) fn read(text: &str) -> Vec<(String, u64)> {
    text.lines().filter_map(row).map(|(name, count, _)| (name.to_owned(), count)).collect()
}

/// The text with these figures and this day. What a row says beside its figure stays; a new path gets a row at the end.
pub(crate) fn recorded(text: &str, counts: &[(String, u64)], today: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(match row(line) {
            Some((name, old, meaning)) => {
                let count = counts.iter().find(|(known, _)| known == name).map_or(old, |(_, count)| *count);
                line_of(name, count, meaning)
            }
            None if line.starts_with(RECORDED) => {
                let rest = line.find(',').map_or("", |comma| &line[comma..]);
                format!("{RECORDED}{today}{rest}")
            }
            None => line.to_owned(),
        });
    }
    let last = lines.iter().rposition(|line| line.starts_with('|')).map_or(lines.len(), |last| last + 1);
    let is_new = |name: &str| !read(text).iter().any(|(known, _)| known == name);
    let new = counts.iter().filter(|(name, _)| is_new(name)).map(|(name, count)| line_of(name, *count, ""));
    lines.splice(last..last, new.collect::<Vec<_>>());
    lines.join("\n") + "\n"
}

fn line_of(name: &str, count: u64, meaning: &str) -> String {
    format!("| `{name}` | {count} | {meaning} |")
}

/// Name, figure and meaning of a row; `None` for any other line.
fn row(line: &str) -> Option<(&str, u64, &str)> {
    let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.splitn(3, '|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((name, cells.next()?.parse().ok()?, cells.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nRecorded on 2026-01-01, with care:\n\n| path | count | of what |\n|---|---:|---|\n\
                        | `a` | 10 | one `|` b |\n| `b` | 20 | two |\n\nThe end.\n";

    fn counts(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn what_is_recorded_is_read_again_and_the_rest_stays() {
        assert_eq!(read(TEXT), counts(&[("a", 10), ("b", 20)]));
        let text = recorded(TEXT, &counts(&[("b", 21), ("c", 30)]), "2026-11-21");
        assert_eq!(read(&text), counts(&[("a", 10), ("b", 21), ("c", 30)]));
        let changed = TEXT.replace("| 20 |", "| 21 |").replace("2026-01-01", "2026-11-21");
        assert_eq!(text, changed.replace("| two |\n", "| two |\n| `c` | 30 |  |\n"));
    }
}
