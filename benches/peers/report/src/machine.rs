//! Where the figures were taken, and with what: all read at run time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::HERE;
use crate::figures::Figures;

/// Packages whose versions are told, and in which lock file they stand.
const PACKAGES: [(&str, &[&str]); 3] = [
    (
        "../Cargo.lock",
        &[
            "diesel",
            "sqlx",
            "sea-orm",
            "rusqlite",
            "libsqlite3-sys",
            "mysql",
            "postgres",
            "tokio",
            "r2d2",
            "deadpool",
            "bb8",
        ],
    ),
    ("../toasty/Cargo.lock", &["toasty"]),
    ("../../../Cargo.lock", &["rebis"]),
];

pub fn lines(figures: &Figures, files: &[PathBuf]) -> std::io::Result<Vec<(String, String)>> {
    let mut lines = vec![
        ("date".to_owned(), files.last().map(|file| date(file)).unwrap_or_default()),
        ("runs".to_owned(), figures.runs.to_string()),
        ("CPU".to_owned(), processor()),
        ("kernel".to_owned(), read("/proc/sys/kernel/osrelease")),
        ("compiler".to_owned(), output("rustc", &["--version"])),
    ];
    let mut packages = Vec::new();
    for (lock, names) in PACKAGES {
        let text = std::fs::read_to_string(Path::new(HERE).join(lock)).unwrap_or_default();
        packages.extend(names.iter().filter_map(|name| Some(format!("{name} {}", version(&text, name)?))));
    }
    lines.push(("packages".to_owned(), packages.join(", ")));
    // What the runs told of themselves; three runs that say the same say it once.
    for (_, name, text) in figures.about.iter().filter(|(what, _, _)| what != "left out") {
        match lines.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = format!("{known}; {text}"),
            None => lines.push((name.clone(), text.clone())),
        }
    }
    Ok(lines)
}

fn version<'t>(lock: &'t str, package: &str) -> Option<&'t str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The last change of a file, as a day.
fn date(file: &Path) -> String {
    output("date", &["-u", "-r", &file.display().to_string(), "+%Y-%m-%d"])
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |done| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

fn processor() -> String {
    let text = read("/proc/cpuinfo");
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = read("/proc/meminfo");
    let kilobytes =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
    let gigabytes = kilobytes.and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1048576.0;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores, {gigabytes:.0} GiB", model.map_or("unknown", |(_, name)| name))
}
