@MODS@
fn main() {
    let session = &rusqlite::Connection::open_in_memory().unwrap();
    println!("{}", @SUM@);
}
