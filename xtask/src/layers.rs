//! The import order: a module names only modules above it. Also where `unsafe` may stand and how long files get.

use crate::Result;
use crate::paths;
use std::path::{Path, PathBuf};

/// The modules of a crate from the lowest; those in one row may not name one another.
type Order = &'static [&'static [&'static str]];

/// A crate whose import order is checked.
struct Layers {
    source: &'static str,
    order: Order,
    /// The modules in which `unsafe` may stand.
    may_be_unsafe: &'static [&'static str],
}

const CRATES: &[Layers] = &[
    Layers {
        source: "crates/rebis-core/src",
        order: &[
            &["error"],
            &["url", "value", "process"],
            &["driver"],
            &["pool"],
            &["schema"],
            &["sql"],
            &["dialect"],
            &["compile"],
            &["rows"],
            &["engine"],
            &["inspect", "workers"],
        ],
        may_be_unsafe: &["process", "driver"],
    },
    Layers {
        source: "crates/rebis/src",
        order: &[
            &["model"],
            &["mapper"],
            &["unit"],
            &["load"],
            &["flush"],
            &["session"],
            &["scoped"],
            &["guide"],
        ],
        may_be_unsafe: &[],
    },
];

const LINES_WARN: usize = 500;
const LINES_MAX: usize = 600;

/// Checks the workspace at `root`; the error lists every violation.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut complaints = Vec::new();
    for layers in CRATES {
        complaints.extend(check_crate(root, layers)?);
    }
    complaints.extend(check_lengths(root)?);
    if complaints.is_empty() {
        return Ok(());
    }
    Err(format!("the layout of the sources is violated:\n{}", complaints.join("\n")).into())
}

fn check_crate(root: &Path, layers: &Layers) -> Result<Vec<String>> {
    let folder = root.join(layers.source);
    let mut sources = Vec::new();
    let mut test_files = Vec::new();
    for file in rust_files(&folder)? {
        let inner = file.strip_prefix(&folder)?.to_owned();
        let modules = modules_of(&inner);
        let source = paths::read(&read_text(&file)?, modules.len());
        let own_folder: PathBuf = modules.iter().collect();
        test_files.extend(source.test_modules.iter().map(|name| own_folder.join(name)));
        sources.push((inner, modules, source));
    }
    let is_test = |inner: &Path| {
        inner.iter().any(|part| part == "tests" || part == "tests.rs")
            || test_files.iter().any(|test| inner.with_extension("").starts_with(test))
    };
    let shown = |inner: &Path| Path::new(layers.source).join(inner).display().to_string();
    Ok(sources
        .iter()
        .filter(|(inner, ..)| !is_test(inner))
        .flat_map(|(inner, modules, source)| complaints(layers, &shown(inner), modules.first(), source))
        .collect())
}

/// What is wrong with one file; `module` is the one below the root that it belongs to, none for `lib.rs`.
fn complaints(layers: &Layers, file: &str, module: Option<&String>, source: &paths::Source) -> Vec<String> {
    let mut complaints = Vec::new();
    if !module.is_some_and(|module| layers.may_be_unsafe.contains(&module.as_str())) {
        let allowed = match layers.may_be_unsafe {
            [] => "nowhere in this crate".to_owned(),
            modules => format!("only in {}", modules.join(" and ")),
        };
        complaints.extend(source.unsafe_lines.iter().map(|line| {
            format!("{file}:{line}: `unsafe` may stand {allowed}; move the code or use a safe interface")
        }));
    }
    // The root joins all modules together.
    let Some(module) = module else { return complaints };
    let Some(rank) = rank(layers.order, module) else {
        complaints.push(format!("{file}:1: {}", unknown(module)));
        return complaints;
    };
    for (name, line) in &source.names {
        if name == module {
            continue;
        }
        match self::rank(layers.order, name) {
            Some(other) if other < rank => {}
            Some(_) => complaints.push(format!(
                "{file}:{line}: module `{module}` may not name `{name}`; allowed: {}",
                below(layers.order, rank)
            )),
            None => complaints.push(format!("{file}:{line}: {}", unknown(name))),
        }
    }
    complaints
}

fn rank(order: Order, module: &str) -> Option<usize> {
    order.iter().position(|row| row.contains(&module))
}

fn below(order: Order, rank: usize) -> String {
    match order[..rank].concat() {
        modules if modules.is_empty() => "none".to_owned(),
        modules => modules.join(", "),
    }
}

fn unknown(name: &str) -> String {
    if name.starts_with(char::is_lowercase) {
        format!("unknown module `{name}`; add it to the table in xtask/src/layers.rs")
    } else {
        format!("`{name}` is named from the crate's root; name it by its module, so that the order shows")
    }
}

/// The modules from the root down to that of a file: none for `lib.rs`, two for `pool/queue.rs`.
fn modules_of(inner: &Path) -> Vec<String> {
    let path = inner.with_extension("");
    let mut modules: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if modules.last().is_some_and(|last| last == "mod") || modules == ["lib"] {
        modules.pop();
    }
    modules
}

fn check_lengths(root: &Path) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for folder in ["crates", "xtask"] {
        for file in rust_files(&root.join(folder))? {
            let shown = file.strip_prefix(root)?.display().to_string();
            match read_text(&file)?.lines().count() {
                lines if lines > LINES_MAX => complaints
                    .push(format!("{shown}:{LINES_MAX}: has {lines} lines, at most {LINES_MAX}; split it")),
                lines if lines > LINES_WARN => {
                    eprintln!("warning: {shown} has {lines} lines; split it before it gets to {LINES_MAX}");
                }
                _ => {}
            }
        }
    }
    Ok(complaints)
}

fn read_text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}

/// The Rust files below a folder, sorted, without build output.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder)
        .map_err(|error| format!("cannot read the folder {}: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                files.extend(rust_files(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(module: &str, source: &str) -> Vec<String> {
        complaints(&CRATES[0], "f.rs", Some(&module.to_owned()), &paths::read(source, 1))
    }

    #[test]
    fn a_step_down_is_fine() {
        let source = "use crate::{error::Error, driver::Driver, pool::Slot}; use crate::value::Value;";
        assert_eq!(core("pool", source), Vec::<String>::new());
    }

    #[test]
    fn a_step_back_names_place_module_and_allowed_ones() {
        let found = core("pool", "use crate::{error::Error,\n    engine::{self, Engine}};");
        let expected =
            "f.rs:2: module `pool` may not name `engine`; allowed: error, url, value, process, driver";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn modules_of_one_rank_may_not_name_one_another() {
        for (module, other) in [("value", "url"), ("url", "process"), ("inspect", "workers")] {
            let found = core(module, &format!("fn f() {{ crate::{other}::g() }}"));
            assert_eq!(found.len(), 1, "{module} {other} {found:?}");
        }
        assert_eq!(
            core("error", "use crate::url::Url;"),
            ["f.rs:1: module `error` may not name `url`; allowed: none"]
        );
        assert_eq!(core("driver", "use crate::dialect::Dialect;").len(), 1);
    }

    #[test]
    fn unknown_modules_must_be_added() {
        assert!(
            core("pool", "use crate::cache::X;")[0].contains("unknown module `cache`; add it to the table")
        );
        assert!(core("cache", "")[0].contains("unknown module `cache`; add it to the table"));
        assert!(core("pool", "use crate::Error;")[0].contains("name it by its module"));
        assert!(core("pool", "use crate::*;")[0].contains("name it by its module"));
    }

    #[test]
    fn unsafe_stays_in_its_modules() {
        let source = "fn f() {\n unsafe { g() } }";
        assert_eq!(core("driver", source), Vec::<String>::new());
        assert_eq!(core("process", source), Vec::<String>::new());
        assert!(core("pool", source)[0].starts_with("f.rs:2: `unsafe` may stand only in process and driver"));
        let root = complaints(&CRATES[0], "lib.rs", None, &paths::read(source, 0));
        assert_eq!(root.len(), 1);
        let orm = complaints(&CRATES[1], "f.rs", Some(&"unit".to_owned()), &paths::read(source, 1));
        assert!(orm[0].contains("nowhere in this crate"), "{orm:?}");
    }

    #[test]
    fn knows_the_modules_of_a_file() {
        let modules = |path: &str| modules_of(Path::new(path));
        assert_eq!(modules("lib.rs"), Vec::<String>::new());
        assert_eq!(modules("error.rs"), ["error"]);
        assert_eq!(modules("pool/mod.rs"), ["pool"]);
        assert_eq!(modules("driver/mysql/lib.rs"), ["driver", "mysql", "lib"]);
    }

    #[test]
    fn a_workspace_with_a_violation_fails() {
        let root = crate::scratch::Scratch::new().unwrap();
        let source = root.path().join("crates/rebis-core/src");
        std::fs::create_dir_all(source.join("pool")).unwrap();
        std::fs::create_dir_all(root.path().join("crates/rebis/src")).unwrap();
        std::fs::create_dir_all(root.path().join("xtask")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(source.join(name), text).unwrap();
        write("lib.rs", "mod pool; use crate::pool::X;");
        write("pool/mod.rs", "#[cfg(test)] mod slow;\n#[cfg(test)] mod tests;\nuse crate::error::E;");
        write("pool/slow.rs", "use crate::engine::X;");
        write("pool/tests.rs", "use crate::engine::X;");
        assert_eq!(check(root.path()).map_err(|error| error.to_string()), Ok(()));

        write("pool/queue.rs", "use super::super::engine::X;");
        write("error.rs", &"\n".repeat(601));
        let error = check(root.path()).unwrap_err().to_string();
        assert!(error.contains("crates/rebis-core/src/pool/queue.rs:1: module `pool` may not name `engine`"));
        assert!(error.contains("crates/rebis-core/src/error.rs:600: has 601 lines"), "{error}");
        assert_eq!(error.lines().count(), 3, "{error}");
    }
}
