//! The applications as files: a workspace for each peer, with one of 10 models, one of 50, and the crates whose lines are counted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::peers::{FIELDS, Peer};

/// The sizes of the applications; the raw driver has only the first, as a floor.
pub const SIZES: [usize; 2] = [10, 50];

/// The package of that many models.
pub fn package(models: usize) -> String {
    format!("app_{models}")
}

/// The file that a developer has open.
pub fn touched(home: &Path, models: usize) -> PathBuf {
    home.join(package(models)).join(format!("src/item_{}.rs", models / 2))
}

pub fn write(peer: &Peer, home: &Path) -> Result<()> {
    let mut members: Vec<String> = SIZES.iter().map(|models| package(*models)).collect();
    for models in SIZES {
        let folder = home.join(package(models));
        manifest(peer, &folder, &package(models))?;
        for number in 0..models {
            write_file(&folder.join(format!("src/item_{number}.rs")), &numbered(peer.model, number))?;
        }
        let each = |text: &str, between: &str| {
            (0..models).map(|number| numbered(text, number)).collect::<Vec<_>>().join(between)
        };
        let main = peer.main.replace("@MODS@", &each("mod item_@N@;\n", ""));
        let main = main.replace("@TYPES@", &each("item_@N@::Item@N@", ", "));
        write_file(&folder.join("src/main.rs"), &main.replace("@SUM@", &each(peer.call, "\n        + ")))?;
    }
    for (name, text) in ["derived", "plain"].into_iter().zip(peer.five_fields.iter().flatten()) {
        manifest(peer, &home.join(name), name)?;
        write_file(&home.join(name).join("src/lib.rs"), &text.replace("@FIELDS@", FIELDS))?;
        members.push(name.to_owned());
    }
    // As cargo's defaults are: debug information and all.
    let text =
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.release]\nstrip = true\n");
    write_file(&home.join("Cargo.toml"), &text)
}

fn manifest(peer: &Peer, folder: &Path, name: &str) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize()?;
    let dependencies = peer.dependencies.replace("@ROOT@", &root.display().to_string());
    let head =
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n");
    write_file(&folder.join("Cargo.toml"), &format!("{head}\n[dependencies]\n{dependencies}\n"))
}

fn numbered(text: &str, number: usize) -> String {
    text.replace("@N@", &number.to_string())
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
