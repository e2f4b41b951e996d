//! The documents: whether each link leads somewhere, and each test that they name is there.

use crate::Result;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the cases stand that documents name as `conformance:case`.
const CASES: &str = "crates/rebis-suite/src/conformance";

/// Checks the documents of the workspace at `root`; the error lists every violation.
pub(crate) fn check(root: &Path) -> Result<()> {
    let cases = files(&root.join(CASES), "rs")?
        .iter()
        .map(fs::read_to_string)
        .collect::<std::io::Result<String>>()?;
    let mut complaints = Vec::new();
    for path in documents(root)? {
        let text = fs::read_to_string(&path)?;
        let prose = without_programs(&text);
        let name = path.strip_prefix(root)?.display();
        for target in links(&prose) {
            if let Some(why) = broken(&path, target)? {
                complaints.push(format!("{name}: the link '{target}' leads nowhere: {why}"));
            }
        }
        for case in named_cases(&prose) {
            if case != "name" && !cases.contains(&format!("(\"{case}\", ")) {
                complaints.push(format!("{name}: there is no case 'conformance:{case}' in {CASES}"));
            }
        }
        for marker in ["TODO", "FIXME"] {
            if prose.contains(marker) {
                complaints.push(format!("{name}: a {marker} is left"));
            }
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(format!("the documents are not true:\n{}", complaints.join("\n")).into())
}

/// The markdown files at the top and under `docs` and `data`.
fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = files(root, "md")?;
    let mut folders = vec![root.join("docs"), root.join("data")];
    while let Some(folder) = folders.pop() {
        found.extend(files(&folder, "md")?);
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The files of one folder that end so.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|its| its == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The text without its fenced programs, whose brackets are no links.
fn without_programs(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// What stands in the round brackets of `[…](…)`, elsewhere than on the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.starts_with("http"))
}

/// What stands behind `conformance:`.
fn named_cases(text: &str) -> BTreeSet<&str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split("conformance:").skip(1).filter_map(|rest| rest.split(ends).next()).collect()
}

/// Why a link from this document leads nowhere.
fn broken(document: &Path, target: &str) -> Result<Option<String>> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => document.to_owned(),
        file => document.parent().unwrap_or(document).join(file),
    };
    if !path.exists() {
        return Ok(Some(format!("{} is not there", path.display())));
    }
    if anchor.is_empty() {
        return Ok(None);
    }
    let text = without_programs(&fs::read_to_string(&path)?);
    let found = text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
    Ok((!found).then(|| format!("there is no heading '{anchor}'")))
}

/// A heading's anchor as GitHub makes it.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn links_and_cases_are_found_outside_programs() {
        let text =
            "[a](b.md#c) [web](https://x) `conformance:d_e`\n```rust\nlet x = y[0](\"no\");\n```\n[f](#g)";
        let prose = without_programs(text);
        assert_eq!(links(&prose).collect::<Vec<_>>(), ["b.md#c", "#g"]);
        assert_eq!(named_cases(&prose).into_iter().collect::<Vec<_>>(), ["d_e"]);
    }

    #[test]
    fn headings_have_githubs_anchors() {
        assert_eq!(
            slug("## Who sent this? Comments in the statements"),
            "who-sent-this-comments-in-the-statements"
        );
        assert_eq!(slug("# The driver's own connection"), "the-drivers-own-connection");
    }

    #[test]
    fn a_link_to_nowhere_is_told() {
        let root = crate::cargo::root();
        let document = root.join("docs/guide/README.md");
        assert_eq!(broken(&document, "transactions.md#savepoints").unwrap(), None);
        assert!(
            broken(&document, "transactions.md#nowhere").unwrap().unwrap().contains("no heading 'nowhere'")
        );
        assert!(broken(&document, "nowhere.md").unwrap().unwrap().contains("is not there"));
        assert_eq!(broken(&document, "#words").unwrap(), None);
    }
}
