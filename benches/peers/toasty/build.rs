//! Finds the version of toasty in the lock file.

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let after = lock.split_once("name = \"toasty\"\nversion = \"").map_or("", |(_, after)| after);
    println!("cargo::rustc-env=TOASTY_VERSION={}", after.split('"').next().unwrap_or_default());
}
