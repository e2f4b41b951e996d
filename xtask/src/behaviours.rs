//! `docs/behaviours.md`: which test shows which numbered behaviour of SQLAlchemy, from the names of the tests and from `DESIGN.md`.

use crate::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/behaviours.md";
const UNTESTED: &str = "–";

/// Writes the second columns of the page's tables anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let page = root.join(PAGE);
    let text = filled(&fs::read_to_string(&page)?, &found(root)?);
    let rows = text.lines().filter(|line| number_of_row(line).is_some());
    let (untested, tested): (Vec<&str>, Vec<&str>) = rows.partition(|line| line.ends_with("| – |"));
    eprintln!("xtask: {} behaviours have a test or a reason, {} have not", tested.len(), untested.len());
    fs::write(page, text)?;
    Ok(())
}

/// Whether the page is as [`write()`] would write it: then each test that it names exists.
pub(crate) fn check(root: &Path) -> Result<()> {
    let text = fs::read_to_string(root.join(PAGE))?;
    if filled(&text, &found(root)?) == text {
        return Ok(());
    }
    Err(format!("{PAGE} does not say what the tests are called now: run `cargo xtask behaviours`").into())
}

/// What there is to say of each number.
type Found = BTreeMap<String, BTreeSet<String>>;

fn found(root: &Path) -> Result<Found> {
    let mut found = Found::new();
    let mut sources = Vec::new();
    collect(&root.join("crates"), &mut sources)?;
    for (path, source) in sources {
        let cases = path.contains("rebis-suite");
        for name in names(&source, cases) {
            for number in numbers(&name) {
                found.entry(number).or_default().insert(format!("`{name}`"));
            }
        }
    }
    for (number, reason) in reasons(&fs::read_to_string(root.join("DESIGN.md"))?) {
        found.entry(number).or_default().insert(format!("differs: {reason}"));
    }
    Ok(found)
}

/// All Rust sources below a folder.
fn collect(folder: &Path, into: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, into)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The names of tests: functions under `#[test]`, and where cases are listed the first text of each.
fn names(source: &str, cases: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    let until = |text: &str, end: char| text.split(end).next().unwrap_or_default().to_owned();
    for line in source.lines().map(str::trim) {
        if line == "#[test]" {
            is_test = true;
        } else if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
            is_test = false;
            names.push(until(name, '('));
        } else if let Some(name) = line.strip_prefix("(\"").filter(|_| cases) {
            names.push(until(name, '"'));
        } else if !line.starts_with("#[") {
            is_test = false;
        }
    }
    names
}

/// The numbers at the end of a name: `get_d19_d20` has D19 and D20.
fn numbers(name: &str) -> Vec<String> {
    let mut parts: Vec<&str> = name.split('_').collect();
    // A name is more than numbers.
    parts.remove(0);
    let mut numbers: Vec<String> =
        parts.into_iter().rev().map(str::to_uppercase).take_while(|part| is_number(part)).collect();
    numbers.reverse();
    numbers
}

/// Whether this is the number of a behaviour, such as `D31`.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(|letter: char| ('A'..='F').contains(&letter));
    digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()))
}

/// What `DESIGN.md` says is otherwise: the last cell of a row that begins with a number, or the question that names one, as `(D2)`.
fn reasons(design: &str) -> Vec<(String, String)> {
    let mut reasons = Vec::new();
    let mut question = String::new();
    for line in design.lines() {
        if let Some(number) = number_of_row(line) {
            let last = line.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
            reasons.push((number.to_owned(), last.trim().to_owned()));
            continue;
        }
        if let Some(rest) = line.strip_prefix("**") {
            rest.split("**").next().unwrap_or_default().clone_into(&mut question);
        }
        for word in line.split('(').skip(1).filter_map(|rest| rest.split(')').next()) {
            for number in word.split(", ").filter(|word| is_number(word)) {
                reasons.push((number.to_owned(), question.clone()));
            }
        }
    }
    reasons
}

/// The number in the first cell of a table's row.
fn number_of_row(line: &str) -> Option<&str> {
    let cell = line.strip_prefix("| ")?.split(" |").next()?;
    is_number(cell).then_some(cell)
}

fn filled(page: &str, found: &Found) -> String {
    let row = |line: &str| match number_of_row(line) {
        None => line.to_owned(),
        Some(number) => {
            let said = found.get(number).map(|said| said.iter().cloned().collect::<Vec<_>>().join(", "));
            format!("| {number} | {} |", said.as_deref().unwrap_or(UNTESTED))
        }
    };
    page.lines().map(|line| row(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_by_their_names() {
        let source = "#[test]\n#[ignore]\nfn one_d1_d2() {}\nfn decode_f32() {}\n    (\"two@x_e3\", two),\n(\"three_e4\", 1),";
        assert_eq!(names(source, true), ["one_d1_d2", "two@x_e3", "three_e4"]);
        assert_eq!(names(source, false), ["one_d1_d2"]);
        assert_eq!(numbers("one_d1_d2"), ["D1", "D2"]);
        assert_eq!(numbers("d1_of_g3"), [""; 0]);
        assert_eq!(numbers("d1"), [""; 0]);
    }

    #[test]
    fn differences_are_found_in_tables_and_questions() {
        let design = "| B8 | theirs | ours |\n**Why not?** Because (D2, D3).\n(see below) (F13)\n";
        let expected = [("B8", "ours"), ("D2", "Why not?"), ("D3", "Why not?"), ("F13", "Why not?")];
        assert_eq!(reasons(design), expected.map(|(number, why)| (number.to_owned(), why.to_owned())));
    }

    #[test]
    fn the_page_is_filled_and_stays_as_it_is() {
        let found = Found::from([("D1".to_owned(), BTreeSet::from(["`one_d1`".to_owned()]))]);
        let page = filled("# Page\n\n| D1 | – |\n| D2 | `gone_d2` |\n", &found);
        assert_eq!(page, "# Page\n\n| D1 | `one_d1` |\n| D2 | – |\n");
        assert_eq!(filled(&page, &found), page);
    }
}
