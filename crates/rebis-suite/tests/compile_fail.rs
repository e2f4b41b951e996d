//! What must not compile does not, for the reason that is meant, and the compiler says so at the right place.
//!
//! The snippets stand in `compile_fail/`. A snippet's first lines say what is expected: `// fails: E0499` the only code its
//! errors may have (`none` for an error without one), `// says: …` a fragment of what the compiler prints, `//~ here` behind
//! the line to which it must point. One with `// compiles` is the control: without it, all could fail for a typo.
//!
//! They are the binaries of one generated crate, checked in one run. It takes `rebis` without its drivers, whose C code
//! would be compiled for nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A snippet and what is expected of it.
struct Snippet {
    name: String,
    fails: Option<String>,
    says: Vec<String>,
    here: usize,
}

/// One error of the compiler.
#[derive(Debug)]
struct Failure {
    code: String,
    line: usize,
    rendered: String,
}

impl Snippet {
    fn read(path: &Path) -> Snippet {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = std::fs::read_to_string(path).unwrap();
        let values = |key: &str| -> Vec<String> {
            source
                .lines()
                .filter_map(|line| line.strip_prefix(key))
                .map(|value| value.trim().to_owned())
                .collect()
        };
        let here = source.lines().position(|line| line.ends_with("//~ here")).map_or(0, |line| line + 1);
        let fails = values("// fails:").pop();
        let says = values("// says:");
        assert_eq!(fails.is_none(), source.starts_with("// compiles"), "{name}: it fails or compiles");
        assert!(fails.is_none() || (!says.is_empty() && here > 0), "{name}: what does it say, and where?");
        Snippet { name, fails, says, here }
    }

    /// What is not as expected.
    fn complaints(&self, failures: &[Failure]) -> Vec<String> {
        let all: String = failures.iter().map(|failure| failure.rendered.as_str()).collect();
        let Some(code) = &self.fails else {
            return if failures.is_empty() {
                vec![]
            } else {
                vec![format!("{} must compile:\n{all}", self.name)]
            };
        };
        if failures.is_empty() {
            return vec![format!("{} compiles", self.name)];
        }
        let mut complaints = Vec::new();
        for failure in failures {
            if failure.code != *code || failure.line != self.here {
                let (wanted, found) = ((code, self.here), (&failure.code, failure.line));
                complaints.push(format!("code and line are {found:?} instead of {wanted:?}"));
            }
        }
        let missing = self.says.iter().filter(|fragment| !all.contains(*fragment));
        complaints.extend(missing.map(|fragment| format!("the compiler does not say: {fragment}")));
        if !complaints.is_empty() {
            complaints.push(all);
        }
        complaints.iter().map(|complaint| format!("{}: {complaint}", self.name)).collect()
    }
}

#[test]
fn wrong_use_does_not_compile_and_the_compiler_says_why() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(suite.join("compile_fail")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    let snippets: Vec<Snippet> = paths.iter().map(|path| Snippet::read(path)).collect();
    let controls = snippets.iter().filter(|snippet| snippet.fails.is_none()).count();
    assert!(
        controls >= 1 && snippets.len() >= 20,
        "{} snippets, {controls} of them controls",
        snippets.len()
    );

    let failures = check(suite, &paths);
    let complaints: Vec<String> = snippets
        .iter()
        .flat_map(|snippet| snippet.complaints(failures.get(&snippet.name).map_or(&[], Vec::as_slice)))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    println!("{} snippets refused, {controls} compiled", snippets.len() - controls);
}

/// Checks the snippets as binaries of a crate, and returns the errors of each.
fn check(suite: &Path, paths: &[PathBuf]) -> BTreeMap<String, Vec<Failure>> {
    let root = suite.parent().and_then(Path::parent).unwrap();
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let package = target.join("compile-fail");
    std::fs::create_dir_all(&package).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"compile-fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
         [dependencies]\nrebis = {{ path = {:?}, default-features = false }}\n",
        root.join("crates/rebis")
    );
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        manifest.push_str(&format!("\n[[bin]]\nname = \"{name}\"\npath = {path:?}\n"));
    }
    write_if_changed(&package.join("Cargo.toml"), &manifest);
    // The versions that the workspace has, which are on this machine already.
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--keep-going", "--bins", "--message-format=json", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", target.join("compile-fail-target"))
        // A warning of ours is not what is looked for, and `-D warnings` would make it an error.
        .env("RUSTFLAGS", "--cap-lints=warn")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut checked: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let target = message["target"]["name"].as_str().unwrap_or("");
        match message["reason"].as_str() {
            Some("compiler-artifact") => {
                checked.entry(target.to_owned()).or_default();
            }
            Some("compiler-message") => {
                let failures = checked.entry(target.to_owned()).or_default();
                failures.extend(failure(&message["message"], &message["target"]["src_path"]));
            }
            _ => {}
        }
    }
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(checked.contains_key(name), "{name} was not checked; cargo says:\n{errors}");
    }
    checked
}

/// An error with a place; not a warning, nor the count of errors at the end.
fn failure(message: &Value, snippet: &Value) -> Option<Failure> {
    let spans = message["spans"].as_array()?;
    let mut place = spans.iter().find(|span| span["is_primary"] == true)?;
    // Where the macro stands, not what it expands to; a derive points at what it was written of.
    while place["expansion"]["span"].is_object() && place["file_name"] != *snippet {
        place = &place["expansion"]["span"];
    }
    (message["level"] == "error").then(|| Failure {
        code: message["code"]["code"].as_str().unwrap_or("none").to_owned(),
        line: usize::try_from(place["line_start"].as_u64().unwrap_or(0)).unwrap_or(0),
        rendered: message["rendered"].as_str().unwrap_or("").to_owned(),
    })
}

/// An unchanged file keeps its time, so that nothing is checked again that was.
fn write_if_changed(path: &Path, text: &str) {
    if std::fs::read_to_string(path).ok().as_deref() != Some(text) {
        std::fs::write(path, text).unwrap();
    }
}
