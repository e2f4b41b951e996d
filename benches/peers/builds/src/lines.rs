//! How many lines the derives of a model write: the crate expanded with them, less the crate without.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use crate::{Result, cargo};

pub fn derived(home: &Path) -> Result<usize> {
    // Expansion is not stable. Only the crate that is expanded may know of it: the libraries would be built again.
    let wrapper = home.join("expanding.sh");
    fs::write(&wrapper, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec \"$@\"\n")?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700))?;
    let expanded = |name: &str| -> Result<usize> {
        let arguments = ["rustc", "--quiet", "-p", name, "--lib", "--", "-Zunpretty=expanded"];
        let mut command = cargo::command(home, &arguments);
        let output = command.env("RUSTC_WORKSPACE_WRAPPER", &wrapper).stdout(Stdio::piped()).output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(format!("expanding {}: {}\n{text}", home.display(), output.status).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.trim().is_empty()).count())
    };
    Ok(expanded("derived")?.saturating_sub(expanded("plain")?))
}
